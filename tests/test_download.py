"""The download, against a server on the loopback interface."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from heedful.records import HeedfulError
from heedful.text import download, sources
from heedful.text.corpus import ReadOptions, read
from heedful.text.download import Archive, imdb


def archive_bytes(names: tuple[str, ...] = (), folder: str = "aclImdb") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=0) as tar:
        inner = [
            f"{folder}/{split}/{label}/{i}_1.txt"
            for split in ("train", "test")
            for label in ("pos", "neg")
            for i in range(3)
        ]
        for name in [*inner, *names]:
            data = f"the text of {name}".encode()
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


class Server(ThreadingHTTPServer):
    """Serves `payload`; breaks off after `cut` bytes as often as `breaks` says."""

    payload = b""
    ranges = True
    breaks = 0
    cut = 5000
    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str | None] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server = self.server
        wanted = self.headers.get("Range")
        server.asked.append(wanted)
        if server.status != 200:
            self.send_error(server.status)
            return
        start = int(wanted.split("=")[1].rstrip("-")) if wanted and server.ranges else 0
        if start >= len(server.payload):
            self.send_error(416)
            return
        data = server.payload[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if server.breaks:
            server.breaks -= 1
            data = data[: server.cut]
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.payload = archive_bytes()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def described(server: Server, md5: str | None = None) -> Archive:
    port = server.server_address[1]
    checksum = md5 or hashlib.md5(server.payload).hexdigest()
    return Archive(f"http://127.0.0.1:{port}/a.tar.gz", checksum, "a.tar.gz", "aclImdb")


def test_it_is_fetched_once(server: Server, tmp_path: Path) -> None:
    folder = imdb(tmp_path / "home", described(server))
    assert len(read([folder], ReadOptions(split="train")).examples) == 6
    assert imdb(tmp_path / "home", described(server)) == folder
    assert server.asked == [None]
    assert sorted(p.name for p in (tmp_path / "home").iterdir()) == ["a.tar.gz", "aclImdb"]


def test_a_broken_download_goes_on_where_it_was(server: Server, tmp_path: Path) -> None:
    server.breaks = 2
    imdb(tmp_path, described(server))
    assert server.asked == [None, "bytes=5000-", "bytes=10000-"]
    assert (tmp_path / "a.tar.gz").read_bytes() == server.payload


def test_a_part_from_an_earlier_time_is_used(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz.part").write_bytes(server.payload[:777])
    imdb(tmp_path, described(server))
    assert server.asked == ["bytes=777-"]
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.tar.gz.part").write_bytes(server.payload)
    assert imdb(tmp_path / "b", described(server)).is_dir()


def test_a_server_without_ranges_starts_over(server: Server, tmp_path: Path) -> None:
    server.ranges = False
    (tmp_path / "a.tar.gz.part").write_bytes(b"x" * 777)
    imdb(tmp_path, described(server))
    assert (tmp_path / "a.tar.gz").read_bytes() == server.payload


def test_a_download_that_always_breaks_keeps_its_part(server: Server, tmp_path: Path) -> None:
    server.breaks, server.cut = 99, 100
    with pytest.raises(HeedfulError, match=r"broke off.*put it at"):
        imdb(tmp_path, described(server))
    assert (tmp_path / "a.tar.gz.part").stat().st_size == 100 * download.ATTEMPTS
    assert not (tmp_path / "aclImdb").exists()


def test_a_wrong_checksum_is_refused(server: Server, tmp_path: Path) -> None:
    with pytest.raises(HeedfulError, match=r"checksum .* expected 000"):
        imdb(tmp_path, described(server, md5="0" * 32))
    assert not (tmp_path / "aclImdb").exists()


@pytest.mark.parametrize("status", [404, 403, 503])
def test_a_refusing_server(server: Server, status: int, tmp_path: Path) -> None:
    server.status = status
    with pytest.raises(HeedfulError, match=f"answers {status}") as caught:
        imdb(tmp_path, described(server))
    assert "\n" not in str(caught.value)
    assert len(server.asked) == (download.ATTEMPTS if status == 503 else 1)


def test_no_network(server: Server, tmp_path: Path) -> None:
    archive = described(server)
    server.shutdown()
    server.server_close()
    with pytest.raises(HeedfulError, match=r"get a.tar.gz another way and put it at .*a.tar.gz"):
        imdb(tmp_path, archive)


@pytest.mark.parametrize("evil", ["../outside.txt", "/tmp/heedful-outside.txt", "aclImdb/../../x"])
def test_an_archive_that_reaches_outside_is_refused(
    evil: str, server: Server, tmp_path: Path
) -> None:
    server.payload = archive_bytes((evil,))
    home = tmp_path / "deep" / "home"
    if evil.startswith("/"):  # the filter strips the leading slash: it stays inside
        imdb(home, described(server))
        assert not Path(evil).exists()
        return
    with pytest.raises(HeedfulError, match="cannot be unpacked"):
        imdb(home, described(server))
    assert [p.name for p in home.iterdir()] == ["a.tar.gz"]
    assert sorted(p.name for p in tmp_path.rglob("*.txt")) == []


def test_other_archives_are_refused(server: Server, tmp_path: Path) -> None:
    server.payload = archive_bytes(folder="other")
    with pytest.raises(HeedfulError, match="holds no folder aclImdb"):
        imdb(tmp_path / "a", described(server))
    server.payload = b"no archive" * 100
    with pytest.raises(HeedfulError, match="cannot be unpacked"):
        imdb(tmp_path / "b", described(server))


def test_a_local_copy_needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for split in ("train", "test"):
        for label in ("pos", "neg"):
            (tmp_path / "aclImdb" / split / label).mkdir(parents=True)
            (tmp_path / "aclImdb" / split / label / "1_1.txt").write_text(f"{split} {label}")
    monkeypatch.setenv("HEEDFUL_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert sources.home() == tmp_path
    assert len(read(["imdb"]).examples) == 4
    assert {e.source for e in read(["imdb:test"]).examples} == {
        "test/neg/1_1.txt",
        "test/pos/1_1.txt",
    }
