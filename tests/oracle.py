"""
A second opinion: scoring written from the two normative pages alone, slowly, with `fractions.Fraction`.

Owns a literal transcription of `docs/reading.md` (an answer becomes an outcome) and of `audit/FORMAT.md`, sections 5, 6, 7 and 9 (outcomes
become a decision). Each function names the clause that it obeys; nothing is clever, and nothing is fast.

Must not know how the engine works: it imports nothing of `scoring`. It believes the pack it is given (the engine checks packs) and checks
submissions. It runs on Python 3.11, whose Unicode tables are those of Unicode 14.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import unicodedata
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

MAX_TEXT = 16_384
MAX_ENTRIES = 256
MAX_INTEGER = 2**53 - 1
MAX_CASES = 4_000  # distinguishable completions that are still tried one by one

COMMON = ("absent", "blank", "invalid", "excluded", "unopened")  # codes 0 to 4, FORMAT.md 7
FLAGS = ("fatal", "knock_out", "refer", "note")
BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
ID_CHARACTERS = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
DIGITS = set("0123456789")


class _Sentinel:
    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


ABSENT = _Sentinel("ABSENT")  # the answer to an item that has no entry in `answers`
UNKNOWN = _Sentinel("UNKNOWN")  # in a decision: too many completions to try, so that nothing can be compared here


class Refused(Exception):  # noqa: N818 -- it is a finding, not a fault of this module
    """
    The submission must be refused (`SubmissionError` in the engine).

    Attributes:
        item: The first place at fault: an item's id where the fault lies in an answer or in `not_administered`, else the top-level key.
        places: All such places.
    """

    def __init__(self, *places: Any) -> None:
        self.places = places
        self.item = places[0]
        super().__init__(f"refused at {places[0]!r}")


class Outcome(NamedTuple):
    name: str
    points: Fraction
    flags: tuple[str, ...]


# ---- Outcomes of an item (FORMAT.md 7) ------------------------------------------------------------------------------------------------------


def raised(*flags: str | None) -> tuple[str, ...]:
    """What one outcome raises: a flag that several of its parts carry is still raised once."""
    return tuple(flag for flag in FLAGS if flag in flags)


def outcome_table(item: dict) -> list[Outcome]:
    """The item's own outcomes in the order of their codes, from 5 on. 6.1: "but never less than the item's `floor`"."""
    own = {"choice": of_choice, "selection": of_selection, "number": of_number, "text": of_text, "mark": of_mark}
    outcomes = own[item["kind"]](item)
    if item["floor"] is None:
        return outcomes
    return [Outcome(name, max(Fraction(item["floor"]), points), flags) for name, points, flags in outcomes]


def of_choice(item: dict) -> list[Outcome]:
    """'each option'; '`several`, if an option has no flag or `note`'; '`several_flagged`, if an option is flagged ...', raising `refer`."""
    outcomes = [Outcome(o["id"], Fraction(o["points"]), raised(o["flag"])) for o in item["options"]]
    if any(o["flag"] in (None, "note") for o in item["options"]):
        outcomes.append(Outcome("several", Fraction(0), ()))
    if any(o["flag"] in ("fatal", "knock_out", "refer") for o in item["options"]):
        outcomes.append(Outcome("several_flagged", Fraction(0), ("refer",)))
    return outcomes


def of_selection(item: dict) -> list[Outcome]:
    """'each set of options but the empty one; the code is 4 + the sum of 2^i over the chosen options'."""
    outcomes = []
    for code_less_4 in range(1, 2 ** len(item["options"])):
        chosen = [o for i, o in enumerate(item["options"]) if code_less_4 & 2**i]
        name = "+".join(o["id"] for o in chosen)
        points = selection_share(item, chosen) * Fraction(item["points"])
        outcomes.append(Outcome(name, points, raised(*[o["flag"] for o in chosen])))
    return outcomes


def selection_share(item: dict, chosen: list[dict]) -> Fraction:
    """'Of n options c are right; the candidate chose r right ones and w wrong ones.'"""
    n = len(item["options"])
    c = sum(o["right"] for o in item["options"])
    r = sum(o["right"] for o in chosen)
    w = len(chosen) - r
    if item["mode"] == "exact":
        return Fraction(1 if r == c and w == 0 else 0)
    if item["mode"] == "net":
        return max(Fraction(0), Fraction(r - w, c))
    if item["mode"] == "coverage":
        return Fraction(r, c) if w == 0 else Fraction(0)
    assert item["mode"] == "each"
    return Fraction(r + n - c - w, n)


def of_number(item: dict) -> list[Outcome]:
    """'each key; with `contains`, each key among others; `wrong`; `unclear`; `no_digits`'."""
    outcomes = [Outcome(key["id"], Fraction(key["points"]), raised(key["flag"])) for key in item["keys"]]
    if item["read"] == "contains":
        for key in item["keys"]:
            outcomes += [Outcome(key["id"] + "+others", Fraction(key["points"]), raised(key["flag"], "note"))]
    return [
        *outcomes,
        Outcome("wrong", Fraction(0), ()),
        Outcome("unclear", Fraction(0), ("note",)),
        Outcome("no_digits", Fraction(0), ("note",)),
    ]


