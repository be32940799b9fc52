"""A file that `heedful export` wrote: the graph, ready to run, and what travels with it.

No torch here, nor anything that needs it: such a file runs where only onnxruntime is installed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from heedful.config import Config
from heedful.learn.decision import Decision
from heedful.learn.run import classes_of
from heedful.records import HeedfulError
from heedful.settings import from_json
from heedful.text.labels import Labels
from heedful.text.vocab import Vocabulary

SUFFIX = ".onnx"
KEY = "heedful"
"""Where in the file's metadata the JSON is that travels with the graph."""
FORMAT = 1
NEEDED = "{what} needs onnx and onnxruntime, which are not installed: pip install 'heedful[onnx]'"


@dataclass(frozen=True)
class Travelling:
    """What a file holds beside its graph.

    Attributes:
        config: the settings of tokens, network and evidence.
        labels: the classes and the task.
        decision: how they are decided on.
        vocabulary: whose ids the graph reads.
        read: how the training data were read, by name of the option.
        precision: `float32` or `int8`.
    """

    config: Config
    labels: Labels
    decision: Decision
    vocabulary: Vocabulary
    read: dict[str, Any]
    precision: str = "float32"

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries, lists and numbers; nothing that only training needs."""
        settings = self.config.to_json()
        return {
            "format": FORMAT,
            "precision": self.precision,
            "task": self.labels.task,
            "id2label": {str(i): name for i, name in enumerate(self.labels.names)},
            "decision": self.decision.to_json(),
            **{section: settings[section] for section in ("preset", *_SECTIONS)},
            "data": {"read": self.read},
            "vocabulary": self.vocabulary.to_json(),
        }


_SECTIONS = ("text", "model", "evidence")


def is_exported(name: str) -> bool:
    """Whether a name is that of an exported file rather than of a run folder."""
    path = Path(name)
    return path.suffix.lower() == SUFFIX and not path.is_dir()


def travelling(values: Any, path: Path) -> Travelling:
    """What `to_json` wrote.

    Raises:
        HeedfulError: damaged, or of a newer format.
    """
    try:
        if values["format"] != FORMAT:
            raise HeedfulError(f"format {values['format']!r}; this heedful reads {FORMAT}")
        config = from_json({key: values[key] for key in ("preset", *_SECTIONS)})
        labels, decision = classes_of(values)
        vocabulary = Vocabulary.from_json(values["vocabulary"])
        read, precision = dict(values["data"]["read"]), str(values["precision"])
        return Travelling(config, labels, decision, vocabulary, read, precision)
    except HeedfulError as error:
        raise HeedfulError(f"{path} cannot be used: {error}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise HeedfulError(f"{path} is damaged: {error!r}") from None


def open_file(path: Path, threads: int = 0) -> tuple[Any, Travelling]:
    """The graph as a session of onnxruntime, and what travels with it.

    Args:
        path: the file.
        threads: of a session; 0 = as many as there are cores.

    Raises:
        HeedfulError: no such file, none that `heedful export` wrote, a damaged one, one of a newer
            format; or onnxruntime is not installed.
    """
    if find_spec("onnxruntime") is None:
        raise HeedfulError(NEEDED.format(what=f"reading {path}"))
    if not path.is_file():
        raise HeedfulError(f"{path} does not exist; heedful export RUN --onnx FILE writes one")
    session = session_of(path, threads)
    found = session.get_modelmeta().custom_metadata_map.get(KEY)
    if found is None:
        raise HeedfulError(f"{path} was not written by heedful export: its metadata lack {KEY!r}")
    try:
        values = json.loads(found)
    except (ValueError, RecursionError) as error:
        raise HeedfulError(f"{path} is damaged: its metadata are no JSON ({error})") from None
    return session, travelling(values, path)


def session_of(path: Path | bytes, threads: int) -> Any:
    """A session of onnxruntime on the processor.

    Raises:
        HeedfulError: no ONNX file.
    """
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors, which are raised anyway
    # Lengths differ from batch to batch: memory laid out for one is no use for the next.
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    source = path if isinstance(path, bytes) else str(path)
    try:
        return InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own have no base class of their own
        name = "the graph" if isinstance(path, bytes) else str(path)
        reason = str(error).strip().splitlines()[0]
        raise HeedfulError(f"{name} cannot be read as ONNX: {reason}") from None
