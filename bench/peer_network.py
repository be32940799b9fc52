"""One network, several libraries: heedful's `stacked-bilstm` against Keras 3 on IMDB.

    python bench/peer_network.py --data DATA
    python bench/peer_network.py --data DATA --length 400 --epochs 3 --contenders heedful keras-jax

The same network everywhere (embedding, two BiLSTM layers, additive attention with the final states
as the query, linear output), the same reviews, made ids once by heedful's tokenizer, the same
batch, cut, drop-out, clipping and optimizer; what heedful's preset has beyond that (word drop-out,
averaged weights, validation) is off. Contenders are `heedful` and `keras-BACKEND+FLAGS`, see
network_keras.py. Each is a process of its own. A Keras network is compiled by a step of training
and scoring for every shape before the clock runs; that is the column "warm-up". Tokens are real
ones, padding never counts. Writes bench/results/peer-network-LENGTH.json.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import contest
import network_data
import numpy as np
import sets

from heedful.presets import preset
from heedful.settings import apply
from heedful.text.tokenize import Tokenizer
from heedful.text.vocab import Encoded, encode, fit

PRESET = "stacked-bilstm"
KERAS = [
    f"keras-{backend}{flags}"
    for backend in ("jax", "tensorflow")
    for flags in ("", "+buckets", "+reversed", "+reversed+buckets")
]
# Beyond the network itself, which Keras' side has not; and no early end.
PLAIN = {
    "model.word_dropout": 0.0,
    "train.average": 0.0,
    "train.validation": 0.0,
    "train.patience": 0,
    "train.monitor": "loss",
}
SHARED = (
    "model.embedding", "model.embedding_dropout", "model.encoder_dropout", "model.hidden",
    "model.layers", "model.encoder", "model.attention", "model.attention_width", "model.query",
    "train.batch_size", "train.batch_tokens", "train.clip_norm", "train.epochs",
    "train.learning_rate", "train.optimizer", "train.schedule",
)  # fmt: skip
HEAD = (
    "contender", "warm-up, s", "epoch, s", "tokens/s", "heedful is faster by", "score, s",
    "tokens/s", "heedful is faster by", "accuracy", "peak, MiB",
)  # fmt: skip


def ids_of(encoded: Encoded, part: sets.Part) -> network_data.Ids:
    """A part as arrays; the label is 0 or 1 as in the file."""
    labels = np.array([int(names[0]) for names in part.labels])
    return network_data.Ids(encoded.ids, encoded.starts, labels)


def export(options: argparse.Namespace, path: Path) -> dict[str, Any]:
    """Write ids and settings; returns what there is to say of them."""
    given = {"text.max_tokens": options.length, "train.epochs": options.epochs, **PLAIN}
    config = apply(preset(PRESET), given)
    config = apply(config, dict(pair.split("=", 1) for pair in options.set))
    size = config.train.batch_size
    found = sets.rounds(options.data, "imdb", options.limit)[0]
    # Whole batches only: a compiled network would compile again for the rest.
    train, test = (p.chosen(range(len(p.texts) // size * size)) for p in (found.train, found.test))
    tokenizer, text = Tokenizer(config.text), config.text
    vocabulary, encoded = fit(train.texts, tokenizer, text)
    scored = encode(test.texts, tokenizer, vocabulary, text.max_tokens, text.keep)
    parts = ids_of(encoded, train), ids_of(scored, test)
    every = config.to_json()
    shared = {k: every[k.partition(".")[0]][k.partition(".")[2]] for k in SHARED}
    length = int(text.max_tokens or max(p.lengths.max() for p in parts))
    settings = {
        "heedful": {**shared, **PLAIN},
        "vocabulary": len(vocabulary),
        "length": length,
        "seed": config.train.seed,
    }
    network_data.save(path, *parts, settings)
    counts = {
        name: {"texts": len(part), "tokens": len(part.ids), "of": len(part) * length}
        for name, part in zip(("train", "test"), parts, strict=True)
    }
    return {"settings": settings, "counts": counts}


def measured(name: str, path: Path, peers: Path) -> dict[str, Any]:
    """One contender."""
    script = "network_heedful.py" if name == "heedful" else "network_keras.py"
    python = contest.python_of(name, peers)
    found, spent = contest.play(python, script, name, path, path.with_suffix(".out"))
    return {"contender": name, **found, "peak_mib": spent.peak_mib}


def row(result: dict[str, Any], ours: dict[str, Any] | None, counts: dict[str, Any]) -> list[str]:
    """One row of the table."""
    if "failed" in result:
        return [result["contender"], result["failed"], *["–"] * (len(HEAD) - 2)]
    epoch, score = median(result["epoch_seconds"]), result["score_seconds"]
    return [
        result["contender"],
        f"{result['warm_up_seconds']:.0f}",
        f"{epoch:.1f}",
        f"{counts['train']['tokens'] / epoch:,.0f}",
        contest.ratio(epoch, median(ours["epoch_seconds"]) if ours else None),
        f"{score:.1f}",
        f"{counts['test']['tokens'] / score:,.0f}",
        contest.ratio(score, ours["score_seconds"] if ours else None),
        f"{result['accuracy']:.4f}",
        f"{result['peak_mib']:,}",
    ]


def tabled(results: list[dict[str, Any]], counts: dict[str, Any]) -> str:
    """The table."""
    good = [r for r in results if "failed" not in r]
    ours = next((r for r in good if r["contender"] == "heedful"), None)
    return contest.table(HEAD, [row(result, ours, counts) for result in results])


def main() -> None:
    """Read the arguments; run, print, write."""
    parser = contest.parser(__doc__)
    parser.add_argument("--contenders", nargs="+", default=["heedful", *KERAS])
    parser.add_argument("--length", type=int, default=200, help="tokens read of a review")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], help="more settings, key=value")
    options = parser.parse_args()
    contest.prepare(options)
    results: list[dict[str, Any]] = []
    facts = {"machine": contest.machine(), "results": results}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ids.npz"
        facts |= export(options, path)
        for name in options.contenders:
            results.append(measured(name, path, options.peers))
            contest.write(options, f"peer-network-{options.length}", facts)
            print(tabled(results, facts["counts"]).splitlines()[-1], file=sys.stderr, flush=True)
    read = ", ".join(
        f"{name} {c['texts']:,} reviews, {c['tokens']:,} tokens ({c['tokens'] / c['of']:.0%} of "
        f"{c['of']:,} padded to {options.length})"
        for name, c in facts["counts"].items()
    )
    print(f"{read}\n\n{tabled(results, facts['counts'])}")
    raise SystemExit(int(any("failed" in result for result in results)))


if __name__ == "__main__":
    main()
