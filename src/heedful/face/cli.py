"""The command line: `heedful COMMAND`. Thin: every command reads flags, calls one function of
the layer below, and shows what comes back. torch is only imported by commands that need it."""

from __future__ import annotations

import io
import os
import sys
from functools import cache
from typing import Annotated, Any

import typer

from heedful.face import options as o
from heedful.face.cluster.engine import asked_cluster
from heedful.face.commands.convert import convert
from heedful.face.commands.embed import embed
from heedful.face.commands.push import push
from heedful.face.commands.tune import tune
from heedful.face.console import note, stderr
from heedful.face.hub_run import opened_all, opened_if
from heedful.face.onnx_file import is_exported
from heedful.face.rewriting import (
    CLASSIFIER,
    LABELLED,
    PAIRED,
    REWRITER,
    Columns,
    are_pairs,
    preset_of,
    refuse,
    rewrites,
)
from heedful.face.serve.serving import Serving
from heedful.missing import WITHOUT_TORCH
from heedful.presets import PRESETS, preset_for
from heedful.records import HeedfulError

# The base of all usage errors. typer carries its own copy of click, which has no public name.
_CommandLineError: Any = typer.BadParameter.__mro__[2]
SERVING = Serving()

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
    valid: Annotated[
        list[str] | None, typer.Option(help="Validation data.", metavar="DATA")
    ] = None,
    test: Annotated[
        list[str] | None, typer.Option(help="Test data: leaks are looked for.", metavar="DATA")
    ] = None,
    label_errors: Annotated[
        bool, typer.Option("--label-errors", help="Also look for labels that are probably wrong.")
    ] = False,
    json: o.Json = None,
    text: o.Text = None,
    label: o.Label = None,
    delimiter: o.Delimiter = None,
    encoding: o.Encoding = None,
    label_map: o.LabelMap = None,
    label_separator: o.LabelSeparator = None,
    multi_label: o.MultiLabel = None,
    split: o.Split = None,
    max_characters: o.MaxCharacters = None,
    num_words: o.NumWords = None,
    source: o.Source = None,
    target: o.Target = None,
) -> None:
    """What is in some data, and what is wrong with it; trains nothing.

    Rows, labels, lengths, duplicates and near duplicates, contradictions, bad rows; with --valid
    and --test also texts that stand in more than one of them (leaks). Pairs (--source, --target)
    have targets in the place of labels.
    """
    flags = locals()
    options = o.read_options(flags)
    splits = {"train": data, "valid": valid or [], "test": test or []}
    if are_pairs(data, columns := Columns(source, target)):
        refuse(flags, ("label_errors", *LABELLED), "pairs")
        from heedful.face.rewriting_check import run_pair_check

        return run_pair_check(splits, options, columns, json)
    from heedful.face.check import run_check

    run_check(splits, options, json, label_errors=label_errors)
    return None


