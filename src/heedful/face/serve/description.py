"""The OpenAPI description of a server that knows its models: their names, classes and limits.

What the models share is said; where they differ, whatever any of them takes. A route or field that
none of them has is left out. The routes themselves refuse more: what is right for one model is not
for another.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from heedful.explain.legend import METHODS
from heedful.face.serve.addressed import NAMED
from heedful.face.serve.classifier import ServedClassifier
from heedful.face.serve.desk import Desk
from heedful.face.serve.loaded import Served
from heedful.face.serve.open_inference import outputs_of
from heedful.face.serve.predicting import FUNCTIONS
from heedful.face.serve.rewriter import ServedRewriter

Json = dict[str, Any]


def described_for(desk: Desk, plain: Json) -> Json:
    """The description `plain` with what is known of the models and limits.

    Where a token is needed it stays plain: it can be read without one, and tells nothing of the
    runs.
    """
    found = copy.deepcopy(plain)
    shapes = found["components"]["schemas"]
    _limit(shapes, desk)
    if desk.serving.token is not None:
        return found
    models = list(desk.models.values())
    found["paths"] = {
        path: methods for path, methods in found["paths"].items() if _exists(path, models)
    }
    for path, methods in found["paths"].items():
        for operation in methods.values():
            _name_models(path, operation, models)
    _parameters(shapes, [one for one in models if isinstance(one, ServedClassifier)])
    outputs = [output["name"] for one in models for output in outputs_of(one)]
    shapes["OutputTensor"]["properties"]["name"]["enum"] = _once(outputs)
    return found


def _limit(shapes: Json, desk: Desk) -> None:
    """How long texts may be, and how many."""
    serving = desk.serving
    lists = [shapes["InputTensor"]["properties"]["data"]]
    texts = [shapes["ExplainRequest"]["properties"]["inputs"]]
    for name in ("PredictRequest", "TranslateRequest"):
        one, several = shapes[name]["properties"]["inputs"]["anyOf"]
        texts.append(one)
        lists.append(several)
    for several in lists:
        several["maxItems"] = serving.max_batch
        texts.append(several["items"])
    for text in texts:
        text["maxLength"] = serving.max_characters


def _exists(path: str, models: list[Served]) -> bool:
    """Whether any request to that path can be right."""
    if path == "/translate":
        return isinstance(models[0], ServedRewriter)
    return path != f"{NAMED}/translate" or bool(_meant(path, models))


def _meant(path: str, models: list[Served]) -> list[str]:
    """The names that are right in a path."""
    rewrites = path.endswith("/translate")
    return [one.name for one in models if not rewrites or isinstance(one, ServedRewriter)]


def _name_models(path: str, operation: Json, models: list[Served]) -> None:
    """A parameter that names a model, in the path or after it, lists them."""
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in ("name", "model"):
            parameter["schema"] = {"type": "string", "enum": _meant(path, models)}


def _parameters(shapes: Json, classifiers: list[ServedClassifier]) -> None:
    """What of `parameters` the classifiers take; networks that rewrite take nothing there."""
    predict, explain = (
        shapes[name]["properties"] for name in ("PredictParameters", "ExplainParameters")
    )
    if not classifiers:
        predict.clear()
        explain.clear()
        return
    own = [name for one in classifiers for name in FUNCTIONS[one.model.task]]
    predict["function_to_apply"]["anyOf"][0]["enum"] = [*_once(own), "none"]
    maps = {name for one in classifiers for name in one.methods}
    explain["methods"]["anyOf"][0]["items"]["enum"] = [name for name in METHODS if name in maps]
    labels = _once(label for one in classifiers for label in one.labels)
    explain["target"]["anyOf"][0]["enum"] = labels


def _once(names: Iterable[str]) -> list[str]:
    """Each, in order."""
    return list(dict.fromkeys(names))
