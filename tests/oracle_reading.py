"""
The oracle's reading: an item has these outcomes, and an answer becomes one of them.

Owns a literal transcription of `docs/reading.md` and of `audit/FORMAT.md`, section 7. Each function names the clause that it obeys; nothing is
clever, and nothing is fast.

Must not know how the engine works: it imports nothing of `scoring`. It believes the pack it is given and checks answers. It runs on Python 3.11,
whose Unicode tables are those of Unicode 14.
"""

from __future__ import annotations

import itertools
import unicodedata
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

MAX_TEXT = 16_384
MAX_ENTRIES = 256
MAX_INTEGER = 2**53 - 1

COMMON = ("absent", "blank", "invalid", "excluded", "unopened")  # codes 0 to 4, FORMAT.md 7
FLAGS = ("fatal", "knock_out", "refer", "note")
DIGITS = set("0123456789")


class Sentinel:
    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


ABSENT = Sentinel("ABSENT")  # the answer to an item that has no entry in `answers`


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


def outcome_table(item: dict, expected: str | None = None) -> list[Outcome]:
    """
    The item's own outcomes in the order of their codes, from 5 on. 6.1: "but never less than the item's `floor`".

    *expected* is the value that the item's competency expects at the level, where there is one.
    """
    own = {
        "choice": of_choice,
        "selection": of_selection,
        "number": of_number,
        "text": of_text,
        "mark": of_mark,
        "checklist": of_checklist,
        "evidence": of_evidence,
    }
    outcomes = of_rating(item, expected) if item["kind"] == "rating" else own[item["kind"]](item)
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


def with_noted(plain: list[tuple[str, Fraction]]) -> list[Outcome]:
    """'each value', or mean or sum; 'each of them, noted', which raises `note`; '`awaited`', which earns 0."""
    return [
        *[Outcome(name, points, ()) for name, points in plain],
        *[Outcome(name + "+noted", points, ("note",)) for name, points in plain],
        Outcome("awaited", Fraction(0), ()),
    ]


def of_rating(item: dict, expected: str | None) -> list[Outcome]:
    """'each value', worst first; 'by `mean`: each mean of the points of k values, smallest first'."""
    if item["raters"]["combine"] == "mean":
        points = [Fraction(value["points"]) for value in item["values"]]
        means = {total / k for k in rater_counts(item) for total in sums_of([points] * k)}
        return with_noted([(str(mean), mean) for mean in sorted(means)])
    return with_noted([(value["id"], value_points(item, value["id"], expected)) for value in item["values"]])


def value_points(item: dict, name: str, expected: str | None) -> Fraction:
    """'`at` is the one that the item's competency expects at the decision's level; those before it are `below`, those after it `above`.'"""
    names = [value["id"] for value in item["values"]]
    if item["level_points"] is None:
        return Fraction(item["values"][names.index(name)]["points"])
    assert expected is not None
    distance = names.index(name) - names.index(expected)
    return Fraction(item["level_points"]["below" if distance < 0 else "at" if distance == 0 else "above"])


def rater_counts(item: dict) -> range:
    """'k from the sum of `needs` to `max`'."""
    return range(sum(item["raters"]["needs"].values()), item["raters"]["max"] + 1)


def sums_of(choices: list[list[Fraction]]) -> set[Fraction]:
    """Every sum of one number out of each list."""
    sums = {Fraction(0)}
    for numbers in choices:
        sums = {total + number for total in sums for number in numbers}
    return sums


def of_checklist(item: dict) -> list[Outcome]:
    """'A line of a checklist comes to 0 or its points; by `mean`, to its points times j / k for k from the sum of `needs` to `max`'."""
    by_mean = item["raters"]["combine"] == "mean"
    parts = (
        {Fraction(j, k) for k in rater_counts(item) for j in range(k + 1)} if by_mean else {Fraction(0), Fraction(1)}
    )
    sums = sums_of([[Fraction(line["points"]) * part for part in parts] for line in item["lines"]])
    return with_noted([(str(total), total) for total in sorted(sums)])


def of_evidence(item: dict) -> list[Outcome]:
    return [Outcome("given", Fraction(0), ())]


# ---- From an answer to an outcome (reading.md) ----------------------------------------------------------------------------------------------


