"""Makes the table from the teacher's vectors: plain, then regressed, then trained.

    python train.py --corpus CORPUS --work WORK --tokenizer tokenizer.json --out ../builtin.table

Prints how each step does on what is held out for development, and with --final on the rest too.
"""

import argparse
import time
from pathlib import Path

import numpy as np

import evaluate
import own
import student
from corpus import Corpus
from teach import held_out, load_tokenizer, shards

DIMENSIONS = 256


def log(*what):
    print(f"{time.time() - BEGUN:6.0f} s ", *what, flush=True)


BEGUN = time.time()


class Targets:
    """The teacher's space: centred, and turned so that its first dimensions hold most."""

    def __init__(self, vectors):
        self.mean = vectors.mean(0)
        centred = vectors - self.mean
        _, axes = np.linalg.eigh(centred.T @ centred)
        self.axes = axes[:, ::-1][:, :DIMENSIONS].astype(np.float32)

    def __call__(self, vectors):
        return student.unit((vectors - self.mean) @ self.axes)


def plain(rows, token_vectors, targets, counts):
    """Model2Vec: each token alone, centred, projected, weighted by its rarity (SIF, Arora 2017)."""
    alone = token_vectors[rows.kept]
    table = (alone - alone.mean(0)) @ targets.axes
    share = counts[rows.kept] / counts.sum()
    table *= (1e-4 / (1e-4 + share))[:, None]
    return np.concatenate([table, np.zeros((len(rows.pairs), DIMENSIONS))]).astype(np.float32)


def ridge(means, goal, first, strength, steps=20):
    """min |means E - goal|² + strength |E - first|², by conjugate gradients on the difference;
    first is scaled so that it fits the goal best as it is."""
    guess = means @ first
    first = first * ((guess * goal).sum() / (guess * guess).sum())
    transposed = means.T.tocsr()
    apply = lambda d: transposed @ (means @ d) + strength * d
    residual = transposed @ (goal - means @ first)
    found, way, before = np.zeros_like(first), residual.copy(), (residual**2).sum(0)
    for _ in range(steps):
        moved = apply(way)
        pace = before / np.maximum((way * moved).sum(0), 1e-12)
        found += pace * way
        residual -= pace * moved
        now = (residual**2).sum(0)
        way = residual + (now / np.maximum(before, 1e-12)) * way
        before = now
    return (first + found).astype(np.float32)


class Adam:
    """Adam for the rows that a batch touches. Its steps are as long for a row that is seen once as
    for any other, so trust, a number each row, shortens them."""

    def __init__(self, table, rate, trust, decay=(0.9, 0.99)):
        self.table, self.rate, self.trust, self.decay = table, rate, trust, decay
        self.first, self.second = np.zeros_like(table), np.zeros_like(table)
        self.step = 0

    def update(self, rows, gradient, rate):
        self.step += 1
        b1, b2 = self.decay
        m = self.first[rows] = b1 * self.first[rows] + (1 - b1) * gradient
        v = self.second[rows] = b2 * self.second[rows] + (1 - b2) * gradient**2
        m, v = m / (1 - b1**self.step), v / (1 - b2**self.step)
        self.table[rows] -= rate * self.rate * self.trust[rows] * m / (np.sqrt(v) + 1e-8)


def softmax(x):
    x = np.exp(x - x.max(1, keepdims=True))
    return x / x.sum(1, keepdims=True)


class Forward:
    """Unit vectors of a batch of count rows, and the way back to the table."""

    def __init__(self, counts, table):
        self.rows, columns = np.unique(counts.indices, return_inverse=True)
        self.counts = type(counts)((counts.data, columns, counts.indptr), (counts.shape[0], len(self.rows)))
        sums = self.counts @ table[self.rows]
        self.lengths = np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-6)
        self.vectors = sums / self.lengths

    def back(self, gradient):
        gradient = (gradient - (gradient * self.vectors).sum(1, keepdims=True) * self.vectors) / self.lengths
        return self.counts.T @ gradient


def similarities(vectors, goal, heat):
    """How far the batch's likenesses are from the teacher's (cross entropy), and its gradient."""
    def likeness(v):
        s = v @ v.T / heat
        np.fill_diagonal(s, -1e4)
        return softmax(s)

    mine, wanted = likeness(vectors), likeness(goal)
    slope = (mine - wanted) / (heat * len(vectors))
    return -(wanted * np.log(mine + 1e-9)).sum() / len(vectors), (slope + slope.T) @ vectors


