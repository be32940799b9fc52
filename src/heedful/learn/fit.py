"""From examples to a trained model: vocabulary, network, training, in that order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from heedful.config import Config
from heedful.learn.assemble import assemble, learn_beside
from heedful.learn.checkpoint import SOURCE, Store
from heedful.learn.classifying import Classifying
from heedful.learn.data import Data
from heedful.learn.digest import digest
from heedful.learn.files import write_json
from heedful.learn.frames import reads_shapes, usual_shapes
from heedful.learn.frozen import states_known
from heedful.learn.listener import Listener, Silent
from heedful.learn.model import (
    TextModel,
    cores,
    logits,
    number_of_logits,
    to_probabilities,
    using_threads,
)
from heedful.learn.outcome import Outcome
from heedful.learn.precision import chosen_precision
from heedful.learn.pretrained import Pretrained, find, network_of
from heedful.learn.pretrained_folder import identity
from heedful.learn.pretraining import Facts, Start, begin
from heedful.learn.regions import learn_regions
from heedful.learn.rules import for_texts, with_rules
from heedful.learn.run import read_json
from heedful.learn.taught import Taught, as_taught, one_after_the_other
from heedful.learn.train import Trainer
from heedful.learn.workers import Alone, Workers
from heedful.nn.classify import Classifier
from heedful.nn.embed import Embed
from heedful.nn.evidence import Evidence
from heedful.records import Example, HeedfulError
from heedful.settings import check_tying
from heedful.text import vectors
from heedful.text.evidence import evidence
from heedful.text.labels import Labels
from heedful.text.pieces import PieceTokenizer
from heedful.text.tokenize import Tokenizer, cut
from heedful.text.vocab import Encoded, Lengths, Vocabulary, encode, lengths


@dataclass(frozen=True)
class Saving:
    """Where checkpoints go, and whether to go on from what lies there."""

    store: Store | None = None
    resume: bool = False

    def belong(self, name: str, source: str) -> None:
        """Note the fingerprint of a pre-trained model, without which checkpoints mean nothing.

        Raises:
            HeedfulError: those to go on from were written with another one.
        """
        if self.store is None:
            return
        path = self.store.folder / SOURCE
        noted = read_json(path) if self.resume and path.exists() else source
        if noted != source:
            raise HeedfulError(
                f"{name} is another model than when this training began; bring the old one back, "
                "or train into another folder"
            )
        write_json(path, source)


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
    workers: Workers | None = None,
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
        workers: who trains the same network with us; None = nobody. All give the same data and
            settings, and the leader alone checkpoints. What the others return has its outcome, and
            weights, but is not finished.

    Raises:
        HeedfulError: no training texts, a text-less vocabulary, an unknown label, texts without
            labels that settings leave no use for.
    """
    saving, listener, workers = saving or Saving(), listener or Silent(), workers or Alone()
    if not train:
        raise HeedfulError("there is no training text left; check the data and the split")
    texts, held = ([e.text for e in part] for part in (train, valid))
    config = for_texts(config, texts)
    found, source = _found(config, saving, workers)
    tokenizer = Tokenizer(config.text) if found is None else found.tokenizer
    # Who keeps checkpoints of these texts may keep their tokens; a library call writes nothing.
    cached = saving.store is not None

    def started() -> Start:
        found = begin(texts, held, unlabelled, tokenizer, config, listener, cached=cached)
        if len(found.vocabulary) <= 4:
            raise HeedfulError(
                "no token occurs often enough to learn from; set text.min_frequency=1 or bring "
                "more text"
            )
        return found

    start = workers.together(started)
    vocabulary, encoded = start.vocabulary, start.encoded
    config = with_rules(with_machine(config), encoded, labels.task)
    spread = lengths(encoded)
    listener.say(f"{len(vocabulary):,} distinct tokens; {spread}")
    store = saving.store
    resumed = workers.first(lambda: saving.resume and store is not None and store.begun)

    def build(*, resumed: bool) -> tuple[Config, Classifier]:
        # What is learnt before training the leader learns; its weights go to all.
        passed = resumed or not workers.leads
        return workers.together(
            lambda: _build(config, start, labels, listener, found, resumed=passed)
        )

    config, network = build(resumed=resumed)
    teaches = bool(config.pretrain.taught and unlabelled and network.attends)
    begun = deepcopy(network) if teaches and not resumed else None

    def read() -> tuple[NDArray[np.int64] | None, Data, Data | None]:
        usual, ids = None, encoded
        if reads_shapes(config):
            usual = usual_shapes(chain(texts, unlabelled or ()), tokenizer, vocabulary)
            ids = _encode(texts, tokenizer, vocabulary, config)
        data = Data(ids, labels.encode(train), _evidence(train, ids, tokenizer, config))
        return usual, data, _valid_data(valid, labels, tokenizer, vocabulary, config)

    usual, data, valid_data = workers.together(read)
    workers.same(lambda: digest(config, (*vocabulary.tokens, source), _arrays(data, valid_data)))
    parts = [part.encoded for part in (data, valid_data) if part is not None]
    # Workers of one machine do not write to one cache.
    cached &= workers.size == 1
    states = states_known(network, parts, config, listener, cached=cached)
    with ExitStack() as stack:
        workers.together(lambda: stack.enter_context(states))
        outcome = _train(network, data, valid_data, labels, config, saving, listener, workers)
        model = TextModel(config, labels, vocabulary, tokenizer, network.cpu())
        if not teaches and not workers.leads:
            return Fitted(model, outcome, spread, {}, {})
        # Unless there is a second network to train, the leader does the rest by itself.
        still: Workers = workers if teaches else Alone()
        beside = still.lead(
            lambda: learn_beside(model, start.own, data, valid_data, usual, listener)
        )
        figures = still.first(lambda: assemble(model, beside, data, valid_data, listener))
    if teaches and not outcome.interrupted:
        # It begins where the first one did. Checkpoints do not hold that: it is learnt again.
        second = begun or build(resumed=False)[1]
        first = model.network
        later = _teach(model, second, start, data, valid_data, listener, workers)
        taught = still.first(lambda: assemble(model, beside, data, valid_data, listener))
        if later.interrupted or taught.get("loss", 0.0) > figures.get("loss", 0.0):
            why = "was stopped" if later.interrupted else "is no better"
            listener.say(f"the network that was taught {why}: the first one is kept")
            model.network, first.evidence = first, None
            figures = still.first(lambda: assemble(model, beside, data, valid_data, listener))
            outcome = replace(outcome, interrupted=later.interrupted)
        else:
            outcome, figures = one_after_the_other(outcome, later), taught
    ids = {"training": data.encoded}
    if valid_data is not None:
        ids["validation"] = valid_data.encoded
    whole = None if beside is None else beside.whole
    return Fitted(model, outcome, spread, ids, figures, whole, start.facts)