def of_text(item: dict) -> list[Outcome]:
    """'each key, then `wrong`'."""
    keys = [Outcome(key["id"], Fraction(key["points"]), raised(key["flag"])) for key in item["keys"]]
    return [*keys, Outcome("wrong", Fraction(0), ())]


def of_mark(item: dict) -> list[Outcome]:
    """'0, step, 2 step, ... max'; points are 'points x mark / max'."""
    best, step, points = Fraction(item["max"]), Fraction(item["step"]), Fraction(item["points"])
    marks = [step * i for i in range(int(best / step) + 1)]
    return [Outcome(str(mark), points * mark / best, ()) for mark in marks]


# ---- From an answer to an outcome (reading.md) ----------------------------------------------------------------------------------------------


def read(item: dict, answer: Any) -> str:
    """The name of the outcome of *answer*; `ABSENT` stands for no entry. 'A wrong JSON type is an error of the sender.'"""
    kind = item["kind"]
    if answer is ABSENT:
        return "absent"
    if answer is None:  # "`null`, `[]` and a white-space-only text are blank for every kind"
        return "blank"
    if type(answer) is str:
        check_text(item, answer)
        if is_blank(answer):
            return "blank"
        if kind == "selection":
            raise Refused(item["id"])
    elif answer == []:
        return "blank"
    elif type(answer) is list:
        if kind not in ("choice", "selection") or len(answer) > MAX_ENTRIES:
            raise Refused(item["id"])
        for entry in answer:
            if type(entry) is not str:
                raise Refused(item["id"])
            check_text(item, entry)
        if all(is_blank(entry) for entry in answer):
            return "blank"
    elif type(answer) is int:  # `True` is no integer of JSON; what lies beyond 2^53-1 cannot be said in FORMAT.md 1
        if kind != "mark" or abs(answer) > MAX_INTEGER:
            raise Refused(item["id"])
    else:
        raise Refused(item["id"])
    readers = {
        "choice": read_choice,
        "selection": read_selection,
        "number": read_number,
        "text": read_text,
        "mark": read_mark,
    }
    return readers[kind](item, answer)


def check_text(item: dict, text: str) -> None:
    """'an answer longer than 16,384 characters ... and text that is not Unicode (a lone surrogate)' are refused."""
    if len(text) > MAX_TEXT or has_surrogate(text):
        raise Refused(item["id"])


def has_surrogate(text: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in text)


def is_blank(text: str) -> bool:
    """'empty or only white space'; 'white space is what Python's `str.isspace` says'."""
    return text == "" or text.isspace()


def distinct(entries: list[str]) -> list[str]:
    """'Repeated entries of a list count once.'"""
    return list(dict.fromkeys(entries))


def read_choice(item: dict, answer: str | list[str]) -> str:
    entries = distinct([answer] if isinstance(answer, str) else answer)
    known = [option for option in item["options"] if option["id"] in entries]
    if not known:  # "one or more, none known"
        return "invalid"
    if len(entries) == 1:
        return known[0]["id"]
    if any(option["flag"] in ("fatal", "knock_out", "refer") for option in known):
        return "several_flagged"
    return "several"


def read_selection(item: dict, answer: list[str]) -> str:
    entries = distinct(answer)
    ids = [option["id"] for option in item["options"]]
    if any(entry not in ids for entry in entries):  # "An entry that is no option's id makes the answer `invalid`"
        return "invalid"
    return "+".join(name for name in ids if name in entries)


def read_mark(item: dict, answer: int | str) -> str:
    """'An integer, or a text of `digits` or `digits.digits` (ASCII, at most 64 characters; white space around it is ignored)'."""
    if isinstance(answer, int):
        mark = Fraction(answer)
    else:
        written = answer.strip()
        parts = written.split(".")
        if len(written) > 64 or len(parts) > 2 or not all(part and set(part) <= DIGITS for part in parts):
            return "invalid"
        mark = exact(written)
    best, step = Fraction(item["max"]), Fraction(item["step"])
    on_grid = 0 <= mark <= best and (mark / step).denominator == 1
    return str(mark) if on_grid else "invalid"


def exact(decimal: str) -> Fraction:
    """The value of `digits` or `digits.digits`."""
    return Fraction(Decimal(decimal))


# ---- Texts


def assigned(text: str) -> str:
    """'a code point that Unicode 14 does not assign becomes U+FFFD first'."""
    return "".join("\ufffd" if unicodedata.category(c) == "Cn" else c for c in text)


def normalise(item: dict, text: str) -> str:
    """'Code points that Unicode 14 does not assign become U+FFFD, then NFC, then the item's `steps`'."""
    text = unicodedata.normalize("NFC", assigned(text))
    if "trim" in item["steps"]:
        text = text.strip()
    if "collapse" in item["steps"]:
        runs = itertools.groupby(text, key=str.isspace)
        text = "".join(" " if white else "".join(run) for white, run in runs)
    if "casefold" in item["steps"]:
        text = unicodedata.normalize("NFC", text.casefold())
    return text


def read_text(item: dict, answer: str) -> str:
    """'Keys are tried in file order and the first that matches is the outcome.'"""
    said = normalise(item, answer)
    for key in item["keys"]:
        texts = [normalise(item, text) for text in key["texts"]]  # "The texts of the keys go through the same steps"
        if text_matches(key["match"], said, texts):
            return key["id"]
    return "wrong"


