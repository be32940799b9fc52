"""Data sets of the Hugging Face hub as DATA: `hf://datasets/owner/name[@revision][/split or path]`.

The repository's own files are fetched and read as files are; no code of it is run, and the library
`datasets` is not needed. Which files a split has is said in the header of its card, or by their
names (`train-00000-of-00002.parquet`, `data/test.csv`, `validation/part1.jsonl`).
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from heedful.records import HeedfulError
from heedful.text.features import named, names_on_card
from heedful.text.hub import (
    Repository,
    UnreachableError,
    fetch,
    pinned,
    repository,
)
from heedful.text.hub_files import files_of
from heedful.text.hub_layout import Splits, by_name, configs_of, data_files, usual_config
from heedful.text.joined import joined
from heedful.text.options import ReadOptions
from heedful.text.table import Table, column_list
from heedful.text.tables import open_table

CARD = "README.md"
_PARQUET = "refs/convert/parquet"


@dataclass(frozen=True)
class Found:
    """What of a repository is wanted.

    Attributes:
        repository: at its commit.
        splits: names of files by split; a file that was named itself is in the split "".
        config: the configuration that they are of; None = there are none.
        card: the header of the card.
        left: files whose names tell of no split, where those of others do.
    """

    repository: Repository
    splits: Splits
    config: str | None
    card: Mapping[str, Any]
    left: Sequence[str] = ()


def hub_splits(name: str, options: ReadOptions) -> dict[str, Callable[[], Table]]:
    """How each split of a data set of the hub is opened; what was named itself is called "".

    Files are fetched when a split is opened: nobody waits for those that are not wanted.

    Raises:
        HeedfulError: no such name, repository, revision, split or file; the hub cannot be reached;
            or (when opened) a file that cannot be read.
    """
    found = _find(repository(name, "dataset"))
    return {split: partial(_open, found, split, options) for split in found.splits}


def _open(found: Found, split: str, options: ReadOptions) -> Table:
    files, about = found.splits[split], found.repository
    folder = _fetched(about, files)
    pieces = [open_table(folder / file, options) for file in files]
    whole = joined(pieces, f"{about.name}/{split or about.path}")
    if found.left:
        said = f"left out, as no split is in their names: {column_list(found.left)}"
        whole = replace(whole, form=f"{whole.form}; {said}")
    names = names_on_card(found.card.get("dataset_info"), found.config)
    return named(whole, {c: of for c, of in names.items() if _whole_numbers(whole, c)})


def _fetched(about: Repository, files: Sequence[str]) -> Path:
    """The folder of the cache with these files, all of them.

    Raises:
        HeedfulError: one is not there, and cannot be fetched.
    """
    folder = fetch(about, [glob.escape(file) for file in files])
    # Without a network, older versions of the library give a folder that lacks some.
    if lacking := [file for file in files if not (folder / file).is_file()]:
        raise UnreachableError(
            f"{about} is not in the cache as a whole, and the hub does not answer; "
            f"{column_list(lacking)} would be needed"
        )
    return folder


def _whole_numbers(table: Table, column: str) -> bool:
    """Whether a column still holds numbers: a footer may have named them already."""
    if column not in table.columns:
        return False
    at = table.columns.index(column)
    first = next((row[at] for row in table.sample if row[at] not in (None, [])), None)
    return isinstance(first[0] if isinstance(first, list) else first, int)


def hub_file(name: str) -> Path:
    """The one file that a name of the hub stands for.

    Raises:
        HeedfulError: as `hub_splits`, or it stands for several.
    """
    found = _find(repository(name, "dataset"))
    every = [file for files in found.splits.values() for file in files]
    if len(every) > 1:
        raise HeedfulError(f"{name} is {len(every)} files ({column_list(every)}); name one of them")
    return _fetched(found.repository, every) / every[0]


def commit_of(name: str) -> str:
    """The commit that a name of the hub stands for now."""
    return fetch(repository(name, "dataset"), [CARD]).name


def _find(wanted: Repository) -> Found:
    folder = fetch(wanted, [CARD])
    at = pinned(wanted, folder)
    files, card = files_of(at, folder), _header(folder / CARD)
    if wanted.path in files:
        return Found(at, {"": [wanted.path]}, None, card)
    if not data_files(files):
        raise HeedfulError(
            f"{wanted} holds no CSV, JSONL or Parquet files; the hub may have made some: try "
            f"hf://datasets/{wanted.name}@{_PARQUET}"
        )
    apart = (wanted.revision or "").startswith("refs/convert/")
    return _chosen(wanted, at, configs_of(card, files, apart=apart), card, files)


def _chosen(
    wanted: Repository,
    at: Repository,
    configs: Mapping[str, Splits],
    card: Mapping[str, Any],
    files: Sequence[str],
) -> Found:
    first, _, rest = wanted.path.partition("/")
    named_one = first in configs
    config = first if named_one else usual_config(configs, card)
    asked = rest if named_one else wanted.path
    splits = {} if config is None else configs[config]
    if asked and asked in splits:
        return Found(at, {"": splits[asked]}, config or None, card)
    below = data_files([file for file in files if asked and file.startswith(f"{asked}/")])
    if below:
        splits = by_name(below)
        return Found(at, splits, None, card, _left(splits, below))
    if config is None:
        names = column_list(list(configs))
        raise HeedfulError(f"{wanted} has several configurations: {names}; put one behind the name")
    if asked:
        raise HeedfulError(
            f"{wanted} has no {asked!r}; it has the splits {column_list(list(splits))}"
            f"{_also(configs)}"
        )
    left = [] if config else _left(splits, data_files(files))
    return Found(at, splits, config or None, card, left)


def _left(splits: Splits, files: Sequence[str]) -> list[str]:
    """The files of no split."""
    taken = {file for of in splits.values() for file in of}
    return [file for file in files if file not in taken]


def _also(configs: Iterable[str]) -> str:
    """The configurations, where there are several."""
    names = list(configs)
    return f" and the configurations {column_list(names)}" if len(names) > 1 else ""


def _header(path: Path) -> Mapping[str, Any]:
    """The header of a card; nothing where there is none that can be read."""
    from huggingface_hub import DatasetCard

    try:
        text = path.read_text(encoding="utf-8", errors="replace")
        if not text.startswith("---"):  # of which the library would warn
            return {}
        data: Any = DatasetCard(text, ignore_metadata_errors=True).data
        found = data.to_dict()
    except Exception:  # the reader of YAML has errors of its own
        return {}
    return found if isinstance(found, Mapping) else {}
