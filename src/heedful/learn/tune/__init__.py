"""Search for settings: `tune`. Needs the extra `tune` (Optuna)."""

from heedful.learn.tune.estimating import tune

__all__ = ["tune"]
