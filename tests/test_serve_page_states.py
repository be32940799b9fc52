"""What else the page meets: files, a token, a server that is gone or busy, texts too long."""

from __future__ import annotations

import csv
import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from reading_back import text_of
from visiting import Visit, drop, serving_at, words

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("uvicorn", reason="heedful[serve] is not installed")
pytestmark = pytest.mark.slow


def rows_of(fetched: Any) -> list[dict[str, str]]:
    with Path(fetched.value.path()).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_file_is_scored_and_fetched(visit_page: Any, tmp_path: Path) -> None:
    rows = ["text", "great film", "awful film", "great", '""', '"a, great ""film"""']
    (tmp_path / "texts.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    seen = visit_page("#tab=file")
    seen.page.set_input_files("#file", tmp_path / "texts.csv")
    seen.page.wait_for_selector("#job .actions a")
    assert seen.page.locator("#job .sum").text_content() == (
        "4 texts scored by films; 1 row could not be used, the file says why."
    )
    bars = [words(x) for x in seen.page.locator("#job li").all()]
    assert bars[0].startswith("positive3·75%") and bars[1].startswith("negative1·25%")
    with seen.page.expect_download() as fetched:
        seen.page.click("#job .actions a")
    assert fetched.value.suggested_filename.endswith("predictions.csv")
    lines = rows_of(fetched)
    assert [x["label"] for x in lines] == ["positive", "negative", "positive", "", "positive"]
    assert lines[4]["text"] == 'a, great "film"'

    seen.page.click("#job button >> text=Another file")
    drop(seen, "more.jsonl", '{"text": "awful"}\n{"text": "awful film"}\n')
    seen.page.wait_for_selector("#job .actions a")
    assert words(seen.page.locator("#job li").first).startswith("negative2·100%")

    drop(seen, "picture.png", "no")
    seen.page.wait_for_selector("#file-state >> text=no CSV, TSV or JSONL file")
    seen.complaints[:] = [x for x in seen.complaints if "Failed to load" not in x]


def test_a_file_too_large_is_not_sent(browser: Any, page_runs: list[Path]) -> None:
    with serving_at(page_runs, max_file=2_000) as small:
        seen = Visit(browser, small, "#tab=file")
        seen.page.wait_for_selector("#file-limit >> text=At most 1.9 KB.")
        asked = len(seen.requests)
        drop(seen, "large.csv", "text\n" + "great film\n" * 200)
        seen.page.wait_for_selector(
            "#file-state >> text=large.csv has 2.2 KB; the server takes 1.9 KB at most."
        )
        assert len(seen.requests) == asked and seen.complaints == []
        seen.context.close()


def test_a_refusal_while_a_file_is_sent_is_said_and_nothing_sent_again(
    browser: Any, page_runs: list[Path]
) -> None:
    """The page is told of a larger limit than the server has, so that it does send."""
    with serving_at(page_runs, max_file=2_000) as small:
        seen = Visit(browser, small)
        models = [one | {"max_file": 10**9} for one in json.loads(_models(small))]
        seen.page.route("**/models", lambda route: route.fulfill(json=models))
        seen.page.goto(f"{small}/?again#tab=file")
        seen.page.wait_for_selector("#drop", state="visible")
        for size in (3_000, 8_000_000):  # one that fits into buffers, and one that does not
            drop(seen, "large.csv", "text\n" + "a" * size)
            seen.page.wait_for_selector("#file-state >> text=larger than 2,000 bytes")
            assert seen.page.locator("#job").is_hidden()
        sent = [url for url in seen.requests if "/files" in url]
        answers = iter([503, 0])

        def refuse(route: Any) -> None:
            if status := next(answers):
                route.fulfill(status=status, headers={"Retry-After": "1"}, json={"error": "full"})
            else:
                route.abort()

        seen.page.route("**/files?*", refuse)
        drop(seen, "one.csv", "text\ngreat film\n")
        seen.page.wait_for_selector("#file-state >> text=Full")
        seen.page.click("#file-state >> text=Send it again")
        seen.page.wait_for_selector("#file-state >> text=broke off")
        seen.page.wait_for_timeout(3_500)  # longer than any pause before a request is repeated
        assert len([url for url in seen.requests if "/files" in url]) == len(sent) + 2
        seen.context.close()


def _models(address: str) -> bytes:
    with urllib.request.urlopen(f"{address}/models") as answer:
        return bytes(answer.read())


def test_a_column_that_cannot_be_found_is_asked_for(visit_page: Any) -> None:
    seen = visit_page("#tab=file")
    seen.page.wait_for_selector("#drop", state="visible")
    drop(seen, "odd.csv", "first,second\nawful film,great film\ngreat,awful\n")
    seen.page.wait_for_selector("#column", state="visible")
    assert "?text" not in seen.page.locator("#file-state").text_content()
    seen.page.fill("#column", "second")
    seen.page.keyboard.press("Enter")
    seen.page.wait_for_selector("#job .actions a")
    with seen.page.expect_download() as fetched:
        seen.page.click("#job .actions a")
    lines = rows_of(fetched)
    assert [x["label"] for x in lines] == ["positive", "negative"]
    seen.complaints[:] = [x for x in seen.complaints if "422" not in x]


def test_a_token_is_asked_for_and_kept_in_the_tab_only(browser: Any, page_runs: list[Path]) -> None:
    with serving_at(page_runs, token="sesame") as guarded:
        seen = Visit(browser, guarded)
        seen.page.wait_for_selector("#token-why >> text=wants a token")
        assert seen.page.locator("#page").is_hidden()
        seen.page.fill("#token-text", "wrong")
        seen.page.keyboard.press("Enter")
        seen.page.wait_for_selector("#token-why >> text=not the server’s")
        seen.page.fill("#token-text", "sesame")
        seen.page.keyboard.press("Enter")
        seen.page.wait_for_selector("#page", state="visible")
        seen.type("great film")
        seen.page.click("#tab-file")
        drop(seen, "one.csv", "text\ngreat film\n")
        seen.page.wait_for_selector("#job .actions a")
        with seen.page.expect_download() as fetched:
            seen.page.click("#job .actions a")
        assert "positive" in Path(fetched.value.path()).read_text(encoding="utf-8")
        assert seen.page.evaluate("[localStorage.length, document.cookie, location.href]") == [
            0, "", seen.page.url,
        ]  # fmt: skip
        assert "sesame" not in seen.page.url
        assert all("401" in x for x in seen.complaints)
        seen.context.close()


def test_a_server_that_is_gone_or_busy_is_said_and_tried_again(visit_page: Any) -> None:
    seen = visit_page("#class=positive")
    seen.type("film")
    state = seen.page.locator("#text-state")
    seen.page.route("**/explain", lambda route: route.abort())
    seen.page.fill("#text", "great film")
    seen.page.wait_for_selector("#text-state >> text=does not answer")
    assert text_of(seen.page) == "film", "what was shown stays, set back"
    seen.page.unroute("**/explain")
    seen.settled("great film")  # by itself
    assert state.is_hidden()

    answers = iter([503, 504, 200])

    def busy(route: Any) -> None:
        status = next(answers)
        if status == 200:
            return route.continue_()
        body = json.dumps({"error": f"error {status}"})
        return route.fulfill(status=status, headers={"Retry-After": "1"}, body=body)

    seen.page.route("**/explain", busy)
    seen.page.fill("#text", "awful film")
    seen.page.wait_for_selector("#text-state >> text=The server is busy. Trying again in 1 s.")
    seen.page.wait_for_selector("#text-state >> text=Error 504")
    seen.page.type("#text", " again")
    seen.settled("awful film again")
    assert state.is_hidden()
    assert len(seen.complaints) == 3
    assert all("Failed to load resource" in x for x in seen.complaints)
    seen.complaints.clear()


def test_texts_that_cannot_be_read_are_said(browser: Any, page_runs: list[Path]) -> None:
    with serving_at(page_runs, max_characters=40) as small:
        seen = Visit(browser, small, "#class=positive")
        seen.page.wait_for_selector("#empty", state="visible")
        seen.type("\U0001f600" * 20 + " great film")  # 31 characters, 51 units of UTF-16
        seen.page.fill("#text", "great film " * 4)
        seen.page.wait_for_selector(
            "#text-state >> text=This text has 44 characters; the server takes 40 at most."
        )
        assert seen.page.locator("#result").is_hidden()
        assert seen.page.get_attribute("#text", "aria-invalid") == "true"
        seen.page.fill("#text", "  \n ")
        seen.page.wait_for_selector("#empty", state="visible")
        assert seen.page.locator("#text-state").is_hidden()
        seen.page.fill("#text", "zzz qqq")
        seen.page.wait_for_selector("#result .notice >> text=knows none of these words")
        assert "2 unknown to the vocabulary" in seen.page.locator("#result .sum").text_content()
        assert seen.complaints == [], "nothing was sent that would be refused"
        seen.context.close()
