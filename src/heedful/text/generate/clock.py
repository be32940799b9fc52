"""Seeded pairs of a time as people write it and on the 24-hour clock: "quarter after 3 pm", 15:15.

No form has two times (`clock_oracle` reads each back), and which forms are for testing is settled
by the form itself, so that training and test data never share one, whatever their sizes and seeds.
The language and the forms: docs/clock.md.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from typing import Literal

from heedful.records import HeedfulError
from heedful.text.generate.clock_forms import FORMS, HELD_OUT, Form
from heedful.text.generate.clock_words import in_words
from heedful.text.pair import Pair

Part = Literal["train", "test", "new"]

TIMES = 24 * 60
_TEST = 0.2  # share of the forms that are for testing
_ENDLESS = 100_000  # draws without anything new: there is no more
_SPELLED = {False: ("am", "a.m", "a.m."), True: ("pm", "p.m", "p.m.")}
_WORDS = {
    "after": ("after", "after", "past"),
    "before": ("before", "before", "to", "till"),
    "quarter": ("quarter", "quarter", "quarter", "quater"),
    "min": ("", " min", " minutes", " mins"),
}


def generate(n: int, seed: int, part: Part = "train") -> list[Pair]:
    """`n` pairs with distinct sources, in random order; the same on every machine.

    Args:
        n: how many.
        seed: of the draws.
        part: `train` or `test`, which have the same kinds of form and no form in common, or
            `new`: only the kinds that are held out of both (`clock_forms.HELD_OUT`).

    Raises:
        HeedfulError: there are not so many forms.
    """
    rng = random.Random(seed)
    forms = [form for form in FORMS if (form.name in HELD_OUT) == (part == "new")]
    weights = [form.weight for form in forms]
    times = {form.name: [t for t in range(TIMES) if form.fits(t)] for form in forms}
    found: dict[str, Pair] = {}
    name = "clock" if part == "train" else f"clock:{part}"
    idle = 0
    while len(found) < n:
        form = rng.choices(forms, weights)[0]
        time = rng.choice(times[form.name])
        text = write(form, time, rng.choice)
        idle += 1
        if text not in found and part in ("new", part_of(text)):
            found[text] = Pair(text, f"{time // 60:02}:{time % 60:02}", name, len(found) + 1)
            idle = 0
        elif idle > _ENDLESS:
            raise HeedfulError(f"the clock has about {len(found):,} forms in this part, not {n:,}")
    return list(found.values())


def part_of(text: str) -> Part:
    """Whether a form (not of a held-out kind) is for training or testing: its hash decides."""
    digest = hashlib.blake2b(text.encode(), digest_size=4).digest()
    return "test" if int.from_bytes(digest) < _TEST * 2**32 else "train"


def write(form: Form, time: int, choose: Callable[[tuple[str, ...]], str]) -> str:
    """A time (minute of the day) in a form that fits it; `choose` picks among equal words."""
    hour, minute = divmod(time, 60)
    if form.anchor == "next":
        hour += 1
    if "{before}" in form.pattern:
        minute = 60 - minute
    of_twelve = (hour - 1) % 12 + 1
    spelled, spoken = _SPELLED[time >= TIMES // 2], in_words(minute)
    hyphened = in_words(minute, "-")
    slots = {
        "H": (str(hour % 24),),
        "HH": (f"{hour % 24:02}",),
        "d": (str(of_twelve),),
        "h": (str(of_twelve), in_words(of_twelve)),
        "hw": (in_words(of_twelve),),
        "MM": (f"{minute:02}",),
        "m": (str(minute), str(minute), spoken, spoken, hyphened),
        "mw": (spoken, spoken, spoken, hyphened),
        "mark": (*spelled, *(f" {mark}" for mark in spelled)),
        "spelled": spelled,
        "words": _parts_of_day(time),
        "part": (*spelled * 2, *_parts_of_day(time)),
        **_WORDS,
    }
    return form.pattern.format_map(
        {name: choose(words) for name, words in slots.items() if f"{{{name}}}" in form.pattern}
    )


def _parts_of_day(time: int) -> tuple[str, ...]:
    """How else to say which half of the day a time lies in."""
    hour = time // 60
    noon = "before noon" if hour < 12 else "after noon"
    names = {
        "at noon": hour == 12,
        "at midnight": hour == 0,
        "in the morning": hour < 12,
        "in the afternoon": 12 <= hour < 18,
        "in the evening": hour >= 17,
        "at night": hour >= 20 or hour < 4,
    }
    return (noon, noon, *(name for name, holds in names.items() if holds))
