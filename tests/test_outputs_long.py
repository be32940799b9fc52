"""A million rows from Parquet to Parquet: flat memory, killed halfway, the same bytes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from heedful.learn.folder import save_model
from made_models import random_model

SRC = Path(__file__).parents[1] / "src"
PROBE = (
    "import resource, sys; from heedful.face.cli import main\n"
    "try: main()\n"
    "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
)
ENVIRONMENT = os.environ | {"PYTHONPATH": str(SRC)}


def made(path: Path, rows: int) -> Path:
    draw = random.Random(rows)
    known = [f"w{i}" for i in range(60)]  # a third of them is unknown to the model
    texts = [" ".join(draw.choices(known, k=20)) for _ in range(rows)]
    pl.DataFrame({"text": texts}).write_parquet(path)
    return path


def arguments(run: Path, data: Path, target: Path, *more: str) -> list[str]:
    return ["predict", str(run), "--input", str(data), "--output", str(target), *more]


def peak(*given: str) -> float:
    """MiB that the command took at most; it must succeed."""
    ran = subprocess.run(
        [sys.executable, "-c", PROBE, *given], capture_output=True, text=True, env=ENVIRONMENT
    )
    assert ran.returncode == 0, ran.stderr
    return int(ran.stderr.split()[-1]) / 1024  # ru_maxrss is in KiB on Linux


@pytest.mark.slow
def test_a_million_rows(tmp_path: Path) -> None:
    run = tmp_path / "run"
    save_model(random_model(task="multi-class"), run)
    small, large = (made(tmp_path / f"{n}.parquet", n) for n in (100_000, 1_000_000))
    first = peak(*arguments(run, small, tmp_path / "small.out.parquet"))
    whole, target = tmp_path / "whole.parquet", tmp_path / "target.parquet"
    second = peak(*arguments(run, large, whole))
    print(f"peak {first:.0f} MiB for 100,000 rows, {second:.0f} MiB for 1,000,000")
    assert second < first + 100, "flat"

    journal = tmp_path / ".target.parquet.parts" / "journal.json"
    killed = subprocess.Popen(
        [sys.executable, "-m", "heedful", *arguments(run, large, target)], env=ENVIRONMENT
    )
    rows = 0
    while rows < 450_000:
        assert killed.poll() is None, "it must not end before it is killed"
        time.sleep(0.05)
        rows = json.loads(journal.read_bytes())["rows"] if journal.exists() else 0
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert rows < 1_000_000 and not target.exists()
    third = peak(*arguments(run, large, target, "--resume"))
    assert third < first + 100, "flat"
    assert target.read_bytes() == whole.read_bytes()
    table = pl.scan_parquet(target).select(
        rows=pl.len(), ordered=(pl.col("row") == pl.int_range(1, pl.len() + 1)).all()
    )
    assert table.collect().to_dicts() == [{"rows": 1_000_000, "ordered": True}]
    assert sorted(path.name for path in tmp_path.iterdir() if "target" in path.name) == [
        "target.parquet"
    ]