def contrast(queries, passages, heat):
    """InfoNCE both ways: each query's own passage among those of the batch."""
    s = queries @ passages.T / heat
    forth, back = softmax(s), softmax(s.T)
    eye = np.eye(len(s), dtype=np.float32)
    loss = -(np.log(np.diag(forth) + 1e-9) + np.log(np.diag(back) + 1e-9)).mean() / 2
    slope = ((forth - eye) + (back - eye).T) / (2 * heat * len(s))
    return loss, slope @ passages, slope.T @ queries


def train(table, counts, goal, pairs, epochs, batch=512, pair_batch=256, rate=0.03, weights=(1.0, 1.0, 0.3), heat=0.05, pair_heat=0.07, seed=1, after=None):
    """Distillation by cosine and by likenesses in the batch, and InfoNCE on pairs."""
    rng = np.random.default_rng(seed)
    scale = np.abs(table).mean()
    seen = sum(np.bincount(c.indices, minlength=len(table)) for c in (counts, *pairs))
    trust = (seen / (seen + 30)).astype(np.float32)[:, None]
    adam = Adam(table.copy(), rate * scale, trust)
    total = epochs * (len(goal) // batch)
    queries, passages = pairs
    step = 0
    for epoch in range(epochs):
        order, pair_order = rng.permutation(len(goal)), np.empty(0, int)
        losses = np.zeros(3)
        for at in range(0, len(goal) - batch + 1, batch):
            pace = min(1, (step + 1) / 20) * (1 - step / total)
            step += 1
            pick = order[at : at + batch]
            forward = Forward(counts[pick], adam.table)
            cosine = (forward.vectors * goal[pick]).sum(1)
            like, slope = similarities(forward.vectors, goal[pick], heat)
            adam.update(forward.rows, forward.back(weights[1] * slope - weights[0] * goal[pick] / batch), pace)
            if weights[2]:
                if len(pair_order) < pair_batch:
                    pair_order = rng.permutation(queries.shape[0])
                pick, pair_order = pair_order[:pair_batch], pair_order[pair_batch:]
                q, p = Forward(queries[pick], adam.table), Forward(passages[pick], adam.table)
                loss, slope_q, slope_p = contrast(q.vectors, p.vectors, pair_heat)
                rows = np.union1d(q.rows, p.rows)
                gradient = np.zeros((len(rows), DIMENSIONS), np.float32)
                gradient[np.searchsorted(rows, q.rows)] += q.back(slope_q)
                gradient[np.searchsorted(rows, p.rows)] += p.back(slope_p)
                adam.update(rows, weights[2] * gradient, pace)
                losses += 1 - cosine.mean(), like, loss
        log(f"epoch {epoch + 1}: 1-cosine %.4f, likeness %.4f, pairs %.4f" % tuple(losses / (len(goal) // batch)))
        if after:
            after(adam.table)
    return adam.table


class Yardstick:
    """The held-out sets of one part, ready to measure tables and the teacher."""

    def __init__(self, name, pairs, faq, intents):
        self.name, self.intents = name, intents
        self.sets = {}
        passages = [p for _, p, _ in pairs]
        for label, chosen in (("documentation", lambda s: s != "dstc9-faq"), ("hotels", lambda s: s == "dstc9-faq")):
            mine = [i for i, p in enumerate(pairs) if chosen(p[2])]
            right = [{j for j in range(len(pairs)) if passages[j] == passages[i]} for i in mine]
            self.sets[label] = [pairs[i][0] for i in mine], passages, right
        self.sets["shop"] = [q for q, _ in faq[1]], faq[0], [{i} for _, i in faq[1]]
        self.bm25 = {k: evaluate.BM25(p).ranked(q) for k, (q, p, _) in self.sets.items()}

    def report(self, title, embed, out=print):
        line = f"{self.name:4} {title:16}"
        for label, (queries, passages, right) in self.sets.items():
            found = evaluate.ranked(embed(queries), embed(passages))
            alone, both = evaluate.scores(found, right), evaluate.scores(evaluate.fused(found, self.bm25[label]), right)
            line += f" | {label} {alone[0]:.3f} {alone[1]:.3f} {alone[2]:.3f} fused {both[0]:.3f} {both[1]:.3f} {both[2]:.3f}"
        if self.intents:
            vectors = embed([t for _, t in self.intents])
            line += " | intents " + " ".join(f"{evaluate.few_shot(vectors, [l for l, _ in self.intents], n):.3f}" for n in (5, 8))
        out(line)

    def keyword(self, out=print):
        line = f"{self.name:4} {'BM25':16}"
        for label, (_, _, right) in self.sets.items():
            line += f" | {label} %.3f %.3f %.3f" % evaluate.scores(self.bm25[label], right)
        out(line)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--corpus", required=True)
    arguments.add_argument("--work", required=True)
    arguments.add_argument("--tokenizer", required=True)
    arguments.add_argument("--out")
    arguments.add_argument("--shards", type=int, default=10**6)
    arguments.add_argument("--pairs", type=int, default=7700, help="rows for pairs of neighbours")
    arguments.add_argument("--epochs", type=int, default=4)
    arguments.add_argument("--final", action="store_true", help="measure on what was kept unseen, too")
    a = arguments.parse_args()
    work, corpus, tokenizer = Path(a.work), Corpus(a.corpus), load_tokenizer(a.tokenizer)

    texts, vectors = [], []
    for i, shard in enumerate(shards(corpus)[: a.shards]):
        path = work / f"shard-{i:03}.npy"
        if path.exists():
            texts += shard
            vectors.append(np.load(path).astype(np.float32))
    targets = Targets(np.concatenate(vectors))
    goal = np.concatenate([targets(v) for v in vectors])
    log(f"{len(texts)} texts of {len(vectors)} shards")

    seen = [t for t, _ in corpus.texts] + [s for q, p, _ in corpus.pairs["train"] for s in (q, p)]
    source = [s for _, s in corpus.texts] + [s for _, _, s in corpus.pairs["train"] for _ in (0, 1)]
    weights = [0.25 if s.startswith("ms-") else 1 for s in source]
    ids = np.concatenate([e.ids for e in tokenizer.encode_batch(seen, add_special_tokens=False)])
    frequency = np.bincount(ids, minlength=tokenizer.get_vocab_size()).astype(float)
    rows = student.Rows(tokenizer, set(np.flatnonzero(frequency)))
    rows = student.Rows(tokenizer, set(np.flatnonzero(frequency)), rows.frequent(seen, weights, a.pairs))
    counts = rows.features(texts)
    pairs = rows.features([p[0] for p in corpus.pairs["train"]]), rows.features([p[1] for p in corpus.pairs["train"]])
    log(f"{len(rows.kept)} tokens and {len(rows.pairs)} pairs of neighbours have rows")

    faq, intents = own.faq(), own.intents()
    sticks = [Yardstick("dev", corpus.pairs["dev"], faq["dev"], intents)]
    if a.final:
        sticks.append(Yardstick("test", corpus.pairs["test"], faq["test"], []))
    taught = dict(zip(held_out(corpus, "dev") + own.texts(), np.concatenate([np.load(work / "dev.npy"), np.load(work / "own.npy")])))
    if a.final:
        taught |= dict(zip(held_out(corpus, "test"), np.load(work / "test.npy")))

    def report(title, table):
        embed = lambda texts: student.unit(rows.features(texts) @ table)
        for s in sticks:
            s.report(title, embed, log)

    for s in sticks:
        s.keyword(log)
        s.report("teacher", lambda texts: student.unit(np.array([taught[t] for t in texts], np.float32)), log)
        s.report("teacher, 256", lambda texts: targets(np.array([taught[t] for t in texts], np.float32)), log)
    token_vectors = np.load(work / "tokens.npy").astype(np.float32)
    table = plain(rows, token_vectors, targets, frequency)
    report("plain", table)
    lengths = np.maximum(np.asarray(counts.sum(1)).ravel(), 1)
    means = counts.multiply(1 / lengths[:, None]).tocsr().astype(np.float32)
    table = ridge(means, goal, table, 0.1)
    report("ridge", table)
    table = train(table, counts, goal, pairs, a.epochs)
    report("trained", table)
    values, scales = student.quantise(table)
    report("int8", values * scales)
    if a.out:
        fingerprint = student.write(a.out, rows, table)
        embed = lambda texts: student.unit(rows.features(texts) @ (values * scales))
        own.write_vectors(fingerprint, embed)
        log(f"wrote {a.out}, {fingerprint}")


if __name__ == "__main__":
    main()
