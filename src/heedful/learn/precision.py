"""What the encoder multiplies in while it is trained."""

from __future__ import annotations

from typing import Literal

import torch

Precision = Literal["auto", "float32", "bfloat16"]


def dtype_of(precision: Precision) -> torch.dtype:
    """The torch type of a setting."""
    half = chosen_precision(precision) == "bfloat16"
    return torch.bfloat16 if half else torch.float32


def chosen_precision(precision: Precision) -> Literal["float32", "bfloat16"]:
    """The setting, with `auto` decided: bfloat16 where the processor multiplies it natively.

    Elsewhere it is emulated and slower. On a GPU networks of this size wait for kernels to
    start, not for products.
    """
    if precision != "auto":
        return precision
    if torch.cuda.is_available() or not hasattr(torch.cpu, "get_capabilities"):
        return "float32"
    found = torch.cpu.get_capabilities()
    native = found.get("avx512_bf16") or found.get("amx_bf16")
    return "bfloat16" if native else "float32"
