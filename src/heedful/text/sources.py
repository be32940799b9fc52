"""Named data sets: `imdb` (downloaded once), `reviews` and the pairs of `clock` (generated)."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

from heedful.records import Example, HeedfulError
from heedful.text.download import imdb
from heedful.text.hub import is_hub_name
from heedful.text.hub_data import hub_file
from heedful.text.pair import Pair

REVIEWS = {"train": (2_000, 0), "test": (500, 1)}
CLOCK = {"train": (8_000, 0), "test": (2_000, 1), "new": (1_000, 2)}


def home() -> Path:
    """The folder of downloaded data: HEEDFUL_HOME, or ~/.cache/heedful."""
    given = os.environ.get("HEEDFUL_HOME")
    return Path(given).expanduser() if given else Path.home() / ".cache" / "heedful"


def resolve(name_or_path: str | Path) -> Path | tuple[Example, ...]:
    """The path, or the examples, that a name stands for.

    `reviews`, `reviews:test` and `reviews:N:SEED` are generated. `imdb`, `imdb:train` and
    `imdb:test` are the folder of the Large Movie Review Dataset, downloaded when it is not
    there. Everything else is a path; so is `./imdb`.

    Raises:
        HeedfulError: no such file or data set; the download fails.
    """
    if isinstance(name_or_path, str):
        name, _, detail = name_or_path.partition(":")
        if name == "reviews" and not Path(name_or_path).exists():
            return reviews(detail)
        if name == "imdb" and not Path(name_or_path).exists():
            return _imdb(detail)
    if _is_clock(name_or_path):
        raise HeedfulError(
            "clock is a data set of pairs, not of labelled texts; say --source human --target "
            "military"
        )
    if found := _existing(name_or_path):
        return found
    raise HeedfulError(
        f"{_shown(name_or_path)} does not exist; give a file, a folder, or one of the data sets "
        "imdb and reviews"
    )


def resolve_pairs(name_or_path: str | Path) -> Path | tuple[Pair, ...]:
    """The path, or the pairs, that a name stands for.

    `clock` or `clock:train`, `clock:test` (the same kinds of form, none in common), `clock:new`
    (kinds that are held out of both) and `clock:N:SEED` are generated; a file of a data set on the
    hub is fetched (`hf://datasets/owner/name/FILE`). Everything else is a path.

    Raises:
        HeedfulError: no such file or data set.
    """
    if _is_clock(name_or_path):
        return clock(str(name_or_path).partition(":")[2])
    if isinstance(name_or_path, str) and is_hub_name(name_or_path):
        return hub_file(name_or_path)
    if found := _existing(name_or_path):
        return found
    raise HeedfulError(
        f"{_shown(name_or_path)} does not exist; give a file of pairs, or the data set clock"
    )


def _is_clock(name_or_path: str | Path) -> bool:
    named = isinstance(name_or_path, str) and name_or_path.partition(":")[0] == "clock"
    return named and _existing(name_or_path) is None


def _existing(name_or_path: str | Path) -> Path | None:
    try:
        return Path(name_or_path) if Path(name_or_path).exists() else None
    except (OSError, ValueError):
        return None


def clock(detail: str) -> tuple[Pair, ...]:
    """The generated times: detail is "" or "train", "test", "new", or "N:SEED" (for training).

    Raises:
        HeedfulError: any other detail, or more pairs than there are.
    """
    detail = detail or "train"
    try:
        rows, seed = CLOCK[detail] if detail in CLOCK else map(int, detail.split(":"))
    except ValueError:
        rows = seed = -1
    if rows < 1 or seed < 0:
        raise HeedfulError(
            f"clock:{_shown(detail)} is no data set; use clock, clock:test, clock:new or "
            "clock:N:SEED"
        )
    part = detail if detail in CLOCK else "train"
    generated = import_module("heedful.text.generate.clock").generate(rows, seed, part)
    return tuple(generated)


def _imdb(detail: str) -> Path:
    if detail not in ("", "train", "test"):
        raise HeedfulError(f"imdb:{_shown(detail)} is no data set; use imdb, imdb:train, imdb:test")
    return imdb(home()) / detail


def _shown(name: str | Path) -> str:
    return repr(str(name))[1:-1][:200]


def reviews(detail: str) -> tuple[Example, ...]:
    """The generated reviews: detail is "" or "train", "test", or "N:SEED".

    Raises:
        HeedfulError: any other detail.
    """
    detail = detail or "train"
    try:
        rows, seed = REVIEWS[detail] if detail in REVIEWS else map(int, detail.split(":"))
    except ValueError:
        rows = seed = -1
    if rows < 1 or seed < 0:
        raise HeedfulError(
            f"reviews:{_shown(detail)} is no data set; use reviews, reviews:test or reviews:N:SEED"
        )
    generated = import_module("heedful.text.generate.reviews").generate(rows, seed)
    return tuple(generated)
