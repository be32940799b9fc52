"""`heedful export`: a run as one ONNX file that predicts where there is no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from heedful.face.console import note, show, tell_data, warn
from heedful.face.onnx_file import NEEDED, SUFFIX
from heedful.face.remembering import facts, remembered
from heedful.face.rewriting import rewrites
from heedful.face.stdin import taking_stdin
from heedful.learn.files import write_bytes
from heedful.learn.folder import load_model
from heedful.learn.model import TextModel, using_threads
from heedful.records import Example, HeedfulError
from heedful.text.corpus import read
from heedful.text.options import ReadOptions

NAMED = 12
"""Classes that a warning names; it counts the others."""


def run_export(
    run: str, file: str, data: Sequence[str], options: ReadOptions, *, int8: bool
) -> None:
    """Write a run's classifier as ONNX, checked against PyTorch, and say what it is like.

    Args:
        run: folder of a classifier's run.
        file: where to; a file that is there is replaced, at once.
        data: labelled, to measure it on; may be empty.
        options: how to read them.
        int8: write the small form.

    Raises:
        HeedfulError: the file says something else than the run; no such run; it cannot be written.
    """
    for module in ("onnx", "onnxruntime"):
        if find_spec(module) is None:
            raise HeedfulError(NEEDED.format(what="heedful export"))
    target, folder = _target(file), Path(run)
    if rewrites(run):
        raise HeedfulError(
            f"{run} is a run that rewrites, and export knows classifiers only; use heedful "
            "translate on the run folder"
        )
    model = load_model(folder)
    if model.config.model.encoder == "hf":
        raise HeedfulError(
            f"{run} reads with a pre-trained transformer, which export does not write; predict "
            "from the run folder"
        )
    examples = _labelled(folder, model, data, options)
    from heedful.face.export.measure import figures, measured
    from heedful.face.export.write import exported

    with using_threads(0):
        found = exported(model, dict(facts(folder).get("read", {})), int8=int8)
        note(str(found.difference), style="")
        rows = measured(model, found, examples) if examples else None
    content = found.small if found.small is not None else found.content
    _write(target, content)
    show(figures(found, rows), f"{run} as {target}: {_size(len(content))}")
    if int8 and rows is None:
        note("what int8 costs was not measured; --check DATA (labelled) measures it")


def _target(file: str) -> Path:
    """Where the file goes.

    Raises:
        HeedfulError: a name that predict would not know for an exported file, or a folder.
    """
    path = Path(file)
    if path.suffix.lower() != SUFFIX or path.is_dir():
        raise HeedfulError(f"--onnx {file!r}: name a file that ends in {SUFFIX}")
    return path


def _labelled(
    folder: Path, model: TextModel, data: Sequence[str], options: ReadOptions
) -> list[Example]:
    """The texts to measure on, with labels of the run's."""
    if not data:
        return []
    options = replace(remembered(folder, options), multi_label=model.task == "multi-label")
    with taking_stdin(data, options) as files:
        corpus = read(files, options)
    tell_data(corpus.notes, corpus.bad_rows)
    model.labels.encode(corpus.examples)  # unknown labels are told before the work
    _warn_of_absent(model.labels.names, corpus.examples)
    return list(corpus.examples)


def _warn_of_absent(names: Sequence[str], examples: Sequence[Example]) -> None:
    there = {name for example in examples for name in example.labels}
    if absent := [name for name in names if name not in there]:
        more = f" and {len(absent) - NAMED} more" if len(absent) > NAMED else ""
        told = ", ".join(absent[:NAMED]) + more
        warn(f"--check has no text of {told}: accuracy on it says little; use others")


def _write(target: Path, content: bytes) -> None:
    try:
        write_bytes(target, content)
    except OSError as error:
        reason = error.strerror or error
        raise HeedfulError(f"{target} cannot be written: {reason}") from None


def _size(number: int) -> str:
    """Bytes as people say them."""
    return f"{number / 1e6:,.1f} MB" if number >= 100_000 else f"{number / 1e3:,.1f} kB"
