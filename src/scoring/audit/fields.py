"""
What a record must hold: the tables of `audit/FORMAT.md`, sections 3, 4 and 6, as data.

Each row here is a row there: a key, a check, and the words that say what was expected. The writer asks before it writes and `verify` asks afterwards, so
that a log never takes in what a verifier would refuse. Must not know of files, order or packs: what holds between records is `chain`'s and `verify`'s.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from math import gcd

from scoring.errors import LogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias

    Check: TypeAlias = Callable[[Any], bool]
    Table: TypeAlias = Mapping[str, tuple[Check, str]]

__all__ = [
    "ACTIONS",
    "MAX_CASE",
    "MAX_CUT",
    "MAX_ID",
    "MAX_OUTCOMES",
    "MAX_PACK",
    "MAX_WHO",
    "MAX_WHY",
    "OPENED_FACTS",
    "are_digests",
    "decision_misfit",
    "fits_before_outcomes",
    "fits_behind_outcomes",
    "fits_decision",
    "is_case",
    "is_digest",
    "is_id",
    "is_origin",
    "is_text",
    "is_time",
    "record_misfit",
]

MAX_ID = 48  # characters, FORMAT.md 1
MAX_OUTCOMES = 3000  # characters, FORMAT.md 6
MAX_CASE = 200  # characters, FORMAT.md 9
MAX_WHO, MAX_WHY = 200, 2000  # characters, FORMAT.md 8
ACTIONS = ("confirm", "override", "reinstate", "void", "withdraw")  # of a resolution, FORMAT.md 4
OPENED_FACTS = ("accommodation", "notice", "raters", "started_at", "variant")  # what an opening may fix, FORMAT.md 8
MAX_PACK = 4 * 1024 * 1024  # bytes, FORMAT.md 5
MAX_CUT = 4 * 1024 * 1024 + 32_769  # bytes, FORMAT.md 4

_DIGITS = "0123456789"
_SECONDS = frozenset(f"{second:02d}Z" for second in range(60))
_HEX = b"0123456789abcdef"  # a table is quicker than `strip` where there are many
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
    if kind in _DISCLOSED:
        wrong = _misfit(body["disclosures"], {"case": _DIGEST, _DISCLOSED[kind]: _DIGEST})
        if wrong:
            return f"body/disclosures/{wrong}"
    if kind == "decision":
        wrong = _misfit(body["decision"], _DECISION)
        if wrong:
            return f"body/decision/{wrong}"
    elif kind == "resolution":
        for key, action in _OF_ACTION.items():
            if (body[key] is not None) != (body["action"] == action):
                return f"body/{key}: expected a value with {action}, and null with every other action"
    for key in _EARLIER.get(kind, ()):
        if body[key] is not None and body[key] >= record["seq"]:
            return f"body/{key}: expected the seq of an earlier record"
    return ""


def fits_decision(record: Any, seq: int, prev: str | None) -> bool:
    """
    Whether *record* is a decision that fits the tables, with its keys in their order: a quick yes, or a no that `record_misfit` has to look into.

    A yes also says that no value is a fraction and that each integer is a small one, so that what was parsed and comes back the same when it is written is
    canonical.

    Args:
        record: Parsed JSON of any spelling.
        seq: What it should have, above 0.
        prev: The leaf that it should have.
    """
    try:
        if (*record,) != _IN_RECORD:
            return False
        body, before, number, time, kind, version = record.values()
        if (*body,) != _IN_BODY or type(number) is not int or type(version) is not int:
            return False
        decision, disclosures, name, supersedes = body.values()
        if (*decision,) != _IN_DECISION or (*disclosures,) != _IN_DISCLOSURES:
            return False
        values = [*decision.values()]
        return (
            (number, before, kind, version) == (seq, prev, "decision", 1)
            and seq > 0
            and prev is not None
            and (supersedes is None or (type(supersedes) is int and 0 <= supersedes < seq))
            and are_digests(disclosures["case"], disclosures["submission"])
            and is_id(name)
            and is_time(time)
            and _fits_before(*values[:_OUTCOMES])
            and _is_outcomes(values[_OUTCOMES])
            and _fits_behind(*values[_OUTCOMES + 1 :])
        )
    except (AttributeError, TypeError):  # what has no keys, or cannot be looked up
        return False


def fits_before_outcomes(members: Any) -> bool:
    """Whether *members*, parsed JSON of any spelling, are what stands before `outcomes` in a decision, as `fits_decision` asks it of a record's."""
    try:
        return (*members,) == _IN_HEAD and _fits_before(*members.values())
    except (AttributeError, TypeError):
        return False


