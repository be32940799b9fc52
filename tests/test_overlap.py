"""Texts longer than a network has positions for."""

from __future__ import annotations

import itertools

import torch

from heedful.nn.overlap import Window, layout, windows


def test_windows_by_hand() -> None:
    assert windows(5, 4, 4, 2) == [Window(5, 0, 4, 0, 4)]
    assert windows(5, 0, 4, 2) == []
    # 0123, 2345, 4567, 5678: the middle of each two that overlap parts them.
    assert windows(0, 9, 4, 2) == [
        Window(0, 0, 4, 0, 3), Window(0, 2, 6, 3, 5), Window(0, 4, 8, 5, 7), Window(0, 5, 9, 7, 9),
    ]  # fmt: skip
    assert [w[1:3] for w in windows(0, 5, 2, 0)] == [(0, 2), (2, 4), (3, 5)]


def test_every_state_comes_once_and_from_where_it_has_most_context() -> None:
    for size, length in itertools.product((2, 5, 8), range(30)):
        for overlap in range(size):
            found = windows(0, length, size, overlap)
            owners = [w for p in range(length) for w in found if w.first <= p < w.last]
            assert len(owners) == length
            for p, owner in enumerate(owners):
                best = max(min(p - w.start, w.stop - 1 - p) for w in found if w.start <= p < w.stop)
                assert min(p - owner.start, owner.stop - 1 - p) == best


def test_a_layout_by_hand() -> None:
    wanted = [Window(0, 0, 2, 0, 2), Window(2, 0, 3, 0, 3)]  # text 1 is empty
    found = layout(wanted, (3, 3), 1, 1)
    # Tokens 0..8, the prefix 9, the suffix 10, padding 11.
    assert found.rows.tolist() == [[9, 0, 1, 10, 11], [9, 6, 7, 8, 10]]
    assert found.mask.tolist() == [[True] * 4 + [False], [True] * 5]
    assert found.back.tolist() == [[1, 2, 0], [0, 0, 0], [6, 7, 8]]
    assert torch.equal(found.rows.flatten()[found.back[2]], torch.tensor([6, 7, 8]))
