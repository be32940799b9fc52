"""Start-up, speed and peak memory of `heedful predict`, and what spinning threads cost.

    python bench/scoring.py --data DATA

A small model is trained on built-in reviews; it then predicts 300,000 short rows and the
25,000 reviews of IMDB's test set. The last two rows train a model of the default preset while
another process computes, once with threads that spin while they wait and once with threads that
sleep, as heedful asks for.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = [sys.executable, "-m", "heedful"]
BUSY = "import torch; torch.set_num_threads(1); a = torch.rand(900, 900)\nwhile True: a @ a"


def run(*command: str, **environment: str) -> tuple[float, int]:
    """Wall seconds and peak memory in MiB of a whole process."""
    started = time.monotonic()
    process = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return time.monotonic() - started, usage.ru_maxrss // 1024


def middle(*command: str) -> str:
    """The median of five, in seconds."""
    return f"{sorted(run(*command)[0] for _ in range(5))[2]:.2f} s"


def under_load(folder: Path, policy: str) -> str:
    """Training time of a small model beside another busy process."""
    busy = subprocess.Popen([sys.executable, "-c", BUSY])
    try:
        flags = ["--set", "epochs=2", "--set", "patience=0"]
        out = str(folder / f"load-{policy}")
        command = (*PROGRAM, "train", "reviews", "--out", out, *flags)
        return f"{run(*command, OMP_WAIT_POLICY=policy)[0]:.0f} s"
    finally:
        busy.kill()


def main() -> None:
    """Print one row a figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model, short = str(folder / "model"), folder / "short.csv"
        run(*PROGRAM, "train", "reviews:300:1", "--out", model, "--set", "epochs=1")
        rows = (f"row {i} is neither good nor bad\n" for i in range(300_000))
        short.write_text("text\n" + "".join(rows))
        nowhere = ("--no-text", "--output", str(folder / "out.jsonl"))
        print("| | |\n|---|---|")
        print(f"| `import heedful` | {middle(sys.executable, '-c', 'import heedful')} |")
        print(f"| `heedful --help` | {middle(*PROGRAM, '--help')} |")
        print(f'| `heedful predict RUN "text"` | {middle(*PROGRAM, "predict", model, "good")} |')
        for what, path in (
            ("300,000 short rows", short),
            ("25,000 IMDB reviews", options.data / "imdb" / "test.tsv"),
        ):
            seconds, peak = run(*PROGRAM, "predict", model, "--input", str(path), *nowhere)
            print(f"| predict {what} | {seconds:.0f} s, {peak:,} MiB at most |")
        for policy, words in (("ACTIVE", "spin"), ("PASSIVE", "sleep")):
            print(
                f"| train beside a busy process, threads {words} | {under_load(folder, policy)} |"
            )


if __name__ == "__main__":
    main()
