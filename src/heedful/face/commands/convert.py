"""`heedful convert`, as it is declared."""

from __future__ import annotations

from typing import Annotated

import typer


def convert(
    model: Annotated[str, typer.Argument(help="A .keras file.", metavar="MODEL")],
    out: Annotated[str, typer.Option(help="Folder for the run.", metavar="RUN")],
    labels: Annotated[
        str,
        typer.Option(help="Names of the classes, one a line in the model's order.", metavar="FILE"),
    ],
    vocabulary: Annotated[
        str | None,
        typer.Option(
            help="The tokens, one a line in the order of their ids; not for a model that begins "
            "with TextVectorization.",
            metavar="FILE",
        ),
    ] = None,
    standardize: Annotated[
        str,
        typer.Option(
            help="lower_and_strip_punctuation, lower, strip_punctuation or none.", metavar="NAME"
        ),
    ] = "lower_and_strip_punctuation",
    split: Annotated[
        str, typer.Option(help="whitespace or character.", metavar="NAME")
    ] = "whitespace",
    max_tokens: Annotated[
        int | None, typer.Option(help="Tokens read of a text; else all.", min=1, metavar="N")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a finished run in RUN.")
    ] = False,
) -> None:
    """A Keras model with heedful.keras.AttentionPooling as a run, to explain, measure, serve.

    Checked against Keras before it is written. Both files may also be JSON lists.
    """
    from heedful.face.converting import Texts, run_convert

    texts = Texts(vocabulary, standardize, split, max_tokens)
    run_convert(model, out, labels, texts, overwrite=overwrite)
