"""Characters that act instead of showing: a heat map names them and lets none of them act."""

from __future__ import annotations

BIDI = "\u202a-\u202e\u2066-\u2069"
"""Embeddings, overrides and isolates: they reorder what follows, the legend included."""

HIDDEN = f"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029{BIDI}]"
"""A regular expression: controls but for NUL, tab and line ends; separators; `BIDI`."""
