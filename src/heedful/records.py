"""What passes between the layers: frozen, JSON-able and free of torch.

Every record knows how to become plain JSON (`to_json`) and nothing else. Offsets count
characters (Python string indices), `start` inclusive and `end` exclusive, always in the
text exactly as the user wrote it.
"""

from __future__ import annotations

import math
import statistics
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
        beside: the cells of the file's other columns, where they were asked for.
    """

    text: str
    labels: tuple[str, ...] = ()
    source: str = ""
    row: int = 0
    gold: tuple[tuple[int, int], ...] = ()
    beside: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that could not be used, and why: counted and named, never dropped in silence."""

    source: str
    row: int
    reason: str
    beside: tuple[Any, ...] = ()

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

    @property
    def main_label(self) -> str:
        """What a map is about unless asked otherwise: the one label; of several or none the most
        probable class.
        """
        if len(self.labels) == 1:
            return self.labels[0]
        return max(self.probabilities, key=self.probabilities.__getitem__)

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries, lists and numbers."""
        # Written out: `asdict` takes ten times as long, and there may be millions of these.
        return {
            "labels": list(self.labels),
            "probabilities": dict(self.probabilities),
            "tokens": self.tokens,
            "unknown": self.unknown,
            "cut": self.cut,
        }


@dataclass(frozen=True, slots=True)
class Judged:
    """An erasure score of a map, against random maps and the best order found on the same text.

    Attributes:
        value: the map's score.
        randoms: the scores of random rankings of the same tokens.
        best: the best score among the map's own, the random ones and the orders searched for.
        higher_is_better: True for comprehensiveness, False for sufficiency.
    """

    value: float
    randoms: tuple[float, ...]
    best: float
    higher_is_better: bool

    @property
    def random_mean(self) -> float:
        """Mean score of the random maps; NaN without any."""
        return math.fsum(self.randoms) / len(self.randoms) if self.randoms else math.nan

    @property
    def beaten(self) -> int:
        """How many random maps are worse than this one."""
        sign = 1 if self.higher_is_better else -1
        return sum(sign * self.value > sign * other for other in self.randoms)

    @property
    def percentile(self) -> float:
        """Share of the random maps that are worse, ties counting half, 0 to 100."""
        ties = sum(other == self.value for other in self.randoms)
        return 100 * (self.beaten + ties / 2) / len(self.randoms) if self.randoms else math.nan

    @property
    def share(self) -> float | None:
        """Way from the random mean (0) to the best order found (1); negative: worse than chance.

        None where no order moves the probability by `LEAST_RANGE` more than a random one does.
        """
        way = self.best - self.random_mean
        if not abs(way) >= LEAST_RANGE:
            return None
        return (self.value - self.random_mean) / way

    def to_json(self) -> dict[str, Any]:
        """The attributes, and what follows from them."""
        derived = {
            "random_mean": self.random_mean,
            "beaten": self.beaten,
            "percentile": self.percentile,
            "share": self.share,
        }
        return asdict(self) | {"randoms": list(self.randoms)} | derived

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Judged:
        """The record that `to_json` wrote."""
        return cls(
            float(values["value"]),
            tuple(float(x) for x in values["randoms"]),
            float(values["best"]),
            bool(values["higher_is_better"]),
        )


LEAST_RANGE = 0.005
"""In probability: where orders differ by less, "how far along" is rounding."""


@dataclass(frozen=True, slots=True)
class Flip:
    """Share of tokens to erase, in map order, until the decision changes; 1 if it never does.

    Attributes:
        share: of the map.
        randoms: of random orders.
        flipped: whether the map's order changes the decision at all.
    """

    share: float
    randoms: tuple[float, ...]
    flipped: bool

    @property
    def random_median(self) -> float:
        """Median of the random orders; NaN without any."""
        return statistics.median(self.randoms) if self.randoms else math.nan

    def to_json(self) -> dict[str, Any]:
        """The attributes, and what follows from them."""
        median = {"random_median": self.random_median}
        return asdict(self) | {"randoms": list(self.randoms)} | median

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Flip:
        """The record that `to_json` wrote."""
        randoms = tuple(float(x) for x in values["randoms"])
        return cls(float(values["share"]), randoms, bool(values["flipped"]))


@dataclass(frozen=True, slots=True)
class Trust:
    """How far one map of one decision may be trusted. Always about the predicted class.

    Definitions: docs/trust.md. Probabilities and their differences lie in 0..1.

    Attributes:
        method: whose map is judged.
        target: the predicted class c, `Prediction.main_label`.
        probability: p, what the model gives it.
        tokens: how many tokens the text has.
        comprehensiveness: AOPC, p lost when the top tokens are deleted; higher is better.
        sufficiency: AOPC, p lost when only the top tokens are kept; lower is better.
        attention_flip: weights zeroed and renormalised, states and n-gram evidence kept; None
            where there is no attention network.
        input_flip: tokens replaced by the unknown token, the model run again.
        tau: Kendall's tau between the strengths of the map and of leave-one-out, signs left
            aside, as attention has none; None where one of them is constant.
        tau_signed: the same with signs.
        tau_ceiling: `tau` of gradient x input.
        uniform: |change of p| under uniform attention; None where there is no attention network.
        trusted: whether the map beats all random maps on comprehensiveness.
        sentence: the verdict in plain words.
    """

    method: str
    target: str
    probability: float
    tokens: int
    comprehensiveness: Judged
    sufficiency: Judged
    attention_flip: Flip | None
    input_flip: Flip
    tau: float | None
    tau_signed: float | None
    tau_ceiling: float | None
    uniform: float | None
    trusted: bool
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """The attributes by name."""
        nested = ("comprehensiveness", "sufficiency", "attention_flip", "input_flip")
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return values | {name: values[name].to_json() for name in nested if values[name]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Trust:
        """The record that `to_json` wrote.

        Raises:
            KeyError, TypeError, ValueError: damaged.
        """
        judged = {k: Judged.from_json(values[k]) for k in ("comprehensiveness", "sufficiency")}
        flips = {
            k: None if values[k] is None else Flip.from_json(values[k])
            for k in ("attention_flip", "input_flip")
        }
        known = {f.name for f in fields(cls)}
        return cls(**{k: values[k] for k in known} | judged | flips)


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
        attention: one weight per token, >= 0, sum 1 (all zero for a text without tokens). Empty
            where the model has no attention network.
        contributions: per class, one signed number per token.
        base, logits, error: per class.
        maps: further methods (`explain.legend.METHODS`, or a map from outside): method to class
            to one signed number per token. Only the classes that were asked for.
        missing: for methods that promise a sum (integrated gradients, Shapley values): method to
            class to what the numbers miss of it, in log-odds.
        trust: how far a map of the predicted class may be trusted, by method.
        parts: of a model with n-gram evidence, what its parts add to the base: `evidence`, and
            `attention` if there is an attention network, to class to log-odds. Empty otherwise.
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
    maps: dict[str, dict[str, tuple[float, ...]]] = field(default_factory=dict)
    missing: dict[str, dict[str, float]] = field(default_factory=dict)
    trust: dict[str, Trust] = field(default_factory=dict)
    parts: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def attends(self) -> bool:
        """Whether attention weights are known; a text without tokens needs none."""
        return len(self.attention) == len(self.tokens)

    def map_of(
        self, method: str, target: str, *, absolute: bool = False
    ) -> tuple[float, ...] | None:
        """One number per token: this method's map of this class; None where it was not made.

        Args:
            method: its name. Attention has one map for all classes.
            target: the class.
            absolute: how strongly each token counts, for or against, instead of the signed number.
        """
        if method == "attention":
            return self.attention if self.attends else None
        found = self.contributions if method == "contribution" else self.maps.get(method, {})
        values = found.get(target)
        return tuple(map(abs, values)) if absolute and values is not None else values

    def to_json(self) -> dict[str, Any]:
        """Tokens as objects with offsets, attention (if any) and the contribution per class."""
        tokens = [
            {
                "text": token.text,
                "start": token.start,
                "end": token.end,
                "attention": self.attention[i] if self.attends else None,
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
            "maps": {
                method: {name: list(column) for name, column in columns.items()}
                for method, columns in self.maps.items()
            },
            "missing": self.missing,
            "trust": {method: trust.to_json() for method, trust in self.trust.items()},
            "parts": self.parts,
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
            attention=tuple(float(t["attention"]) for t in tokens if t["attention"] is not None),
            contributions={
                name: tuple(float(t["contributions"][name]) for t in tokens)
                for name in values["base"]
            },
            base=dict(values["base"]),
            logits=dict(values["logits"]),
            error=dict(values["error"]),
            gold=tuple((int(start), int(end)) for start, end in values["gold"]),
            label=tuple(values["label"]),
            maps={
                method: {name: tuple(map(float, column)) for name, column in columns.items()}
                for method, columns in values.get("maps", {}).items()
            },
            missing={method: dict(by) for method, by in values.get("missing", {}).items()},
            trust={m: Trust.from_json(found) for m, found in values.get("trust", {}).items()},
            parts={part: dict(by) for part, by in values.get("parts", {}).items()},
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


@dataclass(frozen=True)
class Rewriting:
    """One sequence rewritten as another, and where the network looked at each step.

    Attributes:
        source: as the user wrote it.
        text: what was written.
        score: the search's objective, a log probability, length-normalised.
        log_probability: natural logarithm, summed over the output tokens, END included.
        source_tokens: what was read, in order; END is not among them.
        tokens: what was written, in order, with offsets into `text`; END is not among them.
        weights: (len(tokens), len(source_tokens)) attention: each row is >= 0 and sums to 1.
            Rows are empty for a network without attention.
        probabilities: one per output token, 0..1.
        finished: whether END was written; False = the maximum length bit.

    Raises:
        HeedfulError: on making one whose parts do not fit each other.
    """

    source: str
    text: str
    score: float
    log_probability: float
    source_tokens: tuple[Token, ...]
    tokens: tuple[Token, ...]
    weights: tuple[tuple[float, ...], ...]
    probabilities: tuple[float, ...]
    finished: bool

    def __post_init__(self) -> None:
        for name, token_of, text in (
            ("source_tokens", self.source_tokens, self.source),
            ("tokens", self.tokens, self.text),
        ):
            for i, token in enumerate(token_of):
                if not 0 <= token.start <= token.end <= len(text):
                    raise HeedfulError(
                        f"rewriting: {name}[{i}] spans {token.start} to {token.end} of a text of "
                        f"{len(text)} characters; offsets count characters of the text itself"
                    )
        self._check_numbers()

    def _check_numbers(self) -> None:
        if len(self.probabilities) != len(self.tokens):
            raise HeedfulError(
                f"rewriting: {len(self.probabilities)} probabilities for {len(self.tokens)} "
                "output tokens; give one each, without END's"
            )
        if len(self.weights) != len(self.tokens):
            raise HeedfulError(
                f"rewriting: {len(self.weights)} rows of weights for {len(self.tokens)} output "
                "tokens; give one row each, an empty one without attention"
            )
        for i, row in enumerate(self.weights):
            if not row and not self.attends:
                continue
            if len(row) != len(self.source_tokens):
                raise HeedfulError(
                    f"rewriting: row {i} of weights has {len(row)} numbers for "
                    f"{len(self.source_tokens)} source tokens; give one each, without END's"
                )
            total = math.fsum(row)
            if not (all(x >= 0 for x in row) and abs(total - 1) <= ROW_SLACK):
                raise HeedfulError(
                    f"rewriting: row {i} of weights sums to {total:g}; weights are >= 0 and each "
                    "row sums to 1"
                )

    @property
    def attends(self) -> bool:
        """Whether attention weights are known."""
        return any(self.weights)

    def to_json(self) -> dict[str, Any]:
        """The attributes by name, tokens as objects with offsets."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        return plain | {
            "source_tokens": [token._asdict() for token in self.source_tokens],
            "tokens": [token._asdict() for token in self.tokens],
            "weights": [list(row) for row in self.weights],
            "probabilities": list(self.probabilities),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Rewriting:
        """The record that `to_json` wrote.

        Raises:
            KeyError, TypeError, ValueError: damaged.
        """
        return cls(
            source=values["source"],
            text=values["text"],
            score=float(values["score"]),
            log_probability=float(values["log_probability"]),
            source_tokens=tuple(
                Token(t["text"], t["start"], t["end"]) for t in values["source_tokens"]
            ),
            tokens=tuple(Token(t["text"], t["start"], t["end"]) for t in values["tokens"]),
            weights=tuple(tuple(map(float, row)) for row in values["weights"]),
            probabilities=tuple(map(float, values["probabilities"])),
            finished=bool(values["finished"]),
        )

    def _repr_html_(self) -> str:
        """Draws itself in a notebook."""
        from importlib import import_module  # as for an explanation: no upward import on loading

        module = import_module("heedful.face.alignment_notebook")
        fragment: str = module.alignment_notebook([self])
        return fragment


ROW_SLACK = 1e-3
"""How far from 1 a row of weights may sum: rounding, in half precision or in a file."""