def fits_behind_outcomes(members: Any) -> bool:
    """Whether *members*, parsed JSON of any spelling, are what stands behind `outcomes` in a decision, as `fits_decision` asks it of a record's."""
    try:
        return (*members,) == _IN_TAIL and _fits_behind(*members.values())
    except (AttributeError, TypeError):
        return False


def decision_misfit(decision: Any) -> str:
    """Say the first way in which *decision* departs from the table, or nothing. Source: FORMAT.md 6."""
    return _misfit(decision, _DECISION) if type(decision) is dict else "expected an object"


def _misfit(value: dict[str, Any], table: Table) -> str:
    if value.keys() != table.keys():
        missing = sorted(table.keys() - value.keys())
        if missing:
            return f'the key "{missing[0]}" is missing'
        return f'unknown key "{min(map(str, value.keys() - table.keys()))[:48]}"'
    for key, (fits, expected) in table.items():
        if not fits(value[key]):
            return f"{key}: expected {expected}"
    return ""


# --- kinds of value. `not text.strip(CHARS)` says that every character is one of CHARS. ---


def is_id(value: Any) -> bool:
    """Whether *value* is an id, FORMAT.md 1."""
    return type(value) is str and 0 < len(value) <= MAX_ID and not value.strip(_ID)


def is_digest(value: Any) -> bool:
    """Whether *value* is a digest, FORMAT.md 1."""
    return type(value) is str and len(value) == 64 and value.isascii() and not value.encode().translate(None, _HEX)


def are_digests(first: Any, second: Any) -> bool:
    """Whether both are digests, found in the time that one takes."""
    return (
        type(first) is type(second) is str
        and len(first) == len(second) == 64
        and (both := first + second).isascii()
        and not both.encode().translate(None, _HEX)
    )


def is_origin(value: Any) -> bool:
    """Whether *value* can name a log: 1 to 200 printable ASCII characters without space, FORMAT.md 4."""
    return type(value) is str and 0 < len(value) <= 200 and all("!" <= character <= "~" for character in value)


def _is_place(value: Any) -> bool:
    if type(value) is not str or len(value) > 97:
        return False
    first, slash, second = value.partition("/")
    return is_id(first) and (is_id(second) if slash else True)


def is_case(value: Any) -> bool:
    """Whether *value* can name a case: text of 1 to 200 characters, FORMAT.md 9."""
    return is_text(value, MAX_CASE)


def is_text(value: Any, most: int) -> bool:
    """Whether *value* is text of 1 to *most* characters that has an encoding."""
    if type(value) is not str or not 0 < len(value) <= most:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_time(value: Any) -> bool:
    """Whether *value* is a time, FORMAT.md 1: a day that exists, and a clock time up to 23:59:59."""
    return type(value) is str and value[17:] in _SECONDS and _is_minute(value[:17])


@lru_cache(maxsize=64)  # records come by the minute
def _is_minute(text: str) -> bool:
    """Whether *text* is a time as far as its seconds."""
    if len(text) != 17 or (text[4] + text[7] + text[10] + text[13] + text[16]) != "--T::":
        return False
    parts = [text[0:4], text[5:7], text[8:10], text[11:13], text[14:16]]
    if any(part.strip(_DIGITS) for part in parts):
        return False
    year, month, day, hour, minute = map(int, parts)
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return year > 0 and 1 <= month <= 12 and 1 <= day <= days[month - 1] and hour < 24 and minute < 60


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


def _is_cut(value: Any) -> bool:
    return type(value) is int and 0 < value <= MAX_CUT


