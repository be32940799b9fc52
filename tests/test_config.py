"""Settings: names, types, ranges, presets."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import fields
from typing import get_args, get_type_hints

import pytest

from heedful.config import Config
from heedful.presets import PRESETS, preset
from heedful.records import HeedfulError
from heedful.settings import _RANGES, SECTIONS, addresses, apply, from_json, resolve

EVERY = [f"{section}.{f.name}" for section, kind in SECTIONS.items() for f in fields(kind)]


def value_of(config: Config, address: str):
    section, _, key = address.partition(".")
    return getattr(getattr(config, section), key)


def refused(settings, *words: str) -> str:
    with pytest.raises(HeedfulError) as error:
        apply(Config(), settings)
    message = str(error.value)
    assert "\n" not in message
    for word in words:
        assert word in message, message
    return message


@pytest.mark.parametrize("name", PRESETS)
def test_presets_round_trip(name):
    config = preset(name)
    assert config.preset == name
    for address, value in PRESETS[name].items():
        assert value_of(config, address) == value
    assert from_json(json.loads(json.dumps(config.to_json()))) == config


@pytest.mark.parametrize("name", [n for n in PRESETS if n != "default"])
def test_presets_differ(name):
    assert preset(name).model != preset("default").model


def test_unknown_preset_names_the_known_ones():
    with pytest.raises(HeedfulError, match=r"unknown preset 'x'; known are default, .*bigru-mlp"):
        preset("x")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("model.hiden", "model.hidden"),
        ("hiden", "hidden"),
        ("train.learning-rate", "train.learning_rate"),
        ("epoch", "epochs"),
        ("text.max_token", "text.max_tokens"),
        ("model.epochs", "epochs"),
    ],
)
def test_unknown_settings_get_a_suggestion(wrong, right):
    assert right in refused({wrong: 1}, f"unknown setting {wrong!r}; did you mean")


def test_a_name_like_nothing_lists_all():
    message = refused({"qqqqqqqq": 1})
    assert all(address in message for address in EVERY)


def test_every_bare_name_means_one_setting():
    assert max(Counter(a.partition(".")[2] for a in EVERY).values()) == 1
    for address in EVERY:
        assert resolve(address.partition(".")[2]) == address == resolve(address)
        assert addresses(address) == [address]


@pytest.mark.parametrize("address", _RANGES)
def test_out_of_range(address):
    low, high = _RANGES[address]
    section, _, key = address.partition(".")
    whole = get_type_hints(SECTIONS[section])[key] is not float
    step = 1 if whole else 0.001
    refused({address: low - step}, address, "must be")
    if high is not None:
        refused({address: high + step}, address, "must be")
        assert value_of(apply(Config(), {address: high}), address) == high
    reads = {"encoder": "hf:x", "hf.overlap": 0} if section == "hf" else {}
    assert value_of(apply(Config(), reads | {address: low}), address) == low


@pytest.mark.parametrize("value", [-0.1, 1.0, "0.1,1.5"])
def test_encoder_dropout_out_of_range(value):
    refused({"model.encoder_dropout": value}, "model.encoder_dropout", "from 0 to 0.99")


def test_every_number_has_a_range():
    def kind(address: str):
        section, _, key = address.partition(".")
        return get_type_hints(SECTIONS[section])[key]

    numbers = {a for a in EVERY if {int, float} & {kind(a), *get_args(kind(a))}}
    assert numbers - {"model.encoder_dropout", "model.window"} == set(_RANGES)


def test_windows():
    for given in (3, "3", [3], (3,)):  # a run written before there were several holds one number
        assert apply(Config(), {"model.window": given}).model.window == (3,)
    several = apply(Config(), {"model.window": "1,3,5"})
    assert several.model.window == (1, 3, 5)
    assert from_json(several.to_json()) == several
    refused({"model.window": "1,101"}, "model.window is 101; it must be from 1 to 99")
    refused({"model.window": 0}, "model.window is 0; it must be from 1 to 99")
    refused({"model.window": "1,2.5"}, "it takes one or more whole numbers (1,3)")
    wide = {"encoder": "conv", "window": "1,3", "hidden": 8, "embedding": 16}
    assert apply(Config(), wide | {"train.tying": 1.0}).train.tying == 1.0
    refused(wide | {"embedding": 8, "train.tying": 1.0}, "2 x model.hidden = 16")


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", float("inf"), float("nan"), 1e999])
@pytest.mark.parametrize("address", ["train.learning_rate", "train.min_delta", "train.clip_norm"])
def test_numbers_must_be_finite(address, value):
    refused({address: value}, address)


@pytest.mark.parametrize(
    ("name", "value", "takes"),
    [
        ("epochs", "three", "a whole number"),
        ("epochs", 2.5, "a whole number"),
        ("epochs", True, "a whole number"),
        ("epochs", None, "a whole number"),
        ("epochs", [3], "a whole number"),
        ("max_tokens", "many", "a whole number, or none"),
        ("learning_rate", "fast", "a number"),
        ("learning_rate", False, "a number"),
        ("lowercase", "maybe", "true or false"),
        ("lowercase", 1, "true or false"),
        ("encoder", "lstm", "one of token, conv, bilstm, bigru, transformer"),
        ("attention", 3, "one of additive"),
        ("encoder", ["conv"], "one of token"),
        ("encoder_dropout", "a,b", "one or more numbers"),
        ("encoder_dropout", [], "one or more numbers"),
        ("monitor", 3, "a text"),
        ("lemmas", 3, "a text, or none"),
    ],
)
def test_wrong_types(name, value, takes):
    refused({name: value}, resolve(name), repr(value), "it takes", takes)


@pytest.mark.parametrize(
    ("name", "value", "becomes"),
    [
        ("epochs", "3", 3),
        ("epochs", 3.0, 3),
        ("learning_rate", "1e-2", 0.01),
        ("learning_rate", 1, 1.0),
        ("max_tokens", "none", None),
        ("max_tokens", "", None),
        ("max_tokens", "40", 40),
        ("lowercase", "no", False),
        ("lowercase", "TRUE", True),
        ("encoder_dropout", 0.3, (0.3,)),
        ("encoder_dropout", "0.3", (0.3,)),
        ("encoder", "conv", "conv"),
        ("lemmas", "en", "en"),
        ("steps", None, None),
    ],
)
def test_values_are_read(name, value, becomes):
    found = value_of(apply(Config(), {name: value}), resolve(name))
    assert found == becomes
    assert type(found) is type(becomes)


def test_contradictions():
    refused({"encoder": "conv", "query": "final"}, "model.query=final needs a recurrent encoder")
    assert apply(Config(), {"encoder": "bigru", "query": "final"}).model.query == "final"
    refused({"window": 4}, "model.window is 4; it must be odd")
    refused({"encoder_dropout": "0.1,0.2", "layers": 3}, "2 values for 3 layers")
    assert apply(Config(), {"encoder_dropout": "0.1,0.2", "layers": 2}).model.layers == 2


def test_apply_leaves_the_rest_alone():
    before = preset("bigru-mlp")
    after = apply(before, {"epochs": 3})
    assert after.train.epochs == 3
    assert after.text == before.text
    assert after.model == before.model
    assert before.train.epochs == 1_000


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"modell": {}}, "unknown section 'modell'"),
        ({"model": 3}, "section 'model' of the configuration is not a table"),
        ({"model": {"hiden": 3}}, "unknown setting 'model.hiden'; did you mean 'model.hidden'"),
        ({"model": {"hidden": "x"}}, "setting model.hidden cannot be 'x'"),
        ({"train": {"epochs": 0}}, "setting train.epochs is 0"),
    ],
)
def test_from_json_refuses(values, says):
    with pytest.raises(HeedfulError) as error:
        from_json(values)
    assert str(error.value).startswith(says)


def test_missing_sections_are_defaults():
    assert from_json({}) == Config()
