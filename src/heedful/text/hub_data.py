"""Data sets of the Hugging Face hub as DATA: `hf://datasets/owner/name[@revision][/split or path]`.

The repository's own files are fetched and read as files are; no code of it is run, and the library
`datasets` is not needed. Which files a split has is said in the header of its card, or by their
names (`train-00000-of-00002.parquet`, `data/test.csv`, `validation/part1.jsonl`).
"""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

from heedful.records import HeedfulError
from heedful.text.features import named, names_on_card
from heedful.text.hub import Repository, fetch, files_of, pinned, repository
from heedful.text.joined import joined
from heedful.text.options import ReadOptions
from heedful.text.table import Table, column_list
from heedful.text.tables import open_table

CARD = "README.md"
_PACKED = r"(\.(gz|zst|zstd))?$"
_KINDS = tuple(
    re.compile(rf"\.({kind}){_PACKED}", re.IGNORECASE)
    for kind in ("parquet|pq", "csv|tsv", "jsonl|ndjson|json")
)
_ABOUT = ("dataset_infos.json", "dataset_info.json", "dataset_dict.json", "state.json")
_SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing", "eval", "evaluation"),
}
_PARQUET = "refs/convert/parquet"


@dataclass(frozen=True)
class Found:
    """What of a repository is wanted.

    Attributes:
        repository: at its commit.
        splits: names of files by split; a file that was named itself is in the split "".
        config: the configuration that they are of; None = there are none.
        card: the header of the card.
    """

    repository: Repository
    splits: Mapping[str, Sequence[str]]
    config: str | None
    card: Mapping[str, Any]


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
    folder = fetch(about, [glob.escape(file) for file in files])
    pieces = [open_table(folder / file, options) for file in files]
    whole = joined(pieces, f"{about.name}/{split or about.path}")
    names = names_on_card(found.card.get("dataset_info"), found.config)
    return named(whole, {c: of for c, of in names.items() if _whole_numbers(whole, c)})


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
    return fetch(found.repository, [glob.escape(every[0])]) / every[0]


def commit_of(name: str) -> str:
    """The commit that a name of the hub stands for now."""
    return fetch(repository(name, "dataset"), [CARD]).name


def _find(wanted: Repository) -> Found:
    folder = fetch(wanted, [CARD])
    at = pinned(wanted, folder)
    files, card = files_of(at, folder), _header(folder / CARD)
    if wanted.path in files:
        return Found(at, {"": [wanted.path]}, None, card)
    if not _data(files):
        raise HeedfulError(
            f"{wanted} holds no CSV, JSONL or Parquet files; the hub may have made some: try "
            f"hf://datasets/{wanted.name}@{_PARQUET}"
        )
    configs = _configs(card, files) or {None: _by_name(_data(files))}
    return _chosen(wanted, at, configs, card, files)


def _chosen(
    wanted: Repository,
    at: Repository,
    configs: Mapping[str | None, Mapping[str, Sequence[str]]],
    card: Mapping[str, Any],
    files: Sequence[str],
) -> Found:
    first, _, rest = wanted.path.partition("/")
    usual: str | None = "default" if "default" in configs else next(iter(configs))
    config = first if first in configs else usual
    splits = configs[config]
    asked = rest if first in configs else wanted.path
    if asked:
        below = _data([file for file in files if file.startswith(f"{asked}/")])
        if asked in splits:
            return Found(at, {"": splits[asked]}, config, card)
        if below:
            return Found(at, _by_name(below), None, card)
        raise HeedfulError(
            f"{wanted} has no {asked!r}; it has the splits {column_list(list(splits))}"
            f"{_also(configs)}"
        )
    if len(configs) > 1 and "default" not in configs and first not in configs:
        names = column_list(list(map(str, configs)))
        raise HeedfulError(f"{wanted} has several configurations: {names}; put one behind the name")
    return Found(at, splits, config, card)


def _also(configs: Iterable[str | None]) -> str:
    """The configurations, where there are several."""
    names = list(map(str, configs))
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
    except (OSError, ValueError, TypeError):
        return {}
    return found if isinstance(found, Mapping) else {}


def _configs(
    card: Mapping[str, Any], files: Sequence[str]
) -> dict[str | None, Mapping[str, Sequence[str]]]:
    """The files of each split of each configuration, as the card's header tells."""
    told = card.get("configs")
    found: dict[str | None, Mapping[str, Sequence[str]]] = {}
    for one in told if isinstance(told, list) else ():
        if isinstance(one, Mapping) and (splits := _told(one.get("data_files"), files)):
            found[str(one.get("config_name", "default"))] = splits
    return found


def _told(data_files: Any, files: Sequence[str]) -> dict[str, list[str]]:
    if isinstance(data_files, str):
        data_files = [{"split": "train", "path": data_files}]
    splits: dict[str, list[str]] = {}
    for one in data_files if isinstance(data_files, list) else ():
        path = one.get("path") if isinstance(one, Mapping) else one
        patterns = path if isinstance(path, list) else [path]
        split = str(one.get("split", "train")) if isinstance(one, Mapping) else "train"
        wanted = [
            file for file in files if any(fnmatchcase(file, str(pattern)) for pattern in patterns)
        ]
        if wanted:
            splits.setdefault(split, []).extend(wanted)
    return splits


def _data(files: Sequence[str]) -> list[str]:
    """The files that are tables: Parquet if there are any, else CSV, else JSONL."""
    for kind in _KINDS:
        found = [f for f in files if kind.search(f) and f.rpartition("/")[2] not in _ABOUT]
        if found:
            return found
    return []


def _by_name(files: Sequence[str]) -> dict[str, list[str]]:
    """Files by the split that their names or folders tell; else all are `train`."""
    splits: dict[str, list[str]] = {}
    for file in files:
        words = re.split(r"[^a-z0-9]+", file.lower())
        told = (split for split, names in _SPLITS.items() if set(names) & set(words))
        splits.setdefault(next(told, ""), []).append(file)
    unnamed = splits.pop("", [])
    if splits:
        return dict(sorted(splits.items(), key=lambda one: list(_SPLITS).index(one[0])))
    return {"train": unnamed}
