"""A pair of texts, the source and what it is to be rewritten as, and a file of them."""

from __future__ import annotations

from dataclasses import dataclass

from heedful.records import BadRow


@dataclass(frozen=True, slots=True)
class Pair:
    """One row of data for a network that rewrites.

    Attributes:
        source: the text to rewrite, as it stands in the file.
        target: what it is to become.
        file: the file it came from, or the name of the generator.
        row: the row in that file, the first data row being 1 (a header does not count).
    """

    source: str
    target: str
    file: str = ""
    row: int = 0


@dataclass(frozen=True)
class Pairs:
    """Pairs and what there is to say about where they came from.

    Attributes:
        pairs: the usable rows, in file order.
        bad_rows: the others, each with its reason.
        notes: sentences that say what was found or decided.
    """

    pairs: tuple[Pair, ...]
    bad_rows: tuple[BadRow, ...] = ()
    notes: tuple[str, ...] = ()
