"""Every source file with the first line of its docstring: writes docs/layout.md.

    python bench/layout.py

tests/test_docs.py checks that the page is what this would write.
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/layout.md"
SOURCE = ROOT / "src/heedful"
# Down the pipeline: imports go from the last to the first.
PIPELINE = ("", "text", "nn", "learn", "explain", "keras", "face")
HEAD = """# Where what is

Folders stand in the order of the pipeline, and imports go one way: `face`, `keras` → `explain` →
`learn` → `nn` → `text` → settings and records (`make lint` enforces it). Made by `python
bench/layout.py` from the first line of each file's docstring.
"""
OTHER = """
## Beside the package

- `tests/`: laws, hand-solved numbers, oracles (PyTorch, Keras, Captum, scikit-learn)
- `bench/`: accuracy, time and memory on real data
- `docs/`: guides, benchmarks, design notes
"""


def first_line(path: Path) -> str:
    """Of a file's docstring, without its full stop."""
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return text.split("\n")[0].rstrip(".").replace("|", "\\|")


def files_of(folder: Path) -> list[Path]:
    """What a folder's table names: sources, and what pages are made of. Empty ones are left out."""
    kinds = (".py", ".css", ".js", ".html", ".typed")
    found = [path for path in folder.iterdir() if path.suffix in kinds and path.stat().st_size]
    return sorted(found, key=lambda path: path.name)


def section(folder: Path) -> str:
    """One folder as a heading and a table; other files than sources share a line."""
    files = files_of(folder)
    rows = [f"| `{path.name}` | {first_line(path)} |" for path in files if path.suffix == ".py"]
    others = ", ".join(f"`{path.name}`" for path in files if path.suffix != ".py")
    name = folder.relative_to(SOURCE.parent).as_posix()
    table = "\n".join(["| file | what |", "|---|---|", *rows]) if rows else ""
    parts = [f"## {name}", table, f"Pages are made of: {others}." if others else ""]
    return "\n\n".join(part for part in parts if part) + "\n"


def layout() -> str:
    """The page."""
    places = [SOURCE / part for part in PIPELINE]
    folders = [
        folder
        for place in places
        for folder in ([place] if place == SOURCE else _with_inner(place))
        if files_of(folder)
    ]
    return "\n".join([HEAD, *map(section, folders)]) + OTHER


def _with_inner(place: Path) -> list[Path]:
    inner = [path for path in place.rglob("*") if path.is_dir() and path.name != "__pycache__"]
    return [place, *sorted(inner)]


if __name__ == "__main__":
    PAGE.write_text(layout(), "utf-8")
