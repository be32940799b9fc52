"""The texts of a request: which are taken, and which field is at fault where one is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema

from heedful.face.serve.problems import ProblemError
from heedful.face.serve.serving import Serving

# At least one character that is no white space, and no NUL: what `check_text` takes.
USABLE = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"
_ONE = {"type": "string", "minLength": 1, "pattern": USABLE}


def check_text(value: Any, field: str) -> str:
    """The value, if it is a text.

    Raises:
        ProblemError: 422; no string, nothing in it, a NUL byte, half of a surrogate pair.
    """
    if not isinstance(value, str):
        raise ProblemError(422, f"{field} must be a string, not {_named(value)}", field)
    if not value.strip():
        raise ProblemError(422, f"{field} is empty; give a text with words", field)
    if "\0" in value:
        raise ProblemError(422, f"{field} holds a NUL byte; take it out", field)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ProblemError(
            422,
            f"{field} holds half of a surrogate pair at character {error.start}; send the whole",
            field,
        ) from None
    return value


def _named(value: Any) -> str:
    names = {dict: "an object", list: "a list", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _one(value: Any) -> str:
    return check_text(value, "inputs")


def _one_or_several(value: Any) -> str | list[str]:
    if not isinstance(value, list):
        return _one(value) if isinstance(value, str) else _neither(value)
    if not value:
        raise ProblemError(422, "inputs is an empty list; give a text", "inputs")
    return [check_text(one, f"inputs[{i}]") for i, one in enumerate(value)]


def _neither(value: Any) -> str:
    message = f"inputs must be a string or a list of strings, not {_named(value)}"
    raise ProblemError(422, message, "inputs")


Text = Annotated[
    str,
    PlainValidator(_one),
    WithJsonSchema(_ONE),
    Field(description="The text. At most --max-characters characters."),
]
Texts = Annotated[
    str | list[str],
    PlainValidator(_one_or_several),
    WithJsonSchema({"anyOf": [_ONE, {"type": "array", "items": _ONE, "minItems": 1}]}),
    Field(
        description="A text, or a list of texts. At most --max-batch texts of --max-characters "
        "characters each."
    ),
]


def as_list(inputs: str | list[str]) -> list[str]:
    """One text or several as several."""
    return [inputs] if isinstance(inputs, str) else inputs


def check_size(inputs: str | Sequence[str], limits: Serving, name: str = "inputs") -> None:
    """Raise ProblemError (422) for too many texts or too long a one."""
    texts = [inputs] if isinstance(inputs, str) else inputs
    if len(texts) > limits.max_batch:
        raise ProblemError(
            422,
            f"{name} holds {len(texts):,} texts, more than {limits.max_batch:,} (--max-batch); "
            "send them in several requests, or a file to /files",
            name,
        )
    for i, text in enumerate(texts):
        if len(text) > limits.max_characters:
            field = name if isinstance(inputs, str) else f"{name}[{i}]"
            raise ProblemError(
                422,
                f"{field} has {len(text):,} characters, more than {limits.max_characters:,} "
                "(--max-characters); shorten it",
                field,
            )