def text_matches(match: str, said: str, texts: list[str]) -> bool:
    if match == "is":
        return said in texts
    if match == "contains_any":
        return any(text in said for text in texts)
    if match == "contains_all":
        return all(text in said for text in texts)
    assert match == "like"
    return any(like(said, text) for text in texts)


def like(said: str, pattern: str) -> bool:
    """'each `*` stands for any run of characters, the empty one included': the pieces stand in order, the outer ones at the ends."""
    first, *rest = pattern.split("*")
    if not rest:
        return said == pattern
    *middle, last = rest
    if not said.startswith(first):
        return False
    used = len(first)
    for piece in middle:  # taking each piece as early as possible leaves the most room for the others
        found = said.find(piece, used)
        if found < 0:
            return False
        used = found + len(piece)
    return said.endswith(last) and len(said) - len(last) >= used


# ---- Numbers


def prepare(text: str) -> str:
    """Steps 1 to 3 of 'The characters are prepared in this order'."""
    text = assigned(text)
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return "".join(to_ascii(c) for c in text)


def to_ascii(c: str) -> str:
    """'decimal digits of any script become 0-9; U+FF01-FF5E become U+0021-007E; U+2212 and U+2010-2015 become -; ...'."""
    if unicodedata.category(c) == "Nd":
        return str(unicodedata.decimal(c))
    if "\uff01" <= c <= "\uff5e":
        return chr(ord(c) - 0xFF01 + 0x21)
    if c == "\u2212" or "\u2010" <= c <= "\u2015":
        return "-"
    return {"\u066a": "%", "\u066b": ",", "\u066c": ","}.get(c, c)


def is_letter(c: str) -> bool:
    return c != "" and unicodedata.category(c)[0] == "L"


def is_digit(c: str) -> bool:
    return c in DIGITS


def is_currency(c: str) -> bool:
    return c != "" and unicodedata.category(c) == "Sc"


def spoils(c: str) -> bool:
    """What a token must not touch: '`%` `‰` `/` `^` `_`, a currency sign or a number character other than a digit'."""
    if c == "":
        return False
    return c in "%‰/^_" or is_currency(c) or (unicodedata.category(c)[0] == "N" and not is_digit(c))


def at(text: str, i: int) -> str:
    """The character there, or nothing beyond the ends."""
    return text[i] if 0 <= i < len(text) else ""


def words(text: str) -> list[tuple[int, int] | None]:
    """
    For each place of *text* the word that it lies in, as (start, end), or None.

    'A word is a longest run of letters, digits, `_`, and of `.` or `,` that stand directly between two digits.'
    """

    def belongs(i: int) -> bool:
        c = text[i]
        if c in (".", ","):
            return is_digit(at(text, i - 1)) and is_digit(at(text, i + 1))
        return is_letter(c) or is_digit(c) or c == "_"

    found: list[tuple[int, int] | None] = []
    for inside, run in itertools.groupby(range(len(text)), key=belongs):
        places = list(run)
        found += [(places[0], places[-1] + 1) if inside else None] * len(places)
    return found


class Token(NamedTuple):
    start: int
    value: Fraction | None  # None: malformed


def digits_end(text: str, start: int) -> int:
    while is_digit(at(text, start)):
        start += 1
    return start


def token_end(item: dict, text: str, start: int) -> int:
    """
    Where the token that starts at the digit *start* ends.

    '`digits` or `digits.digits`, as long as possible', or '1-3 digits, not directly behind a `.` or `,`, followed by one or more groups of one
    such separator and exactly three digits, all groups with the same separator and the last one not followed by another digit, then perhaps
    `.digits`'.
    """
    end = digits_end(text, start)
    if end - start <= 3 and at(text, start - 1) not in (".", ","):
        longest = end
        for separator in item["separators"]:
            spellings = (" ", "\u00a0", "\u2009", "\u202f") if separator == " " else (separator,)
            stop = end
            while at(text, stop) in spellings and digits_end(text, stop + 1) == stop + 4:
                stop += 4
            longest = max(longest, stop)
        end = longest
    if at(text, end) == "." and is_digit(at(text, end + 1)):
        end = digits_end(text, end + 1)
    return end


def is_sign(text: str, i: int) -> bool:
    """'A `-` directly before it is its sign, unless a letter, a digit or `)` stands directly before that `-`'."""
    before = at(text, i - 1)
    return at(text, i) == "-" and not (is_letter(before) or is_digit(before) or before == ")")


