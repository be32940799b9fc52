"""heedful's side of bench/peer_network.py: network_heedful.py NAME IDS OUT."""

from __future__ import annotations

import heedful  # isort: skip  # noqa: F401  (before torch: it says how threads wait)

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import network_data
import numpy as np
import torch

from heedful.config import Config
from heedful.learn.classifying import Classifying
from heedful.learn.data import Data
from heedful.learn.fit import with_machine
from heedful.learn.listener import Silent
from heedful.learn.model import logits, using_threads
from heedful.learn.train import Trainer
from heedful.nn.classify import Classifier
from heedful.records import Epoch
from heedful.settings import apply
from heedful.text.vocab import Encoded


class Clock(Silent):
    """Wall seconds of each epoch with all that belongs to it: batches, figures, snapshots."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.since = time.monotonic()

    def epoch(self, epoch: Epoch, best: bool) -> None:
        """Note how long it was since the last."""
        del epoch, best
        now = time.monotonic()
        self.seconds.append(now - self.since)
        self.since = now


def encoded(part: network_data.Ids) -> Encoded:
    """As heedful keeps a corpus."""
    none = np.zeros(len(part), np.int64)
    return Encoded(part.ids, part.starts, none, none)


def main() -> None:
    """Train, score, write the figures."""
    train, test, settings = network_data.load(sys.argv[2])
    config = with_machine(apply(Config(), settings["heedful"]))
    torch.manual_seed(config.train.seed)
    network = Classifier(config.model, settings["vocabulary"], 1)
    clock = Clock()
    data = Data(encoded(train), train.labels)
    job = Classifying(network, data, None, config.train, "binary", 2)
    trainer = Trainer(job, config.train, listener=clock)
    clock.since = time.monotonic()
    trainer.run()
    started = time.monotonic()
    with using_threads(config.train.threads):
        scores = logits(network, encoded(test))[:, 0]
    figures = {
        "warm_up_seconds": 0.0,
        "epoch_seconds": clock.seconds,
        "score_seconds": time.monotonic() - started,
        "accuracy": float(((scores > 0) == (test.labels == 1)).mean()),
        "parameters": sum(p.numel() for p in network.parameters()),
        "libraries": {name: version(name) for name in ("heedful", "torch", "numpy")},
    }
    Path(sys.argv[-1]).write_text(json.dumps(figures))


if __name__ == "__main__":
    main()
