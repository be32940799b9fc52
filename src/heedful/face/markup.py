"""Any text as HTML that a browser shows, and gives back, character by character."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from heedful.face.controls import HIDDEN

# What HTML cannot hold: a parser drops NUL, and a lone surrogate has no encoding.
_UNHOLDABLE = {0: "\ufffd"} | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def shown(text: str) -> Markup:
    """The text, escaped. Carriage returns survive the parser, which would turn them around.

    NUL and lone surrogates, which no page can hold, become U+FFFD: one character for one,
    so that offsets stay right.
    """
    safe = str(escape(text.translate(_UNHOLDABLE)))
    return Markup(safe.replace("\r", "&#13;"))


def revealed(text: str) -> Markup:
    """Like `shown`, with controls in a tag of their own that names them (in a style sheet).

    The character stays in the text, isolated: a bidirectional override turns nothing round.
    """
    safe = re.sub(HIDDEN, _named, str(shown(text)))
    return Markup(safe)


def _named(found: re.Match[str]) -> str:
    char = found.group()
    return f'<i class="ctl" style="unicode-bidi:isolate" data-c="{ord(char):04X}">{char}</i>'