def cut_units(item: dict, text: str) -> tuple[str, list[tuple[int, int]]]:
    """
    Find the tokens from left to right, and put spaces where a listed unit stands at one; gives that text and where the tokens are.

    A cut unit becomes as many spaces as it has characters: what is said of one space is true of several, and places stay what they were.
    """
    # "The longest listed unit that fits is taken; units are compared letter by letter after step 3."
    units = sorted((prepare(unit) for unit in item["units"]), key=len, reverse=True)
    spans = []
    places = words(text)
    i = 0
    while i < len(text):
        if not is_digit(text[i]):
            i += 1
            continue
        if is_letter(text[places[i][0]]):  # "no token, and ignored, in a word that begins with a letter"
            i = digits_end(text, i)
            continue
        end = token_end(item, text, i)
        spans.append((i, end))
        for unit in units:
            after = at(text, end + len(unit))
            if text.startswith(unit, end) and not (is_letter(after) or is_digit(after) or (after and spoils(after))):
                text = blot(text, end, end + len(unit))
                if (
                    after == "-" and at(text, end + len(unit) + 1) != ">"
                ):  # "a `-` directly behind a cut unit is no sign"
                    text = blot(text, end + len(unit), end + len(unit) + 1)
                places = words(text)
                break
        before = i - 2 if is_sign(text, i - 1) else i - 1
        if is_currency(at(text, before)) and at(text, before) in units and at(text, before - 1) != "-":
            text = blot(text, before, before + 1)
            places = words(text)
        i = end
    return text, spans


def blot(text: str, start: int, end: int) -> str:
    return text[:start] + " " * (end - start) + text[end:]


def is_malformed(text: str, start: int, end: int, *, lettered: bool) -> bool:
    """The five clauses of 'malformed'; *start* is the token's first digit."""
    if lettered:  # "in any other word that holds a letter"
        return True
    first = start - 1 if is_sign(text, start - 1) else start
    if spoils(at(text, first - 1)) or spoils(at(text, end)):  # "if the token, its sign included, touches ..."
        return True
    follower = at(text, end + 1)
    if at(text, end) in (".", ",") and (
        is_letter(follower) or is_digit(follower)
    ):  # "directly followed by a `.` or `,` that is ..."
        return True
    if at(text, start - 1) in (".", ","):  # "a `.` or `,` stands directly before its first digit"
        return True
    return end - first > 512  # "if it has more than 512 characters, sign and point included"


def tokens(item: dict, text: str) -> tuple[str, list[Token]]:
    """All tokens of a prepared text, well-formed and malformed, and the text without the units that were cut out."""
    text, spans = cut_units(item, text)
    places = words(text)
    with_letter = {place for place in set(places) if place and any(is_letter(c) for c in text[slice(*place)])}
    found = []
    for start, end in spans:
        if is_malformed(text, start, end, lettered=any(place in with_letter for place in places[start:end])):
            found.append(Token(start, None))
        else:
            value = exact("".join(c for c in text[start:end] if is_digit(c) or c == "."))
            found.append(Token(start, -value if is_sign(text, start - 1) else value))
    return text, found


def behind_last_marker(text: str) -> int | None:
    """'behind the last of `=`, `->`, `:` or the word `is` (casefolded)'; None where there is none of them."""
    ends = [i + 1 for i, c in enumerate(text) if c in ("=", ":")]
    ends += [i + 2 for i in range(len(text)) if text.startswith("->", i)]
    ends += [place[1] for place in set(words(text)) if place and text[slice(*place)].casefold() == "is"]
    return max(ends, default=None)


def match_number(item: dict, value: Fraction) -> str:
    """'the first key in file order whose closed interval `low..high` holds the value is the outcome; no key: `wrong`'."""
    for key in item["keys"]:
        if Fraction(key["low"]) <= value <= Fraction(key["high"]):
            return key["id"]
    return "wrong"


def read_number(item: dict, answer: str) -> str:
    text = prepare(answer)
    if not any(is_digit(c) for c in text):
        return "no_digits"
    text, found = tokens(item, text)
    values = {token.value for token in found if token.value is not None}
    if item["read"] == "contains":
        return read_containing(item, values, any(token.value is None for token in found))
    if not found or any(token.value is None for token in found):  # "any malformed token, or no token"
        return "unclear"
    if len(values) == 1:
        return match_number(item, values.pop())
    if item["read"] == "stated":
        marker = behind_last_marker(text)
        behind = {token.value for token in found if marker is not None and token.start >= marker}
        if len(behind) == 1:
            outcome = match_number(item, behind.pop())
            if outcome == "wrong" and any(match_number(item, value) != "wrong" for value in values):
                return "unclear"  # "if it matches no key and another value of the answer does"
            return outcome
    return "unclear"


def read_containing(item: dict, values: set[Fraction], malformed: bool) -> str:
    """'the first key in file order that some value matches: that key, or ... that *key among others*; no key: `wrong`'."""
    if not values:
        return "unclear"
    for key in item["keys"]:
        if any(Fraction(key["low"]) <= value <= Fraction(key["high"]) for value in values):
            return key["id"] if len(values) == 1 else key["id"] + "+others"
    return "unclear" if malformed else "wrong"


# ---- Submissions (FORMAT.md 9) --------------------------------------------------------------------------------------------------------------


def items_of(pack: dict) -> list[dict]:
    return [item for section in pack["stages"][0]["sections"] for item in section["items"]]


def is_id(value: Any) -> bool:
    return type(value) is str and 1 <= len(value) <= 48 and set(value) <= ID_CHARACTERS


def is_text(value: Any, longest: int) -> bool:
    return type(value) is str and 1 <= len(value) <= longest and not has_surrogate(value)


def is_digest(value: Any) -> bool:
    return type(value) is str and len(value) == 64 and set(value) <= set("0123456789abcdef")


