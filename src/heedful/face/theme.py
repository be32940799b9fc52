"""The colours of a page as style rules: light, dark, and always light on paper."""

from __future__ import annotations

from heedful.face.colours import DARK, LIGHT, STEPS, Theme
from heedful.face.heat import KINDS


def theme_css() -> str:
    """The themes as custom properties, and a rule for each step of a ramp."""
    light, dark = _properties(LIGHT), _properties(DARK)
    return (
        f":root{{{light}}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
        f"@media print{{:root{{{light}}}}}\n{_step_rules()}\n"
    )


def _properties(theme: Theme) -> str:
    names = {"paper": theme.paper, "ink": theme.ink, "soft": theme.soft}
    for letter, kind in KINDS.items():
        names |= {f"{letter}{i}": x for i, x in enumerate(theme.ramp(kind), 1)}
    return ";".join(f"--{name}:{value}" for name, value in names.items())


def _step_rules() -> str:
    names = [f"{letter}{i}" for letter in KINDS for i in range(1, STEPS + 1)]
    return "".join(f".{name}{{--c:var(--{name})}}" for name in names)
