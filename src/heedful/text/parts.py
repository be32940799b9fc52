"""Opens whatever the user named as a part of a corpus."""

from __future__ import annotations

from pathlib import Path

from heedful.records import Example, HeedfulError
from heedful.text.compressed import inner_name, reading
from heedful.text.eraser import is_eraser, open_eraser
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
        return _generated(data, options)
    if is_eraser(data, options):
        return open_eraser(data, options)
    if data.is_dir():
        with reading(data):
            return open_folder(data, options)
    if not data.is_file():
        # Files are read several times, which a pipe does not allow.
        raise HeedfulError(f"{data} is neither a file nor a folder; write the data to a file first")
    if inner_name(data).endswith(".npz"):
        return open_npz(data, options)
    return open_table_part(data, options)


def _generated(examples: tuple[Example, ...], options: ReadOptions) -> Part:
    name = examples[0].source or "generated"
    notes = [f"{name}: {len(examples):,} generated examples"]
    if options.split not in (None, "all"):
        notes.append(f"{name}: it has no splits, so all of them are used")
    return Part(name, lambda: iter(examples), tuple(notes))
