"""How many examples Hypothesis tries: few in `make test`, many where slow tests run too."""

from __future__ import annotations

import os

from hypothesis import settings

FEW, MANY = 25, 100
_SWITCH = "HEEDFUL_THOROUGH"

# A busy machine is no failure.
settings.register_profile("few", deadline=None, max_examples=FEW)
settings.register_profile("many", deadline=None, max_examples=MANY)


def choose(markers: str) -> None:
    """Load the profile that suits the tests asked for by `-m`; before test modules are imported."""
    thorough = "slow" in markers and "not slow" not in markers.replace("slow or not slow", "slow")
    os.environ[_SWITCH] = "1" if thorough else ""
    settings.load_profile("many" if thorough else "few")


def examples(most: int) -> int:
    """So many where all tests run, at most `FEW` otherwise."""
    return most if os.environ.get(_SWITCH) else min(most, FEW)
