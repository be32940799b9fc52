"""Any text as HTML that a browser shows, and gives back, character by character."""

from __future__ import annotations

from markupsafe import Markup, escape

# What HTML cannot hold: a parser drops NUL, and a lone surrogate has no encoding.
_UNHOLDABLE = {0: "\ufffd"} | {code: "\ufffd" for code in range(0xD800, 0xE000)}


def shown(text: str) -> Markup:
    """The text, escaped. Carriage returns survive the parser, which would drop bare ones.

    NUL and lone surrogates, which no page can hold, become U+FFFD: one character for one,
    so that offsets stay right.
    """
    safe = str(escape(text.translate(_UNHOLDABLE)))
    return Markup(safe.replace("\r", "&#13;"))