def is_time(value: Any) -> bool:
    """'UTC, 20 characters: `2026-11-21T09:00:00Z`', and a second that the calendar has."""
    if type(value) is not str or len(value) != 20:
        return False
    if any(
        not is_digit(c) if mark == "0" else c != mark for c, mark in zip(value, "0000-00-00T00:00:00Z", strict=True)
    ):
        return False
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def good_facts(facts: Any) -> bool:
    if type(facts) is not dict or not set(facts) <= {"irregularities", "notice", "started_at"}:
        return False
    irregularities = facts.get("irregularities", [])
    if type(irregularities) is not list or len(irregularities) > 20 or not all(is_id(name) for name in irregularities):
        return False
    if "started_at" in facts and not is_time(facts["started_at"]):
        return False
    notice = facts.get("notice", {})
    if type(notice) is not dict or not set(notice) <= {"sha256", "at"}:
        return False
    return ("sha256" not in notice or is_digest(notice["sha256"])) and ("at" not in notice or is_time(notice["at"]))


def good_handed_in(pack: dict, stages: Any) -> bool:
    if type(stages) is not list or not all(type(stage) is str for stage in stages):
        return False
    return len(set(stages)) == len(stages) and set(stages) <= {stage["id"] for stage in pack["stages"]}


def read_submission(pack: dict, submission: Any) -> list[str]:
    """One outcome for each item, in the pack's order, or `Refused`."""
    if type(submission) is not dict:
        raise Refused("submission")
    known = {"answers", "case", "facts", "handed_in", "id", "not_administered"}
    places = [key for key in submission if type(key) is not str or key not in known]
    good = {
        "case": lambda value: is_text(value, 200),
        "facts": good_facts,
        "handed_in": lambda value: good_handed_in(pack, value),
        "id": is_id,
    }
    places += [key for key, holds in good.items() if key in submission and not holds(submission[key])]
    answers = submission.get("answers")
    if type(answers) is not dict:  # absent, which is refused too, as it is required
        places.append("answers")
        answers = {}
    excluded = submission.get("not_administered", {})
    if type(excluded) is not dict:
        places.append("not_administered")
        excluded = {}
    ids = {item["id"] for item in items_of(pack)}
    places += [name for name in answers if name not in ids or name in excluded]
    places += [name for name, reason in excluded.items() if name not in ids or not is_text(reason, 500)]
    outcomes = []
    for item in items_of(pack):
        try:
            outcomes.append("excluded" if item["id"] in excluded else read(item, answers.get(item["id"], ABSENT)))
        except Refused as refused:
            places.append(refused.item)
    if places:
        raise Refused(*places)
    return outcomes


def notice_proven(pack: dict, submission: dict) -> bool | None:
    """'Notice is proven if `notice.sha256` is the digest of the pack's `notice`, and `notice.at` is not after `started_at`.'"""
    if pack["notice"] is None:
        return None
    facts = submission.get("facts", {})
    notice = facts.get("notice", {})
    if "sha256" not in notice or "at" not in notice or "started_at" not in facts:
        return False
    right_text = notice["sha256"] == hashlib.sha256(pack["notice"].encode()).hexdigest()
    return right_text and notice["at"] <= facts["started_at"]  # text of one width in order is time in order


# ---- From outcomes to the rest (FORMAT.md 6) ------------------------------------------------------------------------------------------------


class Case(NamedTuple):
    """All that judging can see of a case's outcomes; two completions that agree in it are one."""

    earned: tuple[Fraction, ...]  # for each section
    raised: tuple[int, ...]  # for each of FLAGS, how many items raised it
    met: frozenset[tuple[str, tuple[str, ...]]]  # (item, names) of each `is` condition that holds


class Judgement(NamedTuple):
    shares: list[Fraction | None]
    total: Fraction
    band: int
    caps: list[tuple[str, int]]


class Verdict(NamedTuple):
    status: str
    index: Any  # into the pack's verdicts, or None, or UNKNOWN
    judgement: Judgement | None  # None while anything is awaited
    caps: Any  # list of (by, index), or UNKNOWN
    reachable: Any  # list of indices, or None, or UNKNOWN


class Rules:
    """A pack under one profile, with each item's outcomes laid out."""

    def __init__(self, pack: dict, profile: str | None) -> None:
        self.pack = pack
        wanted = pack["default_profile"] if profile is None else profile
        (self.profile,) = (p for p in pack["profiles"] if p["id"] == wanted)
        self.sections = pack["stages"][0]["sections"]
        self.items = items_of(pack)
        self.weights = [Fraction(self.profile["shares"][section["id"]]) for section in self.sections]
        self.section_of = {item["id"]: s for s, section in enumerate(self.sections) for item in section["items"]}
        self.own = {item["id"]: outcome_table(item) for item in self.items}
        nothing = [Outcome(name, Fraction(0), ()) for name in ("absent", "blank", "invalid")]
        self.outcome = {name: {o.name: o for o in nothing + own} for name, own in self.own.items()}
        # "An item's best is the most that any of its outcomes earns, 0 at least."
        self.best = {name: max(o.points for o in table.values()) for name, table in self.outcome.items()}
        self.verdicts = [verdict["id"] for verdict in pack["verdicts"]]
        self.edges = [Fraction(v["from"]) for v in pack["verdicts"] if v["from"] is not None]  # "The bands come first"
        self.floors = [Fraction(section["floor"]) for section in self.sections]
        self.watched = {pair for override in pack["overrides"] for pair in is_conditions(override["when"])}


