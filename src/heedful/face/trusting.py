"""`heedful trust`: how far a run's maps may be trusted, measured on a data set."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.table import Table

from heedful.explain.legend import LEGENDS
from heedful.explain.measure import SLOW, Order, Report, measure
from heedful.explain.survey import METRICS, Figure
from heedful.face.console import note, show, tell_data, write_json
from heedful.face.remembering import facts, names_of, remembered
from heedful.face.stdin import taking_stdin
from heedful.learn.folder import load_model
from heedful.learn.model import using_threads
from heedful.records import HeedfulError
from heedful.text.corpus import Corpus, ReadOptions, fingerprint, read


@dataclass(frozen=True)
class Asked:
    """What to measure, and where the numbers go.

    Attributes:
        methods: whose maps; empty = all.
        limit: texts that are measured, drawn at random.
        others: runs of the same settings with other seeds.
        json: file, `-`, or None.
    """

    methods: tuple[str, ...]
    limit: int
    others: tuple[str, ...]
    json: str | None
    seed: int
