"""What an exported file says of labelled texts, beside what the run itself says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from heedful.face.export.check import MOST
from heedful.face.export.write import Exported
from heedful.face.onnx_file import KEY, session_of, travelling
from heedful.face.onnx_model import OnnxModel
from heedful.learn.answers import probabilities_of
from heedful.learn.metrics import decide
from heedful.learn.model import TextModel
from heedful.records import Example, HeedfulError


class Figures(NamedTuple):
    """One form of the model on N labelled texts.

    Attributes:
        accuracy: share of texts with exactly the right labels.
        agreement: share with the labels that the run gives.
        furthest: largest difference of a probability from the run's.
    """

    accuracy: float
    agreement: float
    furthest: float


def measured(model: TextModel, found: Exported, examples: Sequence[Example]) -> dict[str, Figures]:
    """The figures of the run, of the float32 file and, if there is one, of the int8 file.

    Raises:
        HeedfulError: the float32 file's probabilities differ from the run's.
    """
    texts = [example.text for example in examples]
    targets = model.labels.encode(examples)
    known = model.probabilities(texts)
    forms = {"run (PyTorch)": known, "float32": _probabilities(found.content, texts)}
    if found.small is not None:
        forms["int8"] = _probabilities(found.small, texts)
    rows = {name: _figures(model, own, known, targets) for name, own in forms.items()}
    if not rows["float32"].furthest <= MOST:
        raise HeedfulError(
            f"the exported graph's probabilities differ from PyTorch's by "
            f"{rows['float32'].furthest:.1e} on these texts, more than {MOST:g}; nothing was "
            "written. Please report this with the run's config.json"
        )
    return rows


def _probabilities(content: bytes, texts: Sequence[str]) -> NDArray[np.float32]:
    session, name = session_of(content, 0), Path("the exported file")
    values = json.loads(session.get_modelmeta().custom_metadata_map[KEY])
    model = OnnxModel(session, travelling(values, name), name)
    return probabilities_of(model.logits(model.encode(texts)), model.task)


def _figures(
    model: TextModel,
    own: NDArray[np.float32],
    known: NDArray[np.float32],
    targets: NDArray[np.generic],
) -> Figures:
    thresholds = model.decision.array()
    chosen, wanted = (decide(each, model.task, thresholds) for each in (own, known))
    right, same = (_rows(chosen == other) for other in (targets, wanted))
    return Figures(float(right.mean()), float(same.mean()), float(np.abs(own - known).max()))


def _rows(equal: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether all of a row is equal."""
    return np.asarray(equal if equal.ndim == 1 else equal.all(axis=1))


def figures(found: Exported, rows: dict[str, Figures] | None) -> Table:
    """Sizes, and the figures if there are any."""
    sizes = {"float32": len(found.content)}
    if found.small is not None:
        sizes["int8"] = len(found.small)
    table = Table()
    table.add_column("form")
    headings = ("bytes", "accuracy", "same labels", "largest difference of p")
    for heading in headings if rows else headings[:1]:
        table.add_column(heading, justify="right")
    for name in rows or sizes:
        size = f"{sizes[name]:,}" if name in sizes else ""
        table.add_row(name, size, *(_cells(rows[name]) if rows else ()))
    if rows and "int8" in rows:
        lost = rows["int8"].accuracy - rows["float32"].accuracy
        table.add_section()
        share = len(found.small or b"") / len(found.content)
        table.add_row("difference", f"x {share:.2f}", f"{lost:+.4f}", "", "")
    return table


def _cells(row: Figures) -> tuple[str, str, str]:
    return f"{row.accuracy:.4f}", f"{row.agreement:.4f}", f"{row.furthest:.1e}"
