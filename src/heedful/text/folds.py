"""Seeded, stratified folds; equal texts always stand in the same one."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

from heedful.records import Example, HeedfulError
from heedful.text.normalise import key


def folds(examples: Sequence[Example], parts: int, seed: int) -> list[list[int]]:
    """Positions of examples in `parts` disjoint folds that together are all, each in order.

    Texts that are equal after `normalise` go to the same fold. Of each label (or set of labels) a
    fold gets its share, up to one such group of texts.

    Args:
        examples: the whole.
        parts: how many folds; 2 or more.
        seed: the same seed gives the same folds of the same examples.

    Raises:
        HeedfulError: fewer distinct texts than folds.
    """
    groups: dict[bytes, list[int]] = {}
    for row, example in enumerate(examples):
        groups.setdefault(key(example.text), []).append(row)
    if len(groups) < parts:
        raise HeedfulError(
            f"{len(examples)} rows with {len(groups)} distinct texts cannot be split into {parts} "
            "folds; give more data"
        )
    strata: dict[tuple[str, ...], list[list[int]]] = defaultdict(list)
    for group in groups.values():
        strata[examples[group[0]].labels].append(group)
    draw, dealt = random.Random(seed), 0
    found: list[list[int]] = [[] for _ in range(parts)]
    for labels in sorted(strata):
        draw.shuffle(strata[labels])
        for group in strata[labels]:  # dealt like cards, on from where the last label ended
            found[dealt % parts] += group
            dealt += 1
    return [sorted(fold) for fold in found]
