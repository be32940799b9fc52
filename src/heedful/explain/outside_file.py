"""Maps made elsewhere, read from a JSON or JSONL file.

A file holds one object, an array of them, or one a line. Each is one map of one text:

    {"text": "A fine film.", "method": "shap", "class": "positive",
     "tokens": [{"start": 2, "end": 6, "value": 0.8}, ...]}

| key | holds |
|---|---|
| text | the text, character by character as in the data; or |
| row | its row in the data file, the first being 1 |
| method | the map's name; may be missing: the file's name |
| class | the class it is about; may be missing: whichever the model predicts |
| tokens | pieces with character offsets and numbers, however they were cut; or |
| values | one number for each token that heedful reads |

What `heedful explain --json` writes is read too, every map of it. No torch here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from heedful.explain.legend import METHODS
from heedful.explain.outside import Given, Outside, Span
from heedful.records import Explanation, HeedfulError


def read_maps(path: Path) -> tuple[Outside, ...]:
    """The maps of a file, one Outside per name, in the order in which names first occur.

    Raises:
        HeedfulError: missing, no JSON, no maps, or an entry that cannot be used: which, and why.
    """
    found: dict[str, Outside] = {}
    for where, entry in _entries(path):
        try:
            for name, key, target, given in _maps(entry, where, path.stem):
                maps = found.setdefault(name, Outside(name)).maps
                _add(maps.setdefault(key, {}), target, given)
        except _WrongError as error:
            raise HeedfulError(f"{where}: {error}") from None
    if not found:
        raise HeedfulError(f"{path} holds no maps; write one object for each text")
    return tuple(found.values())


class _WrongError(ValueError):
    """What is wrong with an entry."""


_Map = tuple[str, str | int, str | None, Given]


def _add(by_class: dict[str | None, Given], target: str | None, given: Given) -> None:
    """Texts may occur twice in data; two different maps of one are a mistake."""
    known = by_class.setdefault(target, given)
    if (known.spans, known.values) != (given.spans, given.values):
        raise _WrongError(f"another map of the same text and class stands in {known.where}")


def _entries(path: Path) -> Iterator[tuple[str, Any]]:
    """Where each entry stands, and what it is."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise HeedfulError(f"{path} is missing; give a JSON or JSONL file of maps") from None
    except (OSError, UnicodeDecodeError) as error:
        raise HeedfulError(f"{path} cannot be read as UTF-8 text: {error}") from None
    lines = [(n, line) for n, line in enumerate(content.split("\n"), 1) if line.strip()]
    if lines and _whole(lines[0][1]):
        for number, line in lines:
            yield f"{path}, line {number}", _parse(line, f"{path}, line {number}")
        return
    value = _parse(content, str(path))
    if isinstance(value, list):
        yield from ((f"{path}, entry {n}", entry) for n, entry in enumerate(value, 1))
    else:
        yield str(path), value


def _whole(line: str) -> bool:
    """Whether a line is an object by itself: then the file has one a line."""
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _parse(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise HeedfulError(f"{where}: it is nested too deeply") from None
    except ValueError as error:
        raise HeedfulError(f"{where}: it is not JSON ({error}); write it anew") from None


def _maps(entry: Any, where: str, stem: str) -> Iterator[_Map]:
    if not isinstance(entry, Mapping):
        raise _WrongError("it is not a JSON object; write one object for each text")
    if "prediction" in entry:
        yield from _explained(entry, where)
        return
    key = _key(entry)
    name = _text(entry, "method") or stem
    spans = values = None
    if ("tokens" in entry) == ("values" in entry):
        raise _WrongError('give either "tokens" or "values"')
    if "tokens" in entry:
        spans = _spans(entry["tokens"], len(key) if isinstance(key, str) else None)
    else:
        values = tuple(_number(x, f"value {n}") for n, x in enumerate(_list(entry, "values"), 1))
    yield _own(name), key, _text(entry, "class"), Given(where, spans, values)


def _explained(entry: Mapping[str, Any], where: str) -> Iterator[_Map]:
    """Every map of what `Explanation.to_json` wrote."""
    try:
        found = Explanation.from_json(entry)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _WrongError("it is a damaged explanation; write it anew with --json") from None
    columns: dict[str, dict[str | None, tuple[float, ...]]] = {}
    if found.attends:
        columns["attention"] = {None: found.attention}
    for method, made in ({"contribution": found.contributions} | found.maps).items():
        columns[method] = {target: values for target, values in made.items()}  # noqa: C416
    for method, by_class in columns.items():
        for target, values in by_class.items():
            if len(values) != len(found.tokens):
                raise _WrongError(f"its {method} map does not fit its tokens; write it anew")
            rows = [
                {"start": token.start, "end": token.end, "value": value}
                for token, value in zip(found.tokens, values, strict=True)
            ]
            spans = _spans(rows, len(found.text))
            yield _own(method), found.text, target, Given(where, spans, None)


def _own(name: str) -> str:
    """A name that no method of heedful's has: its maps are of this model, those of a file not."""
    return f"{name} (outside)" if name in METHODS else name


def _key(entry: Mapping[str, Any]) -> str | int:
    text, row = _text(entry, "text"), entry.get("row")
    if text is not None:
        return text
    if isinstance(row, bool) or not isinstance(row, int) or row < 1:
        raise _WrongError('it has neither a "text" nor a "row" (1 or more) to be found by')
    return row


def _text(entry: Mapping[str, Any], key: str) -> str | None:
    value = entry.get(key)
    if value is None or isinstance(value, str):
        return value
    raise _WrongError(f'"{key}" is {json.dumps(value)[:40]}; it takes a text')


def _list(entry: Mapping[str, Any], key: str) -> list[Any]:
    value = entry[key]
    if not isinstance(value, list):
        raise _WrongError(f'"{key}" takes a list')
    return value


def _number(value: Any, what: str) -> float:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if not plain or not abs(value) < 1e300:  # no NaN, no infinity
        raise _WrongError(f"{what} is {json.dumps(value)[:40]}; it takes a number")
    return float(value)


def _spans(tokens: Any, length: int | None) -> tuple[Span, ...]:
    if not isinstance(tokens, list):
        raise _WrongError('"tokens" takes a list')
    return tuple(_span(token, n, length) for n, token in enumerate(tokens, 1))


def _span(token: Any, n: int, length: int | None) -> Span:
    if not isinstance(token, Mapping) or not {"start", "end", "value"} <= token.keys():
        raise _WrongError(f'token {n} needs "start", "end" and "value"')
    start, end = token["start"], token["end"]
    whole = all(isinstance(x, int) and not isinstance(x, bool) for x in (start, end))
    if not whole or not 0 <= start <= end:
        raise _WrongError(f"token {n} reaches from {start!r} to {end!r}; offsets count characters")
    if length is not None and end > length:
        raise _WrongError(f"token {n} ends at {end}, beyond the {length} characters of the text")
    return Span(start, end, _number(token["value"], f"the value of token {n}"))
