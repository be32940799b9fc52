"""From an explanation to what is drawn: values, scale, steps of colour, pieces of text.

The scale of a map is the largest absolute number of that method in that text, over all its
classes: within one text the same colour is the same number, whichever class is looked at.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from heedful.explain import legend
from heedful.explain.legend import LEGENDS, legend_of
from heedful.face.colours import STEPS
from heedful.face.spelling import chance, even, remainder
from heedful.records import Explanation, Flip, HeedfulError, Judged

Method = str
"""A method's name: contribution, attention, or a key of `Explanation.maps`."""
ALWAYS = legend.ALWAYS[::-1]
"""The methods that every explanation has; the signed one is offered first."""
KINDS = {"p": "pro", "n": "con", "a": "heat"}
"""Letter of a step ("p3", "n1", "a6") to the kind of colour ramp."""


class Word(NamedTuple):
    """One word over all its places in a text: its summed value and how often it stands there."""

    text: str
    value: float
    times: int


class Strongest(NamedTuple):
    """The words that pull hardest, strongest first: towards the class, and away from it."""

    supporting: tuple[Word, ...]
    opposing: tuple[Word, ...]


class Piece(NamedTuple):
    """A run of characters that is drawn alike. `token` is None between tokens."""

    text: str
    token: int | None
    gold: bool


def methods_of(explanations: Iterable[Explanation]) -> tuple[Method, ...]:
    """Every method that some explanation has, as offered: known ones first, then from outside."""
    records = list(explanations)
    found = dict.fromkeys(name for e in records for name in e.maps)
    always = ALWAYS if all(e.attends for e in records) else ("contribution",)
    known = [name for name in LEGENDS if name in found and name not in ALWAYS]
    outside = [name for name in found if name not in LEGENDS]
    return (*always, *known, *outside)


def titled(method: Method) -> str:
    """The method's title as a heading; a name from outside stays as it is."""
    title = legend_of(method).title
    return title[:1].upper() + title[1:] if method in LEGENDS else title


def as_method(method: str, explanations: Iterable[Explanation] = ()) -> Method:
    """The method's name, or HeedfulError that lists those that the explanations have."""
    there = methods_of(explanations)
    if method not in there:
        raise HeedfulError(f"method {method!r}: a map shows {' or '.join(there)}")
    return method


def target_of(explanation: Explanation, target: str | None) -> str:
    """The class that a map is about: the one asked for, else the explanation's own."""
    name = explanation.target if target is None else target
    if name not in explanation.contributions:
        known = ", ".join(explanation.contributions)
        raise HeedfulError(f"class {name!r}: this explanation knows {known}")
    return name


def checked(explanations: Sequence[Explanation]) -> Sequence[Explanation]:
    """The same explanations, or HeedfulError naming the first number that cannot be drawn."""
    for row, explanation in enumerate(explanations, 1):
        where = f"explanation {row}"
        columns = {
            f"contributions[{name!r}]": values for name, values in explanation.contributions.items()
        }
        if explanation.attention:  # there may be no attention network
            columns["attention"] = explanation.attention
        columns |= {
            f"maps[{method!r}][{name!r}]": values
            for method, maps in explanation.maps.items()
            for name, values in maps.items()
        }
        for name, values in columns.items():
            if len(values) != len(explanation.tokens):
                found = f"{len(values)} values for {len(explanation.tokens)} tokens"
                raise HeedfulError(f"{where}, {name}: {found}; one per token is needed")
            for i, value in enumerate(values):
                if not math.isfinite(value):
                    cure = "the model's weights are broken, train with a lower learning rate"
                    raise HeedfulError(f"{where}, {name}, token {i + 1} is {value}: {cure}")
        _check_offsets(explanation, where)
        _check_trust(explanation, where)
        target_of(explanation, None)
    return explanations


