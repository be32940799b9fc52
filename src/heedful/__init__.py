"""heedful: train text models with attention, and see and measure what each decision rests on.

The names below load what they need when first used, so that `import heedful` is quick.
"""

import os
import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heedful.explain.attribute import explain
    from heedful.explain.trust import measure_trust
    from heedful.learn.estimator import TextClassifier
    from heedful.learn.loading import load
    from heedful.learn.transducer import SequenceTransducer
    from heedful.records import Example, Explanation, HeedfulError, Trust
    from heedful.text.corpus import read

# OpenMP threads that spin while they wait bring training to a crawl as soon as another program
# wants a core (measured: 15 times slower). Sleeping ones cost nothing that can be measured.
# It has to be said before torch is loaded; a user's own setting stands.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

_HOMES = {
    "Example": "heedful.records",
    "Explanation": "heedful.records",
    "HeedfulError": "heedful.records",
    "SequenceTransducer": "heedful.learn.transducer",
    "TextClassifier": "heedful.learn.estimator",
    "Trust": "heedful.records",
    "explain": "heedful.explain.attribute",
    "load": "heedful.learn.loading",
    "measure_trust": "heedful.explain.trust",
    "read": "heedful.text.corpus",
}

__all__ = [
    "Example",
    "Explanation",
    "HeedfulError",
    "SequenceTransducer",
    "TextClassifier",
    "Trust",
    "explain",
    "load",
    "measure_trust",
    "read",
]


class _Package(ModuleType):
    """Keeps `heedful.explain` the function, whichever module was loaded first.

    Loading a module below the folder `explain` makes Python put the folder's module under that
    name, where users look for the function.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'heedful' has no attribute {name!r}")
    try:
        value = getattr(import_module(_HOMES[name]), name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        from heedful.missing import WITHOUT_TORCH

        raise ModuleNotFoundError(WITHOUT_TORCH, name="torch") from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
