"""Every block of code of docs/keras.md runs, one after the other, on little data."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

PAGE = (Path(__file__).parents[1] / "docs/keras.md").read_text("utf-8")
# The page's sizes, and small ones in their place.
SMALL = {
    "reviews:1000:0": "reviews:6:0",
    "output_sequence_length=60": "output_sequence_length=5",
    "epochs=4": "epochs=1",
    "LSTM(128": "LSTM(8",
    "LSTM(64": "LSTM(8",
    "GRU(128": "GRU(8",
    "10_000": "100",
    "20_000": "100",
}


@pytest.mark.filterwarnings("ignore")
def test_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code = "\n".join(re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S))
    for large, small in SMALL.items():
        assert large in code
        code = code.replace(large, small)
    names: dict[str, object] = {}
    exec(compile(code, "docs/keras.md", "exec"), names)
    printed = capsys.readouterr().out
    assert "(2, 8) [1. 0.]" in printed
    assert (tmp_path / "keras-run/config.json").exists()
    assert (tmp_path / "conv-run/config.json").exists()
    ids, stacked = names["ids"], names["stacked"]
    assert ids.shape == (6, 5)
    expected = np.asarray(stacked.predict(ids, verbose=0))[:, 0]
    found = names["run"].predict_proba(names["texts"])[:, 1]
    np.testing.assert_allclose(found, expected, atol=1e-5)
