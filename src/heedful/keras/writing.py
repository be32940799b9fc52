"""A converted model as a finished run folder. It needs torch, as `convert` does when it writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from heedful.learn.fit import Fitted
from heedful.learn.folder import save_run
from heedful.learn.model import TextModel
from heedful.learn.outcome import Outcome
from heedful.text.vocab import lengths_of


def write(model: TextModel, folder: Path, name: str, *, overwrite: bool) -> None:
    """Write the run as `heedful train` does, without a history and without training data.

    Raises:
        HeedfulError: a finished run lies there and `overwrite` is off.
    """
    none = np.zeros(0, np.int64)
    reason = f"converted from the Keras model {name!r}"
    outcome = Outcome((), 0, reason, interrupted=False)
    fitted = Fitted(model, outcome, lengths_of(none, none), {}, {})
    save_run(fitted, folder, {"converted_from": name}, {}, overwrite=overwrite)
