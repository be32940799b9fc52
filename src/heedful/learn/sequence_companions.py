"""What a run that rewrites keeps beside its model, to judge it when the data are gone."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from safetensors.numpy import save

from heedful.learn.files import finite
from heedful.learn.layout import CHECKS, EXAMPLES, SKETCH
from heedful.learn.sequence_examples import examples_json
from heedful.text.pair import Pair, Pairs
from heedful.text.pair_quality import check_pairs, sketch_of


def sequence_companions(train: Sequence[Pair], valid: Sequence[Pair]) -> dict[str, bytes]:
    """By name: hashes of all sources, to find them again; pairs to try; what is wrong."""
    seen = sketch_of([*train, *valid])
    splits = {"training": Pairs(tuple(train))}
    if valid:
        splits["validation"] = Pairs(tuple(valid))
    checks = check_pairs(splits).to_json()
    return {
        SKETCH: save({name: np.ascontiguousarray(x) for name, x in seen.to_arrays().items()}),
        EXAMPLES: examples_json(train, valid),
        CHECKS: (json.dumps(finite(checks), indent=2) + "\n").encode(),
    }
