"""The named presets: three tutorials' networks, and ours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from heedful.config import Config
from heedful.records import HeedfulError
from heedful.settings import HF, apply, value_of

# A network that reads five words at a time, and begins with vectors of which words keep which
# company; n-gram evidence beside it.
_READER: dict[str, Any] = {
    "text.vocabulary": 1_000_000,
    "model.words": 30_000,
    "model.encoder": "conv",
    "model.hidden": 256,
    "model.window": (5,),
    "model.embedding": 128,
    "model.embedding_dropout": 0.5,
    "model.word_dropout": 0.2,
    "evidence.orders": 3,
    "pretrain.on_training": True,
    "train.learning_rate": 2e-3,
    "train.schedule": "one-cycle",
    "train.average": 0.99,
    "train.batch_size": 32,
    "train.keep_epoch": "last",
    "train.patience": 0,
    "train.thresholds": "share",
}

# Each preset is what it changes. The three tutorial networks are rebuilt with masks and a
# clean split; where a tutorial is silent, the defaults above hold.
PRESETS: dict[str, dict[str, Any]] = {
    # What n-grams say, and beside it the network above. How each part earned its place:
    # docs/design.md.
    "default": _READER | {"pretrain.regions": 1, "train.epochs": 3},
    # No network at all: log-count ratios and a linear model of words, pairs and triples. Takes
    # seconds; on long texts no lone network here beats it (docs/design.md).
    "fast": {
        "text.vocabulary": 1_000_000,
        "model.encoder": "none",
        "evidence.orders": 3,
        "train.thresholds": "share",
    },
    # The most accurate that an hour on two cores buys, given texts without labels: the network has
    # read them all before it sees a label, and a second one learns what the first says of them.
    "best": _READER
    | {"model.words": 40_000, "pretrain.regions": 3, "pretrain.taught": 4, "train.epochs": 4}
    | {"train.optimizer": "lazy-adam"},
    # Every token is read by itself, so that a state speaks of its own word and of no other, and
    # half of the texts lose words while training, so that erasing words is nothing new to the
    # model. The best point of bench/frontier.py; what it costs and gains is in docs/trust.md.
    "faithful": {
        "model.encoder": "token",
        "model.embedding": 128,
        "model.embedding_dropout": 0.6,
        "train.masked_training": 0.5,
        "train.learning_rate": 2e-3,
        "train.average": 0.99,
        "train.epochs": 20,
    },
    "stacked-bilstm": {
        # Only 59 % of the reviews fit into 200 words. Without function words (negations stay) the
        # first 200 reach through 85 %.
        "text.punctuation": False,
        "text.stop_words": "en",
        "text.vocabulary": 10_000,
        "text.min_frequency": 1,
        "text.max_tokens": 200,
        "model.embedding": 128,
        "model.encoder": "bilstm",
        "model.hidden": 128,
        "model.layers": 2,
        # Keras' `dropout` acts on what goes into a layer: .3 before the first, .2 before the
        # second. Word drop-out is ours: without it the network knows its 17,500 reviews by heart
        # after two epochs.
        "model.word_dropout": 0.1,
        "model.embedding_dropout": 0.3,
        "model.encoder_dropout": (0.2, 0.2),
        "model.attention": "additive",
        "model.attention_width": 64,
        "model.query": "final",
        "train.batch_size": 200,
        "train.batch_tokens": 1_000_000,
        "train.epochs": 10,
        "train.validation": 0.3,
        "train.monitor": "accuracy",
        "train.average": 0.99,
        "train.patience": 1,
    },
    "bilstm-head": {
        "text.punctuation": False,
        "text.lemmas": "en",
        "text.stop_words": "en",
        "text.max_tokens": 130,
        "model.embedding": 128,
        "model.encoder": "bilstm",
        "model.hidden": 64,
        "model.layers": 2,
        "model.encoder_dropout": (0.05,),
        "model.attention": "additive",
        "model.attention_width": 10,
        "model.head": "dense",
        "model.head_width": 20,
        "model.head_activation": "relu",
        "model.head_dropout": 0.05,
        "train.batch_size": 100,
        "train.batch_tokens": 1_000_000,
        "train.epochs": 5,
        "train.validation": 0.2,
        "train.patience": 0,
    },
    "bigru-mlp": {
        "text.vocabulary": 20_000,
        "text.min_frequency": 1,
        "text.max_tokens": 256,
        "model.embedding": 100,
        "model.encoder": "bigru",
        "model.hidden": 128,
        "model.attention": "additive",
        "model.attention_width": 32,
        "model.attention_depth": 2,
        "model.attention_activation": "relu",
        "train.batch_size": 128,
        "train.batch_tokens": 1_000_000,
        "train.learning_rate": 0.01,
        "train.epochs": 1_000,
        "train.steps": 2_000,
        "train.checkpoint_seconds": 500.0,
        "train.patience": 0,
    },
    # A pre-trained transformer in the encoder's place (--encoder hf:PATH_OR_NAME), frozen unless
    # hf.tune=true.
    "pretrained": {
        "text.unit": "piece",
        "model.encoder": "hf",
        "evidence.orders": 3,
        "model.attention": "additive",
        "train.batch_size": 32,
        "train.epochs": 8,
        "train.learning_rate": 3e-3,
        "train.schedule": "one-cycle",
        "train.average": 0.99,
        "train.patience": 0,
        "train.thresholds": "share",
    },
    # Human-written times to 24 h, character by character: the network of a widespread tutorial,
    # y_i = RNN(c_i), with masks, a clean split and a rate that rises and falls.
    "clock": {
        "sequence.source_unit": "character",
        "sequence.target_unit": "character",
        "model.embedding": 32,
        "model.encoder": "bilstm",
        "model.hidden": 32,
        "model.attention": "additive",
        "model.attention_width": 8,
        "sequence.cell": "lstm",
        "sequence.units": 64,
        "sequence.feeds": "context",
        "sequence.readout": 0,
        "train.batch_size": 100,
        "train.epochs": 60,
        "train.learning_rate": 0.01,
        "train.schedule": "one-cycle",
        "train.average": 0.99,
        "train.patience": 0,
    },
    # As `clock`, but twice as wide, and the decoder is told what it wrote last.
    "clock-best": {
        "sequence.source_unit": "character",
        "sequence.target_unit": "character",
        "model.embedding": 64,
        "model.encoder": "bilstm",
        "model.hidden": 64,
        "model.attention": "additive",
        "model.attention_width": 32,
        "sequence.cell": "lstm",
        "sequence.units": 128,
        "sequence.feeds": "token",
        "sequence.target_embedding": 32,
        "sequence.readout": 64,
        "train.batch_size": 100,
        "train.epochs": 60,
        "train.learning_rate": 5e-3,
        "train.schedule": "one-cycle",
        "train.average": 0.99,
        "train.patience": 0,
    },
    # Sentence pairs by sub-words: a decoder of GRUs as in Bahdanau et al. 2015, readout and all.
    "translate": {
        "model.embedding": 256,
        "model.embedding_dropout": 0.2,
        "model.encoder": "bigru",
        "model.hidden": 256,
        "model.attention": "additive",
        "model.attention_width": 256,
        "sequence.source_unit": "subword",
        "sequence.target_unit": "subword",
        "sequence.source_vocabulary": 8_000,
        "sequence.target_vocabulary": 8_000,
        "sequence.rare": 2,
        "sequence.cell": "gru",
        "sequence.units": 256,
        "sequence.start": "final",
        "sequence.target_embedding": 256,
        "sequence.readout": 256,
        "sequence.tied": True,
        "sequence.decoder_dropout": 0.2,
        "sequence.label_smoothing": 0.1,
        "sequence.beam": 4,
        "train.batch_size": 128,
        "train.batch_tokens": 8_192,
        "train.epochs": 8,
        "train.learning_rate": 1e-3,
        "train.schedule": "one-cycle",
        "train.average": 0.999,
        "train.patience": 0,
        "train.validation": 0.02,
        "train.checkpoint_seconds": 300.0,
    },
}

# What a preset changes where texts are short, and further where there are few of them. Figures:
# docs/design.md.
SHORT_TEXTS: dict[str, dict[str, Any]] = {
    "default": {
        "text.min_frequency": 1,
        "model.hidden": 128,
        "model.window": (1, 3, 5),
        "model.embedding_dropout": 0.3,
        "model.pooling": "attention+max",
        "model.head_dropout": 0.5,
        "pretrain.on_training": False,
        "pretrain.regions": 0,
        "train.batch_size": 128,
        "train.epochs": 4,
        "train.keep_epoch": "best",
        "train.monitor": "accuracy",
    },
    "fast": {"text.min_frequency": 1},
}
SHORT_TEXTS["best"] = SHORT_TEXTS["default"] | {
    "pretrain.on_training": True,
    "train.optimizer": "adam",
}
FEW_SHORT_TEXTS: dict[str, dict[str, Any]] = {
    "default": {"train.batch_size": 64, "train.learning_rate": 3e-3, "train.epochs": 8},
}
FEW_SHORT_TEXTS["best"] = FEW_SHORT_TEXTS["default"]


def preset(name: str) -> Config:
    """The named preset.

    Raises:
        HeedfulError: for an unknown name, with the known ones.
    """
    if name not in PRESETS:
        raise HeedfulError(f"unknown preset {name!r}; known are {', '.join(PRESETS)}")
    return replace(apply(Config(preset=name), PRESETS[name]), given=frozenset())


def preset_for(name: str | None, encoders: Iterable[str | None]) -> str | None:
    """The preset that was asked for; `pretrained` where none was and an encoder begins with hf:."""
    named = any(isinstance(one, str) and one.startswith(HF) for one in encoders)
    return "pretrained" if name is None and named else name


def left_to_rules(name: str) -> frozenset[str]:
    """Addresses of the settings that a preset sets otherwise where texts are short."""
    return frozenset(SHORT_TEXTS.get(name, {})) | frozenset(FEW_SHORT_TEXTS.get(name, {}))


def for_short_texts(config: Config, *, few: bool) -> Config:
    """The settings for short texts (`learn.rules.SHORT`): what nobody has set is changed.

    Args:
        config: all settings.
        few: whether there are few texts (`learn.rules.FEW`).

    A Config that is not made by `preset` is somebody's own altogether and stays as it is.
    """
    if config.preset not in SHORT_TEXTS or not _made_by_preset(config):
        return config
    changes = dict(SHORT_TEXTS[config.preset])
    if few:
        changes |= FEW_SHORT_TEXTS.get(config.preset, {})
    changes = {address: value for address, value in changes.items() if address not in config.given}
    return replace(apply(config, changes), given=config.given)


def _made_by_preset(config: Config) -> bool:
    """Whether all that its preset sets holds, but for what somebody has set since."""
    return all(
        address in config.given or value_of(config, address) == value
        for address, value in PRESETS[config.preset].items()
    )
