"""
What a record must hold: the tables of `audit/FORMAT.md`, sections 3, 4 and 6, as data.

Each row here is a row there: a key, a check, and the words that say what was expected. The writer asks before it writes and `verify` asks afterwards, so
that a log never takes in what a verifier would refuse. Must not know of files, order or packs: what holds between records is `chain`'s and `verify`'s.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from math import gcd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias

    Check: TypeAlias = Callable[[Any], bool]
    Table: TypeAlias = Mapping[str, tuple[Check, str]]

__all__ = [
    "MAX_CASE",
    "MAX_PACK",
    "decision_misfit",
    "is_case",
    "is_digest",
    "is_id",
    "is_origin",
    "is_time",
    "record_misfit",
]

MAX_CASE = 200  # characters, FORMAT.md 9
MAX_PACK = 4 * 1024 * 1024  # bytes, FORMAT.md 5

_DIGITS = "0123456789"
_HEX = "0123456789abcdef"
_BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_ID = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
_MAX_RATIONAL = 4096  # characters, FORMAT.md 1; fifty sections with awkward denominators need about 3,000


def record_misfit(record: Any) -> str:
    """
    Say the first way in which *record* departs from the tables, or nothing.

    Args:
        record: Parsed canonical JSON, so that strings are text and integers are small.

    Returns:
        ``body/decision/score: expected ...``, or the empty string. Values are not repeated.

    Source: FORMAT.md 3, 4, 6.
    """
    if type(record) is not dict:
        return "expected an object"
    wrong = _misfit(record, _RECORD)
    if wrong:
        return wrong
    kind, body = record["type"], record["body"]
    if (kind == "genesis") != (record["seq"] == 0):
        return "type: record 0 is the genesis record, and only it"
    if (record["prev"] is None) != (record["seq"] == 0):
        return "prev: null in record 0, and only there"
    wrong = _misfit(body, _BODIES[kind])
    if wrong:
        return f"body/{wrong}"
    if kind == "decision":
        wrong = _misfit(body["decision"], _DECISION)
        if wrong:
            return f"body/decision/{wrong}"
        wrong = _misfit(body["disclosures"], _DISCLOSURES)
        if wrong:
            return f"body/disclosures/{wrong}"
        if body["supersedes"] is not None and body["supersedes"] >= record["seq"]:
            return "body/supersedes: expected the seq of an earlier record, or null"
    return ""


def decision_misfit(decision: Any) -> str:
    """Say the first way in which *decision* departs from the table, or nothing. Source: FORMAT.md 6."""
    return _misfit(decision, _DECISION) if type(decision) is dict else "expected an object"


def _misfit(value: dict[str, Any], table: Table) -> str:
    if value.keys() != table.keys():
        missing = sorted(table.keys() - value.keys())
        if missing:
            return f'the key "{missing[0]}" is missing'
        return f'unknown key "{min(value.keys() - table.keys())[:48]}"'
    for key, (fits, expected) in table.items():
        if not fits(value[key]):
            return f"{key}: expected {expected}"
    return ""


# --- kinds of value. `not text.strip(CHARS)` says that every character is one of CHARS. ---


def is_id(value: Any) -> bool:
    """Whether *value* is an id, FORMAT.md 1."""
    return type(value) is str and 0 < len(value) <= 48 and not value.strip(_ID)


def is_digest(value: Any) -> bool:
    """Whether *value* is a digest, FORMAT.md 1."""
    return type(value) is str and len(value) == 64 and not value.strip(_HEX)


def is_origin(value: Any) -> bool:
    """Whether *value* can name a log: 1 to 200 printable ASCII characters without space, FORMAT.md 4."""
    return type(value) is str and 0 < len(value) <= 200 and all("!" <= character <= "~" for character in value)


def is_case(value: Any) -> bool:
    """Whether *value* can name a case: text of 1 to 200 characters, FORMAT.md 9."""
    if type(value) is not str or not 0 < len(value) <= MAX_CASE:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_time(value: Any) -> bool:
    """Whether *value* is a time, FORMAT.md 1: a day that exists, and a clock time up to 23:59:59."""
    return type(value) is str and _is_time(value)


@lru_cache(maxsize=64)
def _is_time(text: str) -> bool:
    if len(text) != 20 or (text[4] + text[7] + text[10] + text[13] + text[16] + text[19]) != "--T::Z":
        return False
    parts = [text[0:4], text[5:7], text[8:10], text[11:13], text[14:16], text[17:19]]
    if any(part.strip(_DIGITS) for part in parts):
        return False
    year, month, day, hour, minute, second = map(int, parts)
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return year > 0 and 1 <= month <= 12 and 1 <= day <= days[month - 1] and hour < 24 and minute < 60 and second < 60


def _is_rational(value: Any) -> bool:
    return type(value) is str and len(value) <= _MAX_RATIONAL and _is_lowest_terms(value)


@lru_cache(maxsize=4096)
def _is_lowest_terms(text: str) -> bool:
    numerator, slash, denominator = text.removeprefix("-").partition("/")
    if not _is_plain(numerator) or text == "-0":
        return False
    if not slash:
        return True
    if not _is_plain(denominator) or denominator in {"0", "1"}:
        return False
    return gcd(_integer(numerator), _integer(denominator)) == 1


def _is_plain(digits: str) -> bool:
    return bool(digits) and not digits.strip(_DIGITS) and (digits[0] != "0" or digits == "0")


def _integer(digits: str) -> int:
    """Read digits of any length; CPython may be told to refuse more than 640 at once."""
    value = 0
    for start in range(0, len(digits), 512):
        piece = digits[start : start + 512]
        value = value * 10 ** len(piece) + int(piece)
    return value


def _is_length(value: Any) -> bool:
    return type(value) is int and 0 < value <= MAX_PACK


def _is_seq(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_object(value: Any) -> bool:
    return type(value) is dict


def _is_item_set(value: Any) -> bool:
    return (
        type(value) is str and 0 < len(value) <= 167 and not value.strip(_BASE64URL)
    )  # a pack has at most 1,000 items


def _is_outcomes(value: Any) -> bool:
    return type(value) is str and 0 < len(value) <= 3000 and not value.strip(_BASE64URL)


def _is_irregularities(value: Any) -> bool:
    return value == [] or (_IDS(value) and all(a < b for a, b in pairwise(value)))


def _is_cause(value: Any) -> bool:
    """What puts a cap: a flag's name or an override's."""
    return value in ("fatal", "knock_out") or _is_after("override:", value)


def _is_determinant(value: Any) -> bool:
    return value == "band" or _is_cause(value)


def _is_assumption(value: Any) -> bool:
    return _is_after("profile:", value)


def _is_after(prefix: str, value: Any) -> bool:
    return type(value) is str and value.startswith(prefix) and is_id(value[len(prefix) :])


def _is_cap(value: Any) -> bool:
    return type(value) is dict and len(value) == 2 and _is_cause(value.get("by")) and is_id(value.get("verdict"))


def _is_flags(value: Any) -> bool:
    return type(value) is dict and value.keys() <= _FLAGS and all(map(_is_item_set, value.values()))


def _is_share(value: Any) -> bool:
    return value is None or _is_rational(value)


def _is_sections(value: Any) -> bool:
    if type(value) is not dict:
        return value is None
    return len(value) <= 50 and all(map(is_id, value)) and all(map(_is_share, value.values()))


def _is_holds(value: Any) -> bool:
    return value == [] or (type(value) is list and value == [hold for hold in _HOLDS if hold in value])


def _list_of(fits: Check, most: int) -> Check:
    return lambda value: value == [] or (type(value) is list and len(value) <= most and all(map(fits, value)))


def _integer_of(number: int) -> Check:
    return lambda value: type(value) is int and value == number


def _one_of(*words: str) -> Check:
    return words.__contains__  # compares and never hashes, so that any value may be asked for


def _or_null(fits: Check) -> Check:
    return lambda value: value is None or fits(value)


# Packs have at most 16 verdicts and 100 overrides, submissions at most 20 irregularities (FORMAT.md 5, 9).
_CAUSES = 102
_IDS = _list_of(is_id, 20)
_FLAGS = frozenset({"fatal", "knock_out", "refer", "note"})
_HOLDS = ("refer", "verdict", "irregularity", "notice", "unclear")

_DIGEST = (is_digest, "a digest: 64 lower-case hexadecimal digits")
_AN_ID = (is_id, "an id: 1 to 48 of the characters A-Z a-z 0-9 . _ -")
_ITEMS = (_is_item_set, "an item set: base64url digits")

_RECORD: Table = {
    "body": (_is_object, "an object"),
    "prev": (_or_null(is_digest), "a digest or null"),
    "seq": (_is_seq, "an integer, 0 or more"),
    "time": (is_time, "a time such as 2026-11-21T09:00:00Z"),
    "type": (_one_of("genesis", "rubric", "decision"), "genesis, rubric or decision"),
    "v": (_integer_of(1), "1"),
}
_BODIES: dict[str, Table] = {
    "genesis": {"origin": (is_origin, "1 to 200 printable ASCII characters without space")},
    "rubric": {
        "length": (_is_length, f"an integer from 1 to {MAX_PACK}"),
        "pack": _DIGEST,
        "rubric": _AN_ID,
        "scoring": _DIGEST,
        "version": _AN_ID,
    },
    "decision": {
        "decision": (_is_object, "an object"),
        "disclosures": (_is_object, "an object"),
        "id": _AN_ID,
        "supersedes": (_or_null(_is_seq), "the seq of an earlier record, or null"),
    },
}
_DISCLOSURES: Table = {"case": _DIGEST, "submission": _DIGEST}
_DECISION: Table = {
    "action": (_one_of("advance", "review", "decline", "wait"), "advance, review, decline or wait"),
    "assumed": (_list_of(_is_assumption, 1), "a list of at most one profile:ID"),
    "awaited": _ITEMS,
    "caps": (_list_of(_is_cap, _CAUSES), 'a list of {"by": a cause, "verdict": an id}'),
    "determined_by": (_list_of(_is_determinant, _CAUSES + 1), "a list of band, fatal, knock_out, override:ID"),
    "flags": (_is_flags, "an object of item sets by flag"),
    "handed_in": (lambda value: value == ["main"], '["main"]'),
    "holds": (_is_holds, "a list of " + ", ".join(_HOLDS) + ", in this order"),
    "irregularities": (_is_irregularities, "a sorted list of at most 20 ids, each once"),
    "level": (lambda value: value is None, "null"),
    "notice": (lambda value: value is None or type(value) is bool, "true, false or null"),
    "outcomes": (_is_outcomes, "base64url digits, one to three for each item"),
    "pack": _DIGEST,
    "profile": _AN_ID,
    "reachable": (_or_null(_list_of(is_id, 16)), "a list of at most 16 ids, or null"),
    "score": (_is_share, "a number in lowest terms, or null"),
    "sections": (_is_sections, "an object of numbers in lowest terms or null by section, or null"),
    "semantics": (_integer_of(1), "1"),
    "status": (_one_of("ended", "pending", "decided"), "ended, pending or decided"),
    "verdict": (_or_null(is_id), "an id or null"),
}
