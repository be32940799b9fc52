"""From examples to a trained model: vocabulary, network, training, in that order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from heedful.config import Config
from heedful.learn.calibration import fit_temperature
from heedful.learn.checkpoint import Store
from heedful.learn.classifying import Classifying
from heedful.learn.data import Data
from heedful.learn.evidence import evidence_logits, learn_evidence
from heedful.learn.listener import Listener, Silent
from heedful.learn.metrics import log_loss, measure
from heedful.learn.mixing import fit_shares
from heedful.learn.model import (
    TextModel,
    cores,
    logits,
    number_of_logits,
    to_probabilities,
    using_threads,
)
from heedful.learn.outcome import Outcome
from heedful.learn.pretraining import Facts, Start, begin
from heedful.learn.rules import with_rules
from heedful.learn.subwords import subword_keys
from heedful.learn.train import Trainer
from heedful.nn.classify import Classifier
from heedful.nn.evidence import Evidence
from heedful.records import Example, HeedfulError
from heedful.settings import check_tying
from heedful.text import vectors
from heedful.text.evidence import evidence
from heedful.text.labels import Labels
from heedful.text.tokenize import Tokenizer, cut
from heedful.text.vocab import RESERVED, Encoded, Lengths, Vocabulary, encode, lengths

USUAL = 3.0
"""Deviation of the logits of texts that a model knows what to say of."""


@dataclass(frozen=True)
class Saving:
    """Where checkpoints go, and whether to go on from what lies there."""

    store: Store | None = None
    resume: bool = False


@dataclass(frozen=True)
class Fitted:
    """A trained model and what there is to say about its training.

    Attributes:
        model: the model, with the best weights.
        outcome: history and how training ended.
        lengths: token counts of the training texts, and what was cut off.
        encoded: the texts as ids: `training`, and `validation` if there is any.
        validation: figures of the kept, calibrated model on the validation data; empty without
            any.
        whole: n-gram evidence learnt from the validation texts too; None = there is no better
            than the model's own. `finished` puts it in, when nothing is measured any more.
        pretraining: what its word vectors were learnt from; None = they were not.
    """

    model: TextModel
    outcome: Outcome
    lengths: Lengths
    encoded: Mapping[str, Encoded]
    validation: dict[str, float]
    whole: Evidence | None = None
    pretraining: Facts | None = None


def finished(fitted: Fitted) -> Fitted:
    """The model to use: n-gram evidence that also knows the texts held out for validation."""
    if fitted.whole is not None:
        fitted.model.network.evidence = fitted.whole
    return replace(fitted, whole=None)


def fit(
    train: Sequence[Example],
    valid: Sequence[Example],
    labels: Labels,
    config: Config,
    saving: Saving | None = None,
    listener: Listener | None = None,
    unlabelled: Sequence[str] | None = None,
) -> Fitted:
    """Train a classifier.

    Args:
        train: labelled examples.
        valid: labelled examples to choose the best epoch by; may be empty.
        labels: the classes.
        config: all settings.
        saving: checkpoints; None = none.
        listener: who watches.
        unlabelled: further texts, from which word vectors are learnt first; None = none.

    Raises:
        HeedfulError: no training texts, a text-less vocabulary, an unknown label, texts without
            labels that settings leave no use for.
    """
    saving, listener = saving or Saving(), listener or Silent()
    if not train:
        raise HeedfulError("there is no training text left; check the data and the split")
    tokenizer = Tokenizer(config.text)
    # Who keeps checkpoints of these texts may keep their tokens; a library call writes nothing.
    cached = saving.store is not None
    texts, held = ([e.text for e in part] for part in (train, valid))
    start = begin(texts, held, unlabelled, tokenizer, config, listener, cached=cached)
    vocabulary, encoded = start.vocabulary, start.encoded
    if len(vocabulary) <= 4:
        raise HeedfulError(
            "no token occurs often enough to learn from; set text.min_frequency=1 or bring "
            "more text"
        )
    config = with_rules(with_all_cores(config), encoded)
    spread = lengths(encoded)
    listener.say(f"{len(vocabulary):,} distinct tokens; {spread}")
    resumed = saving.resume and saving.store is not None and saving.store.begun
    config, network = _build(config, start, labels, listener, resumed=resumed)
    targets = labels.encode(train)
    valid_data = _valid_data(valid, labels, tokenizer, vocabulary, config)
    data = Data(encoded, targets, _evidence(train, encoded, tokenizer, config))
    outcome = _train(network, data, valid_data, labels, config, saving, listener)
    model = TextModel(config, labels, vocabulary, tokenizer, network.cpu())
    whole = None
    if config.evidence.orders:
        whole = _add_evidence(model, start.own, data, valid_data, listener)
    figures, factor = _calibrate(model, valid_data, listener)
    if whole is not None:
        whole.rescale(factor)
    ids = {"training": encoded}
    if valid_data is not None:
        ids["validation"] = valid_data.encoded
    return Fitted(model, outcome, spread, ids, figures, whole, start.facts)


def _train(
    network: Classifier,
    data: Data,
    valid: Data | None,
    labels: Labels,
    config: Config,
    saving: Saving,
    listener: Listener,
) -> Outcome:
    """Train the attention network, if there is one."""
    if not network.attends:
        return Outcome((), 0, "n-gram evidence is learnt in one go", interrupted=False)
    job = Classifying(network, data, valid, config.train, labels.task, len(labels.names))
    trainer = Trainer(job, config.train, saving.store, listener)
    return trainer.run(resume=saving.resume)


def _add_evidence(
    model: TextModel, size: int, data: Data, valid: Data | None, listener: Listener
) -> Evidence | None:
    """Fit n-gram evidence, weigh it against the attention network, and put it in.

    It knows the first `size` ids of the vocabulary: those of the training texts.

    Returns the same evidence, learnt from the validation texts too; None where there are none or
    `evidence.refit` is off.
    """
    network, config = model.network, model.config.evidence
    known = Vocabulary(model.vocabulary.tokens[len(RESERVED) : size])
    words = subword_keys(known, config.subwords or 0)
    own, whole = learn_evidence(data, valid, words, model.task, len(model.labels.names), config)
    listener.say(f"n-gram evidence: {own}")
    if valid is not None and network.attends:
        with using_threads(model.config.train.threads):
            read = logits(network, valid.encoded)
            shown = evidence_logits(own, valid.encoded)
        factors = fit_shares(read, shown, valid.targets, model.task)
        network.head.scale(max(factors[0], 1e-9))
        factor = factors[1]
        share = factors[0] * read.std() / (factors[0] * read.std() + factors[1] * shown.std())
        listener.say(
            f"by the validation texts the attention network weighs {100 * share:.0f} %, n-gram "
            f"evidence {100 - 100 * share:.0f} %"
        )
    else:  # margins of any size: to where logits usually are, and a temperature of 1 is near
        texts = (data if valid is None else valid).encoded
        factor = USUAL / max(float(evidence_logits(own, texts).std()), 1e-6)
    for part in filter(None, (own, whole)):
        part.rescale(factor)
    network.evidence = own
    return whole


def with_all_cores(config: Config) -> Config:
    """The number of threads written out: it is part of what makes a run repeatable."""
    threads = config.train.threads or cores()
    return replace(config, train=replace(config.train, threads=threads))


def _build(
    config: Config, start: Start, labels: Labels, listener: Listener, *, resumed: bool
) -> tuple[Config, Classifier]:
    """A network with seeded initial weights, on the GPU if there is one.

    Word vectors are not learnt again where weights come from a checkpoint, which holds them.
    """
    vocabulary, encoded = start.vocabulary, start.encoded
    loaded = None if resumed else start.vectors(config, listener)
    if config.train.vectors:
        counts = torch.bincount(
            torch.from_numpy(encoded.ids).long(), minlength=len(vocabulary)
        ).numpy()
        loaded = vectors.load(Path(config.train.vectors), vocabulary, config.train.seed, counts)
        model = replace(config.model, embedding=loaded.table.shape[1])
        config = replace(config, model=model)
        check_tying(config)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.train.seed)
        network = Classifier(config.model, len(vocabulary), number_of_logits(labels))
    if loaded is not None:
        listener.say(str(loaded))
        network.embed.load(torch.from_numpy(loaded.table))
    return config, network.to("cuda" if torch.cuda.is_available() else "cpu")


def _valid_data(
    valid: Sequence[Example],
    labels: Labels,
    tokenizer: Tokenizer,
    vocabulary: Vocabulary,
    config: Config,
) -> Data | None:
    if not valid:
        return None
    text = config.text
    encoded = encode([e.text for e in valid], tokenizer, vocabulary, text.max_tokens, text.keep)
    return Data(encoded, labels.encode(valid))


def _evidence(
    train: Sequence[Example], encoded: Encoded, tokenizer: Tokenizer, config: Config
) -> NDArray[np.bool_] | None:
    """For each of `encoded.ids`, whether a person has marked it; None where none is asked for.

    Only texts with evidence are tokenised for a second time, now with their offsets.
    """
    if not config.train.rationales:
        return None
    text, lengths_read = config.text, encoded.lengths.tolist()
    marks = [
        cut(evidence(tokenizer.tokens(example.text), example.gold), text.max_tokens, text.keep)
        if example.gold
        else np.zeros(length, bool)
        for example, length in zip(train, lengths_read, strict=True)
    ]
    return np.concatenate(marks)


def _calibrate(
    model: TextModel, valid: Data | None, listener: Listener
) -> tuple[dict[str, float], float]:
    """Divide the logits by the temperature that suits the validation texts.

    Returns their figures, and what the logits were multiplied by.

    The temperature goes into the head's weights: base and contributions then are calibrated
    log-odds like the logit they add up to.
    """
    if valid is None:
        return {}, 1.0
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
