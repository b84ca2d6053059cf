"""From a submission's bytes to its entry's: ours, the least that anyone must do, and what a service made of attrs and cattrs does."""

from __future__ import annotations

import os
from binascii import b2a_base64
from fractions import Fraction
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import attrs
import cattrs
import orjson

from bench import work
from scoring.audit.disclosure import disclose
from scoring.audit.entry import entry_line
from scoring.engine.rubric import Rubric
from scoring.engine.submission import parse

if TYPE_CHECKING:
    from collections.abc import Callable


def ours(pack: bytes) -> Callable[[bytes], Any]:
    """What `Scorer.score` does, then the disclosure of the submission, and the digests of both."""
    rubric = Rubric(pack)

    def way(data: bytes) -> Any:
        document = parse(data)
        line = entry_line(document, rubric.score(document).data)
        del document["id"], document["case"]
        return line, sha256(line).hexdigest(), disclose(os.urandom, "submission", document)

    return way


def _disclosed(document: Any) -> tuple[str, bytes]:
    salt = b2a_base64(os.urandom(16), newline=False).rstrip(b"=").decode()
    text = b2a_base64(orjson.dumps([salt, "submission", document], option=orjson.OPT_SORT_KEYS), newline=False)
    return sha256(text).hexdigest(), text


def bound(data: bytes) -> Any:
    """Parse, write canonically, salt, hash the disclosure and the entry: scoring is not in it, nor any check."""
    document = orjson.loads(data)
    line = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    return line, sha256(line).hexdigest(), _disclosed(document)


@attrs.frozen
class Notice:
    at: str
    sha256: str


@attrs.frozen
class Facts:
    notice: Notice
    started_at: str


@attrs.frozen
class Sheet:
    id: str
    case: str
    facts: Facts
    answers: dict[str, str | list[str]]


@attrs.frozen
class Outcome:
    item: str
    answer: str | list[str]
    points: float
    full: float
    right: bool


@attrs.frozen
class Verdict:
    id: str
    case: str
    verdict: str
    total: float
    outcomes: list[Outcome]


def with_cattrs(count: int) -> Callable[[bytes], Any]:
    """Structured by cattrs, an attrs object for each item, unstructure out; the same disclosure."""
    converter = cattrs.Converter(forbid_extra_keys=True)
    converter.register_structure_hook(
        str | list[str], lambda value, _: value if isinstance(value, str) else [*map(str, value)]
    )
    full = [float(Fraction(work.SHARES[place * 5 // count])) / (count // 5) for place in range(count)]

    def points(place: int, answer: Any) -> float:
        kind = place % 5
        if kind in {0, 4}:
            return {"B": 1.0, "C": 0.5}.get(answer, 0.0)
        if not answer:
            return 0.0
        if kind == 1:
            return float(abs(float(answer) - float(work.value_of(place))) <= 0.1)
        if kind == 2:
            return float(any(word in answer.lower() for word in work.words_of(place)))
        return len(answer) / 3 if set(answer) <= set(work.RIGHT) else 0.0

    def way(data: bytes) -> Any:
        document = orjson.loads(data)
        sheet = converter.structure(document, Sheet)
        outcomes = []
        for place in range(count):
            answer = sheet.answers[f"item-{place:03}"]
            earned = points(place, answer)
            outcomes.append(Outcome(f"item-{place:03}", answer, earned * full[place], full[place], earned == 1))
        total = sum(outcome.points for outcome in outcomes)
        fatal = "D" in (sheet.answers["item-000"], sheet.answers["item-004"])
        band = "strong" if total >= 0.8 else "middling" if total >= 0.6 else "weak"
        done = converter.unstructure(Verdict(sheet.id, sheet.case, "weak" if fatal else band, total, outcomes))
        line = orjson.dumps(done, option=orjson.OPT_SORT_KEYS)
        return line, sha256(line).hexdigest(), _disclosed(converter.unstructure(sheet))

    return way