def _found(config: Config, saving: Saving, workers: Workers) -> tuple[Pretrained | None, str]:
    """The pre-trained transformer, and its fingerprint; None and nothing where none is asked for.

    Raises:
        HeedfulError: no such model, or not the one with which the training that goes on began.
    """
    if config.model.encoder != "hf":
        return None, ""
    found = workers.together(lambda: find(config))
    source = workers.together(lambda: identity(found))
    if saving.store is not None or workers.size > 1:
        workers.lead(lambda: saving.belong(f"hf:{config.hf.source}", source))
    return found, source


def _train(
    network: Classifier,
    data: Data,
    valid: Data | None,
    labels: Labels,
    config: Config,
    saving: Saving,
    listener: Listener,
    workers: Workers,
) -> Outcome:
    """Train the attention network, if there is one."""
    if not network.attends:
        return Outcome((), 0, "n-gram evidence is learnt in one go", interrupted=False)

    def trainer() -> Trainer:
        job = Classifying(network, data, valid, config.train, labels.task, len(labels.names))
        return Trainer(job, config.train, saving.store, listener, workers)

    return workers.together(trainer).run(resume=saving.resume)


def _arrays(*parts: Data | None) -> list[NDArray[Any]]:
    """Ids, starts and targets of the training and the validation data."""
    given = [part for part in parts if part is not None]
    return [x for part in given for x in (part.encoded.ids, part.encoded.starts, part.targets)]


def _teach(
    model: TextModel,
    network: Classifier,
    start: Start,
    data: Data,
    valid: Data | None,
    listener: Listener,
    workers: Workers,
) -> Outcome:
    """Let another network learn from the texts without labels what the model says of them.

    It takes the first one's place; n-gram evidence has to be put beside it again.
    """
    config, labels = model.config, model.labels
    more = start.all_texts(config)
    more = more.part(len(data.encoded), len(more))
    listener.say(f"what the model says of {len(more):,} texts without labels is taught to another")

    def said() -> NDArray[np.float32]:
        with using_threads(config.train.threads):
            return as_taught(to_probabilities(logits(model.network, more), model.task), model.task)

    probabilities = workers.first(said)
    train = replace(config.train, epochs=config.pretrain.taught)
    job = Taught(network, data, valid, train, model.task, len(labels.names), more, probabilities)
    later = Trainer(job, train, None, listener, workers).run()
    model.network = network.cpu()
    return later


def with_machine(config: Config, beside: int = 1) -> Config:
    """What depends on the machine written out: it is part of what makes a run repeatable.

    `beside` workers share its cores.
    """
    threads = config.train.threads or max(1, cores() // beside)
    precision = config.train.precision
    if config.hf.tune and precision == "auto":  # small steps from good weights need every digit
        precision = "float32"
    precision = chosen_precision(precision)
    return replace(config, train=replace(config.train, threads=threads, precision=precision))


def _build(
    config: Config,
    start: Start,
    labels: Labels,
    listener: Listener,
    found: Pretrained | None,
    *,
    resumed: bool,
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
        count = number_of_logits(labels)
        if found is None:
            network = Classifier(config.model, len(vocabulary), count)
        else:
            network = network_of(config, found, len(vocabulary), count)
    if loaded is not None and isinstance(network.embed, Embed):
        listener.say(str(loaded))
        network.embed.load(torch.from_numpy(loaded.table))
    network = network.to("cuda" if torch.cuda.is_available() else "cpu")
    if config.pretrain.regions and network.attends and not resumed:
        learn_regions(network, start.all_texts(config), config, listener)
    return config, network


def _valid_data(
    valid: Sequence[Example],
    labels: Labels,
    tokenizer: Tokenizer,
    vocabulary: Vocabulary,
    config: Config,
) -> Data | None:
    if not valid:
        return None
    encoded = _encode([e.text for e in valid], tokenizer, vocabulary, config)
    return Data(encoded, labels.encode(valid))


def _encode(
    texts: Sequence[str], tokenizer: Tokenizer, vocabulary: Vocabulary, config: Config
) -> Encoded:
    """As the finished model will read them."""
    text, shaped = config.text, reads_shapes(config)
    if isinstance(tokenizer, PieceTokenizer):
        return tokenizer.encode(texts, text.max_tokens, text.keep)
    return encode(texts, tokenizer, vocabulary, text.max_tokens, text.keep, shaped=shaped)


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
