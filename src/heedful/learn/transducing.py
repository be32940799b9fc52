"""Training a network that rewrites sequences, as a job for the training loop."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from heedful.config import SequenceConfig
from heedful.learn.job import Pass
from heedful.learn.memory import release_after
from heedful.learn.model import device_of, inference
from heedful.learn.precision import Precision, dtype_of
from heedful.learn.sequence_data import PairBatch, SequenceData, pairs
from heedful.nn.local import on_source
from heedful.nn.transduce import Forced, Transducer

LARGE = 1_000  # tokens of a vocabulary with which a product is worth rounding for
METRICS = ("loss", "accuracy", "token_accuracy")


class Transducing:
    """Sources and targets under teacher forcing. See `learn.job.Job`.

    The figures: `loss`, nats a target token, END included; `token_accuracy`, the share of these
    that get the highest probability when the true ones before them are known; `accuracy`, the
    share of targets of which all do. A greedy search writes exactly these targets, token for
    token: as long as it is right it has been told the truth. So `accuracy` is the exact match of
    decoded output (for targets within the maximum length) without decoding.

    Args:
        network: changed in place.
        train: the training data.
        valid: the validation data; None = there are none.
        config: scheduled sampling, label smoothing, coverage.
        precision: of the product with the target's vocabulary while training.
    """

    def __init__(
        self,
        network: Transducer,
        train: SequenceData,
        valid: SequenceData | None,
        config: SequenceConfig,
        precision: Precision = "float32",
    ) -> None:
        self.network, self.train, self.valid, self.config = network, train, valid, config
        self.lengths, self.width = train.lengths, 3
        self.table: str | None = None
        self.divisible = True
        self.metrics, self.validated = METRICS, valid is not None
        large = len(network.decoder.bias) >= LARGE
        self.computing = dtype_of(precision) if large else torch.float32
        self.device = device_of(network)

    def forward(
        self, order: NDArray[np.int64], progress: float, of: NDArray[np.int64] | None = None
    ) -> Pass:
        """The log loss a token, and what smoothing and coverage add to it."""
        batch = pairs(self.train, order, self.device)
        sampling = self.config.scheduled_sampling * min(progress, 1.0)
        forced = self.network.forced(batch.ids, batch.mask, batch.targets, sampling)
        truth, smoothing = batch.targets[batch.real], self.config.label_smoothing
        judged = self.network.decoder.judge(
            forced.read[batch.real], truth, smoothing, self.computing
        )
        # All of the gradient is the objective's, which the log loss is a part of.
        value, extra = judged.objective, None
        if smoothing:
            value, extra = judged.losses.mean(), judged.objective - judged.losses.mean()
        if self.config.coverage:
            again = self.config.coverage * coverage(forced, batch)
            extra = again if extra is None else extra + again
        output = per_text(judged.losses, judged.best == truth, batch.real)
        if of is not None:
            share = len(truth) / int(self.train.targets.lengths[of].sum())
            value, extra = value * share, None if extra is None else extra * share
        return Pass(value, extra, output)

    def measure_train(
        self, outputs: NDArray[np.float32], seen: NDArray[np.bool_]
    ) -> dict[str, float]:
        """Figures of the batches as they were when trained on."""
        return figures(outputs)

    def measure_valid(self) -> dict[str, float] | None:
        """Figures of a clean pass; None where a loss is not finite."""
        if self.valid is None:
            return {}
        found = teacher_forced(self.network, self.valid)
        return figures(found) if np.isfinite(found).all() else None


def teacher_forced(network: Transducer, data: SequenceData) -> NDArray[np.float32]:
    """Of each pair (N, 3): the sum of its tokens' losses, tokens right, tokens; see `figures`."""
    result = np.zeros((len(data), 3), np.float32)
    device = device_of(network)
    with inference(network):
        for order in data.plan():
            batch = pairs(data, order, device)
            release_after(batch.ids.numel() + batch.targets.numel())
            forced = network.forced(batch.ids, batch.mask, batch.targets)
            truth = batch.targets[batch.real]
            judged = network.decoder.judge(forced.read[batch.real], truth)
            found = per_text(judged.losses, judged.best == truth, batch.real)
            result[order] = found.cpu().numpy()
    return result


def per_text(losses: Tensor, right: Tensor, real: Tensor) -> Tensor:
    """Per text (B, 3): sum of losses, tokens right, tokens.

    Args:
        losses: (N,) of the real tokens, text by text.
        right: (N,) whether each was the most probable.
        real: (B, U), where the N real tokens are.
    """
    text = real.nonzero()[:, 0]
    columns = torch.stack([losses.float(), right.float(), torch.ones_like(losses).float()], dim=1)
    return columns.new_zeros(len(real), 3).index_add_(0, text, columns)


def figures(outputs: NDArray[np.float32]) -> dict[str, float]:
    """The figures of texts from their sums (N, 3), see `per_text`; NaN without any text."""
    if not len(outputs):
        return dict.fromkeys(METRICS, float("nan"))
    losses, right, tokens = outputs.astype(np.float64).sum(axis=0)
    whole = outputs[:, 1] == outputs[:, 2]
    return {
        "loss": float(losses / tokens),
        "accuracy": float(whole.mean()),
        "token_accuracy": float(right / tokens),
    }


def coverage(forced: Forced, batch: PairBatch) -> Tensor:
    """Mean over target tokens of sum_t min(a_it, sum_(j<i) a_jt) (See et al. 2017, eq. 12).

    0 without attention.
    """
    weights = on_source(forced.weights, forced.first, batch.mask.shape[1])  # (B, U, T)
    before = weights.cumsum(dim=1) - weights
    again = torch.minimum(weights, before).sum(dim=2)
    return again[batch.real].mean()
