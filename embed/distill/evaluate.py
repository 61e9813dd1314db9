"""Measures vectors: retrieval, alone and fused with BM25, and intents of few examples."""

import math
import re
from collections import Counter, defaultdict

import numpy as np

DEPTH = 50


def ranked(queries, passages):
    """The DEPTH nearest passages of each query."""
    found = []
    for at in range(0, len(queries), 512):
        scores = queries[at : at + 512] @ passages.T
        few = np.argpartition(-scores, min(DEPTH, scores.shape[1] - 1), axis=1)[:, :DEPTH]
        order = np.argsort(-np.take_along_axis(scores, few, 1), axis=1, kind="stable")
        found.append(np.take_along_axis(few, order, 1))
    return np.concatenate(found)


class BM25:
    """Okapi BM25 over lowercased words, plural s and a few endings taken off."""

    def __init__(self, passages, k1=1.2, b=0.75):
        counts = [Counter(self.words(p)) for p in passages]
        lengths = np.array([sum(c.values()) for c in counts], float)
        norm = k1 * (1 - b + b * lengths / lengths.mean())
        postings = defaultdict(list)
        for i, c in enumerate(counts):
            for word, n in c.items():
                postings[word].append((i, n))
        self.size, self.postings = len(passages), {}
        for word, list_ in postings.items():
            at, n = np.array([p[0] for p in list_]), np.array([p[1] for p in list_], float)
            idf = math.log(1 + (len(passages) - len(at) + 0.5) / (len(at) + 0.5))
            self.postings[word] = at, idf * n * (k1 + 1) / (n + norm[at])

    @staticmethod
    def words(text):
        for w in re.findall(r"[a-z0-9]+", text.lower()):
            for end in ("ing", "ed", "es", "s"):
                if w.endswith(end) and len(w) - len(end) >= 3:
                    w = w[: -len(end)]
                    break
            if w not in STOP:
                yield w

    def ranked(self, queries):
        found = np.full((len(queries), DEPTH), -1)
        for i, q in enumerate(queries):
            scores = np.zeros(self.size)
            for w in set(self.words(q)):
                if w in self.postings:
                    at, s = self.postings[w]
                    scores[at] += s
            best = np.argsort(-scores, kind="stable")[:DEPTH]
            best = best[scores[best] > 0]
            found[i, : len(best)] = best
        return found


STOP = set("a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was will with".split())


def fused(a, b, k=60):
    out = np.full((len(a), DEPTH), -1)
    for i in range(len(a)):
        score = defaultdict(float)
        for ranking in (a[i], b[i]):
            for rank, p in enumerate(ranking):
                if p >= 0:
                    score[p] += 1 / (k + rank + 1)
        best = sorted(score, key=lambda p: (-score[p], p))[:DEPTH]
        out[i, : len(best)] = best
    return out


def scores(found, relevant):
    """nDCG@10, recall@10 and recall@50; relevant holds a set of passages each query."""
    ndcg = recall10 = recall50 = 0.0
    for ranking, right in zip(found, relevant):
        ideal = sum(1 / math.log2(r + 2) for r in range(min(10, len(right))))
        ndcg += sum(1 / math.log2(r + 2) for r, p in enumerate(ranking[:10]) if p in right) / ideal
        recall10 += len(right & set(ranking[:10].tolist())) / len(right)
        recall50 += len(right & set(ranking.tolist())) / len(right)
    return tuple(x / len(relevant) for x in (ndcg, recall10, recall50))


def few_shot(vectors, labels, shots, rounds=50, seed=1):
    """Accuracy of the nearest mean of so many examples, over random choices of them."""
    rng, labels = np.random.default_rng(seed), np.array(labels)
    names, right, all_ = sorted(set(labels.tolist())), 0, 0
    for _ in range(rounds):
        means, rest = [], []
        for name in names:
            at = rng.permutation(np.flatnonzero(labels == name))
            mean = vectors[at[:shots]].mean(0)
            means.append(mean / np.linalg.norm(mean))
            rest.extend(at[shots:])
        rest = np.array(rest)
        guess = (vectors[rest] @ np.array(means).T).argmax(1)
        right += (np.array(names)[guess] == labels[rest]).sum()
        all_ += len(rest)
    return right / all_
