"""
The words that several things in a rubric take: actions, flags, the codes of warnings.

Owns the lists, and the key `accept`, which every thing has that a warning can be about. Must not know what the words do.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import attrs

from scoring.rubric.leaves import Prose
from scoring.rubric.part import entry

__all__ = ["Accept", "Action", "Flag", "KeyFlag", "Missing", "WarningCode", "accepting"]

Action = Literal["advance", "review", "decline"]
Flag = Literal["fatal", "knock_out", "refer", "note"]
KeyFlag = Literal["refer", "note"]
Missing = Literal["zero", "await"]
WarningCode = Literal[
    "ask-empty",
    "cap-idle",
    "excerpt",
    "fatal-earns",
    "gate-impassable",
    "item-idle",
    "job-related-empty",
    "later-key",
    "option-text-empty",
    "requirement-differs",
    "round-empty",
    "thousands",
    "verdict-unreachable",
    "weight-skew",
]
Accept: TypeAlias = dict[WarningCode, Prose]


def accepting() -> Any:
    """The key `accept`."""
    return entry(
        "Warnings accepted here and below: each code with the reason why it is all right.", attrs.Factory(dict)
    )
