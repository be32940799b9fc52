"""What passes between the layers: frozen, JSON-able and free of torch.

Every record knows how to become plain JSON (`to_json`) and nothing else. Offsets count
characters (Python string indices), `start` inclusive and `end` exclusive, always in the
text exactly as the user wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, NamedTuple

Task = Literal["binary", "multi-class", "multi-label"]


class HeedfulError(ValueError):
    """Something the user can mend. The message is one line: what, where, and what to do."""


class Token(NamedTuple):
    """A piece of a text. `original[start:end]` is what a heat map paints.

    `text` is the form the model sees (lower-cased, a lemma, ...); it may differ from the
    original characters, the offsets never do.
    """

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Example:
    """One row of data.

    Attributes:
        text: the text as it stands in the file.
        labels: its label names: none when unlabelled, one for single-label tasks, several
            (sorted, distinct) for multi-label ones.
        source: the file it came from, or the name of the generator.
        row: the row in that file, the first data row being 1 (a header does not count).
        gold: character spans of the evidence, where somebody has marked it.
    """

    text: str
    labels: tuple[str, ...] = ()
    source: str = ""
    row: int = 0
    gold: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that could not be used, and why: counted and named, never dropped in silence."""

    source: str
    row: int
    reason: str

    def __str__(self) -> str:
        return f"{self.source}, row {self.row}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says about one text.

    Attributes:
        labels: the predicted label names (one, or for multi-label any number).
        probabilities: one per class, in class order. They sum to 1, except for multi-label,
            where each stands for itself.
        tokens: how many tokens the text has.
        unknown: how many of them the vocabulary does not hold.
        cut: how many tokens `max_tokens` took away (0 = the whole text was read).
    """

    labels: tuple[str, ...]
    probabilities: dict[str, float]
    tokens: int
    unknown: int
    cut: int = 0

    @property
    def label(self) -> str | None:
        """The single predicted label; None where a multi-label model predicts none."""
        return self.labels[0] if self.labels else None

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries, lists and numbers."""
        return asdict(self) | {"labels": list(self.labels)}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where a decision rests, token by token, on the user's own characters.

    For every class c: `logits[c] = base[c] + sum(contributions[c]) + error[c]`, in log-odds
    (natural logarithm). With a linear head `error` is rounding; with a dense head it is the
    completeness error of integrated gradients. A binary model has one logit; the map of the
    first class is the mirror image of the second.

    Attributes:
        text: the whole text as given, including what was not read.
        tokens: the tokens the model read, in order and disjoint.
        prediction: what the model says.
        target: the class the map is about unless the reader chooses another.
        attention: one weight per token, >= 0, sum 1 (all zero for a text without tokens).
        contributions: per class, one signed number per token.
        base, logits, error: per class.
    """

    text: str
    tokens: tuple[Token, ...]
    prediction: Prediction
    target: str
    attention: tuple[float, ...]
    contributions: dict[str, tuple[float, ...]]
    base: dict[str, float]
    logits: dict[str, float]
    error: dict[str, float]
    gold: tuple[tuple[int, int], ...] = ()
    label: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Tokens as objects with offsets, attention and the contribution per class."""
        tokens = [
            {
                "text": token.text,
                "start": token.start,
                "end": token.end,
                "attention": self.attention[i],
                "contributions": {c: values[i] for c, values in self.contributions.items()},
            }
            for i, token in enumerate(self.tokens)
        ]
        return {
            "text": self.text,
            "prediction": self.prediction.to_json(),
            "target": self.target,
            "tokens": tokens,
            "base": self.base,
            "logits": self.logits,
            "error": self.error,
            "gold": [list(span) for span in self.gold],
            "label": list(self.label),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Explanation:
        """The record that `to_json` wrote.

        Raises:
            KeyError, TypeError, ValueError: damaged.
        """
        prediction = dict(values["prediction"])
        tokens = values["tokens"]
        return cls(
            text=values["text"],
            tokens=tuple(Token(t["text"], t["start"], t["end"]) for t in tokens),
            prediction=Prediction(**prediction | {"labels": tuple(prediction["labels"])}),
            target=values["target"],
            attention=tuple(float(t["attention"]) for t in tokens),
            contributions={
                name: tuple(float(t["contributions"][name]) for t in tokens)
                for name in values["base"]
            },
            base=dict(values["base"]),
            logits=dict(values["logits"]),
            error=dict(values["error"]),
            gold=tuple((int(start), int(end)) for start, end in values["gold"]),
            label=tuple(values["label"]),
        )

    def _repr_html_(self) -> str:
        """Draws itself in a notebook."""
        # face.render is torch-free and imports records; the import waits until it is needed,
        # because records must not depend on the layers above it when loaded.
        from importlib import import_module

        fragment: str = import_module("heedful.face.render").to_notebook([self])
        return fragment


@dataclass(frozen=True, slots=True)
class Epoch:
    """One line of history.jsonl: the state of training after an epoch.

    `train` holds the running figures of the training batches (drop-out on, weights moving);
    `valid` those of a clean pass over the validation data. Both map metric name to value.
    """

    epoch: int
    step: int
    seconds: float
    learning_rate: float
    tokens_per_second: float
    train: dict[str, float] = field(default_factory=dict)
    valid: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """One line of history.jsonl."""
        return {f.name: getattr(self, f.name) for f in fields(self)}
