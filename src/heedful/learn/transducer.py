"""SequenceTransducer: a network that rewrites sequences, as a scikit-learn estimator."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from heedful.config import Config
from heedful.learn.estimator import Printer, differences
from heedful.learn.listener import Silent
from heedful.learn.logs import logging_to
from heedful.learn.model import threads_for, using_threads
from heedful.learn.reading import as_texts
from heedful.learn.run import is_run
from heedful.learn.sequence_fit import fit_sequence
from heedful.learn.sequence_folder import load_sequence, save_sequence
from heedful.learn.sequence_model import SequenceModel
from heedful.learn.shared import Shared
from heedful.presets import preset
from heedful.records import Epoch, HeedfulError, Rewriting
from heedful.settings import apply, resolve
from heedful.text.pair import Pair
from heedful.text.pairs import split_by_source


class SequenceTransducer(Shared, BaseEstimator):  # type: ignore[misc]
    """Rewrites one sequence as another, with scikit-learn's interface.

    Args:
        preset: named settings to start from: `clock`, `clock-best` or `translate`.
        attention: overrides the score function of preset and settings.
        beam: hypotheses that the search keeps; None = as the settings say.
        settings: further settings by address, for example {"train.epochs": 3}.
        seed: of everything random; the same seed gives the same model.
        verbose: print a line an epoch.
        log: a folder for each kind of log: {"csv": "logs", "tensorboard": "logs/tb"}; each `fit`
            begins them anew. None = no logs.

    Attributes:
        history_: one `Epoch` an epoch.
        model_: the fitted `SequenceModel`.
    """

    history_: tuple[Epoch, ...]
    model_: SequenceModel

    def __init__(
        self,
        preset: str = "translate",
        attention: str | None = None,
        beam: int | None = None,
        settings: Mapping[str, Any] | None = None,
        seed: int = 0,
        verbose: bool = False,
        log: Mapping[str, str | Path] | None = None,
    ) -> None:
        self.preset = preset
        self.attention = attention
        self.beam = beam
        self.settings = settings
        self.seed = seed
        self.verbose = verbose
        self.log = log

    def fit(self, X: Iterable[str], y: Iterable[str]) -> Self:  # noqa: N803 - scikit-learn's name
        """Train on sources X and targets y.

        A seeded share of the pairs (`train.validation`), whose sources are in no other pair,
        decides which epoch is kept.

        Raises:
            HeedfulError: sources or targets that are missing or of unequal number.
        """
        sources, targets = as_texts(X), as_texts(y)
        if len(sources) != len(targets):
            raise HeedfulError(f"{len(sources)} sources but {len(targets)} targets")
        config = self._config()
        pairs = [
            Pair(*both, "X", row) for row, both in enumerate(zip(sources, targets, strict=True), 1)
        ]
        share, held = config.train.validation, list[Pair]()
        if share and pairs:
            pairs, held = split_by_source(pairs, share, self.seed)
        watch = Printer() if self.verbose else Silent()
        with logging_to(watch, self.log or {}) as listener:
            fitted = fit_sequence(pairs, held, config, None, listener)
        self.model_, self.history_ = fitted.model, fitted.outcome.history
        return self

    def _config(self) -> Config:
        """All settings; the estimator's own parameters, which a search may vary, come last."""
        if "train.seed" in map(resolve, self.settings or {}):
            raise HeedfulError("settings holds a seed; give it as SequenceTransducer(seed=...)")
        own = {"attention": self.attention, "beam": self.beam, "seed": self.seed}
        chosen = apply(preset(self.preset), self.settings or {})
        return apply(chosen, {k: v for k, v in own.items() if v is not None})

    def _fitted(self) -> SequenceModel:
        model: SequenceModel | None = getattr(self, "model_", None)
        if model is None:
            raise NotFittedError("this SequenceTransducer is not fitted yet; call fit first")
        return model

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def predict(self, X: Iterable[str]) -> NDArray[Any]:  # noqa: N803
        """What each source is rewritten as; (N,) of str objects.

        Warns (UserWarning) where the maximum length cut outputs off.
        """
        found = [best[0] for best in self._rewritten(X, 1, looks=False)]
        cut = sum(not one.finished for one in found)
        if cut:
            longest = self._fitted().config.sequence.max_length
            warnings.warn(
                f"{cut} of {len(found)} outputs were cut off at {longest} tokens "
                "(sequence.max_length)",
                stacklevel=2,
            )
        texts = np.empty(len(found), dtype=object)
        texts[:] = [one.text for one in found]
        return texts

    def rewrite(self, X: Iterable[str], best: int = 1) -> list[list[Rewriting]]:  # noqa: N803
        """Of each source its `best` rewritings, with scores and where the network looked.

        There are as many as the beam finds: at most `beam`, or `best` if that is more.
        """
        return self._rewritten(X, best, looks=True)

    def _rewritten(self, X: Iterable[str], best: int, *, looks: bool) -> list[list[Rewriting]]:  # noqa: N803
        model, sources = self._fitted(), as_texts(X)
        beam = max(best, self.beam or model.config.sequence.beam)
        with using_threads(threads_for(sources, model.config.train.threads)):
            return model.rewrite(sources, model.searching(beam, looks=looks), best)

    def score(self, X: Iterable[str], y: Iterable[str], sample_weight: Any = None) -> float:  # noqa: N803
        """Exact match: the (weighted) share of sources whose output is the target."""
        predicted, truth = self.predict(X), as_texts(y)
        if len(predicted) != len(truth):
            raise HeedfulError(f"{len(predicted)} sources but {len(truth)} targets")
        right = [one == other for one, other in zip(predicted, truth, strict=True)]
        return float(np.average(right, weights=sample_weight))

    def save(self, folder: str | Path) -> None:
        """Write the model as a run folder that `load` and the command line read.

        Raises:
            HeedfulError: the folder already holds a run.
        """
        model, folder = self._fitted(), Path(folder)
        if folder.exists() and not folder.is_dir():
            raise HeedfulError(f"{folder} is a file; name a folder")
        if is_run(folder):
            raise HeedfulError(f"{folder} already holds a run; choose another folder")
        save_sequence(model, folder)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """A fitted estimator from a run folder.

        Raises:
            HeedfulError: no run that rewrites sequences there, or a damaged one.
        """
        model = load_sequence(folder)
        config = model.config
        loaded = cls(config.preset, settings=differences(config), seed=config.train.seed)
        loaded.model_, loaded.history_ = model, ()
        return loaded

    @classmethod
    def _loaded(cls, folder: Path) -> Any:
        return cls.load(folder)

    def __sklearn_tags__(self) -> Any:
        """Texts in, texts out; scikit-learn's generic checks feed matrices."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.target_tags.required = True
        return tags
