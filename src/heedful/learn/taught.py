"""A second network that learns what the first model says of texts without labels.

Self-training with soft labels (Hinton, Vinyals & Dean 2015, section 2; Xie et al. 2020, "Self-
training with noisy student", section 2): the finished model, n-gram evidence included, labels the
texts that nobody has; a network that starts where the first one started learns these and the real
labels together. It sees far more texts than have labels, and the evidence's knowledge with them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from heedful.config import TrainConfig
from heedful.learn.classifying import Classifying
from heedful.learn.data import Data
from heedful.learn.job import Pass
from heedful.learn.outcome import Outcome
from heedful.learn.penalties import training_pass
from heedful.nn.classify import Classifier
from heedful.records import Task
from heedful.text.batch import pad
from heedful.text.vocab import Encoded, joined


class Taught(Classifying):
    """Texts with labels and texts with another model's probabilities. See `learn.job.Job`.

    Args:
        network: changed in place.
        train: texts with labels; any marks of evidence are not used.
        valid: the validation data; None = there are none.
        config: penalties; class weights are not used.
        task: binary, multi-class or multi-label.
        classes: how many labels there are.
        more: texts without labels.
        probabilities: (M, C) what they are taken for; (M, 1) of the second class for binary.
    """

    def __init__(
        self,
        network: Classifier,
        train: Data,
        valid: Data | None,
        config: TrainConfig,
        task: Task,
        classes: int,
        more: Encoded,
        probabilities: NDArray[np.float32],
    ) -> None:
        config = replace(config, class_weights="none", rationales=0.0)
        super().__init__(network, train, valid, config, task, classes)
        self.texts = joined(train.encoded, more)
        self.lengths = self.texts.lengths
        known = as_probabilities(train.targets, task, self.width)
        self.soft = np.concatenate([known, probabilities.astype(np.float32)])

    def forward(
        self, order: NDArray[np.int64], progress: float, of: NDArray[np.int64] | None = None
    ) -> Pass:
        """Logits, their cross entropy with the probabilities, and the penalties."""
        batch = pad(self.texts, order, self.soft)
        ids = torch.from_numpy(batch.ids).to(self.device)
        mask = torch.from_numpy(batch.mask).to(self.device)
        soft = torch.from_numpy(np.asarray(batch.targets)).to(self.device)
        output, extra = training_pass(self.network, ids, mask, None, self.config)
        if self.task == "multi-class":
            value = functional.cross_entropy(output, soft)
        else:
            each = functional.binary_cross_entropy_with_logits(output, soft, reduction="none")
            value = each.sum(dim=1).mean()
        return self.shared(Pass(value, extra, output), order, of)

    def measure_train(
        self, outputs: NDArray[np.float32], seen: NDArray[np.bool_]
    ) -> dict[str, float]:
        """Figures of the texts with labels alone, from the logits that the batches had."""
        labelled = np.flatnonzero(seen) < len(self.train.targets)
        return super().measure_train(outputs[labelled], seen[: len(self.train.targets)])


def as_probabilities(targets: NDArray[Any], task: Task, width: int) -> NDArray[np.float32]:
    """Real labels as probabilities: (N, 1) for binary, else (N, C)."""
    if task == "multi-class":
        found: NDArray[np.float32] = np.eye(width, dtype=np.float32)[targets]
        return found
    return targets.reshape(len(targets), -1).astype(np.float32)


def as_taught(probabilities: NDArray[Any], task: Task) -> NDArray[np.float32]:
    """What a model says of texts, as `Taught` wants it: for binary of the second class alone."""
    found = probabilities[:, 1:] if task == "binary" else probabilities
    return found.astype(np.float32)


def one_after_the_other(first: Outcome, second: Outcome) -> Outcome:
    """How two trainings went, the second of which gave the weights."""
    done = len(first.history)
    steps = first.history[-1].step if done else 0
    later = tuple(
        replace(record, epoch=record.epoch + done, step=record.step + steps)
        for record in second.history
    )
    kept = second.best_epoch + done if second.best_epoch else 0
    return Outcome((*first.history, *later), kept, second.reason, second.interrupted)
