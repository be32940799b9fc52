"""JSON Lines files as tables: one object a line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from heedful.records import HeedfulError
from heedful.text.compressed import one_line, reading
from heedful.text.encoding import find_encoding, lines, spoken
from heedful.text.gauge import Gauge
from heedful.text.options import ReadOptions
from heedful.text.table import SAMPLE_ROWS, Row, Table, clip, take_sample

LONGEST_LINE = 1 << 26


def open_jsonl(path: Path, options: ReadOptions) -> Table:
    """The table in a JSONL file; its columns are the keys of the first thousand objects.

    Raises:
        HeedfulError: missing, empty, broken compression, a JSON array, no object at all.
    """
    with reading(path):
        encoding = find_encoding(path, options.encoding)
        first = next(objects(path, encoding), None)
        if first is None:
            raise HeedfulError(f"{path.name} is empty")
        if first == _ARRAY:
            raise HeedfulError(f"{path.name} holds a JSON array; write one object a line (JSONL)")
        columns = _keys(objects(path, encoding))
        gauge = Gauge(path)

        def rows(wanted: Sequence[int]) -> Iterator[Row]:
            names = [columns[i] for i in wanted]
            for item in objects(path, encoding, gauge):
                yield item if isinstance(item, str) else [item.get(name) for name in names]

        sample = take_sample(rows(range(len(columns))), path.name)
        return Table(path.name, columns, sample, rows, f"JSON Lines, {spoken(encoding)}", gauge)


def objects(
    path: Path, encoding: str, gauge: Gauge | None = None
) -> Iterator[dict[str, Any] | str]:
    """One item for each line that is not blank: its object, or why there is none."""
    with reading(path):
        for line in lines(path, encoding, "\n", LONGEST_LINE, gauge):
            if line is None:
                yield "the line is too long"
            elif line.strip(" \t\r\n"):
                yield _parse(line)


_ARRAY = "it is a JSON array, not an object"


def _keys(objects: Iterator[dict[str, Any] | str]) -> tuple[str, ...]:
    keys: dict[str, None] = {}
    for item in islice(objects, SAMPLE_ROWS):
        if not isinstance(item, str):
            keys.update(dict.fromkeys(item))
    return tuple(keys)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(name for name, _ in pairs)  # a line may hold a million keys
        twice = next(name for name, _ in pairs if counts[name] > 1)
        raise ValueError(f"the key {clip(twice)} occurs twice")
    return found


def _parse(line: str) -> dict[str, Any] | str:
    """The object on a line, or why there is none."""
    try:
        value = json.loads(line, object_pairs_hook=_unique)
    except RecursionError:
        return "it is nested too deeply"
    except ValueError as error:
        starts_array = line.lstrip().startswith("[")
        return _ARRAY if starts_array else f"it is not JSON: {one_line(error)}"
    if isinstance(value, list):
        return _ARRAY
    return value if isinstance(value, dict) else "it is not a JSON object"
