"""What a person's words mean as a time: a grammar that knows nothing of how the generator writes.

The rules, which make every form of the language mean one time:

- A form without a.m., p.m. or the like is read on the 24-hour clock: `8:25` is 08:25.
- A mark of the day's half holds for the time that is meant, not for the hour that is named: `20
  before 1 p.m.` is 12:40, and `18 before 12 after noon` is 23:42 (as in Choco31415's data).
- Noon is 12:00 and midnight 00:00, also where they stand for an hour: `noon hours and five`.
- `four before noon` is four minutes before noon; only after a longer form is `before noon` a mark.
"""

from __future__ import annotations

import re

from heedful.records import HeedfulError
from heedful.text.generate.clock_words import WORDS, in_words, number

DAY, HALF = 24 * 60, 12 * 60
# Minutes of the day that each mark allows, from the first to before the last.
_MARKS = {
    "am": (range(HALF),),
    "pm": (range(HALF, DAY),),
    "before noon": (range(HALF),),
    "after noon": (range(HALF, DAY),),
    "at noon": (range(HALF, HALF + 60),),
    "at midnight": (range(60),),
    "in the morning": (range(HALF),),
    "in the afternoon": (range(HALF, 18 * 60),),
    "in the evening": (range(17 * 60, DAY),),
    "at night": (range(20 * 60, DAY), range(4 * 60)),
}
_NUMBER = rf"(?:\d{{1,2}}|{WORDS})"
_HOUR = rf"(?P<hour>{_NUMBER}|noon|midnight|12 noon|12 midnight|twelve noon|twelve midnight)"
_MINUTES = rf"(?P<minutes>{_NUMBER})"
_UNIT = r"(?: (?:min|mins|minute|minutes))?"
# As spoken: "three fifteen", "three oh five"; "twenty one" is a number.
_SMALL = "|".join(in_words(n) for n in range(1, 10))
_LARGE = "|".join(in_words(n) for n in range(59, 9, -1))
# A form without its mark; `sign` says that the minutes lead away from the hour.
_FORMS = tuple(
    re.compile(form, re.ASCII)
    for form in (
        r"t?(?P<hour>\d{1,2})[:.h](?P<minutes>[0-5]\d)",
        r"(?P<hour>\d\d)(?P<minutes>[0-5]\d) hours",
        _HOUR,
        rf"{_HOUR} o'clock(?: (?:and )?{_MINUTES}{_UNIT})?",
        rf"{_HOUR} hours(?: (?:and )?{_MINUTES}{_UNIT})?",
        rf"{_MINUTES}{_UNIT} (?P<sign>after|past|before|to|till) {_HOUR}(?: o'clock)?",
        rf"(?:a )?(?P<minutes>quarter|quater|half) (?P<sign>after|past|before|to|till) {_HOUR}"
        r"(?: o'clock)?",
        rf"(?P<minutes>half)way (?P<sign>to) {_HOUR}(?: o'clock)?",
        rf"(?P<hour>{WORDS}) (?P<minutes>{_LARGE})",
        rf"(?P<hour>{WORDS}) oh (?P<minutes>{_SMALL})",
    )
)
_ENDING = re.compile(
    r"(.+?) ?((?<=[0-9 ])[ap]\.?m\.?|(?<= )(?:" + "|".join(_MARKS) + r"))", re.ASCII
)
_FRACTIONS = {"quarter": 15, "quater": 15, "half": 30}


def read_time(text: str) -> str:
    """The time that a human form means, as HH:MM.

    Case does not count; hyphens in numbers and white space count as one space.

    Raises:
        HeedfulError: it is not of the language, contradicts itself, or means several times.
    """
    plain = " ".join(text.lower().replace("-", " ").split())
    times = {time for core, mark in _divisions(plain) for time in _times(core, mark)}
    if len(times) != 1:
        raise HeedfulError(
            f"{text!r} means {'no time' if not times else 'several times'} in the language of the "
            "clock; docs/clock.md lists its forms"
        )
    (time,) = times
    return f"{time // 60:02}:{time % 60:02}"


def _divisions(text: str) -> list[tuple[str, str]]:
    """The text as a form without a mark, and where it can be, as a form and its mark."""
    found = _ENDING.fullmatch(text)
    if not found:
        return [(text, "")]
    core, mark = found[1], found[2].replace(".", "")
    # "four before noon" counts from noon, so that a bare number never has this mark.
    counted = mark in ("before noon", "after noon") and re.fullmatch(
        rf"(?:a )?(?:{_NUMBER}{_UNIT}|quarter|quater|half)", core
    )
    return [(text, "")] if counted else [(text, ""), (core, mark)]


def _times(core: str, mark: str) -> set[int]:
    """All times (minutes of the day) that a form and its mark can mean."""
    found = [match for form in _FORMS if (match := form.fullmatch(core))]
    return {time for match in found for time in _resolve(match.groupdict(), mark)}


def _resolve(parts: dict[str, str | None], mark: str) -> set[int]:
    named, minutes = str(parts["hour"]), _offset(parts)
    word = named.split()[-1]
    fixed = word in ("noon", "midnight")
    hour = {"noon": 12, "midnight": 0}[word] if fixed else number(named)
    if hour > 24 or abs(minutes) > 60 or (abs(minutes) == 60 and not parts.get("sign")):
        return set()
    time = (hour * 60 + minutes) % DAY
    if not mark:
        return {time}
    both = {time} if fixed or hour > 12 or hour == 0 else {time, (time + HALF) % DAY}
    return {t for t in both if any(t in part for part in _MARKS[mark])}


def _offset(parts: dict[str, str | None]) -> int:
    """Minutes after the hour that is named, negative before it."""
    given = parts.get("minutes")
    if given is None:
        return 0
    minutes = _FRACTIONS[given] if given in _FRACTIONS else number(given)
    return -minutes if parts.get("sign") in ("before", "to", "till") else minutes
