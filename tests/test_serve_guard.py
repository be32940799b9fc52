"""Who may ask a server: token, origins, hosts; and what browsers are told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from serving import Running, running, words_run

BODY = {"inputs": "good"}
SECRET = "s3cret-token"
FRIEND = "https://friend.example"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> str:
    return words_run(tmp_path_factory.mktemp("guard"))


@pytest.fixture(scope="module")
def plain(run: str) -> Iterator[Running]:
    with running([run]) as found:
        yield found


@pytest.fixture(scope="module")
def locked(run: str) -> Iterator[Running]:
    with running([run], token=SECRET, cors=(FRIEND,)) as found:
        yield found


def test_without_the_token_nothing_is_answered(locked: Running) -> None:
    for method, path in (
        ("POST", "/predict"), ("POST", "/"), ("POST", "/explain"), ("POST", "/files"),
        ("GET", "/models"), ("GET", "/examples"), ("GET", "/metrics"), ("GET", "/files/x"),
        ("GET", "/v2/models/words"), ("POST", "/v2/models/words/infer"), ("GET", "/v2"),
        ("GET", "/assets/"[:-1]), ("GET", "/nowhere"), ("POST", "/v2/health/live"),
    ):  # fmt: skip
        answer = locked.send(method, path, BODY if method == "POST" else None)
        assert "Authorization: Bearer" in answer.refusal(401, "Authorization"), path
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "shown",
    [f"Bearer {SECRET}x", f"Bearer {SECRET[:-1]}", f"Basic {SECRET}", SECRET, "Bearer", "Bearer é"],
)
def test_a_wrong_token_is_refused(locked: Running, shown: str) -> None:
    assert locked.post("/predict", BODY, Authorization=shown).status == 401


def test_with_the_token_all_is_answered(locked: Running) -> None:
    for scheme in ("Bearer", "bearer"):
        answer = locked.post("/predict", BODY, Authorization=f"{scheme} {SECRET}")
        assert answer.status == 200
    rebound = {"Authorization": f"Bearer {SECRET}", "Host": "evil.example"}
    assert locked.send("POST", "/predict", BODY, rebound).status == 200


def test_health_and_page_are_open(locked: Running) -> None:
    paths = ("/v2/health/live", "/v2/health/ready", "/", "/docs", "/assets/docs.css")
    assert [locked.get(path).status for path in paths] == [200] * len(paths)
    assert SECRET not in locked.get("/openapi.json").body.decode()


def test_only_named_origins_may_read(locked: Running, plain: Running) -> None:
    show = {"Authorization": f"Bearer {SECRET}"}
    answer = locked.send("POST", "/predict", BODY, {**show, "Origin": FRIEND})
    assert answer.headers["access-control-allow-origin"] == FRIEND
    answer = locked.send("POST", "/predict", BODY, {**show, "Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers
    asks = {"Origin": FRIEND, "Access-Control-Request-Method": "POST"}
    asks["Access-Control-Request-Headers"] = "authorization,content-type"
    answer = locked.send("OPTIONS", "/predict", None, asks)
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == FRIEND
    answer = plain.send("OPTIONS", "/predict", None, {**asks, "Origin": plain.url})
    assert not any(name.startswith("access-control") for name in answer.headers)


def test_a_foreign_page_is_not_served(plain: Running) -> None:
    for origin in ("https://evil.example", "null", "http://localhost:1", "http://["):
        said = plain.post("/predict", BODY, Origin=origin).refusal(403, "Origin")
        assert "--cors" in said
    assert plain.post("/predict", BODY, Origin=plain.url).status == 200, "its own page"


def test_a_page_that_is_named_is_served_without_a_token(run: str) -> None:
    with running([run], cors=(FRIEND,)) as server:
        answer = server.post("/predict", BODY, Origin=FRIEND)
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == FRIEND
        server.post("/predict", BODY, Origin=f"{FRIEND}.evil").refusal(403, "Origin")


def test_a_foreign_name_for_this_machine_is_refused(plain: Running) -> None:
    for host in ("evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.x", ""):
        assert "--token" in plain.get("/models", Host=host).refusal(403, "Host"), host
    for host in ("localhost", "LOCALHOST:1", "127.0.0.1:80", "[::1]", "[::1]:8000"):
        assert plain.get("/models", Host=host).status == 200, host


def test_every_answer_tells_browsers_to_be_strict(plain: Running, locked: Running) -> None:
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
    )
    for answer in (
        plain.get("/"), plain.get("/docs"), plain.get("/nowhere"), plain.post("/predict", BODY),
        plain.post("/predict", b"{"), locked.get("/models"), plain.get("/models", Host="x"),
        plain.post("/predict", b" " * 2_000_000),
    ):  # fmt: skip
        assert answer.headers["content-security-policy"] == policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "server" not in answer.headers
    assert plain.post("/predict", BODY).headers["cache-control"] == "no-store"
