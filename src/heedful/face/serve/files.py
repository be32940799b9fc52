"""The files that wait, are scored, or are done: a bounded number, for a bounded time."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

from heedful.face.console import note
from heedful.face.remembering import remembered
from heedful.face.rewriting import Columns, remembered_columns
from heedful.face.serve.desk import Desk
from heedful.face.serve.filed import Filed, score_file
from heedful.face.serve.loaded import Served
from heedful.face.serve.problems import ProblemError, busy
from heedful.face.serve.rewriter import ServedRewriter
from heedful.face.serve.scorers import scorer_of
from heedful.face.serve.worker import FullError
from heedful.records import BadRow, Example, HeedfulError
from heedful.text.corpus import ReadOptions, stream
from heedful.text.one_side import read_sources

MOST = 8
KEPT = 3_600.0  # seconds


class Files:
    """Takes files, and scores one after the other in a thread.

    The thread only reads and writes; the texts are scored by the desk's own thread, when no
    request waits.

    Attributes:
        home: where the files are, a folder for each; None until `start`. It goes with the process
            at the latest.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.home: Path | None = None
        self._place: tempfile.TemporaryDirectory[str] | None = None
        self._files: dict[str, Filed] = {}
        self._todo: SimpleQueue[tuple[Filed, Path, str | None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="files", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._place = tempfile.TemporaryDirectory(
            prefix="heedful-files-", ignore_cleanup_errors=True
        )
        self.home = Path(self._place.name)
        self._thread.start()

    def stop(self) -> None:
        """Give up what is not done: its result would be lost anyway. Remove all files."""
        for filed in self._files.values():
            filed.cancelled.set()
        self._todo.put(None)
        self._thread.join(self.desk.left())
        if self._place is not None:
            self._place.cleanup()

    def place(self) -> Path:
        """A new folder for a file.

        Raises:
            ProblemError: 503; as many files as may be are not done yet.
        """
        self._forget(room=1)
        assert self.home is not None
        # Each has a folder from here on: those that are still being sent count, too.
        done = {filed.folder for filed in list(self._files.values()) if filed.finished}
        if sum(folder not in done for folder in self.home.iterdir()) >= MOST:
            raise busy(f"{MOST} files are being scored already")
        return Path(tempfile.mkdtemp(dir=self.home))

    def _forget(self, room: int = 0) -> None:
        """Remove what is old, and of what is done the oldest, to make room for so many."""
        now = time.monotonic()
        done = [filed for filed in list(self._files.values()) if filed.finished]
        spare = len(self._files) - MOST + room
        for i, filed in enumerate(sorted(done, key=lambda one: one.ended)):
            if now - filed.ended > KEPT or i < spare:
                self.remove(filed)

    def take(self, model: Served, path: Path, text: str | None) -> Filed:
        """Begin to score a file that lies in its own folder.

        Args:
            model: what scores it.
            path: the file.
            text: the column of the texts; None = that of training, or found.

        Raises:
            ProblemError: 422; the file cannot be read, or it is not clear which column.
        """
        try:
            self._rows(model, path, text)  # opens it, and finds the columns
        except HeedfulError as error:
            said = str(error).replace("--source COL", "?text=COLUMN")
            said = said.replace("--text COL", "?text=COLUMN")
            raise ProblemError(422, said, "file") from None
        filed = Filed(secrets.token_urlsafe(16), model.name, path.parent, path.stat().st_size)
        self._files[filed.id] = filed
        self._todo.put((filed, path, text))
        return filed

    def _rows(self, model: Served, path: Path, text: str | None) -> Iterator[Example | BadRow]:
        most = self.desk.serving.max_characters
        options = ReadOptions(text=text, max_characters=most, labelled=False)
        if isinstance(model, ServedRewriter):
            known = remembered_columns(model.folder, Columns()).source
            return read_sources([path], options, known)
        known_options = remembered(model.folder, options)
        return stream([path], known_options)

    def get(self, name: str) -> Filed:
        """The file of that id.

        Raises:
            ProblemError: 404; there is none (any more).
        """
        self._forget()
        if (found := self._files.get(name)) is None:
            raise ProblemError(404, "there is no such file (any more); send it again", "id")
        return found

    def remove(self, filed: Filed) -> None:
        """Stop scoring it and forget it."""
        filed.cancelled.set()
        self._files.pop(filed.id, None)
        if filed.finished or filed.state == "waiting":  # the thread passes over what is cancelled
            shutil.rmtree(filed.folder, ignore_errors=True)

    def _run(self) -> None:
        while (job := self._todo.get()) is not None:
            filed, path, text = job
            if not filed.cancelled.is_set():
                self._score(filed, path, text)
            if filed.cancelled.is_set():
                shutil.rmtree(filed.folder, ignore_errors=True)

    def _score(self, filed: Filed, path: Path, text: str | None) -> None:
        model = self.desk.models[filed.model]
        filed.state = "scoring"
        try:
            filed.rows = _counted(filed, self._rows(model, path, text))
            rows = self._rows(model, path, text)
            scorer = scorer_of(model, self.desk.scoring)
            score_file(filed, rows, scorer, self.desk.serving.max_result)
            if filed.cancelled.is_set():  # what there is are answers to a part of the rows
                _fail(filed, "it was given up")
            else:
                _end(filed, "done")
        except FullError:
            _fail(filed, "the server is stopping")
        except (HeedfulError, OSError) as error:
            _fail(filed, " ".join(str(error).split()))
        except Exception as error:
            note(f"a file could not be scored: {error!r}", style="red")
            _fail(filed, "the server failed; its terminal says more")
        finally:
            path.unlink(missing_ok=True)


def _fail(filed: Filed, reason: str) -> None:
    """Answers to a part of the rows are of no use to anybody."""
    filed.result.unlink(missing_ok=True)
    _end(filed, "failed", reason)


def _end(filed: Filed, state: str, reason: str | None = None) -> None:
    """Nothing more happens to it; the time that it is kept begins. The state is set last."""
    filed.ended, filed.reason = time.monotonic(), reason
    filed.state = state


def _counted(filed: Filed, rows: Iterator[Example | BadRow]) -> int:
    """How many rows there are: reading them costs little beside scoring them."""
    count = 0
    for count, _ in enumerate(rows, start=1):  # noqa: B007
        if filed.cancelled.is_set():
            break
    return count
