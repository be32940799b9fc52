"""Where the real data sets are, for tests that need them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("HEEDFUL_DATA") or Path(__file__).parents[1] / "../shared/data")


def real(name: str) -> Path:
    """The path of a real file or folder; skips the test where it is absent."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the data set {name} is not here (set HEEDFUL_DATA)")
    return path