def _is_key(value: Any) -> bool:
    """Whether *value* is a verification key in its one spelling; its name is a log's origin."""
    if type(value) is not str or not is_origin(value.partition("+")[0]):
        return False
    from scoring.audit.keys import VerificationKey

    try:
        return str(VerificationKey.parse(value)) == value
    except LogError:
        return False


def _is_seq(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_object(value: Any) -> bool:
    return type(value) is dict


def _is_item_set(value: Any) -> bool:
    return (
        type(value) is str and 0 < len(value) <= 167 and not value.strip(_BASE64URL)
    )  # a pack has at most 1,000 items


def _is_outcomes(value: Any) -> bool:
    return type(value) is str and 0 < len(value) <= MAX_OUTCOMES and not value.strip(_BASE64URL)


def _is_irregularities(value: Any) -> bool:
    return value == [] or (_IDS(value) and all(a < b for a, b in pairwise(value)))


def _is_cause(value: Any) -> bool:
    """What puts a cap: a flag's name, or that of a gate's override or another one."""
    return value in ("fatal", "knock_out") or _is_after(("gate:", "override:"), _is_place, value)


def _is_determinant(value: Any) -> bool:
    return value == "band" or _is_cause(value)


def _is_assumption(value: Any) -> bool:
    return _is_after(("profile:", "expected:", "rubric:"), is_id, value)


def _is_after(prefixes: tuple[str, ...], fits: Check, value: Any) -> bool:
    return type(value) is str and value.startswith(prefixes) and fits(value[value.index(":") + 1 :])


def _is_cap(value: Any) -> bool:
    return type(value) is dict and len(value) == 2 and _is_cause(value.get("by")) and is_id(value.get("verdict"))


def _is_flags(value: Any) -> bool:
    return type(value) is dict and value.keys() <= _FLAGS and all(map(_is_item_set, value.values()))


def _is_share(value: Any) -> bool:
    return value is None or _is_rational(value)


def _is_sections(value: Any) -> bool:
    return _maps(value, 50, _is_place, _is_share)


def _is_stages(value: Any) -> bool:
    return value != {} and _maps(value, 20, is_id, _is_stage)


def _is_stage(value: Any) -> bool:
    return type(value) is list and len(value) == 2 and value[0] in _STAGE_WORDS and _is_share(value[1])


def _is_excerpts(value: Any) -> bool:
    return value == {} or _maps(value, 50, _is_place, _is_excerpt)


def _is_excerpt(value: Any) -> bool:
    """How many items a section has and how many its source declares, which are more."""
    return type(value) is list and [type(number) for number in value] == [int, int] and 0 <= value[0] < value[1] <= 1000


def _is_reinstate(value: Any) -> bool:
    return value is None or (type(value) is dict and not _misfit(value, _REINSTATE))


def _is_handed_in(value: Any) -> bool:
    return _IDS(value) and len({*value}) == len(value)


def _maps(value: Any, most: int, key: Check, member: Check) -> bool:
    return type(value) is dict and len(value) <= most and all(map(key, value)) and all(map(member, value.values()))


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


# Packs have at most 16 verdicts, 100 overrides, 20 stages with 20 overrides in each gate, 100 competencies and 50 assumptions; submissions at most 20
# irregularities (FORMAT.md 5, 9).
_CAUSES = 2 + 20 * 20 + 100
_ASSUMED = 1 + 100 + 50
_IDS = _list_of(is_id, 20)
_FLAGS = frozenset({"fatal", "knock_out", "refer", "note"})
_HOLDS = ("void", "refer", "verdict", "irregularity", "notice", "excerpt", "excluded", "unclear")
_STAGE_WORDS = ("passed", "ended", "pending", "waiting", "not_evaluated")

_DIGEST = (is_digest, "a digest: 64 lower-case hexadecimal digits")
_AN_ID = (is_id, "an id: 1 to 48 of the characters A-Z a-z 0-9 . _ -")
_ITEMS = (_is_item_set, "an item set: base64url digits")
_AN_ID_OR_NULL = (_or_null(is_id), "an id or null")
_SEQ_OR_NULL = (_or_null(_is_seq), "the seq of an earlier record, or null")
_OBJECT = (_is_object, "an object")
_REINSTATE: Table = {"reason": _AN_ID, "stage": _AN_ID}

_RECORD: Table = {
    "body": _OBJECT,
    "prev": (_or_null(is_digest), "a digest or null"),
    "seq": (_is_seq, "an integer, 0 or more"),
    "time": (is_time, "a time such as 2026-11-21T09:00:00Z"),
    "type": (
        _one_of("genesis", "rubric", "opening", "decision", "resolution", "erasure", "key", "recovery"),
        "genesis, rubric, opening, decision, resolution, erasure, key or recovery",
    ),
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
    "opening": {
        "disclosures": _OBJECT,
        "id": _AN_ID,
        "level": _AN_ID_OR_NULL,
        "pack": _DIGEST,
        "profile": _AN_ID,
    },
    "decision": {
        "decision": _OBJECT,
        "disclosures": _OBJECT,
        "id": _AN_ID,
        "supersedes": _SEQ_OR_NULL,
    },
    "resolution": {
        "action": (_one_of(*ACTIONS), "confirm, override, reinstate, void or withdraw"),
        "decision": (_is_seq, "the seq of an earlier decision"),
        "disclosures": _OBJECT,
        "id": _AN_ID,
        "reason": _AN_ID,
        "stage": _AN_ID_OR_NULL,
        "verdict": _AN_ID_OR_NULL,
        "withdraws": _SEQ_OR_NULL,
    },
    "erasure": {"case": _DIGEST, "reason": _AN_ID},
    "key": {"key": (_is_key, "an Ed25519 verification key: name+hash+base64")},
    "recovery": {"cut": _DIGEST, "length": (_is_cut, f"an integer from 1 to {MAX_CUT}")},
}
# Beside its case, what a record of this type discloses.
_DISCLOSED = {"opening": "opening", "decision": "submission", "resolution": "resolution"}
_OF_ACTION = {"stage": "reinstate", "verdict": "override", "withdraws": "withdraw"}  # of a resolution
_EARLIER = {"decision": ("supersedes",), "resolution": ("decision", "withdraws")}
_DECISION: Table = {
    "action": (_one_of("advance", "review", "decline", "wait"), "advance, review, decline or wait"),
    "assumed": (_list_of(_is_assumption, _ASSUMED), "a list of profile:ID, expected:ID, rubric:ID"),
    "awaited": _ITEMS,
    "caps": (_list_of(_is_cap, _CAUSES), 'a list of {"by": a cause, "verdict": an id}'),
    "determined_by": (_list_of(_is_determinant, _CAUSES + 1), "a list of band, fatal, knock_out, gate:ID, override:ID"),
    "excerpts": (_is_excerpts, "an object of [items, declared] by section"),
    "flags": (_is_flags, "an object of item sets by flag"),
    "handed_in": (_is_handed_in, "a list of at most 20 ids, each once"),
    "holds": (_is_holds, "a list of " + ", ".join(_HOLDS) + ", in this order"),
    "irregularities": (_is_irregularities, "a sorted list of at most 20 ids, each once"),
    "level": _AN_ID_OR_NULL,
    "notice": (lambda value: value is None or type(value) is bool, "true, false or null"),
    "outcomes": (_is_outcomes, "base64url digits, one to three for each item"),
    "pack": _DIGEST,
    "profile": _AN_ID,
    "reachable": (_or_null(_list_of(is_id, 16)), "a list of at most 16 ids, or null"),
    "reinstate": (_is_reinstate, '{"reason": an id, "stage": an id}, or null'),
    "score": (_is_share, "a number in lowest terms, or null"),
    "sections": (_is_sections, "an object of numbers in lowest terms or null by section"),
    "semantics": (_integer_of(1), "1"),
    "stages": (
        _is_stages,
        "an object of [passed, ended, pending, waiting or not_evaluated; a number in lowest terms or null] by stage",
    ),
    "status": (_one_of("void", "ended", "pending", "decided"), "void, ended, pending or decided"),
    "variant": _AN_ID_OR_NULL,
    "verdict": _AN_ID_OR_NULL,
    "void": _AN_ID_OR_NULL,
}


# --- the same again, for reading millions: keys in their order, and what was looked at a moment ago is not looked at again ---


class _Remembered(dict):  # type: ignore[type-arg]  # typing would double a cold start
    """Which values fit, of those that were asked for: text, null, and tuples of these; some of them, so that memory stays flat."""

    def __init__(self, fits: Check) -> None:
        super().__init__()
        self.fits = fits

    def __missing__(self, value: Any) -> bool:
        if len(self) == _MOST_REMEMBERED:
            self.clear()
        self[value] = fits = self.fits(value)
        return fits


def _fits_before(  # noqa: PLR0917 - the keys of a decision in their order
    action: Any, assumed: Any, awaited: Any, caps: Any, determined_by: Any, excerpts: Any, flags: Any, handed_in: Any, holds: Any, irregularities: Any,
    level: Any, notice: Any,
) -> bool:  # fmt: skip
    """Whether the values of a decision before its outcomes fit `_DECISION`, and those that are objects have their keys in order."""
    return (
        _FIRST_WORDS[action, level]
        and type(assumed) is type(determined_by) is type(handed_in) is type(holds) is type(irregularities) is list
        and _LISTS[(*assumed,), (*determined_by,), (*handed_in,), (*holds,), (*irregularities,)]
        and (notice is True or notice is False or notice is None)
        and _is_item_set(awaited)
        and (flags == {} or (_is_flags(flags) and _is_sorted(flags)))
        and (caps == [] or (_is_caps(caps) and all(map(_is_sorted, caps))))
        and (excerpts == {} or (_is_excerpts(excerpts) and _is_sorted(excerpts)))
    )


def _fits_behind(  # noqa: PLR0917 - the keys of a decision in their order
    pack: Any, profile: Any, reachable: Any, reinstate: Any, score: Any, sections: Any, semantics: Any, stages: Any, status: Any, variant: Any,
    verdict: Any, void: Any,
) -> bool:  # fmt: skip
    """The same of those behind its outcomes."""
    return (
        _LAST_WORDS[pack, profile, status, variant, verdict, void]
        and type(semantics) is int
        and semantics == 1
        and _SHARES[score]
        and type(sections) is dict
        and _PLACES[(*sections,)]
        and all(map(_SHARES.__getitem__, sections.values()))
        and type(stages) is dict
        and _STAGES[(*stages,)]
        and all(type(stage) is list and _STAGE[(*stage,)] for stage in stages.values())
        and (reachable is None or _is_reachable(reachable))
        and (reinstate is None or (_is_reinstate(reinstate) and _is_sorted(reinstate)))
    )


def _is_sorted(value: dict[str, Any]) -> bool:
    return [*value] == sorted(value)


def _all_of(*keys: str) -> _Remembered:
    """Whether these values of a decision fit, lists given as tuples."""
    checks = [_DECISION[key][0] for key in keys]
    return _Remembered(
        lambda values: all(
            fits([*value] if type(value) is tuple else value) for fits, value in zip(checks, values, strict=True)
        )
    )


_MOST_REMEMBERED = 1024
_FIRST_WORDS = _all_of("action", "level")
_LAST_WORDS = _all_of("pack", "profile", "status", "variant", "verdict", "void")
_LISTS = _all_of("assumed", "determined_by", "handed_in", "holds", "irregularities")
_SHARES = _Remembered(_is_share)
_PLACES = _Remembered(lambda keys: _is_sections(dict.fromkeys(keys)) and [*keys] == sorted(keys))
_STAGE = _Remembered(lambda stage: _is_stage([*stage]))
_STAGES = _Remembered(lambda keys: _is_stages({key: ["passed", None] for key in keys}) and [*keys] == sorted(keys))
_is_caps, _is_reachable = _DECISION["caps"][0], _DECISION["reachable"][0]
_IN_RECORD, _IN_BODY, _IN_DECISION = (tuple(sorted(table)) for table in (_RECORD, _BODIES["decision"], _DECISION))
_IN_DISCLOSURES = ("case", "submission")
_OUTCOMES = _IN_DECISION.index("outcomes")
_IN_HEAD, _IN_TAIL = _IN_DECISION[:_OUTCOMES], _IN_DECISION[_OUTCOMES + 1 :]
