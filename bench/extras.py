"""Does every extra install alone, do its work there, and is it named where it is missing?

    python bench/extras.py
    python bench/extras.py tune ray

For each extra: a new environment with `heedful[EXTRA]` by constraints.txt and nothing else, where a
command that needs it is run; the same command in an environment with PyTorch alone, or with no
extra at all, has to end with an error that names the extra. Needs a package index (environments are
made anew) and takes about a minute an extra. Prints a table, writes
bench/results/extras.json.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench/results/extras.json"
TEXTS = "reviews:200:0"
QUICK = ("--preset", "fast", "--no-baseline")
IMPORTED = "import heedful, sys; print(' '.join(m for m in sys.modules if '.' not in m))"
OURS = {
    "torch": "torch", "onnx": "onnxruntime", "vectors": "gensim", "hub": "huggingface_hub",
    "datasets": "datasets", "pandas": "pandas", "keras": "keras", "tune": "optuna",
    "hf": "transformers", "serve": "fastapi", "tensorboard": "tensorboard", "ray": "ray",
}  # fmt: skip


@dataclass(frozen=True)
class Probe:
    """A command that needs an extra.

    Attributes:
        arguments: of Python.
        said: what it says, whether it ends well or not, that shows it got beyond the import.
        without: the extra of the environment that lacks it; "" = none at all.
        code: its exit status where the extra is there; None = it runs until it is stopped.
    """

    arguments: tuple[str, ...]
    said: str
    without: str = "torch"
    code: int | None = 0


def probes(run: str, onnx: str, folder: Path) -> dict[str, Probe]:
    """One for each extra that can be missing: hub and pandas' readers come with others."""
    heedful = ("-m", "heedful")
    train = (*heedful, "train", TEXTS, "--out", str(folder / "out"))
    small = ("--set", "train.epochs=1", "--set", "pretrain.regions=0", "--no-baseline")
    frame = (
        "import sys; from heedful import load; from heedful.records import HeedfulError\n"
        f"try: print(load({run!r}).predict_frame(['good'], frame='pandas').shape)\n"
        "except HeedfulError as error: sys.exit(f'{error}')"
    )
    layer = (
        "import sys; from heedful.records import HeedfulError\n"
        "try: from heedful.keras import AttentionPooling; print(AttentionPooling)\n"
        "except (ImportError, HeedfulError) as error: sys.exit(f'{error}')"
    )
    rows = folder / "rows.csv"
    rows.write_text("text\ngood\nbad\n")
    scored = ("--input", str(rows), "--output", str(folder / "scored"), "--engine", "ray")
    return {
        "torch": Probe((*train, *QUICK), "written after", ""),
        "onnx": Probe((*heedful, "predict", onnx, "good"), "positive", ""),
        "serve": Probe((*heedful, "serve", run, "--port", "0"), "127.0.0.1", code=None),
        "vectors": Probe((*train, *small, "--set", "pretrain.method=skip-gram"), "written after"),
        "pandas": Probe(("-c", frame), "(1,"),
        "keras": Probe(("-c", layer), "AttentionPooling"),
        "tune": Probe(
            (*heedful, "tune", TEXTS, "--out", str(folder / "found"), "--trials", "2",
             "--preset", "fast"), "trial 1"),
        "hf": Probe((*train, "--encoder", f"hf:{folder}"), "config.json", code=2),
        "tensorboard": Probe((*train, *small, "--log", "tensorboard"), "written after"),
        "ray": Probe((*heedful, "predict", run, *scored), "2"),
    }  # fmt: skip


def python_of(extra: str, place: Path) -> str:
    """The Python of a new environment with this extra alone."""
    environment = place / (extra or "none")
    python = str(environment / "bin/python")
    wanted = f"{ROOT}[{extra}]" if extra else str(ROOT)
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    quiet = ("--quiet", "--disable-pip-version-check")
    also = ["torch"] if extra == "keras" else []  # a backend is the user's own
    constraints = ROOT / "constraints.txt"
    subprocess.run(
        [python, "-m", "pip", "install", *quiet, "-c", constraints, wanted, *also], check=True
    )
    return python


def said(python: str, arguments: tuple[str, ...], seconds: float) -> tuple[int | None, str]:
    """Exit status (None: it was stopped) and all that was printed."""
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    clean |= {"KERAS_BACKEND": "torch", "HF_HUB_OFFLINE": "1"}
    with tempfile.TemporaryDirectory() as here:
        try:
            done = subprocess.run(
                [python, *arguments], capture_output=True, text=True, cwd=here, env=clean,
                timeout=seconds,
            )  # fmt: skip
        except subprocess.TimeoutExpired as late:
            return None, "".join(
                part.decode() if isinstance(part, bytes) else part or ""
                for part in (late.stdout, late.stderr)
            )
    return done.returncode, done.stdout + done.stderr


def imported(python: str) -> tuple[list[str], float]:
    """Packages of extras that `import heedful` loads, and its time: the best of three, in ms."""
    best, loaded = float("inf"), ""
    for _ in range(3):
        started = time.perf_counter()
        loaded = said(python, ("-c", IMPORTED), 60)[1]
        best = min(best, time.perf_counter() - started)
    return sorted(set(loaded.split()) & set(OURS.values())), round(1000 * best, 1)


def measure(extra: str, probe: Probe, there: str, lacking: str) -> dict[str, Any]:
    """One extra: does it work, is it named where it is missing?"""
    code, text = said(there, probe.arguments, 300 if probe.code is not None else 25)
    works = code == probe.code and probe.said in text and "pip install 'heedful" not in text
    missing, line = said(lacking, probe.arguments, 300)
    last = line.strip().splitlines()[-1] if line.strip() else ""
    named = bool(missing) and f"heedful[{extra}]" in last and "Traceback" not in line
    loaded, milliseconds = imported(there)
    return {
        "extra": extra, "works": works, "named": named, "says": last,
        "loaded_by_import": loaded, "import_ms": milliseconds,
        "seen": "" if works else text[-2000:],
    }  # fmt: skip


def main() -> int:
    """Make environments, run, print, write; 1 if anything is not as it should be."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run, onnx = str(folder / "run"), str(folder / "run.onnx")
        for arguments in (("train", TEXTS, "--out", run, *QUICK), ("export", run, "--onnx", onnx)):
            subprocess.run([sys.executable, "-m", "heedful", *arguments], check=True)
        every = probes(run, onnx, folder)
        bare = {extra: python_of(extra, folder) for extra in ("", "torch")}
        for extra in sys.argv[1:] or every:
            there = bare["torch"] if extra == "torch" else python_of(extra, folder)
            rows.append(measure(extra, every[extra], there, bare[every[extra].without]))
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
            if extra != "torch":
                subprocess.run(["rm", "-rf", folder / extra], check=True)
    print("| extra | works alone | named where missing | import heedful, process, ms | loads |")
    print("|---|---|---|---|---|")
    for row in rows:
        marks = ["yes" if row[key] else "NO" for key in ("works", "named")]
        loads = ", ".join(row["loaded_by_import"]) or "none of them"
        print(f"| `{row['extra']}` | {marks[0]} | {marks[1]} | {row['import_ms']} | {loads} |")
    RESULTS.write_text(json.dumps(rows, indent=2) + "\n")
    return 0 if all(row["works"] and row["named"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
