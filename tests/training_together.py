"""Trains several small networks as one of several processes; started by test_distributed.py.

    python training_together.py FOLDER

RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT are in the environment. Of each case the weights and
the history go to FOLDER/CASE-RANK.pt.
"""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path

import torch

from heedful.config import Config
from heedful.learn.train import Trainer
from heedful.learn.transducing import Transducing
from heedful.learn.workers import Workers
from heedful.settings import apply
from small_training import BINARY, build, reviews, settings, tagged, topics

DROPS = {"model__embedding_dropout": 0.5, "model__word_dropout": 0.2}
CASES = {
    "conv": {},
    "bilstm": {"model__encoder": "bilstm", **DROPS},
    "averaged": {"average": 0.9, "schedule": "one-cycle", **DROPS},
    "lazy": {"optimizer": "lazy-adam", "average": 0.9, "schedule": "linear"},
    "adamw": {"optimizer": "adamw", "weight_decay": 0.01, "class_weights": "balanced"},
    "penalties": {"conicity": 0.5, "masked_training": 0.5, "clip_norm": 0.05},
    "classes": {"model__encoder": "bigru", "schedule": "cosine"},
    "labels": {"model__encoder": "token", **DROPS},
    "early": {"patience": 1, "min_delta": 10.0, "epochs": 6},
    "steps": {"steps": 7},
    "pairs": {},
}
DATA = {"classes": lambda: topics(70), "labels": lambda: tagged(70)}


def trainer(
    case: str, size: int, threads: int, workers: Workers | None = None, seed: int = 0
) -> Trainer:
    """The trainer of a case, with batches for `size` workers."""
    given = {"epochs": 3, "patience": 0} | CASES[case] | {"seed": seed}
    budget = {"batch_size": 16 * size, "batch_tokens": 800 * size, "threads": threads}
    if case == "pairs":
        return _of_pairs(budget | {"epochs": 3, "seed": seed}, workers)
    config = settings(**(given | budget))
    examples, labels = DATA.get(case, lambda: (reviews(130), BINARY))()
    built = build(config, examples[:-20], examples[-20:], labels)
    return Trainer(built.job, config.train, None, None, workers)


def _of_pairs(given: dict[str, object], workers: Workers | None) -> Trainer:
    from test_gradients import transducing

    job = transducing(sequence__decoder_dropout=0.3, sequence__scheduled_sampling=0.5)
    job = Transducing(job.network, job.train, job.train, job.config)
    config = apply(Config(), {f"train.{name}": value for name, value in given.items()})
    return Trainer(job, config.train, None, None, workers)


def outcome(made: Trainer) -> dict[str, object]:
    """How it goes: weights, moving averages, history without seconds."""
    done = made.run()
    return {
        "weights": made.network.state_dict(),
        "average": made.average.tensors,
        "running": made.running,
        "best": done.best_epoch,
        "reason": done.reason,
        "history": [
            {k: v for k, v in asdict(e).items() if "second" not in k} for e in done.history
        ],
    }


def main(folder: Path) -> None:
    """All cases, one after another."""
    from heedful.learn.distributed import joined

    torch.set_num_threads(1)
    rank, size = (int(os.environ[name]) for name in ("RANK", "WORLD_SIZE"))
    with joined(rank, size, rank, size) as group:
        for case in CASES:
            # The leader's first weights must get to all.
            made = trainer(case, 1, 1, group)
            if rank:
                for weight in made.network.parameters():
                    weight.data.normal_()
            torch.save(outcome(made), folder / f"{case}-{rank}.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
