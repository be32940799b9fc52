"""`heedful tune`: its flags."""

from __future__ import annotations

from typing import Annotated

import typer

from heedful.face import options as o


def tune(
    data: o.Data,
    out: Annotated[
        str, typer.Option(help="Folder for the search, its report and the run.", metavar="FOLDER")
    ],
    valid: Annotated[
        list[str] | None,
        typer.Option(help="Validation data; else folds of DATA.", metavar="DATA"),
    ] = None,
    trials: Annotated[
        int | None, typer.Option(help="Try so many settings, earlier ones included.", metavar="N")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(help="Be done after about so long (30 if neither is given).", metavar="M"),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(help="accuracy or loss; else loss for several labels.", metavar="NAME"),
    ] = None,
    preset: Annotated[str, typer.Option(help="Search around this.", metavar="NAME")] = "default",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting that stays as it is.", metavar="KEY=VALUE"),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of everything random.", min=0, metavar="N")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a search.")] = False,
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
) -> None:
    """Search for settings that beat a preset on some data; train them; report what mattered.

    By cross-validation on DATA alone: give no test data. Ctrl-C keeps the best; --resume goes on.
    Of data with a split column the training rows are used (--split all: every row).
    """
    flags = locals()
    config = o.configuration(preset, set_ or [], {"train.seed": seed})
    options = o.read_options(flags, "train")
    from heedful.face.tuning import Tuning, run_tuning

    further = tuple(valid or ())
    asked = Tuning(tuple(data), further, out, trials, minutes, metric, resume, json)
    raise typer.Exit(run_tuning(asked, config, options))
