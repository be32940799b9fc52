"""From pairs to a trained network that rewrites: tokenizers, network, training, in that order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from numpy.typing import NDArray

from heedful.config import Config
from heedful.learn.digest import digest
from heedful.learn.fit import Saving, with_machine
from heedful.learn.listener import Listener, Silent
from heedful.learn.outcome import Outcome
from heedful.learn.sequence_data import SequenceData, sources_as_ids, targets_as_ids
from heedful.learn.sequence_model import SequenceModel
from heedful.learn.train import Trainer
from heedful.learn.transducing import Transducing
from heedful.learn.workers import Alone, Workers
from heedful.nn.transduce import Transducer
from heedful.records import HeedfulError
from heedful.settings import check_idle, check_sequence
from heedful.text.pair import Pair
from heedful.text.sequence import SequenceTokenizer
from heedful.text.vocab import RESERVED


@dataclass(frozen=True)
class FittedSequence:
    """A trained network that rewrites, and what there is to say about its training.

    Attributes:
        model: the model, with the best weights.
        outcome: history and how training ended.
        validation: the kept model's figures on the validation data; empty without any.
    """

    model: SequenceModel
    outcome: Outcome
    validation: dict[str, float]


def fit_sequence(
    train: Sequence[Pair],
    valid: Sequence[Pair],
    config: Config,
    saving: Saving | None = None,
    listener: Listener | None = None,
    workers: Workers | None = None,
) -> FittedSequence:
    """Train a network that rewrites sources as targets.

    Args:
        train: the pairs to learn from.
        valid: pairs to choose the best epoch by; may be empty.
        config: all settings.
        saving: checkpoints; None = none.
        listener: who watches.
        workers: who trains the same network with us, see `fit.fit`; None = nobody.

    Raises:
        HeedfulError: no pairs, a side without any token, settings that contradict each other.
    """
    saving, listener, workers = saving or Saving(), listener or Silent(), workers or Alone()
    check_idle(config)
    check_sequence(config)
    if not train:
        raise HeedfulError("there is no training pair left; check the data and the split")
    source, target = workers.together(lambda: _tokenizers(train, config))
    data = _data(train, source, target)
    config = _with_length(with_machine(config), data)
    listener.say(_told(source, target, data, config))
    held = _data(valid, source, target) if valid else None
    network = _build(config, len(source), len(target))
    workers.same(lambda: digest(config, (), _arrays(data, held)))
    job = Transducing(network, data, held, config.sequence, config.train.precision)
    trainer = Trainer(job, config.train, saving.store, listener, workers)
    outcome = trainer.run(resume=saving.resume)
    figures = outcome.history[outcome.best_epoch - 1].valid if outcome.best_epoch else {}
    model = SequenceModel(config, source, target, network.cpu().eval())
    return FittedSequence(model, outcome, dict(figures))


def _tokenizers(
    train: Sequence[Pair], config: Config
) -> tuple[SequenceTokenizer, SequenceTokenizer]:
    settings = config.sequence
    source = SequenceTokenizer.fit(
        (pair.source for pair in train),
        settings.source_unit,
        settings.fold_source,
        settings.source_vocabulary,
        settings.rare,
    )
    target = SequenceTokenizer.fit(
        (pair.target for pair in train),
        settings.target_unit,
        settings.fold_target,
        settings.target_vocabulary,
        settings.rare,
    )
    for side, tokenizer in (("sources", source), ("targets", target)):
        if len(tokenizer) <= len(RESERVED):
            raise HeedfulError(
                f"no token of the {side} occurs often enough to learn from; set sequence.rare=1 "
                "or bring more pairs"
            )
    return source, target


def _data(
    pairs: Sequence[Pair], source: SequenceTokenizer, target: SequenceTokenizer
) -> SequenceData:
    sources = sources_as_ids([source.encode(pair.source) for pair in pairs])
    return SequenceData(sources, targets_as_ids([target.encode(pair.target) for pair in pairs]))


def _arrays(*parts: SequenceData | None) -> list[NDArray[Any]]:
    """Ids and starts of both sides of the training and the validation data."""
    sides = [side for part in parts if part for side in (part.sources, part.targets)]
    return [array for side in sides for array in (side.ids, side.starts)]


def _with_length(config: Config, data: SequenceData) -> Config:
    """The maximum length written out: without one, half as long again as the longest target."""
    if config.sequence.max_length is not None:
        return config
    longest = math.ceil(1.5 * int(data.targets.lengths.max()))
    return replace(config, sequence=replace(config.sequence, max_length=longest))


def _told(
    source: SequenceTokenizer, target: SequenceTokenizer, data: SequenceData, config: Config
) -> str:
    read, written = data.sources.lengths, data.targets.lengths
    return (
        f"{len(source):,} distinct {source.unit}s in the sources, {len(target):,} "
        f"{target.unit}s in the targets; a source has {read.mean():.1f} tokens (at most "
        f"{read.max():,}), a target {written.mean():.1f} with its end (at most "
        f"{written.max():,}); at most {config.sequence.max_length:,} are written"
    )


def _build(config: Config, sources: int, targets: int) -> Transducer:
    """A network with seeded initial weights, on the GPU if there is one."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.train.seed)
        network = Transducer(config.model, config.sequence, sources, targets)
    return network.to("cuda" if torch.cuda.is_available() else "cpu")
