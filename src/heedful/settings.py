"""Changing settings by name, and refusing what is unknown, of a wrong type or out of range.

A setting is addressed as `section.name`, for example `model.hidden` or `train.epochs`; a
bare name works where only one section has it.
"""

from __future__ import annotations

import difflib
import math
import types
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from heedful.config import (
    ENCODERS,
    Config,
    EvidenceConfig,
    HfConfig,
    ModelConfig,
    PretrainConfig,
    SequenceConfig,
    TextConfig,
    TrainConfig,
)
from heedful.records import HeedfulError

HF = "hf:"
"""What a pre-trained transformer's name begins with where an encoder is named."""

SECTIONS: dict[str, type] = {
    "text": TextConfig,
    "model": ModelConfig,
    "evidence": EvidenceConfig,
    "pretrain": PretrainConfig,
    "train": TrainConfig,
    "sequence": SequenceConfig,
    "hf": HfConfig,
}


def addresses(name: str) -> list[str]:
    """The full addresses (`section.name`) that a possibly bare setting name may mean."""
    if "." in name:
        section, _, key = name.partition(".")
        known = SECTIONS.get(section)
        return [name] if known and key in {f.name for f in fields(known)} else []
    return [
        f"{section}.{name}"
        for section, kind in SECTIONS.items()
        if name in {f.name for f in fields(kind)}
    ]


def resolve(name: str) -> str:
    """The one full address of a setting.

    Raises:
        HeedfulError: for an unknown name, with the nearest known one.
    """
    found = addresses(name)
    if found:
        return found[0]
    every = [f"{s}.{f.name}" for s, kind in SECTIONS.items() for f in fields(kind)]
    bare = [address.partition(".")[2] for address in every]
    near = difflib.get_close_matches(name, every + bare, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(every)}"
    raise HeedfulError(f"unknown setting {name!r}{hint}")


