"""A rewriting's parts fit each other, and survive JSON."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from heedful.records import HeedfulError, Rewriting, Token
from made_rewritings import ALL, BLIND, CLOCK, NOTHING, SILENT, rewriting


@pytest.mark.parametrize("record", ALL, ids=lambda r: repr(r.source[:12]))
def test_json_gives_the_record_back(record: Rewriting) -> None:
    assert Rewriting.from_json(json.loads(json.dumps(record.to_json()))) == record


def test_json_spells_tokens_out() -> None:
    written = CLOCK.to_json()
    assert written["source_tokens"][0] == {"text": "3", "start": 0, "end": 1}
    assert written["weights"][1] == [1.0, 0.0, 0.0, 0.0]
    assert set(written) == {field.name for field in dataclasses.fields(Rewriting)}


def test_attention_is_known_or_not() -> None:
    assert CLOCK.attends
    assert not any(record.attends for record in (NOTHING, BLIND, SILENT))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tokens": (Token("1", 0, 9),) + CLOCK.tokens[1:]}, r"tokens\[0\] spans 0 to 9 of a text"),
        ({"source_tokens": (Token("3", 1, 0),) + CLOCK.source_tokens[1:]}, r"source_tokens\[0\]"),
        ({"probabilities": (1.0,)}, "1 probabilities for 5 output tokens"),
        ({"weights": CLOCK.weights[:4]}, "4 rows of weights for 5"),
        ({"weights": ((1.0,),) + CLOCK.weights[1:]}, "row 0 of weights has 1 numbers for 4"),
        ({"weights": CLOCK.weights[:4] + ((),)}, "row 4 of weights has 0 numbers"),
        ({"weights": ((0.4, 0.0, 0.5, 0.0),) + CLOCK.weights[1:]}, "row 0 of weights sums to 0.9"),
        ({"weights": ((1.5, -0.5, 0.0, 0.0),) + CLOCK.weights[1:]}, "weights are >= 0"),
        ({"weights": ((float("nan"), 0.0, 0.5, 0.0),) + CLOCK.weights[1:]}, "sums to nan"),
    ],
)
def test_parts_that_do_not_fit_are_named(change: dict[str, Any], said: str) -> None:
    with pytest.raises(HeedfulError, match=said):
        dataclasses.replace(CLOCK, **change)


def test_rounding_is_no_error() -> None:
    rewriting("abc", "x", [[0.3333, 0.3333, 0.3333]])