def read(item: dict, answer: Any, panel: dict[str, str] | None = None) -> str:
    """The name of the outcome of *answer*; `ABSENT` stands for no entry. 'A wrong JSON type is an error of the sender.'"""
    kind = item["kind"]
    if answer is ABSENT:
        return "absent"
    if answer is None:  # "`null`, `[]` and a white-space-only text are blank for every kind"
        return "blank"
    if type(answer) is dict:
        if kind not in ("rating", "checklist", "evidence"):
            raise Refused(item["id"])
        if kind == "evidence":
            return read_evidence(item, answer)
        return read_forms(item, answer, panel or {})
    if type(answer) is str:
        check_text(item, answer)
        if is_blank(answer):
            return "blank"
        if kind in ("selection", "rating", "checklist"):
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
        "evidence": read_evidence,
    }
    return readers[kind](item, answer)


def check_text(item: dict, text: str) -> None:
    """'an answer longer than 16,384 characters ... and text that is not Unicode (a lone surrogate)' are refused."""
    if len(text) > MAX_TEXT or has_surrogate(text):
        raise Refused(item["id"])


def has_surrogate(text: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in text)


def is_text(value: Any, longest: int) -> bool:
    return type(value) is str and 1 <= len(value) <= longest and not has_surrogate(value)


def is_digest(value: Any) -> bool:
    return type(value) is str and len(value) == 64 and set(value) <= set("0123456789abcdef")


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


# ---- What raters say, and evidence


MARKS = {  # the table of a form's keys: what a tick may say
    "indicators": ("observed", "not_observed", "not_probed"),
    "criteria": ("observed", "not_observed", "not_probed"),
    "deliverables": ("present", "missing"),
    "evidence": ("present", "missing"),
    "ground_rules": ("kept", "breached"),
    "conduct": ("kept", "breached"),
    "constraints": ("asked", "volunteered", "not_revealed"),
    "tensions": ("delivered", "not_delivered"),
}


def recorded(item: dict, key: str) -> list[str]:
    """The ids that a form may tick under *key*; '`indicators`: id of `positive` or `negative`'."""
    lists = ("positive", "negative") if key == "indicators" else (key,)
    return [entry["id"] for name in lists for entry in item["records"][name]]


def good_ticks(ticks: Any, ids: list[str], marks: tuple[str, ...]) -> bool:
    return type(ticks) is dict and all(name in ids and mark in marks for name, mark in ticks.items())


def good_form(item: dict, form: Any) -> bool:
    """'A form is `{"abstained": TEXT}` ... or an object with' the keys of the table."""
    if type(form) is not dict:
        return False
    if "abstained" in form:
        return set(form) == {"abstained"} and is_text(form["abstained"], 500)
    scored = "rating" if item["kind"] == "rating" else "lines"
    if scored not in form or not set(form) <= {scored, *MARKS, "concern", "note"}:
        return False
    if scored == "rating":
        good = form["rating"] in [value["id"] for value in item["values"]]
    else:
        good = good_ticks(form["lines"], [line["id"] for line in item["lines"]], MARKS["indicators"])
    good = good and all(good_ticks(form[key], recorded(item, key), MARKS[key]) for key in MARKS if key in form)
    good = good and ("concern" not in form or is_text(form["concern"], 2_000))
    return good and ("note" not in form or is_text(form["note"], MAX_TEXT))


def read_forms(item: dict, forms: dict, panel: dict[str, str]) -> str:
    """'An object from rater to *form*'; '`null` and `{}` are blank'."""
    needs = item["raters"]["needs"]
    if len(forms) > item["raters"]["max"]:  # "more raters than `max`"
        raise Refused(item["id"])
    for rater, form in forms.items():
        if rater not in panel or panel[rater] not in needs or not good_form(item, form):
            raise Refused(item["id"])
    if not forms:
        return "blank"
    rated = combine_rating(item, forms, panel) if item["kind"] == "rating" else combine_checklist(item, forms, panel)
    if rated is None:
        return "awaited"  # "An awaited item is not noted."
    return rated + "+noted" if any(is_noted(item, form) for form in forms.values()) else rated


def is_complete(item: dict, said: dict[str, Any], panel: dict[str, str]) -> bool:
    """
    Whether a rating is no longer awaited; *said* has None for whoever abstained.

    'until everyone on the panel whose role is in `needs` has rated or abstained, and every role in `needs` has at least so many ratings'.
    """
    needs = item["raters"]["needs"]
    everyone = all(rater in said for rater, role in panel.items() if role in needs)
    ratings = [panel[rater] for rater, value in said.items() if value is not None]
    return everyone and all(ratings.count(role) >= count for role, count in needs.items())


