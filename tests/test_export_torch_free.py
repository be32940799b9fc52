"""An exported file works where there is no PyTorch, and without it everything else says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from command_line import strict
from heedful.face.export.write import exported
from heedful.learn.folder import save_model
from made_models import random_model

SRC = Path(__file__).parents[1] / "src"
# A process in which importing these fails as if they were not installed, and which tells in the end
# what else it has loaded.
PROBE = """
import sys
class Gone:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "onnx"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Gone())
import json, io
from heedful.face.cli import main
asked = json.loads(sys.argv[1])
answers = []
for words in asked:
    sys.argv = ["heedful", *words]
    sys.stdout, sys.stderr = out, err = io.StringIO(), io.StringIO()
    try:
        main()
    except SystemExit as done:
        answers.append([done.code, out.getvalue(), err.getvalue()])
heavy = [name for name in ("sklearn", "scipy", "polars", "matplotlib") if name in sys.modules]
try:
    from heedful import TextClassifier
except ImportError as error:
    answers.append([0, str(error), ""])
sys.__stdout__.write(json.dumps([answers, heavy]))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("bare")
    model = random_model(12, "multi-label", model__encoder="bigru")
    save_model(model, place / "run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("heedful.face.export.write.check", lambda *_: None)
        content = exported(replace(model), {}, int8=False).content
    (place / "run.onnx").write_bytes(content)
    return place


def test_predict_and_explain_without_torch(place: Path) -> None:
    """In one process that can load neither torch nor onnx; the rest says what is missing."""
    file, run = str(place / "run.onnx"), str(place / "run")
    commands = [
        ["predict", file, "w1 w2 w3", "w5"],
        ["explain", file, "w1 w2 w3", "--json", "-"],
        ["explain", file, "w1 w2 w3"],
        ["predict", run, "w1"],
        ["train", "reviews:40:1", "--out", str(place / "new")],
        ["export", run, "--onnx", file],
        ["--help"],
    ]
    environment = os.environ | {"PYTHONPATH": str(SRC)}
    probe = [sys.executable, "-c", PROBE, json.dumps(commands)]
    ran = subprocess.run(probe, capture_output=True, text=True, env=environment, cwd=place)
    assert ran.returncode == 0, ran.stderr
    answers, heavy = json.loads(ran.stdout)
    assert heavy == [], "loaded although nothing asked for it"
    predicted, record, drawn, by_run, trained, written, help_, imported = answers
    assert [code for code, _, _ in answers] == [0, 0, 0, 2, 2, 2, 0, 0], answers
    known = random_model(12, "multi-label", model__encoder="bigru").predict(["w1 w2 w3", "w5"])
    for line, wanted in zip(predicted[1].splitlines(), known, strict=True):
        own = strict(line)
        assert tuple(own["labels"]) == wanted.labels and own["tokens"] == wanted.tokens
        assert own["probabilities"] == pytest.approx(wanted.probabilities, abs=1e-5)
    assert len(strict(record[1])[0]["tokens"]) == 3 and "w1" in drawn[1]
    for refused in (by_run, trained, written):
        assert "pip install 'heedful[torch]'" in refused[2] and refused[2].count("\n") == 1
    assert "export" in help_[1] and "pip install 'heedful[torch]'" in imported[1]
