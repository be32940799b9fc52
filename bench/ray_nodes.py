"""Ray nodes started by hand on loopback, each with one processor, which can be killed.

Nodes are told apart by a variable in the environment of all their processes.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

MARK = "HEEDFUL_BENCH_NODE"
STORE = 200 * 1024 * 1024
READY = 120.0
"""Seconds for a node to come up."""


class Nodes:
    """A head and further nodes. A context manager: nothing is left running.

    Attributes:
        address: of the head.
        environment: what a command needs to join.
    """

    def __init__(self, port: int = 26379) -> None:
        self.address = f"127.0.0.2:{port}"
        self._port, self._name = port, secrets.token_hex(4)
        self._folders: list[tempfile.TemporaryDirectory[str]] = []
        self.environment = {
            **os.environ,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            "RAY_USAGE_STATS_ENABLED": "0",
        }

    def start(self) -> int:
        """One node more; its number, 0 for the head."""
        number = len(self._folders)
        folder = tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True)
        self._folders.append(folder)
        where = ["--head", "--port", str(self._port), "--include-dashboard", "false"]
        if number:
            where = ["--address", self.address]
        command = [
            str(Path(sys.executable).with_name("ray")), "start", *where,
            "--node-ip-address", f"127.0.0.{number + 2}", "--num-cpus", "1",
            "--object-store-memory", str(STORE), "--temp-dir", folder.name,
            "--disable-usage-stats",
        ]  # fmt: skip
        environment = {**self.environment, MARK: self._mark(number)}
        found = subprocess.run(command, env=environment, capture_output=True, timeout=READY)
        if found.returncode:
            raise SystemExit(f"ray start: {found.stdout.decode()}{found.stderr.decode()}")
        return number

    def kill(self, number: int) -> list[str]:
        """SIGKILL to all processes of a node; what they were called."""
        killed: dict[int, str] = {}
        while found := [one for one in self.processes(number) if one not in killed]:
            for process in found:
                with suppress(OSError):
                    title = (Path("/proc") / str(process) / "cmdline").read_bytes()
                    killed[process] = title.split(b"\0")[0].decode().rpartition("/")[2]
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.1)
        return list(killed.values())

    def processes(self, number: int) -> list[int]:
        """Of a node."""
        mark = f"{MARK}={self._mark(number)}".encode()
        found = []
        for folder in Path("/proc").iterdir():
            with suppress(OSError):
                if folder.name.isdigit() and mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
        return found

    def _mark(self, number: int) -> str:
        return f"{self._name}-{number}"

    def __enter__(self) -> Nodes:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number in reversed(range(len(self._folders))):
            self.kill(number)
            self._folders[number].cleanup()
