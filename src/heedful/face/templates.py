"""The files that a page is made of: its templates, styles and scripts."""

from __future__ import annotations

from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from heedful.face.markup import shown


def asset(name: str) -> str:
    """The text of a file in the folder `assets`."""
    return resources.files("heedful.face.assets").joinpath(name).read_text(encoding="utf-8")


def styles(*names: str) -> Markup:
    """Style sheets or scripts, one after the other."""
    return Markup("".join(asset(name) for name in names))


def filled(template: str, values: dict[str, Any]) -> str:
    """The template with the values in it; whatever is not markup is escaped."""
    frame = Environment(
        loader=FunctionLoader(asset),
        autoescape=True,
        finalize=_harmless,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return frame.get_template(template).render(values)


def _harmless(value: Any) -> Any:
    """Text as a page can hold it: `shown` also knows NUL, lone surrogates and line ends."""
    return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value