def is_conditions(condition: dict) -> set[tuple[str, tuple[str, ...]]]:
    """Every `is` condition inside *condition*, as (item, names)."""
    if "is" in condition:
        return {(condition["item"], tuple(condition["is"]))}
    inner = condition.get("all", []) + condition.get("any", [])
    return set().union(*(is_conditions(each) for each in inner))


def maxima(rules: Rules, outcomes: list[str]) -> list[Fraction]:
    """6.2: 'the sum of the bests of its items that are not `excluded`'."""
    total = [Fraction(0)] * len(rules.sections)
    for item, name in zip(rules.items, outcomes, strict=True):
        if name != "excluded":
            total[rules.section_of[item["id"]]] += rules.best[item["id"]]
    return total


def awaited_items(rules: Rules, outcomes: list[str]) -> list[str]:
    """6.2: 'every item whose outcome is in its `awaits`, and every `excluded` item of an empty section whose profile share is above 0'."""
    maximum = maxima(rules, outcomes)
    waiting = []
    for item, name in zip(rules.items, outcomes, strict=True):
        section = rules.section_of[item["id"]]
        lost = name == "excluded" and maximum[section] == 0 and rules.weights[section] > 0
        if name in item["awaits"] or lost:
            waiting.append(item["id"])
    return waiting


def add(rules: Rules, case: Case, item: str, outcome: Outcome) -> Case:
    """The case with one more outcome in it (6.1 and the flags that it raises)."""
    section = rules.section_of[item]
    earned = [e + outcome.points if s == section else e for s, e in enumerate(case.earned)]
    counts = [n + (flag in outcome.flags) for flag, n in zip(FLAGS, case.raised, strict=True)]
    return Case(tuple(earned), tuple(counts), case.met | met(rules, item, outcome))


def met(rules: Rules, item: str, outcome: Outcome) -> frozenset[tuple[str, tuple[str, ...]]]:
    """The `is` conditions that this outcome of the item meets."""
    return frozenset((name, names) for name, names in rules.watched if name == item and outcome.name in names)


def case_of(rules: Rules, outcomes: list[str], leave_out: list[str]) -> Case:
    case = Case((Fraction(0),) * len(rules.sections), (0,) * len(FLAGS), frozenset())
    for item, name in zip(rules.items, outcomes, strict=True):
        if name not in ("excluded", "unopened") and item["id"] not in leave_out:
            case = add(rules, case, item["id"], rules.outcome[item["id"]][name])
    return case


def holds(rules: Rules, condition: dict, case: Case, shares: list[Fraction | None]) -> bool:
    """The table of conditions in FORMAT.md 5."""
    if "flag" in condition:  # "N items or more raised the flag"
        return case.raised[FLAGS.index(condition["flag"])] >= condition["at_least"]
    if "below" in condition:
        (share,) = (
            share
            for section, share in zip(rules.sections, shares, strict=True)
            if section["id"] == condition["section"]
        )
        return share is not None and share < Fraction(condition["below"])  # "on an empty section never holds"
    if "is" in condition:
        return (condition["item"], tuple(condition["is"])) in case.met
    if "all" in condition:
        return all(holds(rules, each, case, shares) for each in condition["all"])
    return any(holds(rules, each, case, shares) for each in condition["any"])


def judge(
    rules: Rules, case: Case, maximum: list[Fraction], given: dict[int, Fraction], notice: bool | None
) -> Judgement:
    """6.2 to 6.5, of a case in which nothing is awaited; *given* holds what a completion gives to empty sections."""
    shares: list[Fraction | None] = []
    for s in range(len(rules.sections)):
        if maximum[s] == 0:  # "the section is *empty*: it has no share"
            shares.append(given.get(s))
        else:
            shares.append(max(rules.floors[s], case.earned[s] / maximum[s]))
    total = sum(
        (weight * share for weight, share in zip(rules.weights, shares, strict=True) if share is not None), Fraction(0)
    )
    total = max(Fraction(0), total)
    bands = [i for i, edge in enumerate(rules.edges) if total >= edge]  # the best of them comes first
    counts = dict(zip(FLAGS, case.raised, strict=True))
    caps = []
    if counts["fatal"] and notice is not False:
        caps.append(("fatal", rules.verdicts.index(rules.pack["caps"]["fatal"])))
    if counts["knock_out"]:
        caps.append(("knock_out", rules.verdicts.index(rules.pack["caps"]["knock_out"])))
    for override in rules.pack["overrides"]:
        if holds(rules, override["when"], case, shares):
            caps += [("override:" + override["id"], rules.verdicts.index(override["cap"]))]
    return Judgement(shares, total, bands[0], caps)


def possible(rules: Rules, item: str) -> list[Outcome]:
    """6.6: 'any outcome of its own that is not in its `awaits`'; absent, blank and invalid are among them where they are not awaited."""
    (awaits,) = (each["awaits"] for each in rules.items if each["id"] == item)
    return [outcome for name, outcome in rules.outcome[item].items() if name not in awaits]


