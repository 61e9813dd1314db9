"""Writes testdata/tokens.jsonl: texts and what the teacher's tokenizer makes of them.

    python token_cases.py --tokenizer tokenizer.json > ../testdata/tokens.jsonl

The texts are made here: words of the vocabulary joined and broken in many ways, characters of all
of Unicode, and sentences in several languages.
"""

import argparse
import json
import random
import unicodedata

from teach import load_tokenizer

SENTENCES = r"""
My blender arrived smashed, can I have a new one?
I was charged 2x for order #ORD-1001 ($49.99)... please help!!!
E-mail: jane.doe+shop@example.com; tel. +1 (555) 010-9999
https://example.com/a/b?c=d&e=%20f#g
don't won't I'm it's they've o'clock rock'n'roll
naïve café résumé Ångström Zürich façade jalapeño coöperate
İstanbul ıssız IŞIK ŞİŞLİ DİYARBAKIR
Ich möchte die Größe ändern, weil die Hose zu groß ist. STRASSE straße ẞ
Où est ma commande n° 42 ? « Bientôt », dit-elle ; l’œuvre œcuménique.
¿Dónde está mi pedido? ¡Llegó roto! El niño comió piña mañana.
Onde está a minha encomenda? Não chegou; promoção açúcar coração.
Dove è il mio ordine? Perché è già così tardi, città più virtù.
Gdzie jest moje zamówienie? Zażółć gęślą jaźń. Łódź
Hol van a rendelésem? Árvíztűrő tükörfúrógép.
Kde je moje objednávka? Příliš žluťoučký kůň úpěl ďábelské ódy.
Где мой заказ? Ёлка, йод, объём, Київ, їжак, ґанок.
Πού είναι η παραγγελία μου; ΟΔΥΣΣΕΥΣ ὈΔΥΣΣΕΎΣ ἄνθρωπος Σίσυφος
أين طلبي؟ وصل مكسورًا. السَّلَامُ عَلَيْكُمْ
היכן ההזמנה שלי? שָׁלוֹם עֲלֵיכֶם
मेरा ऑर्डर कहाँ है? हिन्दी में क्षमा कीजिए।
আমার অর্ডার কোথায়? বাংলা
என் ஆர்டர் எங்கே? தமிழ்
నా ఆర్డర్ ఎక్కడ ఉంది? తెలుగు
คำสั่งซื้อของฉันอยู่ที่ไหน ภาษาไทยไม่มีช่องว่าง
我的订单在哪里？搅拌机坏了，我要退款。繁體中文測試
注文はどこですか。ミキサーが壊れて届きました。ｶﾀｶﾅ が ガ ヴ パ
내 주문은 어디에 있나요? 한국어 테스트 각 ᄒ
Đơn hàng của tôi ở đâu? Tiếng Việt có nhiều dấu: ữ ễ ậ ợ
ჩემი შეკვეთა სად არის? ᲥᲐᲠᲗᲣᲚᲘ
Իմ պատվերը որտե՞ղ է։ եւ և
🎉👍🏽👩‍👩‍👧‍👦🇩🇪 smile 😀!️ ☎️ ✔ → ⇒ ∑ ≠ ½ ² ³ ™ © ® ℃ № ﬁ ﬂ
𝐛𝐨𝐥𝐝 𝒮𝒸𝓇𝒾𝓅𝓉 𝔉𝔯𝔞𝔨𝔱𝔲𝔯 ＦＵＬＬＷＩＤＴＨ ｆｕｌｌ １２３
tab\tnew\nline\rreturn\x0bvt\x0cff\x1cfs\x85nel\xa0nbsp\u2003em\u3000wide\u200bzero\u200djoin\ufeffbom\u00adshy\u2028ls\u2029ps
[CLS] hello [SEP] world [MASK] [PAD] [UNK] [cls] [Sep] x[SEP]y [[CLS]] [SEP é[SEP]é
[unused0] [unused99] ##ing ## # ##
a\u0301 e\u0308\u0304 =\u0338 \u0301lonely \u1100\u1161\u11a8 \u0958 \u2126 \u212a \u212b \u1fef \u037e \u2000x
""".strip().splitlines()


def texts(vocabulary, rng):
    for line in SENTENCES:
        if "\\" in line:
            line = line.encode("ascii").decode("unicode_escape")
        yield line
        yield line.upper()
        yield line.lower()
        yield unicodedata.normalize("NFD", line)
        yield unicodedata.normalize("NFKC", line)
        yield line.replace(" ", "")
    for n in (99, 100, 101, 200):
        yield "a" * n
        yield "é" * n
        yield "x" * n + " after"
    words = [w for w in vocabulary if not w.startswith("[")]
    bare = [w.removeprefix("##") for w in words]
    for _ in range(1200):  # sentences of the vocabulary, with case and punctuation
        picked = [rng.choice(words) for _ in range(rng.randint(1, 10))]
        picked = [rng.choice((w, w, w.title(), w.upper())) for w in picked]
        yield "".join(w + rng.choice((" ", " ", " ", ", ", ".", "-", "'", "/", "  ", "\n", "_")) for w in picked)
    for _ in range(1000):  # words that have to be cut
        yield " ".join("".join(rng.choice(bare) for _ in range(rng.randint(1, 4))) for _ in range(rng.randint(1, 4)))
    assigned = [chr(c) for c in range(0x20, 0x110000) if unicodedata.category(chr(c)) not in ("Cs", "Cn", "Co")]
    low = [c for c in assigned if ord(c) < 0x3400]
    for _ in range(1000):  # characters of all of Unicode among letters
        yield "".join(rng.choice((rng.choice(low), rng.choice(low), rng.choice(assigned), rng.choice("abc XYZ 12.,[")) ) for _ in range(rng.randint(1, 24)))
    for _ in range(400):  # any code point, and marks in any order
        yield "".join(chr(rng.choice((rng.randrange(0xD800), rng.randrange(0xE000, 0x110000), rng.randrange(0x300, 0x370), rng.randrange(0x41, 0x7B)))) for _ in range(rng.randint(1, 12)))


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tokenizer", required=True)
    tokenizer = load_tokenizer(arguments.parse_args().tokenizer)
    vocabulary = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().get)
    for text in dict.fromkeys(texts(vocabulary, random.Random(1))):
        print(json.dumps({"text": text, "tokens": tokenizer.encode(text, add_special_tokens=False).ids}, separators=(",", ":")))


if __name__ == "__main__":
    main()
