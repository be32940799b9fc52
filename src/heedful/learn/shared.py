"""What both estimators share: `save_pretrained`, `from_pretrained` and `push_to_hub`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Self

from heedful.learn.evaluations import renew_card
from heedful.learn.hub_run import Sending, check_license, located, send, set_license
from heedful.text.hub import Repository


class Shared:
    """An estimator that is saved, loaded, and sent to the hub, in Hugging Face's words."""

    def save(self, folder: str | Path) -> None:
        """Write the model as a run folder."""
        raise NotImplementedError

    @classmethod
    def _loaded(cls, folder: Path) -> Any:
        """The estimator of a run folder."""
        raise NotImplementedError

    def save_pretrained(self, folder: str | Path, *, license: str | None = None) -> None:
        """Write the model as a run folder with a model card; nothing of the hub is needed.

        Args:
            folder: where to; no run may lie there.
            license: its identifier on the hub, such as apache-2.0.

        Raises:
            HeedfulError: the folder already holds a run, or that is no identifier.
        """
        if license is not None:
            check_license(license)
        self.save(folder)
        if license is None:
            renew_card(Path(folder))
        else:
            set_license(Path(folder), license)

    @classmethod
    def from_pretrained(
        cls,
        folder_or_repository: str | Path,
        *,
        revision: str | None = None,
        token: str | None = None,
        cache_dir: str | Path | None = None,
        local_files_only: bool = False,
    ) -> Self:
        """A fitted estimator from a run folder, or from a repository `owner/name` of the hub.

        Args:
            folder_or_repository: a folder that is there is taken; else it is the hub's, where
                `hf://owner/name@revision` will do, too.
            revision: branch, tag or commit; None = main.
            token: for a private repository; None = the one that is logged in.
            cache_dir: the hub's cache; None = the usual one.
            local_files_only: ask nobody, read the cache alone.

        Raises:
            HeedfulError: no run there, one of the other kind, a damaged one; no such repository or
                revision, a private one, or the hub cannot be reached.
        """
        cache = None if cache_dir is None else str(cache_dir)
        wanted = Repository(
            "", revision=revision, token=token, cache=cache, offline=local_files_only
        )
        found: Self = cls._loaded(located(folder_or_repository, wanted))
        return found

    def push_to_hub(
        self,
        repo_id: str,
        *,
        private: bool | None = None,
        branch: str | None = None,
        commit_message: str | None = None,
        token: str | None = None,
        license: str | None = None,
    ) -> str:
        """Send the model to the hub: what `save_pretrained` writes, byte by byte, in one commit.

        A run folder with its figures and history is sent by `heedful push`.

        Args:
            repo_id: owner/name; made if it does not exist.
            private: whether a new one is private; None = as its owner's settings say.
            branch: made if it does not exist; None = main.
            commit_message: None = one that says which version of heedful.
            token: with the right to write; None = the one that is logged in.
            license: its identifier on the hub, such as apache-2.0.

        Returns:
            The address of the commit.

        Raises:
            HeedfulError: no such name, no right to write, or no network.
        """
        with tempfile.TemporaryDirectory(prefix="heedful-") as place:
            folder = Path(place) / repo_id.rpartition("/")[2]
            self.save_pretrained(folder, license=license)
            return send(folder, repo_id, Sending(private, branch, commit_message, token))
