"""Keys of groups of words: the same for the same words in the same order, and for no others."""

from __future__ import annotations

from itertools import product

import torch

from heedful.nn.grams import NONE, Kinds, grams


def test_order_and_repeats_are_told_apart() -> None:
    ids = torch.tensor(list(product((5, 9, 11), repeat=4)))  # every text of four of three words
    by_words: dict[int, tuple[object, ...]] = {}
    by_key: dict[tuple[object, ...], int] = {}
    for kind, one in enumerate(grams(ids, ids > 0, Kinds(3, 3, True))):
        for text, row in zip(ids.tolist(), one.keys.tolist(), strict=True):
            for t, key in enumerate(row):
                if key == NONE:
                    assert kind > 0 and (t + max(one.steps) > 3 or kind > 4)
                    continue
                # A pair with a gap is the same however wide the gap is.
                group = (3 if kind == 4 else kind, *(text[t + step] for step in one.steps))
                assert by_words.setdefault(key, group) == group
                assert by_key.setdefault(group, key) == key
    assert len(by_words) == 3 + 9 + 27 + 9 + 3 + 9 + 3
