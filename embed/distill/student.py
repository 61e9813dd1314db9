"""The student: a vector for each token and for each frequent pair of neighbours."""

import hashlib
import struct

import numpy as np
import scipy.sparse as sp

NO_ROW = 0xFFFF
UNKNOWN = 100


class Rows:
    """Which tokens and pairs of neighbours have a row, and how often each text has it. Of the pieces
    that go on a word only those that were seen in the corpus have one."""

    def __init__(self, tokenizer, seen, pairs=()):
        by_token = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
        self.tokenizer = tokenizer
        self.spellings = [spelling for spelling, _ in by_token]
        kept = [i for i, s in enumerate(self.spellings) if self.worth_a_row(s) and (i in seen or not s.startswith("##"))]
        self.row_of_token = np.full(len(self.spellings), NO_ROW, np.int64)
        self.row_of_token[kept] = np.arange(len(kept))
        self.kept = np.array(kept)
        self.pairs = np.sort(np.array(pairs, np.int64).reshape(-1))  # first << 16 | second
        self.count = len(kept) + len(self.pairs)

    @staticmethod
    def worth_a_row(spelling):
        """Letters and digits of ASCII: the student is for English, and punctuation means little."""
        bare = spelling.removeprefix("##")
        return bare.isascii() and bare.isalnum()

    def tokens(self, texts):
        encoded = self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        lengths = np.array([len(e.ids) for e in encoded])
        ids = np.fromiter((i for e in encoded for i in e.ids), np.int64, lengths.sum())
        return ids, np.repeat(np.arange(len(encoded)), lengths)

    def neighbours(self, ids, text):
        keys = ids[:-1] << 16 | ids[1:]
        return keys, text[:-1], text[:-1] == text[1:]

    def features(self, texts):
        """A row of counts each text."""
        ids, text = self.tokens(texts)
        rows = self.row_of_token[ids]
        has = rows != NO_ROW
        columns, lines = [rows[has]], [text[has]]
        if len(self.pairs) and len(ids) > 1:
            keys, line, beside = self.neighbours(ids, text)
            at = np.minimum(np.searchsorted(self.pairs, keys), len(self.pairs) - 1)
            has = beside & (self.pairs[at] == keys)
            columns.append(at[has] + len(self.kept))
            lines.append(line[has])
        columns, lines = np.concatenate(columns), np.concatenate(lines)
        shape = (len(texts), self.count)
        return sp.csr_matrix((np.ones(len(columns), np.float32), (lines, columns)), shape)

    def frequent(self, texts, weights, count, least=12):
        """The pairs of neighbours that say most beyond their two tokens: by log-likelihood
        (Dunning 1993), counted over texts with the weights given."""
        ids, text = self.tokens(texts)
        w = np.asarray(weights)[text]
        keys, line, beside = self.neighbours(ids, text)
        beside &= (self.row_of_token[ids[:-1]] != NO_ROW) & (self.row_of_token[ids[1:]] != NO_ROW)
        unique, inverse, seen = np.unique(keys[beside], return_inverse=True, return_counts=True)
        both = np.bincount(inverse, w[:-1][beside])
        single = np.bincount(ids, w, len(self.spellings))
        total = single.sum()
        a, b = single[unique >> 16], single[unique & 0xFFFF]

        def entropy(x):
            return np.where(x > 0, x * np.log(np.maximum(x, 1e-9) / total), 0)

        gain = entropy(both) + entropy(a - both) + entropy(b - both) + entropy(total - a - b + both)
        gain -= entropy(a) + entropy(b) + entropy(total - a) + entropy(total - b)
        gain[(seen < least) | (both * total < a * b)] = -np.inf
        best = np.argsort(-gain)[:count]
        return unique[best[gain[best] > 0]]


def unit(vectors):
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def quantise(table, bits=8):
    """Whole numbers and the scale of each dimension."""
    most = 2 ** (bits - 1) - 1
    spread = np.abs(table).max(axis=0)
    # A few rows far out shouldn't make all others coarse: they are cut where the error is least.
    best, least = spread, np.full(table.shape[1], np.inf)
    for share in (1, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2):
        scale = spread * share / most
        error = ((np.clip(np.round(table / scale), -most, most) * scale - table) ** 2).sum(axis=0)
        better = error < least
        best, least = np.where(better, scale, best), np.where(better, error, least)
    return np.clip(np.round(table / best), -most, most).astype(np.int8), best.astype(np.float32)


def write(path, rows, table):
    """The file that embed/table.go describes; answers its fingerprint."""
    values, scales = quantise(table)
    spelled = "".join(s + "\n" for s in rows.spellings).encode()
    body = struct.pack("<5I", table.shape[1], len(rows.spellings), len(rows.pairs), rows.count, len(spelled))
    body += scales.astype("<f4").tobytes() + rows.row_of_token.astype("<u2").tobytes()
    body += np.stack([rows.pairs >> 16, rows.pairs & 0xFFFF], 1).astype("<u2").tobytes()
    body += (values.astype(np.int16) + 128).astype(np.uint8).tobytes() + spelled
    digest = hashlib.sha256(body).digest()[:8]
    with open(path, "wb") as out:
        out.write(b"rsltab01" + digest + body)
    return "static/1/" + digest.hex()
