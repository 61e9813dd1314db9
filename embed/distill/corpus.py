"""What the student learns from, and what it is never shown.

The corpus is the folder that holds texts.jsonl.gz and pairs.jsonl.gz. Whole sources, and the
subjects of a share of the hotel and restaurant questions, are held out: `dev` to choose by, `test`
to look at once, at the end.
"""

import gzip
import json
import random
import zlib
from pathlib import Path

DEV = {"chatwoot", "kill-bill"}
TEST = {"18f-handbook", "solidus"}
FAQ = "dstc9-faq"
LARGE = "ms-"  # the sources that would drown the others are drawn half as often


def _read(path):
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _letters(text):
    return "".join(c for c in text.lower() if c.isalnum())


def _subject(query):
    return query.split(": ", 1)[0]


def part(source, query=""):
    """Says whether a text or pair is for training, dev or test."""
    if source in DEV:
        return "dev"
    if source in TEST:
        return "test"
    if source == FAQ and query:
        bucket = zlib.crc32(_subject(query).encode()) % 100
        return "dev" if bucket < 15 else "test" if bucket < 30 else "train"
    return "train"


class Corpus:
    """`texts` are for training; `pairs` maps train, dev and test to (query, passage, source)."""

    def __init__(self, folder):
        folder = Path(folder)
        self.pairs = {"train": [], "dev": [], "test": []}
        hidden = set()
        for r in _read(folder / "pairs.jsonl.gz"):
            where = part(r["source"], r["query"])
            self.pairs[where].append((r["query"], r["passage"], r["source"]))
            if where != "train":
                hidden.update(_letters(s) for s in (r["query"], r["query"].split(": ", 1)[-1], r["passage"]))
        self.pairs["train"] = [p for p in self.pairs["train"] if not {_letters(p[0]), _letters(p[1])} & hidden]
        self.texts = [
            (r["text"], r["source"])
            for r in _read(folder / "texts.jsonl.gz")
            if part(r["source"]) == "train" and _letters(r["text"]) not in hidden
        ]

    def order(self, seed=1):
        """All that the teacher may be shown, so mixed that any beginning of it is a fair sample."""
        rng = random.Random(seed)

        def shuffled(items):
            key = lambda source: rng.expovariate(1 if not source.startswith(LARGE) else 0.5)
            return [t for _, t in sorted((key(s), t) for t, s in items)]

        kinds = [
            (0.65, shuffled(self.texts)),
            (0.20, shuffled([(q, s) for q, _, s in self.pairs["train"]])),
            (0.15, shuffled([(p, s) for _, p, s in self.pairs["train"]])),
        ]
        mixed = []
        for share, items in kinds:
            mixed += [((i + rng.random()) / share, t) for i, t in enumerate(items)]
        mixed.sort()
        return list(dict.fromkeys(t for _, t in mixed))
