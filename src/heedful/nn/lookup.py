"""Where a 64-bit key stands in an ascending list of keys, many at a time."""

from __future__ import annotations

import torch
from jaxtyping import Int
from torch import Tensor, nn

ABSENT = -1
_ROOM = 2  # bits: four places a key
_WIDEST = 26  # bits: 64 M places, 256 MB


class Lookup(nn.Module):
    """F distinct keys, each with a place in a table, so that one is found in a step or two.

    A binary search of 600,000 keys takes 20 steps, each a miss of the processor's cache. Here a
    key's highest bits are its place. Of several keys with one place the first gets it; the others
    have theirs in the next table, by their next bits, and so on.

    Args:
        keys: (F,) int64, ascending, distinct; best evenly spread, as `grams.chain` makes them.

    Raises:
        ValueError: keys that do not ascend.
    """

    keys: Tensor

    def __init__(self, keys: Int[Tensor, F]) -> None:
        super().__init__()
        if bool((keys[1:] <= keys[:-1]).any()):
            raise ValueError("keys must ascend")
        self.register_buffer("keys", keys)
        self.tables = 0
        left = torch.arange(len(keys), device=keys.device)
        while len(left):
            left = self._add_table(left)

    def _add_table(self, left: Int[Tensor, L]) -> Int[Tensor, M]:
        """A table for the keys that have no place yet; those that get none in it either."""
        bits = min(_WIDEST, len(left).bit_length() + _ROOM)
        places, order = _places(self.keys[left], self.tables, bits).sort(stable=True)
        first = torch.ones_like(places, dtype=torch.bool)
        first[1:] = places[1:] != places[:-1]
        table = torch.full((1 << bits,), ABSENT, dtype=torch.int32, device=left.device)
        table[places[first]] = left[order[first]].to(torch.int32)
        self.register_buffer(f"table{self.tables}", table, persistent=False)
        self.tables += 1
        return left[order[~first]].sort().values

    def __len__(self) -> int:
        return len(self.keys)

    def forward(self, asked: Int[Tensor, ...]) -> Int[Tensor, ...]:
        """The place of each key in `keys`, `ABSENT` for those that are not held."""
        flat = asked.reshape(-1)
        if not self.tables:
            return torch.full_like(asked, ABSENT)
        found, other = self._look(0, flat)
        for number in range(1, self.tables):
            open_ = other.nonzero().squeeze(1)
            if not len(open_):
                break
            found[open_], still = self._look(number, flat[open_])
            other = torch.zeros_like(other).index_put_((open_,), still)
        return found.view(asked.shape)

    def _look(self, number: int, asked: Int[Tensor, N]) -> tuple[Tensor, Tensor]:
        """What one table says: rows or `ABSENT`, and where another key has the place."""
        table: Tensor = self.get_buffer(f"table{number}")
        places = _places(asked, number, len(table).bit_length() - 1)
        rows = table.index_select(0, places)
        taken = rows != ABSENT
        hit = taken & (self.keys.index_select(0, rows.clamp(min=0)) == asked)
        return rows.masked_fill(~hit, ABSENT).long(), taken & ~hit


def _places(keys: Int[Tensor, N], number: int, bits: int) -> Int[Tensor, N]:
    """The place of keys in table `number`: each table reads other bits, stirred once more."""
    if number:
        keys = (keys ^ number) * -7046029254386353131
    return (keys >> (64 - bits)) & ((1 << bits) - 1)
