"""A trained classifier as one ONNX file, checked before it is written."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from importlib import metadata
from typing import Any

from onnx import ModelProto, helper

from heedful.face.export.check import Difference, check
from heedful.face.export.classifier import Plan, to_onnx
from heedful.face.export.quantise import quantised
from heedful.face.onnx_file import KEY, Travelling, session_of
from heedful.learn.files import finite
from heedful.learn.model import TextModel
from heedful.learn.presence import kinds_of
from heedful.records import HeedfulError

LARGEST = 2**31 - 1
"""Bytes of a file, by the format."""


@dataclass(frozen=True)
class Exported:
    """A model as files would hold it.

    Attributes:
        content: the float32 file.
        small: the int8 file; None where it is not asked for.
        difference: of the float32 graph from PyTorch.
    """

    content: bytes
    small: bytes | None
    difference: Difference


def exported(model: TextModel, read: dict[str, Any], *, int8: bool) -> Exported:
    """The model as ONNX, checked against PyTorch.

    Args:
        model: what to export.
        read: how its training data were read, by name of the option, so that files can be read
            alike.
        int8: also with 8-bit weights.

    Raises:
        HeedfulError: it says something else than PyTorch, or is larger than such a file may be.
    """
    graph = to_onnx(plan_of(model))
    content = _with_metadata(graph, _travelling(model, read))
    difference = check(model, session_of(content, 1))
    small = None
    if int8:
        own = replace(_travelling(model, read), precision="int8")
        small = _with_metadata(quantised(graph), own)
    return Exported(content, small, difference)


def plan_of(model: TextModel) -> Plan:
    """What the graph is written from."""
    tensors = model.network.state_dict().items()
    weights = {name: tensor.detach().cpu().numpy() for name, tensor in tensors}
    evidence = model.config.evidence
    return Plan(model.config.model, weights, kinds_of(evidence), evidence.length)


def _travelling(model: TextModel, read: dict[str, Any]) -> Travelling:
    return Travelling(model.config, model.labels, model.decision, model.vocabulary, read)


def _with_metadata(graph: ModelProto, travelling: Travelling) -> bytes:
    own = {"heedful": metadata.version("heedful"), **travelling.to_json()}
    # In ASCII: a word of the vocabulary may hold what no UTF-8 can.
    helper.set_model_props(graph, {KEY: json.dumps(finite(own), allow_nan=False)})
    if (size := graph.ByteSize()) > LARGEST:
        raise HeedfulError(
            f"the file would have {size:,} bytes, and ONNX files hold {LARGEST:,}; train with a "
            "smaller text.vocabulary or evidence.features"
        )
    content: bytes = graph.SerializeToString()
    return content
