"""The sets in ../testdata, which were written for this."""

import csv
import json
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "testdata"


def _rows(name):
    with open(FOLDER / name, newline="", encoding="utf-8") as lines:
        return list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def faq():
    """Passages, and questions in other words with the number of their passage: two of each
    passage's three are to choose by, the third is for the end."""
    rows = _rows("faq.tsv")
    passages = [r[0] for r in rows]
    return {
        "dev": (passages, [(q, i) for i, r in enumerate(rows) for q in r[1:3]]),
        "test": (passages, [(r[3], i) for i, r in enumerate(rows)]),
    }


def intents():
    """What customers say: (intent, text)."""
    return [(r[0], r[1]) for r in _rows("intents.tsv")]


def texts():
    """All that the teacher is asked of these sets."""
    return list(dict.fromkeys([t for r in _rows("faq.tsv") for t in r] + [t for _, t in intents()]))


def write_vectors(fingerprint, embed):
    """What the Go side must make of some texts."""
    chosen = texts()[::12] + ["Größe ändern: où est ma commande n° 42?", "e.g. ORD-1001, $49.99 (2x)!", "refund " * 600]
    with open(FOLDER / "vectors.jsonl", "w", encoding="utf-8") as out:
        for text, vector in zip(chosen, embed(chosen)):
            line = {"text": text, "fingerprint": fingerprint, "vector": [round(float(x), 5) for x in vector[:16]]}
            out.write(json.dumps(line, separators=(",", ":")) + "\n")
