"""What the page at `/` shares with the pages of explanations.

The colours of maps, and the words beside them, are written here from the same constants as on
every other face, so that a map looks the same wherever it is drawn.
"""

from __future__ import annotations

import json

from heedful.explain.legend import LEGENDS
from heedful.face import heat, trust_rows
from heedful.face.alignment import BLANKS, LONGEST, SHADES
from heedful.face.alignment_folds import LONG, SHORT
from heedful.face.alignment_page import shades_css
from heedful.face.card import WORDS
from heedful.face.colours import STEPS
from heedful.face.controls import HIDDEN
from heedful.face.page_data import method_list
from heedful.face.templates import asset
from heedful.face.theme import theme_css

SHARED = ("map.css", "trust.css", "alignment.css", "alignment.js", "revealed.js")
"""Files that the explanation pages are made of, too."""


def shared_files() -> dict[str, bytes]:
    """By name what the page needs beside the files of its own folder."""
    texts = {name: asset(name) for name in SHARED}
    texts |= {"theme.css": theme_css() + shades_css(), "legend.js": _legend()}
    return {name: text.encode() for name, text in texts.items()}


def _legend() -> str:
    """Constants of the other faces as a module of JavaScript."""
    names = [*heat.ALWAYS, *(name for name in LEGENDS if name not in heat.ALWAYS)]
    values = {
        "STEPS": STEPS,
        "WORDS": WORDS,
        "HIDDEN": HIDDEN,
        "ALWAYS": heat.ALWAYS,
        "METHODS": method_list(names),
        "PARTS": heat.PARTS,
        "MEASURES": {key: measure._asdict() for key, measure in trust_rows.MEASURES.items()},
        "KEY": trust_rows.KEY,
        "NO_ATTENTION": trust_rows.NO_ATTENTION,
        "RIGHT": trust_rows.RIGHT,
        "EDGE": trust_rows.EDGE,
        "SHADES": SHADES,
        "BLANKS": BLANKS,
        "LONGEST": LONGEST,
        "FOLD_FROM": LONG,
        "FOLD_LEAST": SHORT,
    }
    return "".join(
        f"export const {name} = {json.dumps(value)};\n" for name, value in values.items()
    )
