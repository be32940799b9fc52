"""Seeded, stratified splits that never put the same text on both sides."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

from heedful.records import Example, HeedfulError
from heedful.text.normalise import key

Group = list[int]


def split(
    examples: Sequence[Example], share: float, seed: int, stratify: bool = True
) -> tuple[list[Example], list[Example]]:
    """Divides examples into (training, held out), both in the order given.

    Texts that are equal after `normalise` go to the same side, so the shares are exact only
    up to the size of such a group. A label that occurs in one group only stays in training.

    Args:
        examples: the whole.
        share: held out, between 0 and 1 (exclusive).
        seed: the same seed gives the same split of the same examples.
        stratify: keep the share of each label (or set of labels).

    Raises:
        HeedfulError: share out of range, or too few distinct texts for two sides.
    """
    if not 0 < share < 1:
        raise HeedfulError(f"the share to hold out is {share}; it must lie between 0 and 1")
    groups = _groups(examples)
    if len(groups) < 2:
        raise HeedfulError(
            f"{len(examples)} rows with {len(groups)} distinct texts cannot be split in two; give "
            "more data or a validation file"
        )
    draw = random.Random(seed)
    strata: dict[tuple[str, ...], list[Group]] = defaultdict(list)
    for group in groups:
        strata[examples[group[0]].labels if stratify else ()].append(group)
    held: set[int] = set()
    quota = _quota({label: strata[label] for label in sorted(strata)}, share, draw)
    for label in sorted(strata):
        held |= _take(strata[label], quota[label], draw)
    if not held:
        largest = max(sorted(strata), key=lambda label: len(strata[label]))
        held |= set(draw.choice(strata[largest]))
    kept = [example for i, example in enumerate(examples) if i not in held]
    return kept, [example for i, example in enumerate(examples) if i in held]


def _groups(examples: Sequence[Example]) -> list[Group]:
    """Positions of the examples, those with the same text together."""
    groups: dict[bytes, Group] = {}
    for i, example in enumerate(examples):
        groups.setdefault(key(example.text), []).append(i)
    return list(groups.values())


def _quota(
    strata: dict[tuple[str, ...], list[Group]], share: float, draw: random.Random
) -> dict[tuple[str, ...], int]:
    """Rows to hold out of each stratum: largest remainders, ties drawn by lot."""
    sizes = {label: sum(map(len, groups)) for label, groups in strata.items()}
    quota = {label: int(share * size) for label, size in sizes.items()}
    missing = round(share * sum(sizes.values())) - sum(quota.values())
    rest = [label for label in strata if len(strata[label]) > 1]
    draw.shuffle(rest)
    rest.sort(key=lambda label: share * sizes[label] - quota[label], reverse=True)
    for label in rest[: max(0, missing)]:
        quota[label] += 1
    return quota


def _take(groups: list[Group], rows: int, draw: random.Random) -> set[int]:
    """Whole groups by lot until `rows` rows are reached, but never all of them."""
    shuffled = list(groups)
    draw.shuffle(shuffled)
    taken: set[int] = set()
    for group in shuffled[:-1]:
        if len(taken) + len(group) <= rows:
            taken.update(group)
    return taken
