"""The program of a process that turns texts into numbers for another. No numpy, no torch here.

Standard input: one line of JSON (`path`, the caller's `sys.path`; `text`, the settings; how many
`texts`), then the lengths of the texts in bytes, int64, then the texts, UTF-8. Standard output:
one line of JSON (`words`, the tokens by number; how many `numbers`), then how many tokens each
text has, int64, then the numbers, int32. All of it in the machine's byte order.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import IO, Any

from heedful.config import TextConfig
from heedful.text.runs import Numbered, Runs
from heedful.text.tokenize import Tokenizer


def question(texts: Sequence[str], config: TextConfig) -> Iterator[bytes]:
    """What the process is to be told, in pieces."""
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    head = {"path": [str(place) for place in sys.path], "text": asdict(config), "texts": len(texts)}
    yield json.dumps(head).encode() + b"\n"
    yield array("q", map(len, encoded)).tobytes()
    yield b"".join(encoded)


def main(head: Mapping[str, Any], source: IO[bytes], sink: IO[bytes]) -> None:
    """Answer one question, whose first line has been read already."""
    sizes = array("q", source.read(8 * head["texts"]))
    texts = (source.read(size).decode("utf-8", "surrogatepass") for size in sizes)
    words = Numbered()
    runs = Runs(Tokenizer(TextConfig(**head["text"])), words.__getitem__)
    flat, lengths = runs.number(texts)
    answer = {"words": list(words), "numbers": sum(lengths)}
    # Escapes keep it one line, and lone surrogates whole.
    sink.write(json.dumps(answer).encode() + b"\n")
    sink.write(lengths.tobytes())
    sink.write(flat)
    sink.flush()
