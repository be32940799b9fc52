"""A Hugging Face hub on loopback, as far as the client library asks it.

Repositories lie in memory, commit by commit. Large files go the way of LFS: a resolved address
redirects to another, and uploads are asked for in a batch, put, and verified.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

SECRET = "hf_secret"
LARGE = (".safetensors", ".parquet")


@dataclass
class Repo:
    private: bool = False
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)

    def commit(self, files: Mapping[str, bytes], ref: str = "main") -> str:
        """A commit on a ref with these files added; its hash."""
        held = dict(self.commits.get(self.refs.get(ref, ""), {})) | dict(files)
        made = repr((ref, sorted(held), len(self.commits))).encode()
        name = hashlib.sha1(made).hexdigest()
        self.commits[name], self.refs[ref] = held, name
        return name

    def at(self, revision: str) -> str | None:
        found = self.refs.get(revision, revision)
        return found if found in self.commits else None


class Hub:
    """What the server knows; repositories by kind and name, as in `models/owner/name`."""

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.blobs: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.broken: dict[str, bytes] = {}  # what is sent in the place of a file
        self.refuses: int | None = None  # a status that answers whatever is asked

    def add(self, name: str, files: Mapping[str, bytes], **about: Any) -> str:
        return self.repos.setdefault(name, Repo(**about)).commit(files)


def is_large(path: str) -> bool:
    return path.endswith(LARGE)


class Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer()

    do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815 - the library's names

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length)
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append(f"{self.command} {path}")
        if self.hub.refuses is not None:
            return self._send(self.hub.refuses, b"{}")
        for method, pattern, act in ROUTES:
            found = re.fullmatch(pattern, path)
            if found and self.command in method:
                return act(self, *found.groups())
        return self._send(404, b"{}")

    def _send(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _json(self, value: Any, status: int = 200) -> None:
        self._send(status, json.dumps(value).encode(), Content_Type="application/json")

    def _repo(self, name: str) -> Repo | None:
        """The repository, where it exists and may be seen; else the refusal is sent."""
        repo = self.hub.repos.get(name)
        seen = repo and (not repo.private or self._may())
        if not seen:
            self._send(401 if not self._may() else 404, b"{}", X_Error_Code="RepoNotFound")
            return None
        return repo

    def _may(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {SECRET}"

    def _at(self, name: str, revision: str) -> tuple[Repo, str] | None:
        repo = self._repo(name)
        if repo is None:
            return None
        commit = repo.at(revision)
        if commit is None:
            self._send(404, b"{}", X_Error_Code="RevisionNotFound")
            return None
        return repo, commit

    def info(self, name: str, revision: str | None) -> None:
        if found := self._at(name, revision or "main"):
            repo, commit = found
            listed = [{"rfilename": path} for path in repo.commits[commit]]
            owner = name.partition("/")[2]
            self._json({"id": owner, "sha": commit, "siblings": listed, "private": repo.private})

    def tree(self, name: str, revision: str, _: str | None) -> None:
        if found := self._at(name, revision):
            repo, commit = found
            self._json([_entry(*file) for file in repo.commits[commit].items()])

    def resolve(self, name: str, revision: str, path: str) -> None:
        kind = name if name.startswith("datasets/") else f"models/{name}"
        if not (found := self._at(kind, revision)):
            return None
        repo, commit = found
        if path not in repo.commits[commit]:
            return self._send(404, b"{}", X_Error_Code="EntryNotFound")
        body = repo.commits[commit][path]
        etag, about = _etag(path, body), {"X_Repo_Commit": commit}
        linked = {"X_Linked_Etag": f'"{etag}"', "X_Linked_Size": str(len(body))}
        body = self.hub.broken.get(path, body)
        if is_large(path):
            self.hub.blobs[etag] = body
            # Another host's address, as that of a store of large files is.
            port = self.headers["Host"].rpartition(":")[2]
            location = f"http://localhost:{port}/blobs/{etag}"
            return self._send(302, Location=location, **linked, **about)
        return self._send(200, body, ETag=f'"{etag}"', **about)

    def blob(self, oid: str) -> None:
        self._send(200, self.hub.blobs[oid])

    def create(self) -> None:
        if not self._may():
            return self._send(401, b"{}")
        asked = json.loads(self.body)
        owner = asked.get("organization") or "somebody"
        name = f"models/{owner}/{asked['name']}"
        url = f"http://{self.headers['Host']}/{owner}/{asked['name']}"
        if name in self.hub.repos:
            return self._json({"url": url, "error": "exists"}, 409)
        private = bool(asked.get("private")) or asked.get("visibility") == "private"
        self.hub.add(name, {".gitattributes": b""}, private=private)
        return self._json({"url": url, "id": "1", "name": f"{owner}/{asked['name']}"})

    def branch(self, name: str, branch: str) -> None:
        if repo := self._repo(name):
            repo.refs[branch] = repo.refs["main"]
            self._json({})

    def yaml(self) -> None:
        self._json({"errors": [], "warnings": []})

    def preupload(self, name: str, revision: str) -> None:
        files = json.loads(self.body)["files"]
        told = [
            {
                "path": one["path"],
                "uploadMode": "lfs" if is_large(one["path"]) else "regular",
                "shouldIgnore": False,
            }
            for one in files
        ]
        self._json({"files": told})

    def batch(self, name: str) -> None:
        at = f"http://{self.headers['Host']}"
        objects = [
            one
            | {
                "actions": {
                    "upload": {"href": f"{at}/put/{one['oid']}"},
                    "verify": {"href": f"{at}/verify"},
                }
            }
            for one in json.loads(self.body)["objects"]
        ]
        self._json({"transfer": "basic", "objects": objects})

    def put(self, oid: str) -> None:
        assert hashlib.sha256(self.body).hexdigest() == oid
        self.hub.blobs[oid] = self.body
        self._send(200)

    def verify(self) -> None:
        self._json({})

    def commit(self, name: str, revision: str) -> None:
        if not self._may():
            return self._send(403, b"{}")
        files = {}
        for line in map(json.loads, self.body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.hub.blobs[value["oid"]]
        oid = self.hub.repos[name].commit(files, revision)
        url = f"http://{self.headers['Host']}/{name.partition('/')[2]}/commit/{oid}"
        return self._json({"commitUrl": url, "commitOid": oid, "hookOutput": ""})


def _etag(path: str, body: bytes) -> str:
    """The SHA-256 of a large file, the hash of git of another."""
    if is_large(path):
        return hashlib.sha256(body).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()


def _entry(path: str, body: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "file", "path": path, "size": len(body)}
    entry["oid"] = hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()
    if is_large(path):
        entry["lfs"] = {"oid": _etag(path, body), "size": len(body), "pointerSize": 130}
    return entry


_NAME = r"((?:models|datasets)/[^/]+/[^/]+)"
ROUTES: list[tuple[str, str, Any]] = [
    ("GET", rf"/api/{_NAME}(?:/revision/(.+))?", Handler.info),
    ("GET", rf"/api/{_NAME}/tree/([^/]+)(/.*)?", Handler.tree),
    ("GET HEAD", r"/((?:datasets/)?[^/]+/[^/]+)/resolve/([^/]+)/(.+)", Handler.resolve),
    ("GET HEAD", r"/blobs/(\w+)", Handler.blob),
    ("POST", r"/api/repos/create", Handler.create),
    ("POST", rf"/api/{_NAME}/branch/(.+)", Handler.branch),
    ("POST", r"/api/validate-yaml", Handler.yaml),
    ("POST", rf"/api/{_NAME}/preupload/(.+)", Handler.preupload),
    ("POST", r"/([^/]+/[^/]+)\.git/info/lfs/objects/batch", Handler.batch),
    ("PUT", r"/put/(\w+)", Handler.put),
    ("POST", r"/verify", Handler.verify),
    ("POST", rf"/api/{_NAME}/commit/(.+)", Handler.commit),
]


@contextmanager
def serving() -> Iterator[tuple[Hub, str]]:
    """A hub and its address, until the block ends."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
