"""How a server is to behave: where it listens, who may ask, and how much."""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass

from heedful.records import HeedfulError

MIB = 2**20


@dataclass(frozen=True)
class Serving:
    """Address, rights and limits.

    Attributes:
        host, port: where to listen; port 0 = any free one.
        token: what a client must show (`Authorization: Bearer`); None = nothing.
        cors: origins whose pages may ask (`https://example.org`).
        max_body: bytes of a request, files excepted.
        max_file: bytes of a request to /files.
        max_result: bytes of the answers to a file.
        max_characters: of a text.
        max_batch: texts of a request.
        queue: texts that may wait; a request that finds no room is told to come back.
        timeout: seconds for a request: to arrive, and then to be answered; and for what is under
            way when the server stops.
        file_timeout: seconds for a request to /files to arrive.

    Raises:
        HeedfulError: out of range, on making one.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = None
    cors: tuple[str, ...] = ()
    max_body: int = MIB
    max_file: int = 64 * MIB
    max_characters: int = 100_000
    max_batch: int = 256
    queue: int = 1_024
    timeout: float = 30.0
    max_result: int = 512 * MIB
    file_timeout: float = 600.0

    def __post_init__(self) -> None:
        if self.token is not None and not (self.token.isascii() and self.token.isprintable()):
            raise HeedfulError("--token must be printable ASCII; a header carries it")
        if self.token is not None and not self.token.strip():
            raise HeedfulError("--token is empty; give a secret, or leave it out")
        if self.token is not None and self.token != self.token.strip():
            raise HeedfulError("--token has a blank at an end, which a header does not carry")
        for origin in self.cors:
            check_origin(origin)
        if not 0 <= self.port <= 65_535:
            raise HeedfulError(f"--port {self.port}: give 1 to 65535, or 0 for any free one")
        for name in ("timeout", "file_timeout"):
            seconds = getattr(self, name)
            if not (math.isfinite(seconds) and seconds > 0):
                raise HeedfulError(f"--{_flag(name)} {seconds:g}: give seconds, more than 0")
        for name in ("max_body", "max_file", "max_result", "max_characters", "max_batch", "queue"):
            if getattr(self, name) < 1:
                raise HeedfulError(f"--{_flag(name)} must be at least 1")
        if self.queue < self.max_batch:
            raise HeedfulError(
                f"--queue {self.queue} holds no request of --max-batch {self.max_batch} texts; "
                "make it larger, or --max-batch smaller"
            )

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)

    @property
    def checks_origin(self) -> bool:
        """Whether a browser may be tricked into asking: only where no token is needed."""
        return self.token is None


def _flag(name: str) -> str:
    return name.replace("_", "-")


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine's own."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_origin(origin: str) -> None:
    """Raise HeedfulError for what no browser sends as an origin."""
    scheme, mark, rest = origin.partition("://")
    if scheme not in ("http", "https") or not mark or not rest or "/" in rest:
        raise HeedfulError(
            f"--cors {origin}: an origin is scheme, host and port, such as https://example.org"
        )
