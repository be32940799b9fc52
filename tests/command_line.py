"""Runs the command line inside the test process."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from heedful.face.cli import main

# A network alone, trained the plain way, for tests of what one says.
ALONE = tuple(
    part
    for setting in (
        "evidence.orders=0", "pretrain.on_training=false", "model.word_dropout=0",
        "train.schedule=constant", "train.learning_rate=0.001", "train.batch_size=64",
        "train.average=0", "train.monitor=loss", "train.keep_epoch=best", "pretrain.regions=0",
        "train.optimizer=adam", "train.thresholds=half", "model.pooling=attention",
        "model.head_dropout=0",
    )
    for part in ("--set", setting)
)  # fmt: skip
TINY = tuple(
    part
    for setting in (
        *("model.embedding=8", "model.hidden=8", "model.attention_width=4", "model.window=3"),
        *("text.min_frequency=1", "train.threads=1", "train.epochs=1"),
    )
    for part in ("--set", setting)
)


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    def lines(self) -> list[dict[str, Any]]:
        """stdout as JSON lines."""
        return [strict(line) for line in self.out.splitlines()]

    def json(self) -> Any:
        """stdout as one JSON value."""
        return strict(self.out)

    def refusal(self) -> str:
        """The one line of an exit with code 2."""
        assert self.code == 2, (self.code, self.err)
        assert "Traceback" not in self.err
        errors = [line for line in self.err.splitlines() if line.startswith("heedful: ")]
        assert len(errors) == 1, self.err
        assert self.err.endswith(errors[0] + "\n"), "nothing comes after it"
        return errors[0]


def strict(text: str) -> Any:
    """Parsed JSON; NaN and Infinity fail."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


class _Stream(io.StringIO):
    def __init__(self) -> None:
        super().__init__(newline="")


def heedful(*arguments: object, stdin: bytes | None = None) -> Ran:
    """Run one command."""
    with pytest.MonkeyPatch.context() as patch:
        out, err = _Stream(), _Stream()
        patch.setattr(sys, "argv", ["heedful", *map(str, arguments)])
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        if stdin is not None:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        with pytest.raises(SystemExit) as exit_:
            main()
    code = exit_.value.code
    assert isinstance(code, int)
    return Ran(code, out.getvalue(), err.getvalue())