def _check_offsets(explanation: Explanation, where: str) -> None:
    last = 0
    for i, token in enumerate(explanation.tokens):
        if not last <= token.start <= token.end <= len(explanation.text):
            span = f"characters {token.start} to {token.end}"
            raise HeedfulError(f"{where}, token {i + 1}: {span} overlap or lie outside the text")
        last = token.end


def _check_trust(explanation: Explanation, where: str) -> None:
    for method, trust in explanation.trust.items():
        numbers = {"uniform": [trust.uniform or 0.0]}
        for name in ("comprehensiveness", "sufficiency"):
            judged: Judged = getattr(trust, name)
            numbers[name] = [judged.value, judged.best, *judged.randoms]
        for name in ("attention_flip", "input_flip"):
            flip: Flip | None = getattr(trust, name)
            numbers[name] = [flip.share, *flip.randoms] if flip else []
        for name, values in numbers.items():
            if not all(map(math.isfinite, values)):
                raise HeedfulError(f"{where}, trust[{method!r}], {name}: not a number in it")


def values_of(explanation: Explanation, method: Method, target: str) -> tuple[float, ...] | None:
    """What the map draws, one number per token; None where there is no such map."""
    return explanation.map_of(method, target)


def limit_of(explanation: Explanation, method: Method) -> float:
    """The number at the end of the scale; 0 for a text without tokens, or without such a map."""
    if method == "attention":
        return max(explanation.attention, default=0.0)
    maps = explanation.contributions if method == "contribution" else explanation.maps.get(method)
    return max((abs(x) for xs in (maps or {}).values() for x in xs), default=0.0)


def missing_map(explanation: Explanation, method: Method, target: str) -> str:
    """Why nothing is drawn, in one line; empty where there is a map."""
    if explanation.map_of(method, target) is not None:
        return ""
    title, maps = titled(method), explanation.maps.get(method, {})
    there = ", ".join(name for name in explanation.contributions if name in maps)
    if there:
        return f"No map of {target} by this method ({title}), only of {there}."
    return f"No map by this method ({title}) of this text."


def level_of(value: float, limit: float, steps: int = STEPS) -> int:
    """Step of colour, -steps..steps: linear in the value, 0 within half a step of zero."""
    if limit <= 0:
        return 0
    # Python's round() rounds halves to even; away from zero is what a page's script does.
    size = math.floor(min(1.0, abs(value) / limit) * steps + 0.5)
    return size if value > 0 else -size


def step_of(level: int, method: Method) -> str:
    """A level's name: p1..p6 for, n1..n6 against, a1..a6 without sign; empty for neutral."""
    if level == 0:
        return ""
    if not legend_of(method).signed:
        return f"a{abs(level)}"
    return f"{'p' if level > 0 else 'n'}{abs(level)}"


def steps_of(explanation: Explanation, method: Method, target: str) -> list[str]:
    """One step name per token; all neutral where there is no such map."""
    values = values_of(explanation, method, target)
    if values is None:
        return [""] * len(explanation.tokens)
    limit = limit_of(explanation, method)
    return [step_of(level_of(x, limit), method) for x in values]


def pieces_of(explanation: Explanation) -> Iterator[Piece]:
    """The whole text, cut at every edge of a token and of the gold evidence, in order."""
    size = len(explanation.text)
    gold = [(max(0, a), min(size, b)) for a, b in explanation.gold]
    edges = {0, size}
    edges.update(x for token in explanation.tokens for x in (token.start, token.end))
    edges.update(x for a, b in gold for x in (a, b) if a < b)
    tokens = iter(enumerate(explanation.tokens))
    current = next(tokens, None)
    for start, end in pairwise(sorted(edges)):
        while current is not None and current[1].end <= start:
            current = next(tokens, None)
        inside = current is not None and current[1].start <= start
        yield Piece(
            explanation.text[start:end],
            current[0] if inside and current is not None else None,
            any(a <= start < b for a, b in gold),
        )


