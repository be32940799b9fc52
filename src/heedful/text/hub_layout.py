"""Which files of a repository of the hub are of which configuration and split of its data set.

The header of its card tells; else their names do (`train-00000-of-00002.parquet`, `data/test.csv`,
`validation/part1.jsonl`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Splits = Mapping[str, Sequence[str]]
"""The names of files by split."""
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
_GLOB = re.compile(r"\*\*/|\*\*|\*|\?|\[!?[^\]]+\]|.", re.DOTALL)
_MEANS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def configs_of(card: Mapping[str, Any], files: Sequence[str], *, apart: bool) -> dict[str, Splits]:
    """The splits of each configuration; "" is the only one of a data set that has none.

    Args:
        card: the header of the card.
        files: names of all files.
        apart: a folder for each configuration, as on the branches that the hub itself makes.
    """
    told = card.get("configs")
    found: dict[str, Splits] = {}
    for one in told if isinstance(told, list) else ():
        if isinstance(one, Mapping) and (splits := _told(one, files)):
            found[str(one.get("config_name", "default"))] = splits
    if not found and apart:
        found = _apart(data_files(files))
    return found or {"": by_name(data_files(files))}


def usual_config(configs: Mapping[str, Splits], card: Mapping[str, Any]) -> str | None:
    """The configuration that is meant where none is named; None = one must be named."""
    told = card.get("configs")
    marked = [
        str(one.get("config_name", "default"))
        for one in (told if isinstance(told, list) else ())
        if isinstance(one, Mapping) and one.get("default") is True
    ]
    for name in (*marked, "default"):
        if name in configs:
            return name
    return next(iter(configs)) if len(configs) == 1 else None


def _told(config: Mapping[str, Any], files: Sequence[str]) -> dict[str, list[str]]:
    """The splits of a configuration as the card has it: `data_files`, `data_dir`, or both."""
    told, folder = config.get("data_files"), config.get("data_dir")
    within = f"{folder.removeprefix('./').strip('/')}/" if isinstance(folder, str) else ""
    if told is None:
        return by_name(data_files([f for f in files if f.startswith(within)])) if within else {}
    if isinstance(told, str):
        told = [told]
    splits: dict[str, list[str]] = {}
    for one in told if isinstance(told, list) else ():
        path = one.get("path") if isinstance(one, Mapping) else one
        split = str(one.get("split", "train")) if isinstance(one, Mapping) else "train"
        patterns = [_pattern(within, str(p)) for p in (path if isinstance(path, list) else [path])]
        wanted = [file for file in files if any(p.fullmatch(file) for p in patterns)]
        if wanted:
            splits.setdefault(split, []).extend(wanted)
    return splits


def _pattern(within: str, path: str) -> re.Pattern[str]:
    """What a path with stars stands for: `*` within a folder, `**` across any number of them."""
    found = _GLOB.findall(path.removeprefix("./"))
    parts = (
        _MEANS.get(part) or (part.replace("[!", "[^", 1) if len(part) > 1 else re.escape(part))
        for part in found
    )
    return re.compile(re.escape(within) + "".join(parts), re.DOTALL)


def _apart(files: Sequence[str]) -> dict[str, Splits]:
    found: dict[str, list[str]] = {}
    for file in files:
        found.setdefault(file.partition("/")[0] if "/" in file else "default", []).append(file)
    return {config: by_name(of, skip=1) for config, of in found.items()}


def data_files(files: Sequence[str]) -> list[str]:
    """The Parquet files; where there are none the CSV, else the JSON Lines files."""
    for kind in _KINDS:
        found = [f for f in files if kind.search(f) and f.rpartition("/")[2] not in _ABOUT]
        if found:
            return found
    return []


def by_name(files: Sequence[str], skip: int = 0) -> dict[str, list[str]]:
    """Files by the split that their names or folders tell; if none does, all are `train`.

    Args:
        files: names.
        skip: so many folders tell of something else.
    """
    splits: dict[str, list[str]] = {}
    for file in files:
        words = re.split(r"[^a-z0-9]+", file.split("/", skip)[-1].lower())
        told = (split for split, names in _SPLITS.items() if set(names) & set(words))
        splits.setdefault(next(told, ""), []).append(file)
    unnamed = splits.pop("", [])
    if splits:
        return dict(sorted(splits.items(), key=lambda one: list(_SPLITS).index(one[0])))
    return {"train": unnamed}
