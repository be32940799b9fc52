"""A hub on loopback in the place of the real one, with a cache and a token of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub_server import Hub, serving


@dataclass
class Place:
    """A hub, its address, the folder of its cache, and whether it can be reached."""

    hub: Hub
    address: str
    cache: Path
    patch: pytest.MonkeyPatch

    def offline(self) -> None:
        self.patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)

    def log_in(self, token: str) -> None:
        self.patch.setenv("HF_TOKEN", token)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    constants = "huggingface_hub.constants."
    with serving() as (hub, address):
        template = address + "/{repo_id}/resolve/{revision}/{filename}"
        values = {
            "ENDPOINT": address,
            "HUGGINGFACE_CO_URL_TEMPLATE": template,
            "HF_HUB_CACHE": str(tmp_path / "cache"),
            "HF_TOKEN_PATH": str(tmp_path / "no-token"),
            "HF_HUB_DISABLE_XET": True,
            "HF_HUB_DISABLE_TELEMETRY": True,
            "HF_HUB_OFFLINE": False,
        }
        for name, value in values.items():
            monkeypatch.setattr(constants + name, value)
        monkeypatch.delenv("HF_TOKEN", raising=False)
        monkeypatch.setenv("HEEDFUL_HOME", str(tmp_path / "home"))
        yield Place(hub, address, tmp_path / "cache", monkeypatch)
