"""How a decision is seen: heat maps for the terminal, pages, notebooks and pictures.

Every map lies on the user's own characters. Torch-free: it reads `Explanation` records, from
whichever model or file they come.
"""

from __future__ import annotations

from heedful.face.heat import Method, Strongest, Word, strongest
from heedful.face.notebook import to_notebook
from heedful.face.page import to_html
from heedful.face.svg_map import to_svg
from heedful.face.terminal import TerminalMap, to_terminal

__all__ = [
    "Method",
    "Strongest",
    "TerminalMap",
    "Word",
    "strongest",
    "to_html",
    "to_notebook",
    "to_svg",
    "to_terminal",
]
