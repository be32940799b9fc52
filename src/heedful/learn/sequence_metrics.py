"""Figures of merit of written sequences against references: all from the decoded text itself.

- `exact_match`: share of outputs that are a reference to the letter;
- `character_error_rate`: edits that turn the outputs into their references, per character of
  these; may exceed 1;
- `token_accuracy`: share of places that hold the right token, of all places of output or
  reference, whichever is longer, so that one token too many puts all after it in the wrong place;
- `bleu`, `chrf`: of the whole corpus, 0 to 100, by sacrebleu (Post 2018), with its signature. BLEU
  counts runs of one to four words: NaN where no reference has four, as on the clock.

A source may have several references: a match with any counts, and error rate and token accuracy
take the one that needs the fewest edits (the first of equal ones).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from heedful.learn.edit_distance import edit_distance
from heedful.records import HeedfulError

References = Sequence[str | Sequence[str]]


@dataclass(frozen=True)
class SequenceFigures:
    """How good written sequences are. Without any, counts are 0 and the rest is NaN.

    Attributes:
        count: how many outputs.
        exact: how many of them are exactly a reference.
        exact_match: their share, 0 to 1; higher is better.
        character_error_rate: edits per character of the references; lower is better.
        token_accuracy: 0 to 1; higher is better.
        bleu: BLEU, 0 to 100; higher is better.
        chrf: chrF2, 0 to 100; higher is better.
        bleu_signature: how sacrebleu computed it, to be quoted with it.
        chrf_signature: as `bleu_signature`.
    """

    count: int
    exact: int
    exact_match: float
    character_error_rate: float
    token_accuracy: float
    bleu: float
    chrf: float
    bleu_signature: str
    chrf_signature: str

    def to_json(self) -> dict[str, Any]:
        """The attributes by name."""
        return asdict(self)


def measure_sequences(
    outputs: Sequence[str],
    references: References,
    tokens: Callable[[str], Sequence[str]] = list,
) -> SequenceFigures:
    """All figures of this module.

    Args:
        outputs: the decoded texts.
        references: for each output the right text, or several.
        tokens: cuts a text for `token_accuracy`; into characters unless told otherwise.

    Raises:
        HeedfulError: not one reference, or set of references, for each output.
    """
    several = [(given,) if isinstance(given, str) else tuple(given) for given in references]
    if len(several) != len(outputs) or not all(several):
        raise HeedfulError(
            f"{len(outputs):,} outputs and references for {sum(map(bool, several)):,}; each output "
            "needs one or more"
        )
    if not outputs:
        return SequenceFigures(0, 0, *(math.nan,) * 5, "", "")
    exact = sum(output in given for output, given in zip(outputs, several, strict=True))
    nearest = [_nearest(output, given) for output, given in zip(outputs, several, strict=True)]
    return SequenceFigures(
        len(outputs),
        exact,
        exact / len(outputs),
        _error_rate(outputs, nearest),
        _token_accuracy(outputs, nearest, tokens),
        *_corpus_scores(outputs, several),
    )


def _nearest(output: str, references: tuple[str, ...]) -> str:
    if len(references) == 1 or output in references:
        return output if output in references else references[0]
    return min(references, key=lambda reference: edit_distance(output, reference))


def _error_rate(outputs: Sequence[str], references: Sequence[str]) -> float:
    pairs = zip(outputs, references, strict=True)
    edits = sum(edit_distance(one, other) for one, other in pairs if one != other)
    characters = sum(map(len, references))
    return edits / characters if characters else math.nan


def _token_accuracy(
    outputs: Sequence[str], references: Sequence[str], tokens: Callable[[str], Sequence[str]]
) -> float:
    right = places = 0
    for output, reference in zip(outputs, references, strict=True):
        written, wanted = tokens(output), tokens(reference)
        right += sum(one == other for one, other in zip(written, wanted, strict=False))
        places += max(len(written), len(wanted))
    return right / places if places else math.nan


def _corpus_scores(
    outputs: Sequence[str], references: Sequence[tuple[str, ...]]
) -> tuple[float, float, str, str]:
    """BLEU, chrF and their signatures."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    # sacrebleu wants the first references of all outputs, then the second ones, ...; None: no more.
    most = max(map(len, references))
    columns: list[Any] = [
        [given[i] if i < len(given) else None for given in references] for i in range(most)
    ]
    bleu, chrf = BLEU(), CHRF()
    found, similar = (metric.corpus_score(outputs, columns) for metric in (bleu, chrf))
    # A signature is that of the last corpus, so that it is taken before the next one.
    signatures = str(bleu.get_signature()), str(chrf.get_signature())
    first = [given[0] for given in references]
    defined = found.totals[-1] or bleu.corpus_score(first, [first]).totals[-1]
    return found.score if defined else math.nan, similar.score, *signatures
