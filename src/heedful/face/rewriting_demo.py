"""The part of `heedful demo` about networks that rewrite: times as people write them to 24 h."""

from __future__ import annotations

from pathlib import Path

from heedful.face.alignment_page import alignment_html
from heedful.face.alignment_terminal import alignment_terminal
from heedful.face.console import note, stdout, write_text
from heedful.face.rewriting import Columns
from heedful.face.rewriting_training import PairJob, run_pair_training
from heedful.learn.model import using_threads
from heedful.learn.sequence_folder import load_sequence
from heedful.presets import preset
from heedful.settings import apply
from heedful.text.options import ReadOptions
from heedful.text.pairs import read_pairs

WRITER = "clock"
"""Name of the run in the demo's folder."""
MAPS = "alignments.html"
TIMES = "clock"
SHOWN = ("quarter after 3 pm",)
MORE = 30
"""Held-out times on the page, beside those that are shown."""

# Half as wide as the preset, and a few passes of small batches at a high rate: nearly all times
# come out right, in some seconds. The presets take longer and reach more.
SETTINGS = {
    "model.embedding": 32,
    "model.hidden": 32,
    "sequence.units": 64,
    "train.epochs": 6,
    "train.batch_size": 50,
    "train.learning_rate": 0.015,
    "train.average": 0.98,
    "train.threads": 1,
}


def rewrite_times(folder: Path) -> int:
    """Train a small network on the generated clock, and show where it looks.

    Returns the exit code of the training.
    """
    run = folder / WRITER
    config = apply(preset("clock-best"), SETTINGS)
    code = run_pair_training(PairJob((TIMES,), (), Columns(), str(run)), config, ReadOptions())
    if code:
        return code
    model = load_sequence(run)
    held = read_pairs("clock:test").pairs[:MORE]
    with using_threads(0):
        found = [best[0] for best in model.rewrite([*SHOWN, *(pair.source for pair in held)])]
    written = found[len(SHOWN) :]
    right = sum(one.text == pair.target for one, pair in zip(written, held, strict=True))
    for one in found[: len(SHOWN)]:
        stdout().print(alignment_terminal(one))
        stdout().print()
    note(f"{right} of {len(held)} other times that it has not seen come out right", style="")
    write_text(str(folder / MAPS), alignment_html(found, title="heedful demo: times"))
    return code