@app.command()
def train(
    data: o.Data,
    out: Annotated[str, typer.Option(help="Folder for the run.", metavar="RUN")],
    valid: Annotated[
        list[str] | None,
        typer.Option(help="Validation data; else a share is held out.", metavar="DATA"),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(help=f"{', '.join(PRESETS)}; else default, or translate.", metavar="NAME"),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="token, conv, bilstm, bigru, transformer; hf:PATH_OR_NAME.", metavar="NAME"
        ),
    ] = None,
    attention: Annotated[
        str | None,
        typer.Option(
            help="additive, concat, general, dot, scaled-dot, content, location, uniform.",
            metavar="NAME",
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Any setting, e.g. train.epochs=3.", metavar="KEY=VALUE"),
    ] = None,
    vectors: Annotated[
        str | None,
        typer.Option(help="GloVe, word2vec or fastText file to start from.", metavar="FILE"),
    ] = None,
    unlabelled: Annotated[
        list[str] | None,
        typer.Option(
            help="Texts without labels, to learn word vectors from first.", metavar="DATA"
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of everything random.", metavar="N")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after an interruption.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a finished run in RUN.")
    ] = False,
    baseline: Annotated[
        bool | None,
        typer.Option(
            "--baseline/--no-baseline",
            help="Fit a linear model beside it, to compare; unasked, beside a network only.",
        ),
    ] = None,
    text: o.Text = None,
    label: o.Label = None,
    delimiter: o.Delimiter = None,
    encoding: o.Encoding = None,
    label_map: o.LabelMap = None,
    label_separator: o.LabelSeparator = None,
    multi_label: o.MultiLabel = None,
    split: o.Split = None,
    max_characters: o.MaxCharacters = None,
    num_words: o.NumWords = None,
    source: o.Source = None,
    target: o.Target = None,
    log: o.Log = None,
    engine: o.Engine = "local",
    workers: Annotated[
        int | None,
        typer.Option(
            help="So many train together, with batches so many times larger.",
            metavar="N",
            rich_help_panel="Cluster",
        ),
    ] = None,
    address: o.Address = None,
) -> None:
    """Train a classifier on texts and labels, or a network that rewrites sources as targets.

    Of data with a split column the training rows are used (--split all: every row). The same
    settings, data and seed give the same model. Pairs are given with --source and --target.
    """
    flags = locals()
    asked = [encoder, *(entry.partition("=")[2] for entry in set_ or [])]
    preset = preset_for(preset, asked)
    pairs = are_pairs(data, columns := Columns(source, target), preset)
    overrides = {
        "model.encoder": encoder,
        "model.attention": attention,
        "train.vectors": vectors,
        "train.seed": seed,
    }
    config = o.configuration(preset_of(preset, pairs=pairs), set_ or [], overrides)
    options, logs = o.read_options(flags, "train"), tuple(log or ())
    cluster = asked_cluster(engine, workers, address)
    if pairs:
        refuse(flags, ("vectors", "unlabelled", "baseline", *LABELLED), "pairs")
        from heedful.face.rewriting_training import PairJob, run_pair_training

        task = PairJob(tuple(data), tuple(valid or ()), columns, out, resume, overwrite, logs)
        raise typer.Exit(run_pair_training(task, config, options, cluster))
    from heedful.face.training import Job, run_training

    further = tuple(unlabelled or ())
    if baseline is None:  # n-gram evidence alone is a linear model itself
        baseline = config.model.encoder != "none"
    job = Job(tuple(data), tuple(valid or ()), out, resume, overwrite, baseline, further, logs)
    raise typer.Exit(run_training(job, config, options, cluster))


app.command()(tune)


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
    max_characters: o.MaxCharacters = None,
    num_words: o.NumWords = None,
    source: o.Source = None,
    target: o.Target = None,
    beam: o.Beam = None,
    any_target: Annotated[
        bool,
        typer.Option(
            "--any-target",
            help="Count each source once, right if it became any of its targets.",
            rich_help_panel="Pairs",
        ),
    ] = False,
) -> None:
    """How good a trained run is on labelled data, or on pairs.

    Of data with a split column the test rows are used (--split all: every row). Columns and
    label map are those of training unless given.
    """
    flags = locals()
    options = o.read_options(flags, "test")
    if rewrites(run):
        refuse(flags, LABELLED, REWRITER)
        from heedful.face.rewriting_evaluating import Asked, run_pair_evaluation

        asked = Asked(beam, any_target, json)
        return run_pair_evaluation(run, data, options, Columns(source, target), asked)
    refuse(flags, PAIRED, CLASSIFIER)
    from heedful.face.evaluating import run_evaluate

    run_evaluate(run, data, options, json)
    return None


@app.command()
def predict(
    run: o.RunOrFile,
    texts: o.Texts = None,
    input: o.OptionalData = None,
    output: o.Output = "-",
    format: o.Format = None,
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
    engine: o.Engine = "local",
    workers: o.Workers = None,
    address: o.Address = None,
) -> None:
    """Labels and probabilities of texts, row by row; of a run that rewrites, what it writes.

    In the order of the input, to JSON lines, CSV or Parquet; a row that cannot be used has an
    "error".
    """
    flags = locals()
    options = o.read_options(flags)
    from heedful.face.output.asked import Output

    to = Output(output, format, resume, with_text, keep_columns)
    cluster = asked_cluster(engine, workers, address)
    if rewrites(run):
        refuse({"engine": cluster}, ("engine",), REWRITER)
        refuse(flags, ("label", "split", "num_words", "keep_columns"), REWRITER)
        from heedful.face.rewriting_scoring import Writing, run_rewriting

        writing = Writing(to)
        return run_rewriting(run, texts or [], input or [], options, Columns(text), writing)
    if cluster:
        from heedful.face.cluster.predict import run_predict_on_cluster

        return run_predict_on_cluster(run, texts or [], input or [], options, to, cluster)
    from heedful.face.scoring import run_predict

    run_predict(run, texts or [], input or [], options, to)
    return None


