"""Many texts are shared out among processes: the same numbers, whatever becomes of the others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from heedful.config import TextConfig
from heedful.text import helper, parallel
from heedful.text.tokenize import Tokenizer
from heedful.text.vocab import Encoded, Vocabulary, encode, fit

SRC = Path(__file__).parents[1] / "src"
TEXTS = [
    "The film, l'avventura :-) was 3.5 stars",
    "",
    "was it? don't\u00a0know\nthe <br/>film \ud800 😀👍🏽",
    " ",
    "avventura! " * 9,
    "日本語の映画",
    "a b c d",
]


def shared(monkeypatch: pytest.MonkeyPatch, processes: int) -> None:
    monkeypatch.setenv("HEEDFUL_PROCESSES", str(processes))
    monkeypatch.setattr(parallel, "CHARACTERS", 10)


def both(config: TextConfig) -> tuple[Vocabulary, Encoded, Encoded]:
    tokenizer = Tokenizer(config)
    vocabulary, encoded = fit(iter(TEXTS), tokenizer, config)
    less = Vocabulary(vocabulary.tokens[6:])
    return vocabulary, encoded, encode(TEXTS, tokenizer, less, config.max_tokens, config.keep)


def assert_same(one: Encoded, other: Encoded) -> None:
    for name in ("ids", "starts", "unknown", "cut"):
        first, second = getattr(one, name), getattr(other, name)
        assert first.dtype == second.dtype
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    "config",
    [
        TextConfig(min_frequency=1),
        TextConfig(min_frequency=1, max_tokens=5, keep="both", stop_words="en"),
        TextConfig(min_frequency=1, unit="character"),
    ],
)
def test_three_processes_find_what_one_does(
    monkeypatch: pytest.MonkeyPatch, config: TextConfig
) -> None:
    alone = both(config)
    shared(monkeypatch, 3)
    answers: list[object] = []
    answer = helper.Helper.answer
    monkeypatch.setattr(
        helper.Helper, "answer", lambda self: answers.append(answer(self)) or answers[-1]
    )
    together = both(config)
    assert len(answers) == 4 and None not in answers
    assert alone[0] == together[0]
    assert_same(alone[1], together[1])
    assert_same(alone[2], together[2])


@pytest.mark.parametrize(
    "program",
    [
        "raise SystemExit(3)",
        "import sys; sys.stdin.read(); print('[]')",
        'import sys; sys.stdin.read(); print(\'{"words": [], "numbers": 9}\')',
    ],
)
def test_what_another_process_fails_at_is_done_here(
    monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    alone = both(TextConfig(min_frequency=1))
    shared(monkeypatch, 2)
    monkeypatch.setattr(helper, "_PROGRAM", program)
    together = both(TextConfig(min_frequency=1))
    assert alone[0] == together[0]
    assert_same(alone[1], together[1])


def test_no_process_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = both(TextConfig(min_frequency=1))
    shared(monkeypatch, 4)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert_same(alone[1], both(TextConfig(min_frequency=1))[1])


def test_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    each = parallel.CHARACTERS
    monkeypatch.delenv("HEEDFUL_PROCESSES", raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert [parallel.processes(n) for n in (0, each, 2 * each, 99 * each)] == [1, 1, 2, 8]
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert parallel.processes(99 * each) == 3
    monkeypatch.setenv("HEEDFUL_PROCESSES", "5")
    assert parallel.processes(99 * each) == 5
    monkeypatch.setenv("HEEDFUL_PROCESSES", "0")
    assert parallel.processes(99 * each) == 1
    monkeypatch.setenv("HEEDFUL_PROCESSES", "5")
    monkeypatch.setattr(sys, "executable", "/opt/calculator")
    assert parallel.processes(99 * each) == 1


def test_a_script_without_a_guard(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "print('begun')\n"
        "from heedful.config import TextConfig\n"
        "from heedful.text import parallel\n"
        "from heedful.text.tokenize import Tokenizer\n"
        "parallel.CHARACTERS = 1\n"
        "print(len(parallel.number(['a b', 'c d'], Tokenizer(TextConfig()))))\n"
    )
    environment = os.environ | {"PYTHONPATH": str(SRC), "HEEDFUL_PROCESSES": "2"}
    ran = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, env=environment, cwd=tmp_path
    )
    assert (ran.stdout.split(), ran.stderr) == (["begun", "2"], "")
