"""Names in the model card, whatever they are made of: as YAML strings and as Markdown."""

from __future__ import annotations

import re

_ACTING = "[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
"""Controls, and marks that turn the text after them round."""

_MARKUP = r"[\\`*\[\]<>|&~#]|\b_\B|\B_\b|^[-+]|(?<=^\d)[.)]"
"""An underscore within a word is none."""


def yaml_string(text: str) -> str:
    """A YAML string. JSON's would do but for what lies beyond the 16 bits of its escapes."""
    return '"' + re.sub(r'["\\]|[^ -~]', _escape, text) + '"'


def _escape(found: re.Match[str]) -> str:
    char = found.group()
    if char in '"\\':
        return "\\" + char
    if "\ud800" <= char <= "\udfff":  # half of a character pair, which YAML cannot hold
        return "\\ufffd"
    return char if char.isprintable() else f"\\U{ord(char):08x}"


def plain(text: str) -> str:
    """A name on one line, none of whose characters is markup, not even at its beginning."""
    return re.sub(_MARKUP, r"\\\g<0>", _one_line(text))


def code_span(text: str) -> str:
    """A name as a code span: between more backticks than follow each other in it."""
    line = _one_line(text)
    longest = max(map(len, re.findall("`+", line)), default=0)
    fence, space = "`" * (longest + 1), " " if "`" in line else ""
    return f"{fence}{space}{line}{space}{fence}"


def _one_line(text: str) -> str:
    """White space as single spaces; what acts instead of showing as a replacement sign."""
    return re.sub(_ACTING, "\ufffd", " ".join(text.split()))
