"""The arithmetic of the benchmarks: tables, folds, buckets; and that memory is measured rightly."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

BENCH = Path(__file__).parents[1] / "bench"


@pytest.fixture
def load(monkeypatch):
    """Scripts find each other beside themselves."""
    monkeypatch.syspath_prepend(str(BENCH))

    def load_module(name: str) -> ModuleType:
        return import_module(name)

    return load_module


def test_ratios_and_spreads_in_words(load):
    contest = load("contest")
    assert contest.ratio(30.0, 12.0) == "2.50 x"
    assert contest.ratio(None, 12.0) == contest.ratio(30.0, None) == "n/a"
    assert contest.mean_and_spread([0.9]) == "0.9000"
    assert contest.mean_and_spread([0.90, 0.92, 0.97], 2) == "0.93 (0.90 to 0.97)"
    assert contest.table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_a_process_is_not_charged_with_the_memory_of_who_started_it(load):
    ballast = np.ones(12_500_000)  # 95 MiB, touched
    spent = load("contest").run([sys.executable, "-S", "-c", "pass"])
    assert ballast[0] and spent.status == 0
    assert spent.peak_mib < 60


def test_folds_are_disjoint_even_and_complete(load):
    held = load("sets").folds(23, 5)
    assert sorted(row for fold in held for row in fold) == list(range(23))
    assert sorted(map(len, held)) == [4, 4, 5, 5, 5]
    assert held == load("sets").folds(23, 5)


def test_bucketed_batches_hold_every_text_once_in_a_width_that_fits(load):
    data = load("network_data")
    widths = data.rungs(30, 4)
    assert widths.tolist() == [8, 15, 23, 30]
    lengths = np.arange(31).repeat(3)  # 0 to 30 tokens
    for seed in (None, 7):
        plan = data.bucketed(lengths, 10, widths, seed)
        assert sorted(np.concatenate([rows for rows, _ in plan])) == list(range(93))
        for rows, width in plan:
            longest = lengths[rows].max()
            assert width in widths and width - 8 < longest <= width


def test_ids_are_padded_on_the_right_and_cut_at_the_width(load):
    data = load("network_data")
    part = data.Ids(np.array([5, 6, 7, 8, 9], np.int32), np.array([0, 2, 2, 5]), np.zeros(3, int))
    assert part.padded(np.array([2, 0, 1]), 2).tolist() == [[7, 8], [5, 6], [0, 0]]
    assert part.padded(np.array([0, 2]), 4).tolist() == [[5, 6, 0, 0], [7, 8, 9, 0]]


def test_sizes_grow_in_tens_up_to_the_limit(load):
    sizes = load("growth").sizes
    assert sizes(0) == [1000, 10_000, 100_000, 1_000_000]
    assert sizes(20_000) == [1000, 10_000]
    assert sizes(400) == [400]
