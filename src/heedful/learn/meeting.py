"""How the processes of one training find each other, and what is said when they do not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
import torch.distributed as dist

from heedful.learn.workers import LostWorkerError
from heedful.records import HeedfulError

PATIENCE = 300.0
"""Seconds without a sign of life after which a worker counts as lost."""


@contextmanager
def reaching() -> Iterator[None]:
    """Say in one line that another worker cannot be reached.

    Raises:
        LostWorkerError: a collective failed.
    """
    try:
        yield
    except (RuntimeError, ValueError) as error:  # ValueError: no address to be had
        reason = " ".join(str(error).split())[:200]
        raise LostWorkerError(
            "another worker has ended or does not answer; its own message says why, and the same "
            f"command with --resume goes on from the last checkpoint ({reason})"
        ) from None


def patience() -> float:
    """Seconds to wait for a sign of life, by HEEDFUL_WORKER_PATIENCE.

    Raises:
        HeedfulError: no number above 0.
    """
    said = os.environ.get("HEEDFUL_WORKER_PATIENCE", "")
    try:
        found = float(said) if said else PATIENCE
    except ValueError:
        found = 0.0
    if not 0 < found < 1e6:
        raise HeedfulError(f"HEEDFUL_WORKER_PATIENCE={said} is no number of seconds above 0")
    return found


def meet(backend: str, rank: int, size: int, wait: float) -> None:
    """Make the process group of all that give the same MASTER_ADDR and MASTER_PORT.

    Raises:
        LostWorkerError: not all of them came within so many seconds.
    """
    try:
        dist.init_process_group(
            backend, rank=rank, world_size=size, timeout=timedelta(seconds=wait)
        )
    except (RuntimeError, ValueError) as error:
        where = f"{os.environ.get('MASTER_ADDR')}:{os.environ.get('MASTER_PORT')}"
        reason = " ".join(str(error).split())[:200]
        raise LostWorkerError(
            f"the {size} workers do not find each other at {where} within {wait:g} seconds; start "
            f"all of them, with the same address ({reason})"
        ) from None


def choose_device(local_rank: int, local_size: int) -> str:
    """Take a GPU if there are any; returns the backend.

    Raises:
        HeedfulError: there are some, but too few.
    """
    if not torch.cuda.is_available():
        return "gloo"
    if torch.cuda.device_count() < local_size:
        raise HeedfulError(
            f"{local_size} workers on this machine and {torch.cuda.device_count()} GPUs: start one "
            "worker a GPU, or none sees a GPU with CUDA_VISIBLE_DEVICES= (empty)"
        )
    # Waiting blocks, and gives up with an error instead of ending the process.
    os.environ.setdefault("TORCH_NCCL_BLOCKING_WAIT", "1")
    torch.cuda.set_device(local_rank)
    return "nccl"