def _spell(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(get_args(kind))
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
    if get_origin(kind) in (Union, types.UnionType):
        inner = [k for k in get_args(kind) if k is not type(None)]
        return f"{_spell(inner[0])}, or none"
    if get_origin(kind) is tuple:
        return "one or more " + (
            "numbers (0.3,0.2)" if float in get_args(kind) else "whole numbers (1,3)"
        )
    return names.get(kind, str(kind))


def _coerce(value: Any, kind: Any) -> Any:
    """`value` as `kind`, or ValueError. Strings are read as the command line writes them."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        if value is None or (isinstance(value, str) and value.lower() in ("none", "null", "")):
            return None
        inner = [k for k in get_args(kind) if k is not type(None)]
        return _coerce(value, inner[0])
    if origin is Literal:
        if value in get_args(kind):
            return value
        raise ValueError
    if origin is tuple:
        parts = value.split(",") if isinstance(value, str) else value
        parts = parts if isinstance(parts, list | tuple) else [parts]
        if not parts:
            raise ValueError
        return tuple(_coerce(part, get_args(kind)[0]) for part in parts)
    if kind is bool:
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in words:
            return words[value.lower()]
        raise ValueError
    if isinstance(value, bool):
        raise ValueError
    if kind is int:
        if isinstance(value, float) and not value.is_integer():
            raise ValueError
        return int(value)
    if kind is float:
        number = float(value)
        if not math.isfinite(number):
            raise ValueError
        return number
    if not isinstance(value, str):
        raise ValueError
    return value


def value_of(config: Config, address: str) -> Any:
    """The setting at a full address."""
    section, _, key = address.partition(".")
    return getattr(getattr(config, section), key)


def apply(config: Config, settings: Mapping[str, Any]) -> Config:
    """`config` with some settings changed, each checked for name, type and range, and `given`.

    Raises:
        HeedfulError: unknown name, wrong type or value out of range.
    """
    settings = with_source(settings)
    changes: dict[str, dict[str, Any]] = {}
    for name, value in settings.items():
        address = resolve(name)
        section, _, key = address.partition(".")
        kind = get_type_hints(SECTIONS[section])[key]
        try:
            changes.setdefault(section, {})[key] = _coerce(value, kind)
        except (TypeError, ValueError):
            raise HeedfulError(
                f"setting {address} cannot be {value!r}; it takes {_spell(kind)}"
            ) from None
    sections = {
        section: replace(getattr(config, section), **values) for section, values in changes.items()
    }
    changed = replace(config, given=config.given | set(map(resolve, settings)), **sections)
    check(changed)
    return changed


def with_source(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with an encoder `hf:PATH_OR_NAME` as the three that it stands for."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, str) and value.startswith(HF) and resolve(name) == "model.encoder":
            source = value.removeprefix(HF).strip()
            if not source:
                raise HeedfulError("the encoder hf: names no model; write hf:PATH or hf:NAME")
            found |= {name: "hf", "hf.source": source, "text.unit": "piece"}
        else:
            found[name] = value
    return found


# address -> (lowest allowed, highest allowed); None = no limit on that side
_RANGES: dict[str, tuple[float | None, float | None]] = {
    "text.vocabulary": (5, None),
    "text.min_frequency": (1, None),
    "text.max_tokens": (1, None),
    "model.embedding": (1, None),
    "model.embedding_dropout": (0, 0.99),
    "model.word_dropout": (0, 0.99),
    "model.hidden": (1, None),
    "model.layers": (1, 16),
    "model.attention_width": (1, None),
    "model.attention_depth": (1, 8),
    "model.head_width": (1, None),
    "model.head_dropout": (0, 0.99),
    "model.heads": (1, 64),
    "model.words": (5, None),
    "evidence.orders": (0, 8),
    "evidence.reach": (1, 64),
    "evidence.frame_rare": (1, None),
    "evidence.subwords": (0, 16),
    "evidence.min_texts": (1, None),
    "evidence.features": (16, 2**28),
    "evidence.smoothing": (1e-6, None),
    "evidence.cost": (1e-9, None),
    "evidence.length": (0, 1),
    "pretrain.passes": (1, 10_000),
    "pretrain.context": (1, 100),
    "pretrain.negative": (1, 100),
    "pretrain.sample": (0, 1),
    "pretrain.min_count": (1, None),
    "pretrain.rate": (1e-6, 1),
    "pretrain.more_words": (0, None),
    "pretrain.regions": (0, 1_000),
    "pretrain.region_words": (1, 100),
    "pretrain.region_rate": (1e-6, 1),
    "pretrain.taught": (0, 1_000),
    "train.epochs": (1, None),
    "train.steps": (1, None),
    "train.batch_size": (1, None),
    "train.batch_tokens": (1, None),
    "train.learning_rate": (0, None),
    "train.weight_decay": (0, None),
    "train.clip_norm": (0, None),
    "train.average": (0, 0.9999),
    "train.conicity": (0, None),
    "train.tying": (0, None),
    "train.masked_training": (0, 1),
    "train.rationales": (0, None),
    "train.validation": (0, 0.9),
    "train.patience": (0, None),
    "train.min_delta": (0, None),
    "train.checkpoint_seconds": (0, None),
    "train.threads": (0, 1024),
    "train.seed": (0, 2**63 - 1),
    "sequence.source_vocabulary": (5, None),
    "sequence.target_vocabulary": (5, None),
    "sequence.rare": (1, None),
    "sequence.units": (1, None),
    "sequence.depth": (1, 16),
    "sequence.local_reach": (0, None),
    "sequence.readout": (0, None),
    "sequence.target_embedding": (1, None),
    "sequence.decoder_dropout": (0, 0.99),
    "sequence.scheduled_sampling": (0, 1),
    "sequence.label_smoothing": (0, 0.9),
    "sequence.coverage": (0, None),
    "sequence.source_window": (1, None),
    "sequence.window_step": (1, None),
    "sequence.beam": (1, 64),
    "sequence.length_penalty": (0, 4),
    "sequence.max_length": (1, None),
    "hf.tune_rate": (0, None),
    "hf.positions": (2, None),
    "hf.overlap": (0, None),
    "hf.cache_gb": (0, None),
}


def check(config: Config) -> None:
    """Raise HeedfulError for settings out of range or that contradict each other."""
    for address, (low, high) in _RANGES.items():
        value = value_of(config, address)
        if value is None:
            continue
        if (low is not None and value < low) or (high is not None and value > high):
            bounds = f"at least {low}" if high is None else f"from {low} to {high}"
            raise HeedfulError(f"setting {address} is {value}; it must be {bounds}")
    model = config.model
    if model.encoder == "none" and not config.evidence.orders:
        raise HeedfulError(
            "model.encoder=none leaves nothing that decides; set evidence.orders=3, or choose "
            f"an encoder: {', '.join(ENCODERS)}"
        )
    if config.evidence.frames and not has_shapes(config):
        raise HeedfulError(
            "evidence.frames=true needs words as they are written; set text.unit=word and leave "
            "text.lemmas out, or set evidence.frames=false"
        )
    recurrent = model.encoder in ("bilstm", "bigru")
    if model.query == "final" and not recurrent:
        raise HeedfulError(
            f"model.query=final needs a recurrent encoder, and {model.encoder!r} has no final "
            "state; use model.query=learned"
        )
    if model.encoder == "transformer" and model.hidden % model.heads:
        raise HeedfulError(
            f"setting model.heads is {model.heads}, which does not share model.hidden="
            f"{model.hidden} evenly; set model.heads to {_nearest(model.hidden, model.heads)}"
        )
    for window in model.window:
        if not 1 <= window <= 99:
            raise HeedfulError(f"setting model.window is {window}; it must be from 1 to 99")
        if window % 2 == 0:
            raise HeedfulError(f"setting model.window is {window}; it must be odd")
    if any(not 0 <= rate <= 0.99 for rate in model.encoder_dropout):
        raise HeedfulError("setting model.encoder_dropout must be from 0 to 0.99")
    if len(model.encoder_dropout) not in (1, model.layers):
        raise HeedfulError(
            f"setting model.encoder_dropout has {len(model.encoder_dropout)} values for "
            f"{model.layers} layers; give one, or one per layer"
        )
    check_hf(config)
    if config.train.rationales and model.attention == "uniform":
        raise HeedfulError(
            "train.rationales does nothing with model.attention=uniform, which cannot learn where "
            "to look; choose another score, or set train.rationales=0"
        )
    if config.pretrain.on_training:
        check_pretraining(config, "pretrain.on_training=true")
    if config.train.vectors is None:  # else the file decides how wide the token vectors are
        check_tying(config)


def _nearest(width: int, heads: int) -> int:
    """The largest number of heads up to `heads` that shares a width evenly."""
    return next(count for count in range(min(heads, width), 0, -1) if width % count == 0)


_OF_ITS_OWN = (
    "text.lowercase", "text.punctuation", "text.lemmas", "text.stop_words", "text.vocabulary",
    "text.min_frequency", "model.embedding", "model.embedding_dropout", "model.words",
    "model.hidden", "model.layers", "model.bidirectional", "model.window", "model.gate",
    "train.vectors", "train.tying", "pretrain.on_training", "pretrain.regions", "pretrain.taught",
)  # fmt: skip
"""Settings that a pre-trained transformer brings with it, or has no use for."""


def check_hf(config: Config) -> None:
    """Raise HeedfulError for settings that do not go with a pre-trained transformer, or without."""
    if config.model.encoder != "hf":
        if config.text.unit == "piece":
            raise HeedfulError(
                "text.unit=piece (and the preset pretrained) needs the tokenizer of a pre-trained "
                "transformer; give it with --encoder hf:PATH_OR_NAME"
            )
        for one in fields(HfConfig):
            if getattr(config.hf, one.name) != one.default:
                raise HeedfulError(
                    f"hf.{one.name} has no part in a network without a pre-trained transformer; "
                    "leave it out, or give --encoder hf:PATH_OR_NAME"
                )
        return
    if config.text.unit != "piece":
        raise HeedfulError(
            "a pre-trained transformer reads the pieces of its own tokenizer; leave text.unit out"
        )
    usual = Config()
    for address in _OF_ITS_OWN:
        if value_of(config, address) != value_of(usual, address):
            raise HeedfulError(
                f"{address} has no part in a network with a pre-trained transformer; leave it out, "
                "and use --preset pretrained"
            )
    if config.train.optimizer == "lazy-adam":
        raise HeedfulError(
            "a pre-trained transformer's token vectors do not move by themselves; "
            "train.optimizer is adam or adamw"
        )
    hf = config.hf
    if hf.tune and hf.weights == "reference":
        raise HeedfulError(
            "hf.weights=reference points at weights as they were found, and hf.tune=true changes "
            "them; leave one of them out"
        )
    if hf.positions is not None and hf.overlap >= hf.positions:
        raise HeedfulError(
            f"hf.overlap={hf.overlap} leaves no step between windows of "
            f"hf.positions={hf.positions} tokens; set it lower"
        )


def has_shapes(config: Config) -> bool:
    """Whether tokens are words as they are written, which have a shape (text/shapes.py)."""
    return config.text.unit == "word" and config.text.lemmas is None


_CLASSIFYING = frozenset(
    ("model.words", "model.query", "model.pooling", "model.head", "model.head_width",
     "model.head_activation", "model.head_dropout", "train.class_weights", "train.conicity",
     "train.tying", "train.masked_training", "train.rationales", "train.thresholds",
     "train.vectors")
)  # fmt: skip
"""Settings outside `text`, `evidence` and `pretrain` that only classifiers have a use for."""


def check_idle(config: Config) -> None:
    """Raise HeedfulError for settings that somebody has set and that no rewriting network heeds."""
    for address in sorted(config.given):
        idle = address.partition(".")[0] in ("text", "evidence", "pretrain", "hf")
        if idle or address in _CLASSIFYING:
            raise HeedfulError(f"{address} has no part in a network that rewrites; leave it out")
    if config.train.optimizer == "lazy-adam":
        raise HeedfulError(
            "a network that rewrites moves its token vectors as a whole; train.optimizer is adam "
            "or adamw"
        )


def check_sequence(config: Config) -> None:
    """Raise HeedfulError for settings that cannot make a network that rewrites sequences.

    Not part of `check`: a classifier's settings hold the section `sequence` too, unused.
    """
    model, sequence = config.model, config.sequence
    recurrent = model.encoder in ("bilstm", "bigru")
    if model.encoder in ("none", "hf"):
        raise HeedfulError("a sequence needs an encoder; choose one: " + ", ".join(ENCODERS))
    if not recurrent and (sequence.start == "final" or sequence.scope == "none"):
        raise HeedfulError(
            "sequence.start=final and sequence.scope=none need a recurrent encoder, and "
            f"{model.encoder!r} has no final state; set model.encoder=bilstm"
        )
    width = sequence.readout or sequence.units
    if sequence.tied and width != sequence.target_embedding:
        what = "readout" if sequence.readout else "units"
        raise HeedfulError(
            f"sequence.tied needs sequence.{what} = sequence.target_embedding, and they are "
            f"{width} and {sequence.target_embedding}"
        )
    if sequence.input_feeding and not sequence.readout:
        raise HeedfulError("sequence.input_feeding feeds the readout; set sequence.readout")
    if sequence.source_window is not None and sequence.window_step > sequence.source_window:
        raise HeedfulError(
            f"sequence.window_step={sequence.window_step} leaves out tokens between windows of "
            f"sequence.source_window={sequence.source_window}; set it lower"
        )
    _check_query_width(config)


def _check_query_width(config: Config) -> None:
    """`dot`, `scaled-dot` and `content` compare vectors of one width."""
    model, sequence = config.model, config.sequence
    if model.attention not in ("dot", "scaled-dot", "content") or sequence.scope == "none":
        return
    recurrent = model.encoder in ("bilstm", "bigru")
    states = model.hidden * (2 if recurrent and model.bidirectional else 1)
    states = model.embedding if model.encoder == "token" else states
    name, asked = "units", sequence.units
    if sequence.asks == "output":
        name, asked = "target_embedding", sequence.target_embedding
    if asked != states:
        raise HeedfulError(
            f"model.attention={model.attention} compares vectors of one width: the encoder's "
            f"states are {states} wide, so set sequence.{name}={states} (it is {asked})"
        )


def check_pretraining(config: Config, asked: str) -> None:
    """Raise HeedfulError where word vectors that are asked for would have no use.

    Args:
        config: all settings.
        asked: what asks for them, for the message.
    """
    if config.pretrain.objective == "none":
        raise HeedfulError(
            f"{asked} does nothing with pretrain.objective=none; set it to skip-gram, or leave "
            "one of them out"
        )
    if config.model.encoder == "none":
        raise HeedfulError(
            f"{asked} does nothing with model.encoder=none, which has no word vectors; choose "
            f"another preset, or an encoder: {', '.join(ENCODERS)}"
        )
    if config.model.encoder == "hf":
        raise HeedfulError(
            f"{asked} does nothing with a pre-trained transformer, which has its word vectors; "
            "leave one of them out"
        )
    if config.train.vectors is not None:
        raise HeedfulError(
            f"{asked} and --vectors (train.vectors) both say where the word vectors come from; "
            "leave one of them out"
        )


def check_tying(config: Config) -> None:
    """Raise HeedfulError where `train.tying` has nothing to tie, or widths that differ."""
    model = config.model
    if not config.train.tying:
        return
    if model.encoder == "token":
        raise HeedfulError(
            "train.tying does nothing with model.encoder=token, whose states are the token "
            "vectors themselves; set train.tying=0"
        )
    recurrent = model.encoder in ("bilstm", "bigru")
    directions = 2 if model.bidirectional and recurrent else 1
    if model.encoder == "conv":
        directions = len(model.window)
    width = model.hidden * directions
    if width == model.embedding:
        return
    sum_ = f"{directions} x model.hidden = {width}" if directions > 1 else f"model.hidden = {width}"
    halves = model.embedding % directions == 0
    fit = f"model.hidden={model.embedding // directions}" if halves else ""
    widen = "" if config.train.vectors else f"model.embedding={width}"
    raise HeedfulError(
        f"train.tying needs states as wide as the token vectors, and they are {sum_} and "
        f"{model.embedding} wide; set {' or '.join(filter(None, (fit, widen))) or 'train.tying=0'}"
    )


def from_json(values: Mapping[str, Any]) -> Config:
    """A Config from what `to_json` wrote. Unknown keys and wrong types are errors."""
    unknown = set(values) - {"preset", *SECTIONS}
    if unknown:
        raise HeedfulError(f"unknown section {sorted(unknown)[0]!r} in the configuration")
    settings: dict[str, Any] = {}
    for section in SECTIONS:
        inner = values.get(section, {})
        if not isinstance(inner, Mapping):
            raise HeedfulError(f"section {section!r} of the configuration is not a table")
        settings.update({f"{section}.{key}": value for key, value in inner.items()})
    return apply(Config(preset=str(values.get("preset", "default"))), settings)
