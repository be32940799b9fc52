"""The runs that are served, by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from heedful.face.serve.classifier import ServedClassifier
from heedful.face.serve.problems import ProblemError
from heedful.face.serve.rewriter import ServedRewriter
from heedful.learn.run import is_sequence_run
from heedful.records import HeedfulError

Served = ServedClassifier | ServedRewriter


def load_all(runs: Sequence[str]) -> dict[str, Served]:
    """The models of some run folders, the default first.

    Raises:
        HeedfulError: no run, a damaged one, or two of the same name.
    """
    models: dict[str, Served] = {}
    for run in runs:
        folder = Path(run)
        name = folder.resolve().name
        if name in models:
            raise HeedfulError(
                f"{run} and {models[name].folder} are both called {name}; a model is called as its "
                "folder, so rename one"
            )
        models[name] = (ServedRewriter if is_sequence_run(folder) else ServedClassifier)(
            name, folder
        )
    return models


def chosen(models: dict[str, Served], name: str | None) -> Served:
    """The model of that name; without a name the default.

    Raises:
        ProblemError: 404; there is none.
    """
    if name is None:
        return next(iter(models.values()))
    if name not in models:
        raise ProblemError(
            404, f"there is no model {name[:80]!r}; there are {', '.join(models)}", "model"
        )
    return models[name]


def classifier(model: Served) -> ServedClassifier:
    """The model, if it classifies.

    Raises:
        ProblemError: 422; it rewrites.
    """
    if isinstance(model, ServedClassifier):
        return model
    raise ProblemError(422, f"model {model.name} rewrites and has no classes", "model")


def rewriter(model: Served) -> ServedRewriter:
    """The model, if it rewrites.

    Raises:
        ProblemError: 422; it classifies.
    """
    if isinstance(model, ServedRewriter):
        return model
    raise ProblemError(
        422, f"model {model.name} classifies and rewrites nothing; ask /predict", "model"
    )