def possible_shares(rules: Rules, section: int) -> set[Fraction]:
    """6.6: 'any share that it would have if each of its items, the excluded ones too, had some outcome that is not in its `awaits`'."""
    ids = [item["id"] for item in rules.sections[section]["items"]]
    maximum = sum(rules.best[name] for name in ids)
    sums = {Fraction(0)}
    for name in ids:
        sums = {total + points for total in sums for points in {o.points for o in possible(rules, name)}}
    return {max(rules.floors[section], earned / maximum) for earned in sums}


def completions(rules: Rules, outcomes: list[str], waiting: list[str]) -> Any:
    """6.6: every completion, as (case, shares given to empty sections); UNKNOWN where more than MAX_CASES differ."""
    maximum = maxima(rules, outcomes)
    cases = {case_of(rules, outcomes, leave_out=waiting)}
    for item, name in zip(rules.items, outcomes, strict=True):
        if item["id"] in waiting and name != "excluded":
            # Outcomes that judging cannot tell apart are tried once.
            different = {(o.points, o.flags, met(rules, item["id"], o)): o for o in possible(rules, item["id"])}
            cases = {add(rules, case, item["id"], outcome) for case in cases for outcome in different.values()}
            if len(cases) > MAX_CASES:
                return UNKNOWN
    empty = [s for s in range(len(rules.sections)) if maximum[s] == 0 and rules.weights[s] > 0]
    choices = [possible_shares(rules, s) for s in empty]
    count = len(cases)
    for shares in choices:
        count *= len(shares)
    if count > MAX_CASES:
        return UNKNOWN
    return [(case, dict(zip(empty, shares, strict=True))) for case in cases for shares in itertools.product(*choices)]


def find_verdict(rules: Rules, outcomes: list[str], notice: bool | None) -> Verdict:
    """6.1 to 6.8."""
    waiting = awaited_items(rules, outcomes)
    maximum = maxima(rules, outcomes)
    counts = dict(zip(FLAGS, case_of(rules, outcomes, leave_out=[]).raised, strict=True))
    status = "ended" if counts["knock_out"] else "pending" if waiting else "decided"
    if not waiting:
        judgement = judge(rules, case_of(rules, outcomes, leave_out=[]), maximum, {}, notice)
        index = max([judgement.band, *(verdict for _, verdict in judgement.caps)])
        return Verdict(status, index, judgement, judgement.caps, None)
    all_completions = completions(rules, outcomes, waiting)
    if all_completions is UNKNOWN:
        return Verdict(
            status, None if status == "pending" else UNKNOWN, None, UNKNOWN, UNKNOWN if status == "pending" else None
        )
    judgements = [judge(rules, case, maximum, given, notice) for case, given in all_completions]
    # 6.5: "While anything is awaited, a cap is listed if it holds in *every* completion."
    caps = [cap for cap in judgements[0].caps if all(cap in judgement.caps for judgement in judgements)]
    if status == "ended":
        return Verdict(status, max(verdict for _, verdict in caps), None, caps, None)
    reached = {max([judgement.band, *(verdict for _, verdict in judgement.caps)]) for judgement in judgements}
    return Verdict(status, None, None, caps, sorted(reached))


def best_outcome(rules: Rules, item: str) -> Outcome:
    """6.10: 'the first, in the order of codes, of those that earn most and raise no flag; if each of those raises one, the first of them'."""
    own = rules.own[item]
    most = [outcome for outcome in own if outcome.points == max(o.points for o in own)]
    return next((outcome for outcome in most if not outcome.flags), most[0])


def unclear_matters(rules: Rules, outcomes: list[str], notice: bool | None, index: Any) -> Any:
    """6.10: would giving some unclear items their best outcome change the verdict? True, False or UNKNOWN."""
    unclear = [i for i, name in enumerate(outcomes) if name == "unclear"]
    if not unclear:
        return False
    best = {i: best_outcome(rules, rules.items[i]["id"]) for i in unclear}
    if all(not outcome.flags for outcome in best.values()):
        tries = [tuple(unclear)]  # "giving it to all of them at once decides this"
    elif len(unclear) > 10:
        return True  # "with more than ten unclear items the hold is set without trying"
    else:
        tries = [some for size in range(1, len(unclear) + 1) for some in itertools.combinations(unclear, size)]
    unsure = False
    for some in tries:
        changed = [best[i].name if i in some else name for i, name in enumerate(outcomes)]
        other = find_verdict(rules, changed, notice).index
        if other is UNKNOWN or index is UNKNOWN:
            unsure = True
        elif other != index:
            return True
    return UNKNOWN if unsure else False


def item_set(rules: Rules, chosen: list[str]) -> str:
    """FORMAT.md 1: 'one base64url digit for each six items, the first item the most significant bit of the first digit, unused bits 0'."""
    bits = "".join("1" if item["id"] in chosen else "0" for item in rules.items)
    bits += "0" * (-len(bits) % 6)
    return "".join(BASE64URL[int(bits[i : i + 6], 2)] for i in range(0, len(bits), 6))


def code_of(rules: Rules, item: str, name: str) -> int:
    return [*COMMON, *(outcome.name for outcome in rules.own[item])].index(name)