def combined(item: dict, places: list[int], points: list[Fraction]) -> Any:
    """
    What ratings come to, each given as the place of its value, worst first; *points* are those of the values.

    The place of a value, or by `mean` the mean itself; None while consensus lacks.
    """
    places = sorted(places)
    how = item["raters"]["combine"]
    if how == "median":  # "the middle value; of an even number, the lower of the two in the middle"
        return places[(len(places) - 1) // 2]
    if how == "lowest":
        return places[0]
    if how == "consensus":
        return places[0] if places[0] == places[-1] else None
    assert how == "mean"
    return sum((points[place] for place in places), Fraction(0)) / len(places)


def combine_rating(item: dict, forms: dict, panel: dict[str, str]) -> str | None:
    """The name of the outcome, not noted; None: awaited."""
    names = [value["id"] for value in item["values"]]
    said = {rater: form.get("rating") for rater, form in forms.items()}
    if not is_complete(item, said, panel):
        return None
    places = [names.index(name) for name in said.values() if name is not None]
    result = combined(item, places, [Fraction(value["points"]) for value in item["values"]])
    if result is None:
        return None
    return names[result] if type(result) is int else str(result)


def combine_checklist(item: dict, forms: dict, panel: dict[str, str]) -> str | None:
    """'Each line is rated by itself'; 'awaited while any line or any form is; else it comes to the sum of its lines'."""
    total = Fraction(0)
    for line in item["lines"]:
        if any("lines" in form and line["id"] not in form["lines"] for form in forms.values()):
            return None  # "a line that is left out makes the form unfinished"
        values = {"observed": 1, "not_observed": 0, "not_probed": None}  # "`not_probed` abstains on that line"
        said = {r: values[form["lines"][line["id"]]] if "lines" in form else None for r, form in forms.items()}
        if not is_complete(item, said, panel):
            return None
        points = [Fraction(0), Fraction(line["points"])]
        result = combined(item, [value for value in said.values() if value is not None], points)
        if result is None:
            return None
        total += points[result] if type(result) is int else result
    return str(total)


def is_noted(item: dict, form: dict) -> bool:
    """'if any form that is not an abstention says one of: a `concern`; a ground rule `breached`; and, for a `rating`, a conflict'."""
    if "concern" in form or "breached" in form.get("ground_rules", {}).values():
        return True
    if "rating" not in form:
        return False
    indicators = form.get("indicators", {})
    positive = [entry["id"] for entry in item["records"]["positive"]]
    negative = [entry["id"] for entry in item["records"]["negative"]]
    if form["rating"] == item["values"][-1]["id"]:  # "the best value beside a `negative` indicator observed or ..."
        missing = [*form.get("deliverables", {}).values(), *form.get("evidence", {}).values()]
        return "missing" in missing or any(indicators.get(name) == "observed" for name in negative)
    if form["rating"] == item["values"][0]["id"]:  # "positive indicators that are all observed (there is at least one)"
        return positive != [] and all(indicators.get(name) == "observed" for name in positive)
    return False


def conduct_breached(item: dict, answer: Any) -> bool:
    """'A `conduct` rule `breached` ... adds the code `conduct` to the case's irregularities', of an answer that was read."""
    if item["kind"] not in ("rating", "checklist") or type(answer) is not dict:
        return False
    return any("breached" in form.get("conduct", {}).values() for form in answer.values())


def read_evidence(item: dict, answer: str | dict) -> str:
    """'a text, or an object with `reference` ..., `sha256` ... and `seconds`'."""
    if isinstance(answer, dict):
        seconds = answer.get("seconds", 0)
        good = set(answer) <= {"reference", "sha256", "seconds"} and is_text(answer.get("reference"), 500)
        good = good and ("sha256" not in answer or is_digest(answer["sha256"]))
        if not good or not is_count(seconds):
            raise Refused(item["id"])
    return "given"


def is_count(value: Any) -> bool:
    """'an integer, 0 or more', within what FORMAT.md 1 can say."""
    return type(value) is int and 0 <= value <= MAX_INTEGER
