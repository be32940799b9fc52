"""AttentionPooling on the PyTorch backend, and against heedful's own attention."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import keras_table as table
from heedful.config import Config
from heedful.nn.attend import Location, attend, build_score
from heedful.settings import apply

SRC = Path(__file__).parents[1] / "src"
ROWS = table.rows()
# What takes longest, and half precision, is tried on some scores here, on all by the slow tests.
SOME = (
    "saving_keeps_it-additive-final",
    "learning_lowers_the_loss-additive-final",
    "functional_and_subclassed_agree-content",
)
LONG = ("saving_", "learning_", "functional_")


def marked(name: str) -> object:
    """The row as pytest takes it, marked if it is slow."""
    narrow = name.endswith(("64", "16")) and not name.endswith("learned-mixed_float16")
    slow = narrow or (name.startswith(LONG) and name not in SOME)
    return pytest.param(ROWS[name], id=name, marks=[pytest.mark.slow] if slow else [])


@pytest.mark.parametrize("row", [marked(name) for name in ROWS])
def test_table(row: Callable[[], None]) -> None:
    row()


def by_heedful(name: str, arrays: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Context and weights of nn/attend.py, on the same weights, states and query."""
    score, query, depth = name.rsplit("-", 2)
    settings = {
        "model.attention": score,
        "model.attention_width": 5,
        "model.attention_depth": int(depth),
        "model.attention_activation": "relu" if int(depth) > 1 else "tanh",
    }
    module = build_score(table.WIDTH, table.WIDTH, apply(Config(), settings).model)
    if score == "location":
        module = Location(table.WIDTH, positions=4)
    state = {k.removeprefix("state."): torch.tensor(v) for k, v in arrays.items() if "state." in k}
    own = state.pop("query", None)
    module.load_state_dict({k.removeprefix("score."): v for k, v in state.items()})
    keys, mask = torch.tensor(table.states()), torch.tensor(table.MASK)
    asks = torch.tensor(table.asked()) if own is None else own.expand(len(keys), -1)
    if query in ("final", "last"):
        asks = torch.zeros(len(keys), table.WIDTH)
        for row, real in enumerate(table.MASK):
            if (places := np.flatnonzero(real)).size:
                asks[row] = keys[row, places[-1]]
                if query == "final":
                    asks[row, table.WIDTH // 2 :] = keys[row, places[0], table.WIDTH // 2 :]
    with torch.no_grad():
        attended = attend(asks.unsqueeze(1), keys, mask, module)
    return attended.context.squeeze(1).numpy(), attended.weights.squeeze(1).numpy()


def holds(name: str, arrays: dict[str, np.ndarray]) -> None:
    context, weights = by_heedful(name, arrays)
    np.testing.assert_allclose(arrays["weights"], weights, atol=1e-5)
    np.testing.assert_allclose(arrays["context"], context, atol=1e-5)


def test_it_is_heedfuls_own_attention() -> None:
    found = table.all_said()
    assert len(found) == 19
    for name, arrays in found.items():
        holds(name, arrays)


def peers_python() -> str:
    """The Python that has JAX and TensorFlow; skips where there is none."""
    root = Path(__file__).parents[1]
    python = os.environ.get("HEEDFUL_PEERS_PYTHON") or str(root / ".venv-peers/bin/python")
    if not Path(python).exists():
        pytest.skip("no Python with JAX and TensorFlow: make bench-peers, or HEEDFUL_PEERS_PYTHON")
    return python


def under(backend: str, *arguments: str, python: str) -> None:
    """Run a script of this folder under another backend."""
    environment = os.environ | {
        "KERAS_BACKEND": backend,
        "PYTHONPATH": f"{SRC}{os.pathsep}{Path(__file__).parent}",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    ran = subprocess.run([python, *arguments], env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-3000:]


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "tensorflow"])
def test_table_on_another_backend(backend: str, tmp_path: Path) -> None:
    python = peers_python()
    under(backend, str(Path(__file__).parent / "keras_table.py"), str(tmp_path), python=python)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["backend"] == backend
    assert report["rows"] == len(ROWS)
    assert not report["failed"], "\n".join(report["failed"].values())
    assert not report["torch"], "the layer does not need torch"
    names = [path.stem for path in tmp_path.glob("*.npz")]
    assert len(names) == 19
    for name in names:
        with np.load(tmp_path / f"{name}.npz") as arrays:
            holds(name, dict(arrays))


WITHOUT = """
import sys, heedful
assert "keras" not in sys.modules
sys.modules["keras"] = None
try:
    import heedful.keras
except ModuleNotFoundError as error:
    assert "pip install 'heedful[keras]'" in str(error)
else:
    raise AssertionError
from heedful.face.converting import Texts, run_convert
try:
    texts = Texts(None, "lower", "whitespace", None)
    run_convert("m.keras", "run", sys.argv[1], texts, overwrite=False)
except heedful.HeedfulError as error:
    assert "pip install 'heedful[keras]'" in str(error)
else:
    raise AssertionError
"""


def test_heedful_loads_no_keras_and_says_how_to_get_it() -> None:
    environment = os.environ | {"PYTHONPATH": str(SRC)}
    command = [sys.executable, "-c", WITHOUT, __file__]
    subprocess.run(command, check=True, env=environment)
