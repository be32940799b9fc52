"""Answers as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from heedful.learn.files import finite

_COMPACT = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def json_response(
    value: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Strict JSON: what is not finite becomes null, what is not ASCII an escape."""
    try:
        text = _COMPACT.encode(value)
    except ValueError:
        text = _COMPACT.encode(finite(value))
    return Response(text.encode("ascii"), status, headers, "application/json")
