"""`heedful embed`, as declared."""

from __future__ import annotations

from typing import Annotated

import typer

from heedful.face import options as o
from heedful.face.rewriting import rewrites
from heedful.records import HeedfulError


def embed(
    run: o.Run,
    texts: o.Texts = None,
    input: o.OptionalData = None,
    output: Annotated[
        str,
        typer.Option(
            help="Where vectors go: .parquet, .npy, .jsonl, .csv; - is stdout.", metavar="FILE"
        ),
    ] = "-",
    tokens: Annotated[
        bool, typer.Option("--tokens", help="A row for each token: its state, its weight.")
    ] = False,
    vocabulary: Annotated[
        str | None,
        typer.Option(
            help="Write the vocabulary's word vectors: .bin, .txt, .vec (word2vec).",
            metavar="FILE",
        ),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            "--format", help="parquet, npy, jsonl or csv (else as FILE is called).", metavar="NAME"
        ),
    ] = None,
    resume: o.ResumeOutput = False,
    with_text: o.WithText = True,
    keep_columns: o.KeepColumns = False,
    text: o.Text = None,
    label: o.Label = None,
    delimiter: o.Delimiter = None,
    encoding: o.Encoding = None,
    split: o.Split = None,
    max_characters: o.MaxCharacters = None,
    num_words: o.NumWords = None,
) -> None:
    """Vectors of texts, for search and clustering: what attention makes of them.

    In the order of the input, float32; a row that cannot be used has an "error" (in .npy it is
    NaN).
    """
    options = o.read_options(locals())
    if rewrites(run):
        raise HeedfulError(
            f"{run} rewrites sequences and makes no single vector of a text; embed takes a "
            "classifier's run"
        )
    from heedful.face.embedding import Embedding, run_embed
    from heedful.face.output.asked import Output

    to = Output(output, format, resume, with_text, keep_columns, vectors=True)
    run_embed(run, texts or [], input or [], options, Embedding(to, tokens, vocabulary))
