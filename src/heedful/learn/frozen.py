"""A frozen transformer reads each text once: its states are kept while a network learns from them.

States are kept as float16 and, where bfloat16 pays (learn/precision.py), worked out in it.
Scoring and explaining work them out anew in float32 and look at no cache: what a text scores
depends on nothing but the text. How far the two are apart is in docs/pretrained.md.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from heedful.config import Config
from heedful.learn.listener import Listener
from heedful.learn.model import device_of, inference, scoring_batches, using_threads
from heedful.learn.precision import dtype_of
from heedful.learn.pretrained_folder import fingerprint
from heedful.learn.state_store import KEY, StateStore
from heedful.nn.classify import Classifier
from heedful.nn.pretrained import PretrainedEncoder
from heedful.text.cache import folder as tokens_folder
from heedful.text.vocab import Encoded

TOLD = 20.0  # seconds between two words on how far it is
FULL = torch.float32
LARGEST = float(np.finfo(np.float16).max)


@contextmanager
def states_known(
    network: Classifier,
    parts: Sequence[Encoded],
    config: Config,
    listener: Listener,
    *,
    cached: bool,
) -> Iterator[None]:
    """Within it the network takes states of these texts from a store; any other it works out.

    Args:
        network: with or without a frozen transformer; without, nothing is done.
        parts: texts.
        config: all settings.
        listener: told how far it is.
        cached: whether the user's cache folder may keep states; else a folder that ends with this.
    """
    encode = network.encode
    if not isinstance(encode, PretrainedEncoder) or encode.rate is not None:
        yield
        return
    most = int(config.hf.cache_gb * 1e9)
    if not most:
        yield
        return
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(_place(cached)) / _name(encode, config)
            store = StateStore(folder, encode.width, most)
        except OSError as error:
            listener.say(f"no cache of states ({error}); each epoch reads the texts anew")
            yield
            return
        try:
            with using_threads(config.train.threads):
                _fill(network, parts, store, config, listener)
            network.known = _Known(store, encode.width)
            yield
        finally:
            network.known = None
            store.close()


@contextmanager
def _place(cached: bool) -> Iterator[Path]:
    if cached and os.environ.get("HEEDFUL_CACHE") != "0":
        yield tokens_folder().with_name("states")
    else:
        with tempfile.TemporaryDirectory(prefix="heedful-states-") as name:
            yield Path(name)


def _name(encode: PretrainedEncoder, config: Config) -> str:
    """Of all that a state depends on but the text."""
    body = fingerprint(encode.body)
    how = [body, encode.around, encode.size, encode.overlap, config.train.precision]
    return hashlib.sha256(repr(how).encode()).hexdigest()[:32]


def _key(ids: np.ndarray) -> bytes:
    """Of a text."""
    return hashlib.blake2b(ids.astype(np.int32).tobytes(), digest_size=KEY).digest()


@dataclass
class _Known:
    """States of a batch from a store."""

    store: StateStore
    width: int

    def __call__(self, ids: Tensor, mask: Tensor) -> Tensor | None:
        """(B, T, H) float32, zero at padding; None if the store lacks one of the texts."""
        rows, lengths = ids.cpu().numpy(), mask.sum(dim=1).tolist()
        found = torch.zeros(*ids.shape, self.width, dtype=torch.float16)
        states = found.numpy()
        try:
            for row, length in enumerate(lengths):
                if length:
                    states[row, :length] = self.store.get(_key(rows[row, :length]))
        except (KeyError, OSError):
            return None
        return found.to(ids.device, torch.float32)


def _fill(
    network: Classifier,
    parts: Sequence[Encoded],
    store: StateStore,
    config: Config,
    listener: Listener,
) -> None:
    """Work out the states of all texts that the store lacks; what is done stays done."""
    store.need(_key(part[text]) for part in parts for text in range(len(part)))
    lacking = [_lacking(part, store) for part in parts]
    total, done = sum(map(len, lacking)), 0
    if not total:
        return
    listener.say(f"the transformer reads {total:,} texts, each once")
    told = time.monotonic()
    try:
        for part in lacking:
            for order, ids, mask in scoring_batches(network, part):
                states = _states(network, ids, mask, config)
                for text, row in zip(order.tolist(), states, strict=True):
                    store.add(_key(part[text]), row[: len(part[text])].copy())
                if store.full:
                    listener.say(
                        f"the cache of states is full (hf.cache_gb={config.hf.cache_gb:g}, or the "
                        "disk): the texts that it lacks are read anew in each epoch"
                    )
                    return
                done += len(order)
                if time.monotonic() - told > TOLD:
                    told = time.monotonic()
                    listener.say(f"the transformer has read {done:,} of {total:,} texts")
    finally:
        store.flush()


def _lacking(part: Encoded, store: StateStore) -> Encoded:
    """The texts of a part that are not in the store, each once, without empty ones."""
    seen: set[bytes] = set()
    chosen = []
    for text in range(len(part)):
        key = _key(part[text])
        if len(part[text]) and key not in store and key not in seen:
            seen.add(key)
            chosen.append(part[text])
    starts = np.zeros(len(chosen) + 1, np.int64)
    np.cumsum([len(ids) for ids in chosen], out=starts[1:])
    flat = np.concatenate(chosen) if chosen else np.zeros(0, np.int32)
    none = np.zeros(len(chosen), np.int64)
    return Encoded(flat, starts, none, none)


def _states(network: Classifier, ids: Tensor, mask: Tensor, config: Config) -> np.ndarray:
    """(B, T, H) float16, undefined at padding."""
    kind, device = dtype_of(config.train.precision), device_of(network).type
    with inference(network), torch.autocast(device, kind) if kind != FULL else nullcontext():
        states = network.encode(network.embed(ids, mask), mask).states
    limited: np.ndarray = states.float().clamp(-LARGEST, LARGEST).half().cpu().numpy()
    return limited
