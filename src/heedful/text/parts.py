"""Opens whatever the user named as a part of a corpus."""

from __future__ import annotations

from pathlib import Path

from heedful.records import Example
from heedful.text.compressed import inner_name
from heedful.text.folders import open_folder
from heedful.text.npz import open_npz
from heedful.text.options import ReadOptions
from heedful.text.part import Part
from heedful.text.tables import open_table_part


def open_part(data: Path | tuple[Example, ...], options: ReadOptions) -> Part:
    """A part of a corpus from a path or from generated examples.

    Raises:
        HeedfulError: as the reader of that form.
    """
    if isinstance(data, tuple):
        name = data[0].source or "generated"
        return Part(name, lambda: iter(data), (f"{name}: {len(data):,} generated examples",))
    if data.is_dir():
        return open_folder(data, options)
    if inner_name(data).endswith(".npz"):
        return open_npz(data, options)
    return open_table_part(data, options)
