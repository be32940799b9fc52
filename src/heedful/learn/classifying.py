"""Training a classifier, as a job for the training loop."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from heedful.config import TrainConfig
from heedful.learn.data import Data
from heedful.learn.job import Pass
from heedful.learn.metrics import measure, names
from heedful.learn.model import device_of, logits, to_probabilities
from heedful.learn.objective import balanced_weights, loss
from heedful.learn.penalties import training_pass
from heedful.learn.precision import dtype_of
from heedful.nn.classify import Classifier
from heedful.nn.embed import Embed
from heedful.records import HeedfulError, Task
from heedful.text.batch import pad, pad_marks

TABLE: str | None = "embed.table"  # of the network


class Classifying:
    """Texts and their labels. See `learn.job.Job`.

    Args:
        network: changed in place.
        train: the training data.
        valid: the validation data; None = there are none.
        config: class weights and penalties.
        task: binary, multi-class or multi-label.
        classes: how many labels there are.

    Raises:
        HeedfulError: rationales are to be learnt, and no text has any.
    """

    def __init__(
        self,
        network: Classifier,
        train: Data,
        valid: Data | None,
        config: TrainConfig,
        task: Task,
        classes: int,
    ) -> None:
        self.network, self.train, self.valid = network, train, valid
        self.config, self.task = config, task
        self.lengths = train.encoded.lengths
        self.table = TABLE if isinstance(network.embed, Embed) else None
        network.computing = dtype_of(config.precision)
        self.width = 1 if task == "binary" else classes
        self.metrics, self.validated = names(task), valid is not None
        if config.rationales and (train.evidence is None or not train.evidence.any()):
            raise HeedfulError(
                f"train.rationales={config.rationales:g} needs evidence marked by a person, and no "
                "training text has any where it is read; bring data with evidence, or set "
                "train.rationales=0"
            )
        self.device = device_of(network)
        # The mean of what attention missed is one over marked texts, however many a part has.
        self.divisible = not config.rationales
        self.weights: Tensor | None = None
        if config.class_weights == "balanced":
            self.weights = balanced_weights(train.targets, classes, task).to(self.device)

    def forward(
        self, order: NDArray[np.int64], progress: float, of: NDArray[np.int64] | None = None
    ) -> Pass:
        """Logits, their log loss, and the penalties."""
        config = self.config
        batch = pad(self.train.encoded, order, self.train.targets)
        ids = torch.from_numpy(batch.ids).to(self.device)
        mask = torch.from_numpy(batch.mask).to(self.device)
        targets = torch.from_numpy(np.asarray(batch.targets)).to(self.device)
        marks = None
        if config.rationales and self.train.evidence is not None:
            marks = pad_marks(self.train.encoded, order, self.train.evidence)
        output, extra = training_pass(self.network, ids, mask, marks, config)
        value = loss(output, targets, self.task, self.weights)
        return self.shared(Pass(value, extra, output), order, of)

    def shared(self, found: Pass, order: NDArray[np.int64], of: NDArray[np.int64] | None) -> Pass:
        """The texts' share in the means over the batch `of`, if they are a part of one."""
        if of is None:
            return found
        extra = None if found.extra is None else found.extra * (len(order) / len(of))
        return Pass(found.value * (self._weight(order) / self._weight(of)), extra, found.output)

    def _weight(self, order: NDArray[np.int64]) -> float:
        """What these texts count in a mean of log losses."""
        if self.weights is None or self.task == "multi-label":
            return float(len(order))
        return float(self.weights.cpu().numpy()[self.train.targets[order]].sum())

    def measure_train(
        self, outputs: NDArray[np.float32], seen: NDArray[np.bool_]
    ) -> dict[str, float]:
        """Figures from the logits that the batches had when they were trained on."""
        return measure(to_probabilities(outputs, self.task), self.train.targets[seen], self.task)

    def measure_valid(self) -> dict[str, float] | None:
        """Figures of a clean pass; None where a logit is not finite."""
        if self.valid is None:
            return {}
        values = logits(self.network, self.valid.encoded)
        if not np.isfinite(values).all():
            return None
        return measure(to_probabilities(values, self.task), self.valid.targets, self.task)
