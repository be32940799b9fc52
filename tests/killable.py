"""Runs `heedful` command lines in forked processes of an interpreter that has it loaded.

Start it as a script. Each line of standard input is a JSON object: `arguments`, and `die_at`,
the number of the file-system event under `folder` at which the process kills itself with
SIGKILL (0 = never). Its pid comes back on standard output and, after a further line of input, its
exit code. Forking saves the seconds that loading torch takes; everything from reading the data on
is the real thing.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path

EVENTS = frozenset({"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree"})
READ_ONLY = os.O_RDONLY


def watch(folder: str, die_at: int) -> None:
    """Counts what is about to be done to files beside and under `folder`; dies at the number."""
    count = 0
    parent, name = str(Path(folder).parent), Path(folder).name

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        if event not in EVENTS or not isinstance(arguments[0], str | Path):
            return
        path = str(arguments[0])
        if not path.startswith(parent) or name not in path:
            return
        if event == "open" and (arguments[2] & os.O_ACCMODE) == READ_ONLY:
            return
        count += 1
        if count == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def child(order: dict[str, object]) -> None:
    """One command line, silent, exit code as the command's."""
    from heedful.face.cli import main

    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    if order["die_at"]:
        watch(str(order["folder"]), int(order["die_at"]))
    sys.argv = ["heedful", *order["arguments"]]
    code = 1
    try:
        main()
    except SystemExit as error:
        code = int(error.code or 0)
    finally:
        sys.stderr.flush()
        os._exit(code)


def serve() -> None:
    """Fork once per line."""
    from heedful.face.cli import main

    sink = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(sink), redirect_stderr(sink):
        # One whole training, for all that is loaded on the way; without validation scores, since
        # polars' threads, once started, do not live on in a fork.
        tiny = ["epochs=1", "threads=1", "embedding=2", "hidden=2", "validation=0"]
        sets = [part for entry in tiny for part in ("--set", entry)]
        sys.argv = ["heedful", "train", "reviews:20:1", "--out", f"{folder}/run", *sets]
        with suppress(SystemExit):
            main()
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            child(order)
        print(pid, flush=True)
        # Until it is waited for, a dead child keeps its pid, so that a kill cannot strike another.
        sys.stdin.readline()
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve()
