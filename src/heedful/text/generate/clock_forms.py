"""The ways in which people write a time: a pattern each, and the times that it is used for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Anchor = Literal["own", "next", "noon", "midnight"]


@dataclass(frozen=True)
class Form:
    """One way to write a time.

    Attributes:
        name: by which it is held out, and looked up in docs/clock.md.
        pattern: text with slots. Hours: `{H}` of 24 in digits, `{HH}` in two digits; `{d}` of 12
            in digits, `{hw}` in words, `{h}` in either. Minutes: `{MM}` in two digits, `{mw}` in
            words, `{m}` in digits or words, `{min}` "min", "minutes" or nothing. `{after}`,
            `{before}` and `{quarter}` a word for it. `{mark}` a.m. or p.m. in some spelling, with
            or without a space before it, `{spelled}` without; `{words}` words for it; `{part}`
            either of these two.
        minutes: of the hour, for which it is used.
        anchor: the hour it names: the time's own, the next one, or noon or midnight. Before the
            next hour the slots of minutes hold what is missing to it.
        weight: how often it is drawn.
    """

    name: str
    pattern: str
    minutes: Sequence[int] = range(60)
    anchor: Anchor = "own"
    weight: int = 4

    def fits(self, time: int) -> bool:
        """Whether it is used for this minute of the day."""
        hour, minute = divmod(time, 60)
        if minute not in self.minutes:
            return False
        if self.anchor == "next":
            # "20 before 12 p.m." would be read in two ways: noon and midnight have own forms.
            return hour % 12 != 11
        fixed = {"noon": 12, "midnight": 0}.get(self.anchor)
        return fixed is None or (hour + ("{before}" in self.pattern)) % 24 == fixed


_FULL, _QUARTER, _HALF, _LATE, _SOME = (0,), (15,), (30,), (45,), range(1, 60)
_CLOCK_FACE = (
    Form("digits", "{H}:{MM}", weight=12),
    Form("digits, point", "{H}.{MM}", weight=8),
    Form("digits, h", "{H}h{MM}", weight=2),
    Form("digits, two of the hour", "{HH}:{MM}"),
    Form("t", "t{H}:{MM}", weight=8),
    Form("t, point", "t{H}.{MM}", weight=8),
    Form("military", "{HH}{MM} hours"),
    Form("digits, marked", "{d}:{MM}{mark}", weight=12),
    Form("digits, point, marked", "{d}.{MM}{mark}", weight=8),
    Form("t, marked", "t{d}:{MM}{mark}", weight=6),
    Form("t, point, marked", "t{d}.{MM}{mark}", weight=6),
    Form("digits, part of day", "{d}:{MM} {words}", weight=6),
    Form("hour", "{H}", _FULL, weight=1),
    Form("hour, marked", "{d}{mark}", _FULL, weight=2),
)
_HOURS = (
    Form("hours and", "{hw} hours and {mw} {part}", weight=16),
    Form("o'clock", "{hw} o'clock {mw} {part}", weight=16),
    Form("o'clock, full hour", "{h} o'clock {part}", _FULL),
    Form("spoken", "{hw} {mw} {spelled}", range(10, 60), weight=6),
    Form("spoken, oh", "{hw} oh {mw} {spelled}", range(1, 10), weight=2),
    Form("spoken, part of day", "{hw} {mw} {words}", range(10, 60)),
)
_TOWARDS = (
    Form("after", "{m}{min} {after} {h} {part}", _SOME, weight=20),
    Form("before", "{m}{min} {before} {h} {part}", _SOME, "next", 20),
    Form("after, o'clock", "{m}{min} {after} {h} o'clock {part}", _SOME),
    Form("before, o'clock", "{m}{min} {before} {h} o'clock {part}", _SOME, "next"),
    Form("quarter after", "{quarter} {after} {h} {part}", _QUARTER, weight=6),
    Form("quarter before", "{quarter} {before} {h} {part}", _LATE, "next", 6),
    Form("a quarter after", "a quarter {after} {h} {part}", _QUARTER, weight=2),
    Form("a quarter before", "a quarter {before} {h} {part}", _LATE, "next", 2),
    Form("half past", "half past {h} {part}", _HALF, weight=6),
    Form("halfway to", "halfway to {h} {part}", _HALF, "next", 6),
)
_AROUND: tuple[Form, ...] = tuple(
    Form(name.format(anchor), pattern.replace("{word}", anchor), minutes, anchor, weight)
    for anchor in ("noon", "midnight")
    for name, pattern, minutes, weight in (
        ("{}", "{word}", _FULL, 1),
        ("12 {}", "12 {word}", _FULL, 1),
        ("after {}", "{m}{min} {after} {word}", _SOME, 3),
        ("before {}", "{m}{min} {before} {word}", _SOME, 3),
        ("quarter after {}", "{quarter} {after} {word}", _QUARTER, 1),
        ("quarter before {}", "{quarter} {before} {word}", _LATE, 1),
        ("half past {}", "half past {word}", _HALF, 1),
        ("{} hours and", "{word} hours and {mw}", _SOME, 1),
        ("{} o'clock", "{word} o'clock {mw}", _SOME, 1),
    )
)
FORMS = (*_CLOCK_FACE, *_HOURS, *_TOWARDS, *_AROUND)
# Each is made of pieces that other forms teach: what is new is how they stand together.
HELD_OUT = (
    *("a quarter before", "after, o'clock", "quarter before noon", "quarter before midnight"),
    *("t, point, marked", "spoken, part of day", "half past midnight", "12 midnight"),
)