def strongest(
    explanation: Explanation,
    target: str | None = None,
    k: int = 8,
    method: Method = "contribution",
) -> Strongest:
    """The k words with the largest summed numbers for and against `target`.

    Tokens with the same lower-cased text count as one word. Equal sums stand in
    alphabetical order; words that sum to zero are left out.
    """
    name = target_of(explanation, target)
    values = values_of(explanation, method, name)
    words = [] if values is None else _merged(explanation, values)
    by_strength = sorted(words, key=lambda word: (-abs(word.value), word.text))
    return Strongest(
        tuple([word for word in by_strength if word.value > 0][:k]),
        tuple([word for word in by_strength if word.value < 0][:k]),
    )


def most_read(explanation: Explanation, k: int = 8) -> tuple[Word, ...]:
    """The k words with the largest summed attention."""
    words = _merged(explanation, explanation.attention)
    return tuple(sorted((w for w in words if w.value > 0), key=lambda w: (-w.value, w.text))[:k])


def _merged(explanation: Explanation, values: Sequence[float]) -> list[Word]:
    sums: dict[str, list[float]] = {}
    for token, value in zip(explanation.tokens, values, strict=True):
        sums.setdefault(token.text.lower(), []).append(value)
    return [Word(text, math.fsum(parts), len(parts)) for text, parts in sums.items()]


def verdict(explanation: Explanation) -> str:
    """`positive .93`, `anger .81, fear .52`, or `none of the classes`."""
    prediction = explanation.prediction
    if not prediction.labels:
        return "none of the classes"
    return ", ".join(f"{x} {chance(prediction.probabilities[x])}" for x in prediction.labels)


def reading(explanation: Explanation) -> str:
    """What was and was not read: `212 tokens`, `3 unknown to the vocabulary`, ..."""
    prediction = explanation.prediction
    parts = [f"{prediction.tokens} token{'' if prediction.tokens == 1 else 's'}"]
    if prediction.unknown:
        parts.append(f"{prediction.unknown} unknown to the vocabulary")
    if prediction.cut:
        parts.append(f"{prediction.cut} NOT READ (max_tokens)")
    return ", ".join(parts)


def visible(words: Iterable[Word], limit: float) -> tuple[Word, ...]:
    """The words whose sum would have a colour; the rest would only fill a list with noise."""
    return tuple(word for word in words if level_of(word.value, limit))


def account(explanation: Explanation, target: str) -> str:
    """How the contributions add up to the logit, with the error that remains."""
    total = math.fsum(explanation.contributions[target])
    base, logit = explanation.base[target], explanation.logits[target]
    return (
        f"base {even(base)} {'−' if total < 0 else '+'} words {even(abs(total))} = "
        f"{even(logit)} log-odds for {target} ({remainder(explanation.error[target])})"
        f"{parted(explanation, target)}"
    )


PARTS = {"evidence": "n-gram evidence", "attention": "attention network"}
"""What the parts of a decision are called."""


def parted(explanation: Explanation, target: str) -> str:
    """`; words: n-gram evidence 2.100, attention network −0.600`; empty without such parts."""
    parts = [(PARTS[key], explanation.parts[key]) for key in PARTS if key in explanation.parts]
    if not parts:
        return ""
    if len(parts) == 1:
        return f"; words: all {parts[0][0]}"
    return "; words: " + ", ".join(f"{name} {even(by[target])}" for name, by in parts)


def sum_of(explanation: Explanation, method: Method, target: str) -> str:
    """What the numbers of a method add up to, where it says so; empty where it does not."""
    if method in ALWAYS:
        return account(explanation, target)
    missing = explanation.missing.get(method, {}).get(target)
    if missing is None:
        return ""
    total = math.fsum(explanation.maps[method].get(target, ()))
    told = f"completeness {remainder(missing)}" if missing else "complete"
    return f"words {even(total)} log-odds for {target} ({told})"
