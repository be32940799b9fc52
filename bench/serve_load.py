"""A server under load, on loopback: requests a second, times, memory; overload; SIGTERM.

    python bench/serve_load.py RUN
    python bench/serve_load.py RUN --clients 64 --seconds 60

The server is a process of its own; the clients are one other process, each with a connection that
stays open, asking for one text (a generated review) at a time. Then as many clients send requests
of 256 texts, more than the queue holds: refusals (503) are counted and timed, and afterwards single
requests again. Then SIGTERM while all ask: every request that the server counts as answered must
have reached its client. Writes bench/results/serve-load.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import contest

from heedful.text.generate.reviews import generate

OUT = contest.BENCH / "results" / "serve-load.json"
RECOVERY = 200  # requests, one after the other
HEAD = ("phase", "requests", "per s", "p50, ms", "p99, ms", "503", "its p99, ms", "other errors")


@dataclass
class Tally:
    """Answers of a phase: seconds by status; and how many connections ended without one."""

    seconds: dict[int, list[float]] = field(default_factory=dict)
    broken: int = 0
    wall: float = 0.0

    def add(self, status: int, seconds: float) -> None:
        """An answer."""
        self.seconds.setdefault(status, []).append(seconds)

    @property
    def answers(self) -> int:
        """Of any status."""
        return sum(map(len, self.seconds.values()))

    def figures(self) -> dict[str, Any]:
        """As JSON; times are of answered (200) requests."""
        good, refused = sorted(self.seconds.get(200, [])), sorted(self.seconds.get(503, []))
        others = Counter({str(k): len(v) for k, v in self.seconds.items() if k not in (200, 503)})
        return {
            "requests": self.answers,
            "per_second": round(len(good) / self.wall, 1) if self.wall else None,
            "p50_ms": quantile(good, 0.5),
            "p99_ms": quantile(good, 0.99),
            "refused": len(refused),
            "refused_p99_ms": quantile(refused, 0.99),
            "errors": sum(others.values()),
            "broken": self.broken,
        }


def quantile(ascending: list[float], share: float) -> float | None:
    """In milliseconds; None of nothing."""
    if not ascending:
        return None
    return round(1000 * ascending[min(len(ascending) - 1, int(share * len(ascending)))], 2)


class Client:
    """A connection that stays open."""

    def __init__(self, host: str, port: int, tally: Tally) -> None:
        self.host, self.port, self.tally = host, port, tally
        self.stream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, body: bytes) -> bool:
        """One request; False where the connection is refused or ends before an answer."""
        began = time.perf_counter()
        try:
            status = await self._answer(body)
        except (OSError, asyncio.IncompleteReadError):
            self.stream = None
            self.tally.broken += 1
            return False
        self.tally.add(status, time.perf_counter() - began)
        return True

    async def _answer(self, body: bytes) -> int:
        if self.stream is None:
            self.stream = await asyncio.open_connection(self.host, self.port)
        reader, writer = self.stream
        head = f"POST /predict HTTP/1.1\r\nHost: {self.host}\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"Content-Type: application/json\r\n\r\n" + body)
        await writer.drain()
        said = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        found = re.search(r"content-length: (\d+)", said)
        await reader.readexactly(int(found[1]) if found else 0)
        if "connection: close" in said:
            writer.close()
            self.stream = None
        return int(said.split()[1])


async def load(place: tuple[str, int], clients: int, seconds: float, bodies: list[bytes]) -> Tally:
    """So many clients that ask again as soon as they are answered, for so long."""
    tally, until = Tally(), time.perf_counter() + seconds

    async def keep_asking(number: int) -> None:
        client, turn = Client(*place, tally), number
        while time.perf_counter() < until:
            if not await client.ask(bodies[turn % len(bodies)]):
                break
            turn += clients

    began = time.perf_counter()
    await asyncio.gather(*(keep_asking(i) for i in range(clients)))
    tally.wall = time.perf_counter() - began
    return tally


async def one_by_one(place: tuple[str, int], count: int, bodies: list[bytes]) -> Tally:
    """So many requests of one client."""
    tally = Tally()
    client, began = Client(*place, tally), time.perf_counter()
    for turn in range(count):
        await client.ask(bodies[turn % len(bodies)])
    tally.wall = time.perf_counter() - began
    return tally


async def stopped(
    place: tuple[str, int], clients: int, bodies: list[bytes], server: subprocess.Popen[str]
) -> Tally:
    """Load during which the server is told to stop; clients give up when it has."""
    asking = asyncio.create_task(load(place, clients, 60, bodies))
    await asyncio.sleep(1)
    server.send_signal(signal.SIGTERM)
    return await asking


def start(run: str) -> tuple[subprocess.Popen[str], tuple[str, int]]:
    """The server and where it listens."""
    command = [sys.executable, "-m", "heedful", "serve", run, "--port", "0"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    for line in server.stderr:
        if found := re.search(r"at http://([\d.]+):(\d+)", line):
            return server, (found[1], int(found[2]))
    raise SystemExit(f"the server did not start: exit code {server.wait()}")


def peak_mib(process: int) -> int | None:
    """The largest resident size so far; None where the kernel does not tell."""
    status = Path(f"/proc/{process}/status")
    if not status.exists():
        return None
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
    return int(found[1]) // 1024 if found else None


def measured(run: str, clients: int, seconds: float) -> dict[str, Any]:
    """All phases on one server."""
    texts = [example.text for example in generate(2_000, 9)]
    single = [json.dumps({"inputs": text}).encode() for text in texts]
    many = [json.dumps({"inputs": texts[i : i + 256]}).encode() for i in range(0, 1_700, 100)]
    server, place = start(run)
    phases = {
        "load": asyncio.run(load(place, clients, seconds, single)),
        "overload": asyncio.run(load(place, clients, max(3.0, seconds / 6), many)),
        "recovered": asyncio.run(one_by_one(place, RECOVERY, single)),
    }
    peak = peak_mib(server.pid)
    phases["SIGTERM"] = asyncio.run(stopped(place, clients, single, server))
    code, said = server.wait(), server.stderr.read() if server.stderr else ""
    counted = re.search(r"stopped; ([\d,]+) requests", said)
    return {
        "phases": {name: tally.figures() for name, tally in phases.items()},
        "peak_mib": peak,
        "exit_code": code,
        "answered_by_server": int(counted[1].replace(",", "")) if counted else None,
        "received_by_clients": sum(tally.answers for tally in phases.values()),
    }


def row(name: str, found: dict[str, Any]) -> list[str]:
    """A phase in the table."""
    keys = ("requests", "per_second", "p50_ms", "p99_ms", "refused", "refused_p99_ms", "errors")
    return [name, *("–" if found[key] is None else f"{found[key]:,}" for key in keys)]


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("run")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    found = measured(asked.run, asked.clients, asked.seconds)
    print(contest.table(HEAD, [row(name, one) for name, one in found["phases"].items()]))
    print(f"\npeak memory of the server {found['peak_mib']} MiB, exit code {found['exit_code']}")
    lost = found["answered_by_server"] - found["received_by_clients"]
    print(f"answered {found['answered_by_server']:,}, lost {lost}")
    about = {
        "machine": contest.machine(),
        "run": Path(asked.run).name,
        "clients": asked.clients,
        "seconds": asked.seconds,
    }
    asked.out.write_text(json.dumps(about | found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
