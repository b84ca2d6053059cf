"""
How things are called: ids, and the places of sections, items and overrides.

Must not know what is called so.
"""

from __future__ import annotations

__all__ = ["MAX_ID", "is_id", "is_place"]

MAX_ID = 48  # ids stand in every record; with this bound a record stays below 32 KiB

_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


def is_id(value: object) -> bool:
    """Whether *value* has the form of an id, 1 to 48 of the characters A-Z a-z 0-9 . _ and the hyphen."""
    return type(value) is str and 0 < len(value) <= MAX_ID and _CHARACTERS.issuperset(value)


def is_place(value: object) -> bool:
    """Whether *value* is an id, or two with a ``/`` between them: what a rubric that is a stage of another calls its parts."""
    if type(value) is not str or len(value) > 2 * MAX_ID + 1:
        return False
    stage, slash, own = value.partition("/")
    return is_id(stage) and (is_id(own) or not slash)
