"""Run folders on the Hugging Face hub: fetched from there, and sent there. No torch here.

Only the files of a run go either way, by name: JSON, safetensors, Parquet and Markdown, nothing
that can run code. Files that hold texts, or parts or hashes of them, are sent only when asked for.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

from heedful.learn.evaluations import renew_card
from heedful.learn.files import write_json
from heedful.learn.layout import (
    BASELINE,
    CARD,
    CHECKS,
    CONFIG,
    ENCODER,
    ENCODER_ABOUT,
    ENCODER_CONFIG,
    ENCODER_TOKENIZER,
    ENCODER_WEIGHTS,
    EVALUATIONS,
    EXAMPLES,
    HISTORY,
    METRICS,
    REPORT,
    SKETCH,
    TOKENIZER,
    TRUST,
    VALIDATION,
    WEIGHTS,
)
from heedful.learn.run import is_run, is_sequence_run, read_json
from heedful.records import HeedfulError
from heedful.text.hub import (
    Repository,
    fetch,
    is_hub_name,
    quiet,
    repository,
    require_library,
    telling,
)

_READER = (ENCODER_CONFIG, ENCODER_WEIGHTS, ENCODER_TOKENIZER, ENCODER_ABOUT)
MODEL = (
    *(f"{ENCODER}/{name}" for name in _READER),
    *(CONFIG, TOKENIZER, WEIGHTS, CARD, HISTORY, METRICS, BASELINE),
)
TEXTS = (VALIDATION, SKETCH, CHECKS, EXAMPLES, TRUST, REPORT)
"""Excerpts of texts, their places, or hashes by which one can find out whether a text was there."""
_EVALUATED = (f"{EVALUATIONS}/*.json", f"{EVALUATIONS}/*.parquet")
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@\S+)?")
_LICENSE = re.compile(r"[a-z0-9][a-z0-9.-]*")


@dataclass(frozen=True)
class Sending:
    """How a run is sent.

    Attributes:
        private: make a new repository private, and refuse one that is public; False = make a new
            one public; None = as its owner's settings say.
        branch: None = main.
        message: of the commit; None = one that says which version of heedful.
        token: None = the one that is logged in.
        texts: also send what holds texts.
    """

    private: bool | None = None
    branch: str | None = None
    message: str | None = None
    token: str | None = None
    texts: bool = False


def fetch_run(wanted: Repository) -> Path:
    """The folder of the hub's cache that holds a run. Nothing may be written there.

    Raises:
        HeedfulError: as `text.hub.fetch`, or the repository holds no run.
    """
    folder = fetch(wanted, (*MODEL, *TEXTS, *_EVALUATED))
    if not is_run(folder):
        raise HeedfulError(f"{wanted} holds no {CONFIG}: it is no run of heedful")
    if "heedful" not in _table(folder / CONFIG):
        raise HeedfulError(f"{wanted} is no run of heedful: its {CONFIG} names no version of it")
    return folder


def _table(path: Path) -> dict[str, object]:
    found = read_json(path)
    return found if isinstance(found, dict) else {}


def located(place: str | Path, wanted: Repository | None = None) -> Path:
    """The run folder that a folder, `hf://owner/name[@revision]` or `owner/name` stands for.

    A folder comes first; a name without `hf://` is the hub's only where `wanted` is given.

    Args:
        place: the name.
        wanted: revision, token, cache, offline.

    Raises:
        HeedfulError: as `fetch_run`, or two revisions.
    """
    name = str(place)
    may_be = wanted is not None and isinstance(place, str) and not Path(name).exists()
    if not is_hub_name(name) and not (may_be and _REPOSITORY.fullmatch(name)):
        return Path(place)
    found, asked = repository(name), wanted or Repository("")
    if found.revision and asked.revision and found.revision != asked.revision:
        raise HeedfulError(f"{name} and revision={asked.revision!r} are two revisions; name one")
    try:
        return fetch_run(replace(asked, name=found.name, revision=found.revision or asked.revision))
    except HeedfulError as error:
        if is_hub_name(name):
            raise
        raise type(error)(f"there is no folder {name}; {error}") from None


def own_files(folder: Path, *, texts: bool = False) -> list[str]:
    """The names of a run's own files, with / between their parts; the user's are not among them.

    Args:
        folder: the run.
        texts: also those that hold texts.
    """
    names = [name for name in MODEL + (TEXTS if texts else ()) if (folder / name).is_file()]
    if texts:
        found = (path for pattern in _EVALUATED for path in sorted(folder.glob(pattern)))
        names += [path.relative_to(folder).as_posix() for path in found if path.is_file()]
    return names


def set_license(folder: Path, name: str) -> None:
    """Write the licence into config.json and the header of the card.

    Raises:
        HeedfulError: it is no identifier as the hub has them.
    """
    check_license(name)
    path = folder / CONFIG
    write_json(path, read_json(path) | {"license": name})
    renew_card(folder)


def check_license(name: str) -> None:
    """Raise HeedfulError for what is no identifier as the hub has them."""
    if not _LICENSE.fullmatch(name):
        raise HeedfulError(
            f"license {name!r}: give an identifier in lower case, such as apache-2.0 or mit"
        )


def check_sending(folder: Path, name: str) -> Repository:
    """The repository that a run is to be sent to.

    Raises:
        HeedfulError: no finished run, no such name, or the hub's library is not installed.
    """
    is_sequence_run(folder)  # refuses what is no finished run
    wanted = repository(name)
    if wanted.revision:
        raise HeedfulError(f"{name}: a run is sent to a branch, not to a revision; say branch")
    require_library("sending a run to the hub")
    return wanted


def send(folder: Path, name: str, how: Sending) -> str:
    """Send a run folder to the hub, in one commit, byte by byte as it lies there.

    The repository, and the branch, are made where they do not exist. Other files in them stay.

    Returns:
        The address of the commit.

    Raises:
        HeedfulError: no finished run, no such name, no right to write, no network, or a public
            repository where it should be private.
    """
    wanted = replace(check_sending(folder, name), token=how.token)
    from huggingface_hub import CommitOperationAdd, HfApi

    files = [
        CommitOperationAdd(name, str(folder / name)) for name in own_files(folder, texts=how.texts)
    ]
    message = how.message or f"A run of heedful {_table(folder / CONFIG)['heedful']}"
    api = HfApi(token=how.token)
    with telling(wanted), quiet():
        api.create_repo(wanted.name, private=how.private, exist_ok=True)
        public = how.private and not api.repo_info(wanted.name).private
    if public:
        raise HeedfulError(
            f"{wanted} is there and is public; make it private on its page, or choose another name"
        )
    with telling(replace(wanted, revision=how.branch)), quiet(), warnings.catch_warnings():
        # The library takes every Parquet file for a data set.
        warnings.filterwarnings("ignore", message=".*data file.*")
        if how.branch not in (None, "main"):
            api.create_branch(wanted.name, branch=how.branch, exist_ok=True)
        done = api.create_commit(wanted.name, files, commit_message=message, revision=how.branch)
    return str(done.commit_url)
