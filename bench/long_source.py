"""Time and memory of reading long sources: windows and local attention against the plain network.

A network with random weights reads a source of n tokens and writes n tokens, teacher-forced and
without gradients, for n from 100 to 5,000. Windows of 21 tokens slide by 10 over the source; local
attention sees 21 tokens at a step. Each case runs in a process of its own, whose peak memory is
what it took above a source of 100 tokens read in the same way.

    python bench/long_source.py [--tokens 100 1000 5000] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

WAYS: dict[str, dict[str, object]] = {
    "plain": {},
    "windows": {"source_window": 21, "window_step": 10},
    "local": {"scope": "local-m", "local_reach": 10},
    "windows + local": {
        "source_window": 21,
        "window_step": 10,
        "scope": "local-m",
        "local_reach": 10,
    },
}
VOCABULARY = 60


def once(way: str, tokens: int) -> dict[str, float]:
    """One case in this process: CPU seconds of reading and of writing, and peak memory in MiB."""
    import torch

    from heedful.config import ModelConfig, SequenceConfig
    from heedful.nn.transduce import Transducer

    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = ModelConfig(embedding=32, hidden=32, attention_width=32)
    decoder = SequenceConfig(units=64, readout=0, feeds="context", **WAYS[way])  # type: ignore[arg-type]
    network = Transducer(model, decoder, VOCABULARY, VOCABULARY).eval()

    def run(length: int) -> tuple[float, float]:
        ids = torch.randint(4, VOCABULARY, (1, length))
        mask = torch.ones(1, length, dtype=torch.bool)
        started = time.process_time()
        source = network.read(ids, mask)
        read = time.process_time() - started
        carried, before = network.decoder.start(source), ids[:, 0]
        for step in range(length):
            carried, _, _ = network.step(carried, before, source, step)
        return read, time.process_time() - started - read

    with torch.inference_mode():
        run(100)
        low = peak()
        read, wrote = run(tokens)
    return {"read": round(read, 4), "write": round(wrote, 4), "mib": round(peak() - low, 1)}


def peak() -> float:
    """Most memory that this process has held so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Run every case and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, nargs="+", default=[100, 500, 1000, 2000, 5000])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--once", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.once:
        print(json.dumps(once(given.once[0], int(given.once[1]))))
        return
    rows = []
    print(f"{'way':<16} {'tokens':>6} {'read s':>8} {'write s':>8} {'ms/token':>9} {'MiB':>7}")
    for way in WAYS:
        for tokens in given.tokens:
            command = [sys.executable, __file__, "--once", way, str(tokens)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found = json.loads(done.stdout)
            rows.append({"way": way, "tokens": tokens, **found})
            each = 1000 * (found["read"] + found["write"]) / tokens
            print(
                f"{way:<16} {tokens:>6} {found['read']:>8.3f} {found['write']:>8.3f} "
                f"{each:>9.3f} {found['mib']:>7.1f}",
                flush=True,
            )
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