def outcome_codes(rules: Rules, outcomes: list[str]) -> str:
    """FORMAT.md 7: 'one digit where the item has at most 64 codes, two to 4,096, three to 262,144', most significant first."""
    spelled = ""
    for item, name in zip(rules.items, outcomes, strict=True):
        codes = len(COMMON) + len(rules.own[item["id"]])
        width = 1 if codes <= 64 else 2 if codes <= 4096 else 3
        code = code_of(rules, item["id"], name)
        spelled += "".join(BASE64URL[code // 64**place % 64] for place in reversed(range(width)))
    return spelled


def flag_items(rules: Rules, outcomes: list[str]) -> dict[str, list[str]]:
    """'for each flag that was raised', the items that raised it."""
    items: dict[str, list[str]] = {}
    for item, name in zip(rules.items, outcomes, strict=True):
        if name not in ("excluded", "unopened"):
            for flag in rules.outcome[item["id"]][name].flags:
                items.setdefault(flag, []).append(item["id"])
    return items


def find_holds(
    rules: Rules, outcomes: list[str], found: Verdict, notice: bool | None, irregularities: list[str]
) -> Any:
    """6.9, in the order of the table: `refer`, `verdict`, `irregularity`, `notice`, `unclear`."""
    flags = flag_items(rules, outcomes)
    pending = found.status == "pending"  # "While pending only `refer`, `irregularity` and `notice` are considered."
    if not pending and found.index is UNKNOWN:
        return UNKNOWN
    review = not pending and rules.pack["verdicts"][found.index]["action"] == "review"
    unclear = False if pending else unclear_matters(rules, outcomes, notice, found.index)
    if unclear is UNKNOWN:
        return UNKNOWN
    answers = {
        "refer": "refer" in flags,
        "verdict": review,
        "irregularity": irregularities != [],
        "notice": "fatal" in flags and notice is False,
        "unclear": unclear,
    }
    return [hold for hold, set_ in answers.items() if set_]


def settle(
    pack: dict,
    pack_digest: str,
    profile: str | None,
    outcomes: list[str],
    *,
    notice: bool | None,
    irregularities: list[str],
) -> dict:
    """The decision object of FORMAT.md 6 from outcomes, by name and in the pack's order; fields may be UNKNOWN (see `differences`)."""
    rules = Rules(pack, profile)
    irregularities = sorted(set(irregularities))
    found = find_verdict(rules, outcomes, notice)
    holds_ = find_holds(rules, outcomes, found, notice, irregularities)
    verdict = rules.verdicts[found.index] if type(found.index) is int else found.index
    if found.status == "pending":
        action: Any = "wait"
    elif holds_ is UNKNOWN:
        action = UNKNOWN
    else:
        action = "review" if holds_ else pack["verdicts"][found.index]["action"]
    shares = found.judgement and {
        section["id"]: None if share is None else str(share)
        for section, share in zip(rules.sections, found.judgement.shares, strict=True)
    }
    return {
        "action": action,
        "assumed": [f"profile:{rules.profile['id']}"] if rules.profile["assumed"] else [],
        "awaited": item_set(rules, awaited_items(rules, outcomes)),
        "caps": found.caps
        if found.caps is UNKNOWN
        else [{"by": by, "verdict": rules.verdicts[index]} for by, index in found.caps],
        "determined_by": determined_by(found),
        "flags": {flag: item_set(rules, items) for flag, items in flag_items(rules, outcomes).items()},
        "handed_in": ["main"],
        "holds": holds_,
        "irregularities": irregularities,
        "level": None,
        "notice": notice,
        "outcomes": outcome_codes(rules, outcomes),
        "pack": pack_digest,
        "profile": rules.profile["id"],
        "reachable": [rules.verdicts[i] for i in found.reachable] if type(found.reachable) is list else found.reachable,
        "score": found.judgement and str(found.judgement.total),
        "sections": shares,
        "semantics": 1,
        "status": found.status,
        "verdict": verdict,
    }


def determined_by(found: Verdict) -> Any:
    """'`band` first, where the band equals the verdict, then the `by` of every cap that equals it; `[]` without a verdict'."""
    if found.index is None:
        return []
    if found.index is UNKNOWN:
        return UNKNOWN
    band = ["band"] if found.judgement and found.judgement.band == found.index else []
    return band + [by for by, verdict in found.caps if verdict == found.index]


def decide(pack: dict, pack_digest: str, profile: str | None, submission: Any) -> dict:
    """The decision object of FORMAT.md 6, or `Refused`."""
    outcomes = read_submission(pack, submission)
    irregularities = submission.get("facts", {}).get("irregularities", [])
    notice = notice_proven(pack, submission)
    return settle(pack, pack_digest, profile, outcomes, notice=notice, irregularities=irregularities)


def differences(expected: dict, found: dict) -> list[str]:
    """
    The fields in which a decision differs from the oracle's.

    A field that is UNKNOWN here is not compared, nor is a `reachable` of null while pending: 'null there claims nothing'.
    """
    fields = sorted(set(expected) | set(found))
    differing = [
        f
        for f in fields
        if f not in expected or f not in found or (expected[f] is not UNKNOWN and expected[f] != found[f])
    ]
    silent = found.get("status") == "pending" and found.get("reachable", "") is None
    return [field for field in differing if not (field == "reachable" and silent)]
