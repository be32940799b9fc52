"""What the command line's shared flags mean: annotated types, and the records they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from heedful.config import Config
from heedful.face.hub_run import opened
from heedful.presets import preset
from heedful.records import HeedfulError
from heedful.settings import apply
from heedful.text.options import ReadOptions

_DATA = "Data"  # the panel of the help page
Data = Annotated[
    list[str],
    typer.Argument(
        help="Files, folders or data sets (imdb, reviews, clock, hf://datasets/owner/name), "
        "joined; - is stdin.",
        metavar="DATA",
    ),
]
OptionalData = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        help="Read texts from a file, folder or data set; - is stdin: a table, or a text a line.",
        metavar="DATA",
    ),
]
Texts = Annotated[list[str] | None, typer.Argument(help="Texts, each in quotes.", metavar="TEXT")]
Text = Annotated[
    str | None, typer.Option("--text", help="Text column.", metavar="COL", rich_help_panel=_DATA)
]
Label = Annotated[
    str | None, typer.Option("--label", help="Label column.", metavar="COL", rich_help_panel=_DATA)
]
Delimiter = Annotated[
    str | None,
    typer.Option(help="Column delimiter (tab, comma, ...).", metavar="MARK", rich_help_panel=_DATA),
]
Encoding = Annotated[
    str | None,
    typer.Option(help="Character encoding of the file.", metavar="NAME", rich_help_panel=_DATA),
]
LabelMap = Annotated[
    str | None,
    typer.Option(help="Rename labels: pos=1,neg=0.", metavar="OLD=NEW,...", rich_help_panel=_DATA),
]
LabelSeparator = Annotated[
    str | None,
    typer.Option(
        help="What separates several labels in a cell.", metavar="MARK", rich_help_panel=_DATA
    ),
]
MultiLabel = Annotated[
    bool | None,
    typer.Option(
        "--multi-label/--single-label",
        help="Whether a text may have several labels (found by itself).",
        rich_help_panel=_DATA,
    ),
]
Split = Annotated[
    str | None,
    typer.Option(
        help="Keep the rows of this split; all = every row.", metavar="NAME", rich_help_panel=_DATA
    ),
]
Log = Annotated[
    list[str] | None,
    typer.Option(
        "--log", help="Also log to RUN/logs: csv, tensorboard; may be repeated.", metavar="KIND"
    ),
]
MaxCharacters = Annotated[
    int | None,
    typer.Option(
        help=f"A longer text is a bad row ({ReadOptions().max_characters:,}).",
        min=1,
        metavar="N",
        rich_help_panel=_DATA,
    ),
]
NumWords = Annotated[
    int | None,
    typer.Option(help="imdb.npz: keep this many words.", min=1, metavar="N", rich_help_panel=_DATA),
]
_PAIRS = "Pairs"
Source = Annotated[
    str | None,
    typer.Option("--source", help="Source column.", metavar="COL", rich_help_panel=_PAIRS),
]
Target = Annotated[
    str | None,
    typer.Option("--target", help="Target column.", metavar="COL", rich_help_panel=_PAIRS),
]
Beam = Annotated[
    int | None,
    typer.Option(
        "--beam",
        help="Hypotheses the search keeps; 1 = greedy; else as trained.",
        min=1,
        max=64,
        metavar="N",
        rich_help_panel=_PAIRS,
    ),
]
Best = Annotated[
    int,
    typer.Option(
        "--best",
        help="Tell so many rewritings of each text.",
        min=1,
        max=64,
        metavar="N",
        rich_help_panel=_PAIRS,
    ),
]
Output = Annotated[
    str,
    typer.Option(
        help="Where results go: .jsonl, .csv (both also .gz, .zst), .parquet; - is stdout.",
        metavar="FILE",
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format", help="jsonl, csv or parquet (else as FILE is called).", metavar="NAME"
    ),
]
ResumeOutput = Annotated[
    bool, typer.Option("--resume", help="Go on with an --output that was interrupted.")
]
WithText = Annotated[
    bool, typer.Option("--with-text/--no-text", help="Repeat the text in each row.")
]
KeepColumns = Annotated[
    bool, typer.Option("--keep-columns", help="Repeat the other columns of the input.")
]
Html = Annotated[
    str | None, typer.Option("--html", help="Write one self-contained page.", metavar="FILE")
]
Run = Annotated[
    str,
    typer.Argument(
        help="Folder of a trained run, or hf://owner/name.", metavar="RUN", callback=opened
    ),
]
Pieces = Annotated[
    bool, typer.Option("--pieces", help="A number a word piece, not a word (encoder hf:).")
]
RunOrFile = Annotated[
    str,
    typer.Argument(
        help="Folder of a run, hf://owner/name, or a file of heedful export.",
        metavar="RUN",
        callback=opened,
    ),
]
Json = Annotated[
    str | None, typer.Option("--json", help="Write JSON to a file; - is stdout.", metavar="FILE")
]
_CLUSTER = "Cluster"
Engine = Annotated[
    str,
    typer.Option(
        help="local (this process) or ray (workers).", metavar="NAME", rich_help_panel=_CLUSTER
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        help="So many; else one per processor.", min=1, metavar="N", rich_help_panel=_CLUSTER
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        help="Join this cluster: HOST:PORT or auto; else one is started here.",
        metavar="ADDRESS",
        rich_help_panel=_CLUSTER,
    ),
]

DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


def label_map(text: str | None) -> tuple[tuple[str, str], ...]:
    """`pos=1,neg=0` as pairs.

    Raises:
        HeedfulError: a part without `=`.
    """
    pairs = []
    for part in (text or "").split(","):
        old, equals, new = part.partition("=")
        if part and (not equals or not old.strip() or not new.strip()):
            raise HeedfulError(f"--label-map has {part!r}; write it as pos=1,neg=0")
        if part:
            pairs.append((old.strip(), new.strip()))
    return tuple(pairs)


def read_options(values: Mapping[str, Any], usual_split: str | None = None) -> ReadOptions:
    """The reader's options from a command's local flags; unknown entries are not looked at."""
    delimiter = values.get("delimiter")
    if values.get("label_separator") == "":
        raise HeedfulError("--label-separator is empty; give the character between two labels")
    chosen: dict[str, Any] = {
        "text": values.get("text"),
        "label": values.get("label"),
        "delimiter": DELIMITERS.get(delimiter or "", delimiter),
        "encoding": values.get("encoding"),
        "label_map": label_map(values.get("label_map")),
        "split": values.get("split"),
        "usual_split": usual_split,
        "multi_label": values.get("multi_label"),
        "label_separator": values.get("label_separator"),
        "num_words": values.get("num_words"),
    }
    if values.get("max_characters"):
        chosen["max_characters"] = values["max_characters"]
    return ReadOptions(**chosen)


def configuration(name: str, settings: Sequence[str], overrides: Mapping[str, Any]) -> Config:
    """A preset with `--set key=value` entries and the named flags on top.

    Raises:
        HeedfulError: an unknown preset or setting, a wrong value, an entry without `=`.
    """
    values: dict[str, Any] = {}
    for entry in settings:
        key, equals, value = entry.partition("=")
        if not equals:
            raise HeedfulError(f"--set {entry!r} has no '='; write it as --set train.epochs=3")
        values[key.strip()] = value.strip()
    values |= {key: value for key, value in overrides.items() if value is not None}
    return apply(preset(name), values)
