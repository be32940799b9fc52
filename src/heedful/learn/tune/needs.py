"""Optuna, where it is used, and what is said where it is missing."""

from __future__ import annotations

from importlib.util import find_spec

from heedful.records import HeedfulError


def require() -> None:
    """Raise HeedfulError where Optuna is not installed; and keep it quiet where it is."""
    if find_spec("optuna") is None:
        raise HeedfulError(
            "searching for settings needs optuna, which is not installed: "
            "pip install 'heedful[tune]'"
        )
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
