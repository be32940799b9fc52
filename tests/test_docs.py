"""The documents speak of what is there."""

from __future__ import annotations

import ast
import re
import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_source_file_has_its_line_in_the_layout() -> None:
    script = ROOT / "bench/layout.py"
    found = runpy.run_path(str(script))
    page = found["PAGE"].read_text("utf-8")
    assert page == found["layout"](), "python bench/layout.py writes it"
    assert page.count(".py` |") >= 400


def test_whatever_is_imported_is_a_dependency() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    needed = re.search(r"^dependencies = \[(.*?)^\]", project, re.M | re.S)[1]
    extras = ("torch", "onnx", "vectors", "hub", "pandas", "tensorboard", "keras", "tune", "ray")
    for extra in extras:
        needed += re.search(rf"^{extra} = \[(.*)\]$", project, re.M)[1]
    needed += re.search(r"^serve = \[(.*?)^\]", project, re.M | re.S)[1]
    named = set(re.findall(r'"([\w-]+)(?:\[[\w,]+\])?>=', needed)) | {"heedful"}
    named |= set(sys.stdlib_module_names)
    found = set()
    for path in (ROOT / "src/heedful").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {name.name for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(node.module)
    packages = {module.partition(".")[0].replace("sklearn", "scikit-learn") for module in found}
    packages -= {"markupsafe", "pydantic", "starlette"}  # jinja2 and fastapi are built on them
    packages = {package.replace("huggingface_hub", "huggingface-hub") for package in packages}
    packages = {package.replace("prometheus_client", "prometheus-client") for package in packages}
    assert packages <= named
