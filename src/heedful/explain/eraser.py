"""ERASER's prediction format: maps written for its scorer, and maps of others read in.

One JSON object a line (DeYoung et al. 2020, `rationale_benchmark/metrics.py`): annotation_id,
rationales with a docid, hard_rationale_predictions (spans of document tokens, end exclusive)
and soft_rationale_predictions (one score a document token), classification and
classification_scores. Document tokens are what white space separates; heedful cuts finer, so
scores go from one to the other by characters.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.explain.rationale import runs, top
from heedful.learn.files import write_bytes
from heedful.records import Explanation, HeedfulError, Token
from heedful.text.eraser import Span, words
from heedful.text.jsonl import objects
from heedful.text.table import clip

Line = dict[str, Any]


def to_eraser(
    explanation: Explanation, method: str, identifier: str, document: str, share: float
) -> Line:
    """One line for ERASER's scorer, from the map of the predicted class.

    Args:
        explanation: of the whole document.
        method: as `Explanation.map_of` knows it.
        identifier: the annotation_id.
        document: the docid.
        share: of the document tokens that make the hard rationale (the top ones).

    Raises:
        HeedfulError: the explanation has no such map.
    """
    target = explanation.prediction.main_label
    values = explanation.map_of(method, target)
    if values is None:
        raise HeedfulError(f"{identifier} has no {method!r} map of its predicted class {target!r}")
    soft = document_scores(words(explanation.text), explanation.tokens, values)
    hard = runs(top(np.array(soft), share))
    rationale = {
        "docid": document,
        "hard_rationale_predictions": [{"start_token": a, "end_token": b} for a, b in hard],
        "soft_rationale_predictions": soft,
    }
    return {
        "annotation_id": identifier,
        "rationales": [rationale],
        "classification": target,
        "classification_scores": dict(explanation.prediction.probabilities),
    }


def from_eraser(line: Mapping[str, Any], explanation: Explanation, name: str) -> Explanation:
    """The explanation with the map of a prediction line added under `name`.

    The map is of the line's class, or of the predicted one where the line names none. Spans
    alone count as 1 inside and 0 outside.

    Raises:
        HeedfulError: not one document, not one finite number a document token, spans outside of
            it, or a class that the model does not know.
    """
    places = words(explanation.text)
    target = line.get("classification") or explanation.prediction.main_label
    if target not in explanation.prediction.probabilities:
        raise HeedfulError(f"{_place(line)}: the model knows no class {clip(target)}")
    values = token_scores(places, explanation.tokens, _soft(line, len(places)))
    maps = {**explanation.maps, name: {**explanation.maps.get(name, {}), target: values}}
    return replace(explanation, maps=maps)


def document_scores(
    places: Sequence[Span], tokens: Sequence[Token], values: Sequence[float]
) -> list[float]:
    """One score per document token: the sum of the tokens inside it.

    Document tokens of which nothing was read get the lowest of the others' scores (0 where
    nothing was read at all).
    """
    inside = _inside(places, tokens)
    here = inside >= 0
    sums = np.bincount(inside[here], np.asarray(values)[here], minlength=len(places))
    read = np.bincount(inside[here], minlength=len(places)) > 0
    scores: list[float] = np.where(read, sums, sums[read].min() if read.any() else 0.0).tolist()
    return scores


def token_scores(
    places: Sequence[Span], tokens: Sequence[Token], soft: Sequence[float]
) -> tuple[float, ...]:
    """One score per token: an even part of its document token's, so that sums come back.

    Tokens outside of any document token (white space, for models of characters) get the lowest
    of the others' scores.
    """
    inside = _inside(places, tokens)
    here = inside >= 0
    pieces = np.bincount(inside[here], minlength=len(places))
    values = np.zeros(len(tokens))
    values[here] = np.asarray(soft, np.float64)[inside[here]] / pieces[inside[here]]
    values[~here] = values[here].min() if here.any() else 0.0
    return tuple(values.tolist())


def _inside(places: Sequence[Span], tokens: Sequence[Token]) -> NDArray[np.int64]:
    """(N,) in which document token each token begins; -1 for none."""
    bounds = np.array(places, np.int64).reshape(-1, 2)
    starts = np.array([token.start for token in tokens], np.int64)
    index = np.searchsorted(bounds[:, 0], starts, side="right") - 1
    ends = np.append(bounds[:, 1], 0)[index]  # index -1 takes the 0
    return np.where(starts < ends, index, -1)


def _soft(line: Mapping[str, Any], count: int) -> list[float]:
    """(count,) the line's scores, checked."""
    rationales = line.get("rationales")
    one = rationales[0] if isinstance(rationales, list) and len(rationales) == 1 else None
    if not isinstance(one, dict):
        raise HeedfulError(f"{_place(line)}: rationales is no list of one document's rationale")
    soft = one.get("soft_rationale_predictions")
    if soft is None:
        return _filled(line, one.get("hard_rationale_predictions"), count)
    if not isinstance(soft, list) or len(soft) != count:
        many = len(soft) if isinstance(soft, list) else "no"
        raise HeedfulError(f"{_place(line)}: {many} scores for a document of {count:,} tokens")
    if not all(type(x) in (int, float) and math.isfinite(x) for x in soft):
        raise HeedfulError(f"{_place(line)}: a score is no finite number")
    return soft


def _filled(line: Mapping[str, Any], hard: Any, count: int) -> list[float]:
    """Spans as ones among zeros."""
    values = [0.0] * count
    try:
        for span in hard:
            start, end = span["start_token"], span["end_token"]
            if not 0 <= start <= end <= count:
                raise HeedfulError(
                    f"{_place(line)}: tokens {start} to {end} do not lie in a document of {count:,}"
                )
            values[start:end] = [1.0] * (end - start)
    except (TypeError, KeyError):
        raise HeedfulError(
            f"{_place(line)}: neither soft_rationale_predictions nor spans with start_token and "
            "end_token"
        ) from None
    return values


def _place(line: Mapping[str, Any]) -> str:
    return f"the prediction of {clip(line.get('annotation_id'))}"


def write_predictions(path: Path, lines: Iterable[Line]) -> None:
    """A file for `metrics.py --results`, replaced as a whole.

    Raises:
        HeedfulError: it cannot be written.
    """
    text = "".join(json.dumps(line, allow_nan=False) + "\n" for line in lines)
    try:
        write_bytes(path, text.encode())
    except OSError as error:
        raise HeedfulError(f"{path} cannot be written: {error.strerror}") from None


def read_predictions(path: Path) -> Iterator[Line]:
    """The lines of such a file.

    Raises:
        HeedfulError: it cannot be read, or a line is no prediction.
    """
    for number, line in enumerate(objects(path, "utf-8"), 1):
        if isinstance(line, str):
            raise HeedfulError(f"{path.name}, row {number}: {line}")
        if not isinstance(line.get("annotation_id"), str):
            raise HeedfulError(f"{path.name}, row {number}: annotation_id is missing")
        yield line