@app.command()
def translate(
    run: o.Run,
    texts: o.Texts = None,
    input: o.OptionalData = None,
    output: o.Output = "-",
    html: o.Html = None,
    beam: o.Beam = None,
    best: o.Best = 1,
    format: o.Format = None,
    resume: o.ResumeOutput = False,
    with_text: o.WithText = True,
    source: o.Source = None,
    delimiter: o.Delimiter = None,
    encoding: o.Encoding = None,
    max_characters: o.MaxCharacters = None,
) -> None:
    """Texts rewritten, row by row, with scores; --html shows where the network looked.

    In the order of the input, to JSON lines, CSV or Parquet; a row that cannot be used has an
    "error".
    """
    options = o.read_options(locals())
    from heedful.face.output.asked import Output
    from heedful.face.rewriting_scoring import Writing, run_rewriting

    writing = Writing(Output(output, format, resume, with_text), beam, best, html)
    run_rewriting(run, texts or [], input or [], options, Columns(source), writing)


@app.command()
def explain(
    run: o.RunOrFile,
    texts: o.Texts = None,
    input: o.OptionalData = None,
    method: Annotated[
        str | None,
        typer.Option(
            help="contribution, attention, attention-gradient, gradient-input, "
            "integrated-gradients, leave-one-out, lime, shapley; else what heedful trust found "
            "best, or contribution.",
            metavar="NAME",
        ),
    ] = None,
    all_methods: Annotated[
        bool, typer.Option("--all-methods", help="Make every map, to switch between on the page.")
    ] = False,
    trust: Annotated[
        bool | None,
        typer.Option(
            "--trust/--no-trust",
            help="Measure how far each map may be trusted (by itself for up to 25 texts).",
        ),
    ] = None,
    by: Annotated[
        str, typer.Option(help="Also sum the map: word, phrase or sentence.", metavar="UNIT")
    ] = "token",
    class_: Annotated[
        str | None,
        typer.Option("--class", help="Explain this class; else the predicted one.", metavar="NAME"),
    ] = None,
    html: o.Html = None,
    json: o.Json = None,
    picture: Annotated[
        str | None,
        typer.Option(
            help="Draw the alignment of one text: an .svg or .png file.",
            metavar="FILE",
            rich_help_panel="Pairs",
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(help="Explain at most so many rows of --input.", min=1, metavar="N")
    ] = 200,
    text: o.Text = None,
    label: o.Label = None,
    delimiter: o.Delimiter = None,
    encoding: o.Encoding = None,
    label_map: o.LabelMap = None,
    split: o.Split = None,
    max_characters: o.MaxCharacters = None,
    num_words: o.NumWords = None,
    source: o.Source = None,
    beam: o.Beam = None,
    engine: o.Engine = "local",
    workers: o.Workers = None,
    address: o.Address = None,
    pieces: o.Pieces = False,
) -> None:
    """Which words a decision rests on, and how far to trust that: in colour, as page or JSON.

    Of a run that rewrites: where it looked as it wrote.
    """
    flags = locals()
    options = o.read_options(flags)
    cluster = asked_cluster(engine, workers, address)
    if rewrites(run):
        refuse({"engine": cluster}, ("engine",), REWRITER)
        refuse(flags, ("method", "all_methods", "trust", "class_", "pieces", *LABELLED), REWRITER)
        from heedful.face.rewriting_explaining import Shown, run_alignment

        shown = Shown(html, json, picture, limit, beam)
        return run_alignment(run, texts or [], input or [], options, Columns(source), shown)
    refuse(flags, ("source", "beam", "picture"), CLASSIFIER)
    from heedful.face.explained import Wanted

    wanted = Wanted(method, all_methods, trust, by, class_, html, json, limit, pieces)
    if is_exported(run):
        refuse({"engine": cluster}, ("engine",), "an exported file")
        from heedful.face.onnx_explaining import run_explain_file

        return run_explain_file(run, texts or [], input or [], options, wanted)
    from heedful.face.explaining import run_explain

    run_explain(run, texts or [], input or [], options, wanted, cluster)
    return None


@app.command()
def words(
    run: o.Run,
    data: o.Data,
    against: Annotated[
        str | None,
        typer.Option(
            help="Also tell what changed from this run.", metavar="RUN", callback=opened_if
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            help="Entries of a list; else 10 in the terminal, 50 elsewhere.", min=1, metavar="N"
        ),
    ] = None,
    min_texts: Annotated[
        int | None,
        typer.Option(
            help="List what stands in so many texts; else 2 to 5, more for much data.",
            min=1,
            metavar="N",
        ),
    ] = None,
    html: Annotated[
        str | None, typer.Option(help="Write one self-contained page.", metavar="FILE")
    ] = None,
    json: o.Json = None,
    text: o.Text = None,
    label: o.Label = None,
    delimiter: o.Delimiter = None,
    encoding: o.Encoding = None,
    label_map: o.LabelMap = None,
    split: o.Split = None,
    max_characters: o.MaxCharacters = None,
    num_words: o.NumWords = None,
) -> None:
    """Which words and phrases carry each class over all texts, and where attention goes.

    Labels are not needed. Of data with a split column the test rows are used (--split all: every
    row).
    """
    options = o.read_options(locals(), "test")
    from heedful.face.words import Wanted, run_words

    run_words(run, data, options, Wanted(against, limit, min_texts, html, json))


@app.command()
def trust(
    run: o.Run,
    data: o.Data,
    method: Annotated[
        list[str] | None,
        typer.Option(help="Judge this map (again for more); else all.", metavar="NAME"),
    ] = None,
    limit: Annotated[
        int, typer.Option(help="Measure so many texts, drawn at random.", min=1, metavar="N")
    ] = 200,
    seeds: Annotated[
        list[str] | None,
        typer.Option(
            "--seeds",
            help="A run trained alike with another seed (again for more).",
            metavar="RUN",
            callback=opened_all,
        ),
    ] = None,
    controls: Annotated[
        int, typer.Option(help="Judge slow maps on so many texts.", min=1, metavar="N")
    ] = 50,
    map: Annotated[
        str | None, typer.Option(help="Also judge maps made elsewhere (JSON).", metavar="FILE")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of everything random.", min=0, metavar="N")] = 0,
    json: o.Json = None,
    text: o.Text = None,
    label: o.Label = None,
    delimiter: o.Delimiter = None,
    encoding: o.Encoding = None,
    label_map: o.LabelMap = None,
    label_separator: o.LabelSeparator = None,
    split: o.Split = None,
    max_characters: o.MaxCharacters = None,
    num_words: o.NumWords = None,
    source: o.Source = None,
    beam: o.Beam = None,
    engine: o.Engine = "local",
    workers: o.Workers = None,
    address: o.Address = None,
) -> None:
    """How far a run's maps may be trusted: every method against chance and the best there is.

    Labels are not needed. Of data with a split column the test rows are used (--split all: every
    row). Says which method to show; explain follows it. Of a run that rewrites: whether outputs
    change when what they looked at is erased.
    """
    flags = locals()
    options = o.read_options(flags, "test")
    cluster = asked_cluster(engine, workers, address)
    if rewrites(run):
        refuse({"engine": cluster}, ("engine",), REWRITER)
        refuse(flags, ("method", "seeds", "map", *LABELLED), REWRITER)
        from heedful.face.rewriting_trusting import Erasing, run_alignment_trust

        erasing = Erasing(limit, json, seed, beam)
        return run_alignment_trust(run, data, options, Columns(source), erasing)
    refuse(flags, ("source", "beam"), CLASSIFIER)
    from heedful.face.trusting import Asked, run_trust

    asked = Asked(tuple(method or ()), limit, tuple(seeds or ()), controls, map, json, seed)
    run_trust(run, data, options, asked, cluster)
    return None


@app.command()
def report(
    run: o.Run,
    html: Annotated[
        str | None, typer.Option(help="Where the page goes; else RUN/report.html.", metavar="FILE")
    ] = None,
    png: Annotated[
        str | None, typer.Option(help="Also write every plot as a PNG here.", metavar="FOLDER")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="Which evaluation: a file name or id; else the newest.", metavar="NAME"),
    ] = None,
) -> None:
    """One page, to be mailed, with all there is to judge a run by.

    Drawn from the run folder: leaks, figures with intervals, the linear baseline, plots, the
    mistakes with their heat maps, the data, the network.
    """
    if rewrites(run):
        from heedful.face.rewriting_report import run_sequence_report

        return run_sequence_report(run, html, png, data)
    from heedful.face.reporting import run_report

    run_report(run, html, png, data)
    return None


@app.command()
def compare(
    runs: Annotated[
        list[str],
        typer.Argument(help="Two run folders or more.", metavar="RUN...", callback=opened_all),
    ],
    data: Annotated[
        list[str] | None,
        typer.Option(help="Labelled data; else what all were evaluated on.", metavar="DATA"),
    ] = None,
    json: o.Json = None,
    limit: Annotated[
        int, typer.Option(help="Show so many rows where they differ.", min=0, metavar="N")
    ] = 10,
    text: o.Text = None,
    label: o.Label = None,
    delimiter: o.Delimiter = None,
    encoding: o.Encoding = None,
    label_map: o.LabelMap = None,
    label_separator: o.LabelSeparator = None,
    split: o.Split = None,
    max_characters: o.MaxCharacters = None,
    num_words: o.NumWords = None,
) -> None:
    """Several runs on the same data: figures, paired tests, where they disagree."""
    options = o.read_options(locals(), "test")
    from heedful.face.comparing import run_compare

    run_compare(runs, data or [], options, json, limit)


@app.command()
def decide(
    run: o.Run,
    aim: Annotated[
        str | None,
        typer.Option(help="f1, precision=0.9, recall=0.95, or none for one half.", metavar="AIM"),
    ] = None,
    json: o.Json = None,
) -> None:
    """From which probability on a label is given, chosen on the run's validation data.

    Without --aim it only shows the rule as it is. Never looks at test data.
    """
    from heedful.face.deciding import run_decide

    run_decide(run, aim, json)


@app.command()
def info(
    run: o.Run,
    json: o.Json = None,
    graph: Annotated[
        str | None, typer.Option(help="Draw the network as an .svg file.", metavar="FILE")
    ] = None,
) -> None:
    """What a run is: layers, parameters, data, figures."""
    if rewrites(run):
        from heedful.face.rewriting_describe import run_sequence_info

        return run_sequence_info(run, json, graph)
    from heedful.face.describe import run_info

    run_info(run, json, graph)
    return None


@app.command()
def serve(
    runs: Annotated[
        list[str],
        typer.Argument(
            help="Run folders; the first is the default model.",
            metavar="RUN...",
            callback=opened_all,
        ),
    ],
    host: Annotated[str, typer.Option(help="Where to listen.", metavar="HOST")] = SERVING.host,
    port: Annotated[int, typer.Option(help="0 = any.", metavar="PORT")] = SERVING.port,
    token: Annotated[
        str | None,
        typer.Option(
            help="Secret that every request must show.", envvar="HEEDFUL_TOKEN", metavar="TEXT"
        ),
    ] = None,
    cors: Annotated[
        list[str] | None,
        typer.Option(help="Pages of this origin may ask (again for more).", metavar="ORIGIN"),
    ] = None,
    max_body: Annotated[
        int, typer.Option(help="Of a request.", metavar="BYTES")
    ] = SERVING.max_body,
    max_file: Annotated[int, typer.Option(help="Of a file.", metavar="BYTES")] = SERVING.max_file,
    max_characters: Annotated[
        int, typer.Option(help="Of a text.", metavar="N")
    ] = SERVING.max_characters,
    max_batch: Annotated[
        int, typer.Option(help="Texts of a request.", metavar="N")
    ] = SERVING.max_batch,
    queue: Annotated[int, typer.Option(help="Texts that may wait.", metavar="N")] = SERVING.queue,
    timeout: Annotated[
        float, typer.Option(help="For a request.", metavar="SECONDS")
    ] = SERVING.timeout,
    max_result: Annotated[
        int, typer.Option(help="Of the answers to a file.", metavar="BYTES")
    ] = SERVING.max_result,
    file_timeout: Annotated[
        float, typer.Option(help="For a file to arrive.", metavar="SECONDS")
    ] = SERVING.file_timeout,
) -> None:
    """Serve trained runs over HTTP, with a page for people at /.

    Labels, explanations, rewritings, whole files; see /docs of the running server. Stops on
    SIGTERM or Ctrl-C when what it accepted is answered.
    """
    from heedful.face.serve.command import run_serve

    if token is None and "HEEDFUL_TOKEN" in os.environ:
        token = ""  # empty, which typer takes for not there: somebody meant to have one
    limits = (max_body, max_file, max_characters, max_batch, queue, timeout)
    of_files = (max_result, file_timeout)
    run_serve(runs, Serving(host, port, token, tuple(cors or ()), *limits, *of_files))


@app.command()
def export(
    run: o.Run,
    onnx: Annotated[
        str, typer.Option("--onnx", help="The file to write; it ends in .onnx.", metavar="FILE")
    ],
    int8: Annotated[
        bool, typer.Option("--int8", help="Weights as small whole numbers: a smaller file.")
    ] = False,
    check: Annotated[
        list[str] | None,
        typer.Option(help="Labelled data to measure the file on.", metavar="DATA"),
    ] = None,
    text: o.Text = None,
    label: o.Label = None,
    delimiter: o.Delimiter = None,
    encoding: o.Encoding = None,
    label_map: o.LabelMap = None,
    label_separator: o.LabelSeparator = None,
    split: o.Split = None,
    max_characters: o.MaxCharacters = None,
    num_words: o.NumWords = None,
) -> None:
    """One ONNX file with the network, its tokens and labels: predict takes it, without torch.

    Checked against PyTorch before it is written: logits, attention and contributions.
    """
    options = o.read_options(locals(), "test")
    from heedful.face.export.command import run_export

    run_export(run, onnx, check or [], options, int8=int8)


app.command()(embed)
app.command()(push)
app.command()(convert)


@app.command()
def demo(
    out: Annotated[
        str, typer.Option(help="Folder for the demo.", metavar="FOLDER")
    ] = "heedful-demo",
) -> None:
    """Built-in reviews: train, evaluate, explain, in about a minute."""
    from heedful.face.demo import run_demo

    raise typer.Exit(run_demo(out))


def main() -> None:
    """Run the command line; every foreseeable failure is one line and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal or pipe that cannot show a character gets its escape, not a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(sys.argv[1:] or ["--help"])
        sys.stdout.flush()
    except HeedfulError as error:
        code = _fail(str(error))
    except _CommandLineError as error:
        code = _fail(_usage(error))
    except (KeyboardInterrupt, typer.Abort):
        stderr().print("interrupted")
        code = 130
    except BrokenPipeError:
        # The reader (head, less) has gone; Python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        code = _fail(WITHOUT_TORCH)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        code = _fail(f"{where}{error.strerror or error}")
    except MemoryError:
        code = _fail("out of memory; use shorter texts or --set batch_tokens=4096")
    raise SystemExit(code)


@cache
def _command() -> Any:
    """All commands, worked out of their functions once: a process may run several (tests do)."""
    return typer.main.get_command(app)


def _run(arguments: list[str]) -> int:
    """Run one command; its exit code. Unlike `app()` this leaves every exception to us."""
    command = _command()
    try:
        with command.make_context("heedful", arguments) as context:
            command.invoke(context)
    except typer.Exit as done:
        return done.exit_code
    return 0


def _usage(error: Any) -> str:
    """A usage error as a sentence, with the command whose help page says more."""
    message = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "heedful"
    return f"{message[:1].lower()}{message[1:]}; see {path} --help"


def _fail(message: str) -> int:
    line = " ".join(message.splitlines())
    note(f"heedful: {line}", style="red")
    return 2
