"""TextClassifier: the whole classifier as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError

from heedful.config import Config
from heedful.learn.embeds import Embeds
from heedful.learn.fit import finished, fit
from heedful.learn.folder import load_model, save_model
from heedful.learn.listener import Silent
from heedful.learn.logs import check_logs, check_places, logging_to
from heedful.learn.metrics import decide
from heedful.learn.model import TextModel, threads_for, using_threads
from heedful.learn.reading import as_texts, is_missing, labels_within, texts_and_labels
from heedful.learn.run import is_run
from heedful.learn.shared import Shared
from heedful.learn.tabular import Tabular
from heedful.presets import left_to_rules, preset, preset_for
from heedful.records import Epoch, Example, HeedfulError, Task
from heedful.settings import SECTIONS, apply, resolve
from heedful.text.corpus import split
from heedful.text.keyed import as_vectors_file
from heedful.text.labels import Labels

Array = NDArray[Any]


class TextClassifier(ClassifierMixin, Embeds, Tabular, Shared, BaseEstimator):  # type: ignore[misc]
    """Embed -> Encode -> Attend -> Predict with scikit-learn's interface.

    Args:
        preset: named settings to start from.
        encoder: overrides the encoder of preset and settings; with `hf:PATH_OR_NAME` the preset
            `pretrained` takes the place of `default`.
        attention: overrides their score function.
        settings: further settings by address, for example {"train.epochs": 3}.
        seed: of everything random; the same seed gives the same model.
        verbose: print a line an epoch.
        vectors: word vectors to start from: a file (`train.vectors`), or gensim's `KeyedVectors`.
        log: a folder for each kind of log: {"csv": "logs", "tensorboard": "logs/tb"}; each `fit`
            begins them anew. None = no logs.

    Attributes:
        classes_: class labels as they came in `y`, sorted; columns of `predict_proba`.
        history_: one `Epoch` an epoch.
        model_: the fitted `TextModel`.

    Labels may be strings, numbers or booleans. Multi-label targets are an indicator matrix
    or a sequence of label collections; predictions come back in the same form.
    """

    classes_: NDArray[Any]
    history_: tuple[Epoch, ...]
    model_: TextModel

    def __init__(
        self,
        preset: str = "default",
        encoder: str | None = None,
        attention: str | None = None,
        settings: Mapping[str, Any] | None = None,
        seed: int = 0,
        verbose: bool = False,
        vectors: Any = None,
        log: Mapping[str, str | Path] | None = None,
    ) -> None:
        self.preset = preset
        self.encoder = encoder
        self.attention = attention
        self.settings = settings
        self.seed = seed
        self.verbose = verbose
        self.vectors = vectors
        self.log = log

    def fit(
        self,
        X: Iterable[str],  # noqa: N803 - scikit-learn's name
        y: Iterable[Any] | None = None,
        unlabelled: Iterable[str] | None = None,
    ) -> Self:
        """Train on texts X and labels y.

        A seeded, stratified share of them (`train.validation`) decides when to stop. From
        `unlabelled` texts, and X without that share, word vectors are learnt first. Through a
        pipeline or a search it is a fit parameter like any other: scikit-learn's searches cut a
        list that is exactly as long as X along with X.

        A Hugging Face `Dataset` may stand for X alone: its columns of texts and labels are found.

        Raises:
            HeedfulError: texts or labels that are missing, of unequal number, or of one class.
        """
        texts, y = texts_and_labels(X, y)
        more = None if unlabelled is None else as_texts(unlabelled)
        names, classes, task, indicator = read_targets(y)
        if len(names) != len(texts):
            raise HeedfulError(f"{len(texts)} texts but {len(names)} labels")
        config = self._config()
        rows = zip(texts, names, strict=True)
        examples = [
            Example(text, label, "X", row) for row, (text, label) in enumerate(rows, start=1)
        ]
        share = config.train.validation
        train, valid = split(examples, share, self.seed) if share else (examples, [])
        labels = Labels(tuple(str(c) for c in classes), task)
        watch = Printer() if self.verbose else Silent()
        if self.log:
            check_places(self.log)
            check_logs(self.log, config)
        logging = logging_to(watch, self.log or {})
        with self._starting(config) as begun, logging as listener:
            fitted = finished(fit(train, valid, labels, begun, None, listener, more))
        if begun is not config:  # the file was ours, and is gone
            fitted.model.config = _without_vectors(fitted.model.config)
        self.model_, self.history_ = fitted.model, fitted.outcome.history
        self.classes_, self._indicator = classes, indicator
        return self

    def _config(self) -> Config:
        """All settings; the estimator's own parameters, which a search may vary, come last."""
        if "train.seed" in map(resolve, self.settings or {}):
            raise HeedfulError("settings holds a seed; give it as TextClassifier(seed=...)")
        own: dict[str, Any] = {"encoder": self.encoder, "attention": self.attention}
        own |= {"seed": self.seed, "vectors": str(self.vectors) if _is_path(self.vectors) else None}
        encoders = [self.encoder, *(self.settings or {}).values()]
        name = preset_for(None, encoders) if self.preset == "default" else None
        chosen = apply(preset(name or self.preset), self.settings or {})
        return apply(chosen, {k: v for k, v in own.items() if v is not None})

    @contextmanager
    def _starting(self, config: Config) -> Iterator[Config]:
        """The settings to train with while vectors that came as an object lie in a file."""
        if self.vectors is None or _is_path(self.vectors):
            yield config
            return
        with as_vectors_file(self.vectors) as path:
            yield apply(config, {"train.vectors": path})

    def _fitted(self) -> TextModel:
        model: TextModel | None = getattr(self, "model_", None)
        if model is None:
            raise NotFittedError("this TextClassifier is not fitted yet; call fit first")
        return model

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def predict_proba(self, X: Iterable[str]) -> NDArray[np.float64]:  # noqa: N803
        """(N, C) probabilities, columns as `classes_`. Rows sum to 1 unless multi-label."""
        model, texts = self._fitted(), as_texts(X)
        with using_threads(threads_for(texts, model.config.train.threads)):
            values = model.probabilities(texts).astype(np.float64)
        if model.task != "multi-label":
            values /= values.sum(axis=1, keepdims=True)
        return values

    def predict(self, X: Iterable[str]) -> NDArray[Any]:  # noqa: N803
        """Labels as they came in `y`."""
        model = self._fitted()
        task = model.task
        decided = decide(self.predict_proba(X), task, model.decision.array())
        if task != "multi-label":
            return self.classes_[decided]
        if self._indicator:
            return decided
        sets = np.empty(len(decided), dtype=object)
        for row, chosen in enumerate(decided):
            sets[row] = tuple(self.classes_[chosen == 1])
        return sets

    def score(self, X: Iterable[str], y: Any = None, sample_weight: Any = None) -> float:  # noqa: N803
        """Accuracy: the (weighted) share of texts whose labels are exactly right.

        Labels of a `Dataset` that stands for X alone are compared by their names.
        """
        predicted, y = self.predict(X), labels_within(X, y, self.classes_)
        if self._fitted().task != "multi-label":
            truth = np.asarray(y if hasattr(y, "shape") else list(y))
            right = predicted == truth.ravel()
        elif self._indicator:
            right = (predicted == np.asarray(y)).all(axis=1)
        else:
            pairs = zip(predicted, y, strict=True)
            right = np.array([set(guess) == set(truth) for guess, truth in pairs])
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
        save_model(model, folder)

    @classmethod
    def _loaded(cls, folder: Path) -> Any:
        return load(folder)

    def __sklearn_tags__(self) -> Any:
        """Texts in, not numbers; scikit-learn's generic checks feed matrices."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.non_deterministic = False
        return tags


def _is_path(vectors: Any) -> bool:
    return isinstance(vectors, str | Path)


def _without_vectors(config: Config) -> Config:
    return replace(config, train=replace(config.train, vectors=None))


def load(folder: str | Path) -> TextClassifier:
    """A fitted TextClassifier from a run folder. Its classes are texts, whatever `y` was.

    Raises:
        HeedfulError: no finished run there, or a damaged one.
    """
    model = load_model(folder)
    config = model.config
    settings = differences(config)
    classifier = TextClassifier(config.preset, settings=settings, seed=config.train.seed)
    classifier.model_ = model
    classifier.classes_ = np.array(model.labels.names)
    classifier.history_ = ()
    classifier._indicator = False
    return classifier


def differences(config: Config) -> dict[str, Any]:
    """The settings in which a configuration differs from its preset, the seed aside.

    Those that the preset leaves to the length of the texts are always among them.
    """
    ours, theirs = config.to_json(), preset(config.preset).to_json()
    ruled = left_to_rules(config.preset)
    return {
        address: value
        for section in SECTIONS
        for name, value in ours[section].items()
        if (address := f"{section}.{name}") in ruled
        or (value != theirs[section][name] and name != "seed")
    }


def _indicators(y: Any) -> Array:
    """An indicator matrix, checked.

    Raises:
        HeedfulError: a value that is neither 0 nor 1.
    """
    matrix = np.asarray(y)
    wrong = ~np.isin(matrix, (0, 1))
    if wrong.any():
        row, column = (int(i) for i in np.argwhere(wrong)[0])
        raise HeedfulError(
            f"row {row + 1}, column {column + 1}: {str(matrix[row, column])!r} in a matrix of "
            "labels, which holds zeros and ones only"
        )
    return matrix.astype(np.int64)


def _check_collections(values: list[Any]) -> None:
    """Lists of zeros and ones are an indicator matrix in disguise, not label collections."""
    plain = all(isinstance(v, list | tuple) for v in values)
    if plain and len({len(v) for v in values}) == 1 and len(values[0]) > 1:
        found = {label for v in values for label in v if isinstance(label, int)}
        if found == {0, 1} and any(len(set(v)) < len(v) for v in values):
            raise HeedfulError(
                "the labels look like a matrix of zeros and ones in nested lists; pass "
                "numpy.array(y), or lists of label names"
            )


def read_targets(
    y: Iterable[Any],
) -> tuple[list[tuple[str, ...]], NDArray[Any], Task, bool]:
    """Label names per text, the classes, the task, and whether y is an indicator matrix."""
    shape = getattr(y, "shape", None)
    if shape is not None and len(shape) == 2 and shape[1] > 1:
        matrix = _indicators(y)
        classes = np.arange(matrix.shape[1])
        names = [tuple(str(c) for c in np.flatnonzero(row)) for row in matrix]
        return names, classes, "multi-label", True
    values = list(np.asarray(y).ravel()) if shape is not None else list(y)
    # polars and Arrow hand out the lists of a column as arrays
    values = [v.tolist() if isinstance(v, np.ndarray) else v for v in values]
    collections = [isinstance(v, list | tuple | set | frozenset) for v in values]
    if any(collections) and not all(collections):
        row = collections.index(False) + 1
        raise HeedfulError(f"row {row}: the label is no list, where others are; make all lists")
    if values and all(collections):
        _check_collections(values)
        classes = np.unique([label for v in values for label in v])
        if len(classes) < 2:
            raise HeedfulError("multi-label targets need at least two distinct labels")
        return [tuple(sorted({str(x) for x in v})) for v in values], classes, "multi-label", False
    for row, value in enumerate(values, start=1):
        if is_missing(value):
            raise HeedfulError(f"row {row}: the label is missing; drop the row or fill it in")
    classes = np.unique(np.asarray(values)) if values else np.array([])
    if len(classes) < 2:
        what = f"only {str(classes[0])!r}" if len(classes) else "none"
        raise HeedfulError(f"the labels need at least two classes, got {what}")
    task: Task = "binary" if len(classes) == 2 else "multi-class"
    return [(str(value),) for value in np.asarray(values)], classes, task, False


class Printer:
    """A listener that prints a line an epoch, for notebooks and scripts."""

    def say(self, message: str) -> None:
        """Print it."""
        print(message)

    def batch(self, epoch: int, done: int, total: int, loss: float) -> None:
        """Too often to print."""

    def epoch(self, epoch: Epoch, best: bool) -> None:
        """Print the epoch's main figures."""
        figures = epoch.valid or epoch.train
        print(
            f"epoch {epoch.epoch}: loss {epoch.train['loss']:.4f}, "
            f"{'validation' if epoch.valid else 'training'} accuracy {figures['accuracy']:.4f}"
            f"{' (best so far)' if best else ''}"
        )
