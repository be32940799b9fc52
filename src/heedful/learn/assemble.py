"""From a trained network to a model: n-grams beside it, the say of each, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from heedful.learn.calibration import fit_temperature
from heedful.learn.data import Data
from heedful.learn.evidence import evidence_logits, learn_evidence
from heedful.learn.listener import Listener
from heedful.learn.metrics import log_loss, measure
from heedful.learn.mixing import fit_shares
from heedful.learn.model import TextModel, logits, to_probabilities, using_threads
from heedful.learn.subwords import subword_keys
from heedful.learn.threshold import by_share
from heedful.nn.evidence import Evidence
from heedful.text.vocab import RESERVED, Vocabulary

ENOUGH = 50
"""Validation texts: a share of fewer says little."""
SHARES = "the share of training texts with each label"
USUAL = 3.0
"""Deviation of the logits of texts that a model knows what to say of."""


@dataclass(frozen=True)
class Beside:
    """N-gram evidence, to stand beside an attention network.

    Attributes:
        own: learnt from the training texts.
        whole: the same, learnt from the validation texts too; None where there are none or
            `evidence.refit` is off.
    """

    own: Evidence
    whole: Evidence | None

    def rescale(self, factor: float) -> None:
        """Multiply the logits of both by a number > 0."""
        for part in filter(None, (self.own, self.whole)):
            part.rescale(factor)


def learn_beside(
    model: TextModel,
    size: int,
    data: Data,
    valid: Data | None,
    usual: NDArray[np.int64] | None,
    listener: Listener,
) -> Beside | None:
    """Fit n-gram evidence; None where none is asked for.

    It knows the first `size` ids of the vocabulary: those of the training texts; and the shapes of
    all, where `usual` gives them (`usual_shapes`).
    """
    config = model.config.evidence
    if not config.orders:
        return None
    known = Vocabulary(model.vocabulary.tokens[len(RESERVED) : size])
    words = subword_keys(known, config.subwords or 0)
    classes = len(model.labels.names)
    own, whole = learn_evidence(data, valid, words, model.task, classes, config, usual)
    listener.say(f"n-gram evidence: {own}")
    return Beside(own, whole)


def assemble(
    model: TextModel, beside: Beside | None, data: Data, valid: Data | None, listener: Listener
) -> dict[str, float]:
    """Put n-gram evidence in, weigh it against the network, calibrate, choose thresholds.

    Returns the figures of the validation texts; empty without any.
    """
    if beside is not None:
        _weigh(model, beside, data, valid, listener)
        model.network.evidence = beside.own
    if valid is None:
        return {}
    figures, factor = _calibrate(model, valid, listener)
    if beside is not None and beside.whole is not None:
        beside.whole.rescale(factor)
    if model.config.train.thresholds == "share":
        figures = _choose_thresholds(model, data, valid, listener) or figures
    return figures


def _weigh(
    model: TextModel, beside: Beside, data: Data, valid: Data | None, listener: Listener
) -> None:
    """How much the network and the evidence have to say."""
    network = model.network
    if valid is None or not network.attends:
        # Margins of any size: to where logits usually are, and a temperature of 1 is near.
        texts = (data if valid is None else valid).encoded
        beside.rescale(USUAL / max(float(evidence_logits(beside.own, texts).std()), 1e-6))
        return
    with using_threads(model.config.train.threads):
        read = logits(network, valid.encoded)
        shown = evidence_logits(beside.own, valid.encoded)
    factors = fit_shares(read, shown, valid.targets, model.task)
    network.scale_read(max(factors[0], 1e-9))
    beside.rescale(factors[1])
    sizes = factors[0] * float(read.std()), factors[1] * float(shown.std())
    share = sizes[0] / max(sum(sizes), 1e-9)
    listener.say(
        f"by the validation texts the attention network weighs {100 * share:.0f} %, n-gram "
        f"evidence {100 - 100 * share:.0f} %"
    )


def _calibrate(model: TextModel, valid: Data, listener: Listener) -> tuple[dict[str, float], float]:
    """Divide the logits by the temperature that suits the validation texts.

    Returns their figures, and what the logits were multiplied by.

    The temperature goes into the head's weights: base and contributions then are calibrated
    log-odds like the logit they add up to.
    """
    with using_threads(model.config.train.threads):
        values = logits(model.network, valid.encoded)
    temperature = fit_temperature(values, valid.targets, model.task)
    model.network.scale(1 / temperature)
    model.decision = replace(model.decision, temperature=temperature)
    before = log_loss(to_probabilities(values, model.task), valid.targets, model.task)
    probabilities = to_probabilities(values / temperature, model.task)
    figures = measure(probabilities, valid.targets, model.task)
    listener.say(
        f"calibrated on the validation texts: temperature {temperature:.2f}, log loss "
        f"{before:.4f} before, {figures['loss']:.4f} after"
    )
    return figures, 1 / temperature


def _choose_thresholds(
    model: TextModel, data: Data, valid: Data, listener: Listener
) -> dict[str, float]:
    """Decide so that each label is given as often as it stands in the training data.

    Returns the figures of the validation texts with it; empty where the task has no such labels,
    or there are too few texts to choose on, and one half stays.
    """
    if model.task != "multi-label" or len(valid.targets) < ENOUGH:
        return {}
    with using_threads(model.config.train.threads):
        values = logits(model.network, valid.encoded)
    probabilities = to_probabilities(values, model.task)
    limits = by_share(probabilities, np.asarray(data.targets > 0).mean(axis=0))
    thresholds = tuple(limits.tolist())
    model.decision = replace(model.decision, thresholds=thresholds, aim=SHARES)
    before, after = (
        measure(probabilities, valid.targets, model.task, thresholds=given)
        for given in (None, model.decision.array())
    )
    listener.say(
        "thresholds by the share of training texts with each label: macro f1 on the validation "
        f"texts {after['f1']:.3f}, at one half {before['f1']:.3f}"
    )
    return after
