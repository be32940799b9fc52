"""`heedful push`, as declared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from heedful.face import options as o


def push(
    run: o.Run,
    repository: Annotated[str, typer.Argument(help="On the hub.", metavar="OWNER/NAME")],
    private: Annotated[
        bool | None,
        typer.Option("--private/--public", help="Of a new one, else as its owner's settings say."),
    ] = None,
    branch: Annotated[str | None, typer.Option(help="Else main.", metavar="NAME")] = None,
    message: Annotated[str | None, typer.Option(help="Of the commit.", metavar="TEXT")] = None,
    license: Annotated[
        str | None,
        typer.Option(help="For the card and config.json: apache-2.0, mit, ...", metavar="NAME"),
    ] = None,
    with_texts: Annotated[
        bool,
        typer.Option(
            "--with-texts", help="Also send what holds excerpts of texts: evaluations, report."
        ),
    ] = False,
) -> None:
    """Send a run to the Hugging Face hub, as it lies there: its own files, no others.

    Log in with `hf auth login`, or set HF_TOKEN. Anybody may then say hf://OWNER/NAME for RUN.
    """
    from heedful.face.console import note
    from heedful.learn.hub_run import Sending, check_sending, own_files, send, set_license

    folder = Path(run)
    check_sending(folder, repository)
    if license is not None:
        set_license(folder, license)
    address = send(folder, repository, Sending(private, branch, message, None, with_texts))
    note(f"sent: {', '.join(own_files(folder, texts=with_texts))}")
    print(address)
