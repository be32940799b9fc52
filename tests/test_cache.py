"""What tokenising gave is kept and found again; whatever is wrong with it, nothing changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from heedful.config import TextConfig
from heedful.text import cache
from heedful.text.tokenize import Tokenizer
from heedful.text.vocab import fit

TEXTS = ["A b \ud800 é", "", "b c"]
CONFIG = TextConfig(min_frequency=1)


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("HEEDFUL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(cache, "LEAST", 1)
    return tmp_path / "home" / "tokens"


def found(config: TextConfig = CONFIG) -> tuple[object, ...]:
    vocabulary, encoded = fit(TEXTS, Tokenizer(config), config, cached=True)
    return vocabulary.tokens, encoded.ids.tolist(), encoded.starts.tolist()


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "number", lambda *_: pytest.fail("tokenised again"))


def test_found_again(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    first = found()
    shorter = found(TextConfig(min_frequency=1, max_tokens=2))
    (file,) = home.iterdir()
    assert file.stat().st_mode & 0o077 == 0
    forbid(monkeypatch)
    assert found() == first
    assert found(TextConfig(min_frequency=1, max_tokens=2)) == shorter != first
    with pytest.raises(pytest.fail.Exception, match="again"):
        found(TextConfig(min_frequency=1, lowercase=False))


@pytest.mark.parametrize("place", [0, 40, -1])
def test_damage_is_absence(home: Path, place: int) -> None:
    first = found()
    (file,) = home.iterdir()
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    for damaged in (bytes(content), bytes(content[:50]), b""):
        file.write_bytes(damaged)
        assert found() == first
        assert file.read_bytes() != damaged


def test_it_is_bounded_and_can_be_off(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setattr(cache, "MOST", 0)
    first = found()
    assert list(home.iterdir()) == []
    monkeypatch.setattr(cache, "MOST", 1 << 20)
    monkeypatch.setenv("HEEDFUL_CACHE", "0")
    assert found() == first and list(home.iterdir()) == []
    home.rmdir()
    home.write_text("a file where the folder belongs")
    monkeypatch.delenv("HEEDFUL_CACHE")
    assert found() == first


def test_a_library_call_writes_nothing(home: Path) -> None:
    fit(TEXTS, Tokenizer(CONFIG), CONFIG)
    assert not home.exists()
