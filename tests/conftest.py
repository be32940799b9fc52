"""Shared fixtures. Tensor shapes declared in heedful.nn are checked while tests run."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")
# The tests' matrices are tiny: a second thread only costs.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from jaxtyping import install_import_hook

# Before anything imports heedful.nn: each call there is then checked against its shapes.
_HOOK = install_import_hook("heedful.nn", "beartype.beartype")

import pytest  # noqa: E402

import thorough  # noqa: E402
from browsing import browser  # noqa: E402, F401
from trained_runs import binary, multi_class, multi_label, place  # noqa: E402, F401
from visiting import page_runs, page_server, visit_page  # noqa: E402, F401

DATA = Path(os.environ.get("HEEDFUL_DATA", Path(__file__).parents[1] / ".." / "shared" / "data"))


def pytest_configure(config: pytest.Config) -> None:
    """Fewer drawn examples unless slow tests are asked for."""
    thorough.choose(config.getoption("markexpr", ""))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets; the test is skipped where it is absent."""
    if not DATA.is_dir():
        pytest.skip(f"the real data sets are not at {DATA}")
    return DATA.resolve()
