"""What a search has found, as a record that becomes JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from heedful.learn.tune.judge import Metric
from heedful.learn.tune.race import Difference
from heedful.learn.tune.rows import Row
from heedful.learn.tune.space import Params

if TYPE_CHECKING:
    from heedful.learn.estimator import TextClassifier


@dataclass(frozen=True)
class Tuned:
    """The end of a search.

    Attributes:
        preset: what was searched around.
        given: settings that somebody had set, and that stayed.
        settings: to set besides, for the winner; empty = the default is kept.
        metric: `accuracy` or `loss` (in nats, values are minus it).
        profile: the data, in words.
        rounds: what judged, in words.
        rows: the trials, in order.
        default, winner: two of them; the winner is the default where nothing was better.
        searched: winner minus default on the texts that chose the winner: it flatters the winner.
        confirmed: the same on texts, and with a seed, that have chosen nothing; None = not
            measured.
        importance: address to its share in what made trials good or bad; empty where there are too
            few trials to tell.
        seed: of training.
        seconds: that the search took, this call's.
        interrupted: Ctrl-C.
    """

    preset: str
    given: Mapping[str, Any]
    settings: Params
    metric: Metric
    profile: str
    rounds: str
    rows: tuple[Row, ...]
    default: Row
    winner: Row
    searched: Difference | None
    confirmed: Difference | None
    importance: Mapping[str, float]
    seed: int
    seconds: float
    interrupted: bool

    @property
    def kept(self) -> bool:
        """Whether the winner, and not the default, is what to train."""
        return bool(self.settings)

    def classifier(self) -> TextClassifier:
        """A TextClassifier with these settings, to be fitted."""
        from heedful.learn.estimator import TextClassifier

        settings = {**self.given, **self.settings}
        settings.pop("train.seed", None)  # a parameter of its own
        return TextClassifier(self.preset, settings=settings, seed=self.seed)

    def to_json(self) -> dict[str, Any]:
        """All of it; the winner's exact settings under `settings`."""
        return {
            "format": 1,
            "preset": self.preset,
            "given": dict(self.given),
            "settings": dict(self.settings),
            "kept": "winner" if self.kept else "default",
            "metric": self.metric,
            "data": self.profile,
            "judges": self.rounds,
            "default": self.default.number,
            "winner": self.winner.number,
            "search": self.searched and self.searched.to_json(),
            "confirmation": self.confirmed and self.confirmed.to_json(),
            "importance": dict(self.importance),
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            "interrupted": self.interrupted,
            "trials": [row.to_json() for row in self.rows],
        }
