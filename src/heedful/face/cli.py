"""The command line: `heedful COMMAND`. Thin: every command reads flags, calls one function of
the layer below, and shows what comes back. torch is only imported by commands that need it."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from heedful.face import options as o
from heedful.face.console import stderr
from heedful.records import HeedfulError

# The base of all usage errors. typer carries its own copy of click, which has no public name.
_CommandLineError = typer.BadParameter.__mro__[2]

app = typer.Typer(
    name="heedful",
    help="Train text models with attention, and see and measure what each decision rests on.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def check(
    data: o.Data,
    valid: Annotated[list[str] | None, typer.Option(help="Validation data.")] = None,
    test: Annotated[list[str] | None, typer.Option(help="Test data: leaks are looked for.")] = None,
    json: o.Json = None,
    text: o.Text = None,
    label: o.Label = None,
    delimiter: o.Delimiter = None,
    encoding: o.Encoding = None,
    label_map: o.LabelMap = None,
    label_separator: o.LabelSeparator = None,
    multi_label: o.MultiLabel = None,
    split: o.Split = None,
    max_characters: o.MaxCharacters = 1_000_000,
    num_words: o.NumWords = None,
) -> None:
    """Rows, labels, lengths, duplicates, leaks and bad rows of some data; trains nothing."""
    options = o.read_options(locals())
    from heedful.face.check import run_check

    run_check({"train": data, "valid": valid or [], "test": test or []}, options, json)


@app.command()
def train(
    data: o.Data,
    out: Annotated[str, typer.Option(help="Folder for the run.", metavar="RUN")],
    valid: Annotated[
        list[str] | None, typer.Option(help="Validation data; else a share is held out.")
    ] = None,
    preset: Annotated[
        str, typer.Option(help="default, stacked-bilstm, bilstm-head, bigru-mlp.")
    ] = "default",
    encoder: Annotated[str | None, typer.Option(help="token, conv, bilstm, bigru.")] = None,
    attention: Annotated[
        str | None,
        typer.Option(
            help="additive, concat, general, dot, scaled-dot, content, location, uniform."
        ),
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="key=value, e.g. train.epochs=3.")
    ] = None,
    vectors: Annotated[
        str | None, typer.Option(help="GloVe, word2vec or fastText file to start from.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of everything random.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after an interruption.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a finished run in RUN.")
    ] = False,
    text: o.Text = None,
    label: o.Label = None,
    delimiter: o.Delimiter = None,
    encoding: o.Encoding = None,
    label_map: o.LabelMap = None,
    label_separator: o.LabelSeparator = None,
    multi_label: o.MultiLabel = None,
    split: o.Split = None,
    max_characters: o.MaxCharacters = 1_000_000,
    num_words: o.NumWords = None,
) -> None:
    """Train a classifier on texts and labels."""
    overrides = {
        "model.encoder": encoder,
        "model.attention": attention,
        "train.vectors": vectors,
        "train.seed": seed,
    }
    config = o.configuration(preset, set_ or [], overrides)
    options = o.read_options(locals(), "train")
    from heedful.face.training import Job, run_training

    job = Job(tuple(data), tuple(valid or ()), out, resume, overwrite)
    raise typer.Exit(run_training(job, config, options))


@app.command()
def evaluate(
    run: o.Run,
    data: o.Data,
    json: o.Json = None,
    text: o.Text = None,
    label: o.Label = None,
    delimiter: o.Delimiter = None,
    encoding: o.Encoding = None,
    label_map: o.LabelMap = None,
    label_separator: o.LabelSeparator = None,
    split: o.Split = None,
    max_characters: o.MaxCharacters = 1_000_000,
    num_words: o.NumWords = None,
) -> None:
    """Figures of a trained run on labelled data."""
    options = o.read_options(locals(), "test")
    from heedful.face.scoring import run_evaluate

    run_evaluate(run, data, options, json)


@app.command()
def predict(
    run: o.Run,
    texts: o.Texts = None,
    input: o.OptionalData = None,
    output: Annotated[
        str, typer.Option(help="Where the JSON lines go; - is stdout.", metavar="FILE")
    ] = "-",
    with_text: Annotated[
        bool, typer.Option("--with-text/--no-text", help="Repeat the text in each line.")
    ] = True,
    text: o.Text = None,
    label: o.Label = None,
    delimiter: o.Delimiter = None,
    encoding: o.Encoding = None,
    split: o.Split = None,
    max_characters: o.MaxCharacters = 1_000_000,
    num_words: o.NumWords = None,
) -> None:
    """Labels and probabilities of texts, one JSON object a line, in the order of the input."""
    options = o.read_options(locals() | {"label_map": None})
    from heedful.face.scoring import run_predict

    run_predict(run, texts or [], input or [], options, output, with_text=with_text)


@app.command()
def explain(
    run: o.Run,
    texts: o.Texts = None,
    input: o.OptionalData = None,
    method: Annotated[str, typer.Option(help="contribution or attention.")] = "contribution",
    target: Annotated[
        str | None, typer.Option("--class", help="Explain this class; else the predicted one.")
    ] = None,
    html: Annotated[
        str | None, typer.Option(help="Write one self-contained page.", metavar="FILE")
    ] = None,
    json: o.Json = None,
    limit: Annotated[
        int, typer.Option(help="Explain at most so many rows of --input.", min=1)
    ] = 200,
    text: o.Text = None,
    label: o.Label = None,
    delimiter: o.Delimiter = None,
    encoding: o.Encoding = None,
    label_map: o.LabelMap = None,
    split: o.Split = None,
    max_characters: o.MaxCharacters = 1_000_000,
    num_words: o.NumWords = None,
) -> None:
    """Show which words a decision rests on: in colour, as a page, or as JSON."""
    options = o.read_options(locals())
    from heedful.face.explaining import Wanted, run_explain

    wanted = Wanted(method, target, html, json, limit)
    run_explain(run, texts or [], input or [], options, wanted)


@app.command()
def info(run: o.Run, json: o.Json = None) -> None:
    """What a run is: layers with shapes and parameters, data, figures."""
    from heedful.face.describe import run_info

    run_info(run, json)


@app.command()
def demo(
    out: Annotated[str, typer.Option(help="Folder for the demo.")] = "heedful-demo",
) -> None:
    """Built-in reviews: train, evaluate, explain, in about a minute."""
    from heedful.face.demo import run_demo

    run_demo(out)


def main() -> None:
    """Run the command line; every foreseeable failure is one line and exit code 2."""
    arguments = sys.argv[1:] or ["--help"]
    try:
        result = app(arguments, standalone_mode=False)
    except HeedfulError as error:
        raise SystemExit(_fail(str(error))) from None
    except _CommandLineError as error:
        raise SystemExit(_fail(error.format_message())) from None  # type: ignore[attr-defined]
    except (KeyboardInterrupt, typer.Abort):
        stderr().print("interrupted")
        raise SystemExit(130) from None
    except BrokenPipeError:
        # The reader (head, less) has gone; Python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        raise SystemExit(_fail(f"{error.strerror or error}{where}")) from None
    except MemoryError:
        raise SystemExit(
            _fail("out of memory; use shorter texts or --set batch_tokens=4096")
        ) from None
    raise SystemExit(result if isinstance(result, int) else 0)


def _fail(message: str) -> int:
    line = " ".join(message.split("\n"))
    stderr().print(f"heedful: {line}", style="red", markup=False)
    return 2
