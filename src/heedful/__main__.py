"""`python -m heedful` and the `heedful` command."""

import atexit
import gc
import os
import sys

from heedful.face.cli import main as run


def main() -> None:
    """Run the command line in a process of its own, which it ends.

    Loading torch makes half a million objects and throws none away; looking through them for
    garbage every 700 took a tenth of the start, taking them apart one by one a fifth of it.
    """
    gc.set_threshold(50_000)
    try:
        run()
    except SystemExit as done:
        watched = sys.gettrace() or sys.getprofile() or sys.flags.inspect
        if watched or not isinstance(done.code, int):
            raise
        _end(done.code)


def _end(code: int) -> None:
    """What the interpreter does at the end, but for taking every module apart."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = code or 120  # as Python has it
    os._exit(code)


if __name__ == "__main__":
    main()
