"""A decision's line is the same, and refused alike, whether or not its parts were met before, and with either writer of JSON."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import itertools
import json
import random
import threading
import uuid
from collections import OrderedDict

import pytest

from logs import entry
from scoring import canonical
from scoring.audit import shapes
from scoring.audit.chain import Batch, Tail
from scoring.audit.fields import MAX_OUTCOMES, are_digests, decision_misfit, is_digest, record_misfit
from scoring.audit.shapes import text_of
from scoring.errors import LogError

TIME = "2026-11-21T09:05:00Z"
TAIL = Tail(7, "2" * 64, 4096)
UUID = uuid.UUID(int=7)


class Text(str):
    """Text of another type."""

    __slots__ = ()


class Otherwise(str):
    """Text that says it is none."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other):
        return False


class Number(int):
    """An integer of another type."""


class Many(list):
    """A list of another type."""


class Word(enum.StrEnum):
    """A text with a name."""

    FAIL = "fail"


class One(enum.IntEnum):
    """An integer with a name."""

    ONE = 1


class Plain(enum.Enum):
    """A name that stands for a text and equals none."""

    FAIL = "fail"


@dataclasses.dataclass
class Hold:
    """What looks like an object of JSON."""

    by: str
    verdict: str


@pytest.fixture(autouse=True, params=["orjson", "json"])
def writer(request, monkeypatch):
    """Have an empty memory, and orjson or the standard library alone."""
    canonical.load_orjson()
    assert canonical.orjson is not None
    if request.param == "json":
        monkeypatch.setattr(canonical, "orjson", None)
    shapes._HEADS.clear()
    shapes._TAILS.clear()
    shapes._HEADS.size = shapes._TAILS.size = 0


BASE = {
    **entry(1).decision,
    "awaited": "A",
    "caps": [{"by": "fatal", "verdict": "fail"}],
    "determined_by": ["fatal"],
    "excerpts": {"m": [1, 2], "outcomes": [3, 4]},
    "flags": {"fatal": "B", "note": "C"},
    "irregularities": ["late", "left"],
    "notice": True,
    "reachable": ["fail", "strong"],
    "sections": {"m": "1/2", "outcomes": "1/3", "pack": None},
    "stages": {"main": ["passed", "1/2"], "outcomes": ["pending", None]},
    "verdict": "fail",
}
ODD = [
    *(Text("fail"), Otherwise("fail"), Word.FAIL, Plain.FAIL, "fail", "fai\u0308l", "\ud800", 'fail","level":"x', "fail\n", "", "outcomes", b"fail"),
    *(None, True, False, 0, 1, -1, 2, 1.0, 0.0, -0.0, 1e0, float("nan"), float("inf"), Number(1), One.ONE, 2**53, 2**63, 2**64, 2**200, -(2**64)),
    *([], (), {}, [None], ["late"], ("late",), ["left", "late"], Many(["late", "left"]), {"late"}, frozenset(), range(2), iter("ab")),
    *([{"by": "fatal", "verdict": "fail"}], [OrderedDict(verdict="fail", by="fatal")], [Hold("fatal", "fail")], [{"by": Text("fatal"), "verdict": "fail"}]),
    *({"m": [1, 2]}, {"m": [True, 2]}, {"m": [1.0, 2]}, {"m": (1, 2)}, {"m": [Number(1), 2]}, {1: [1, 2]}, {Text("m"): [1, 2]}, {None: "A"}, {"m": "1/2"}),
    *({"note": "C", "fatal": "B"}, {"fatal": "B", "x": "A"}, {"main": ["passed", "1/2"]}, {"main": ("passed", "1/2")}, {"main": ["passed", 0.5]}),
    *({"stage": "main", "reason": "x"}, {"reason": "x", "stage": "main"}, {"reason": "x"}, {"\ud800": "1"}, {"\xe9": "1"}),
    *(UUID, str(UUID), dt.date(2026, 1, 1), dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "1/2", "2/4", "0", "1" * 4096),
    *("A" * 200, "A" * MAX_OUTCOMES),
    *("A" * (MAX_OUTCOMES + 1), "A=", "A A", 'A"', "A\\", "A\u0000", Text("AB"), object(), "profile:x", ["profile:x"], ["band", "fatal"], ["verdict", "refer"]),
]  # fmt: skip
PLACES = [*itertools.product(sorted(BASE), range(len(ODD)))]


def cyclic():
    value = {}
    value["m"] = value
    return value


def deep(levels):
    value = "x"
    for _ in range(levels):
        value = [value]
    return value


def at_length(decision):
    """The line as reading the whole decision back, walking it and encoding the whole record make it; None where that cannot be."""
    try:
        said = canonical.reread(canonical.encode(decision))
    except (TypeError, ValueError, RecursionError):
        return None
    if said != decision or type(said) is not dict or decision_misfit(said):
        return None
    body = {
        "decision": said,
        "disclosures": {"case": "0" * 64, "submission": "1" * 64},
        "id": "s-1",
        "supersedes": None,
    }
    return canonical.dumps({"body": body, "prev": "2" * 64, "seq": 7, "time": TIME, "type": "decision", "v": 1})


def made(decision):
    batch = Batch(TAIL, TIME, 65_536)
    body = {
        "decision": decision,
        "disclosures": {"case": "0" * 64, "submission": "1" * 64},
        "id": "s-1",
        "supersedes": None,
    }
    try:
        batch.add("decision", body)
    except (LogError, canonical.CanonicalError):
        assert (batch.lines, batch.tail) == ([], TAIL)
        return None
    return batch.lines[0]


def shuffled(decision, seed=5):
    members = [*decision.items()]
    random.Random(seed).shuffle(members)
    return dict(members)


def test_the_base_of_these_tests_fits():
    """Else every one of them would show that nothing is made of nothing."""
    assert made(BASE) == at_length(BASE) is not None
    assert (len(shapes._HEADS), len(shapes._TAILS)) == (1, 1)


@pytest.mark.parametrize("place", range(0, len(PLACES), 64))
def test_odd_values_come_out_as_at_length(place):
    """Wherever they stand, before and after an honest decision with the same parts was made, and once more."""
    for key, number in PLACES[place : place + 64]:
        odd = {**BASE, key: ODD[number]}
        wanted = at_length(odd)
        for known in (False, True):
            if known:
                made(BASE)
                if wanted:
                    made(json.loads(wanted)["body"]["decision"])
            assert made(odd) == wanted, (key, number, known)
            assert made(shuffled(odd)) == wanted, (key, number, known)
            assert made(OrderedDict(odd)) == wanted, (key, number, known)


@pytest.mark.parametrize(
    "change",
    [
        lambda decision: {key: value for key, value in decision.items() if key != "outcomes"},
        lambda decision: {key: value for key, value in decision.items() if key != "void"},
        lambda decision: {**decision, "zeta": None},
        lambda decision: {**decision, "outcomes ": "A"},
        lambda decision: {**decision, 1: "A"},
        lambda decision: [*decision.items()],
        lambda decision: [*decision],
        lambda decision: json.dumps(decision),
        lambda _: None,
        lambda decision: {**decision, "sections": cyclic()},
        lambda decision: {**decision, "assumed": deep(40)},
        lambda decision: {**decision, "assumed": deep(300)},
        lambda decision: {**decision, "assumed": deep(5000)},
    ],
)  # fmt: skip
def test_what_is_no_decision_is_refused_after_one_too(change):
    for _ in range(2):
        assert made(BASE) is not None
        assert made(change(BASE)) is None
        assert made(change(shuffled(BASE))) is None


def test_keys_of_another_type_come_out_as_at_length():
    """The standard library writes them, orjson does not."""
    odd = {Text(key): value for key, value in BASE.items()}
    for _ in range(2):
        assert made(odd) == at_length(odd)
        made(BASE)


def test_what_was_given_may_change_afterwards():
    """Nothing that the memory holds is the caller's."""
    given = json.loads(json.dumps(BASE))
    first = made(given)
    given["sections"]["m"] = "1/4"
    given["caps"].append("x")
    assert made(given) is None
    assert made(BASE) == first == at_length(BASE)


def test_parts_of_two_decisions_make_a_third():
    """It was never met, and is what it is at length; the parts of what does not fit make nothing."""
    other = {**BASE, "notice": None, "score": "1/4", "level": "junior", "outcomes": "ZZ"}
    made(BASE), made(other)
    for head, tail in itertools.product((BASE, other), repeat=2):
        mixed = {key: (head if key < "outcomes" else tail)[key] for key in BASE}
        assert made(mixed) == at_length(mixed) is not None
    assert (len(shapes._HEADS), len(shapes._TAILS)) == (2, 2)
    bad = {**BASE, "score": "2/4"}
    for _ in range(2):
        assert made(bad) is None
        assert made({**bad, "notice": None}) is None


def test_the_same_comes_out_when_little_is_remembered(monkeypatch):
    monkeypatch.setattr(shapes, "_MOST", 1500)
    monkeypatch.setattr(shapes, "_PATIENCE", 3)
    some = [{**BASE, "score": f"1/{number}", "level": f"l-{number}"} for number in range(2, 12)]
    lines = [at_length(one) for one in some]
    for _ in range(3):
        assert [made(one) for one in some] == lines
    for memory in (shapes._HEADS, shapes._TAILS):
        assert 0 < sum(map(len, memory)) == memory.size <= 1500


def test_what_is_longer_than_any_line_is_not_remembered():
    assert made({**BASE, "assumed": ["x" * 40] * 1000}) is None
    assert made({**BASE, "void": "x" * 40_000}) is None
    assert sum(map(len, [*shapes._HEADS, *shapes._TAILS])) < 2000


def test_threads_may_share_what_is_remembered(monkeypatch):
    """Each of four makes its decisions while the others make theirs, and room is scarce."""
    monkeypatch.setattr(shapes, "_MOST", 2500)
    monkeypatch.setattr(shapes, "_PATIENCE", 2)
    some = [{**BASE, "score": f"1/{2 + number % 7}", "outcomes": "A" * (1 + number % 3)} for number in range(40)]
    lines, found = [at_length(one) for one in some], []

    def work(seed):
        order = random.Random(seed).sample(range(40), 40) * 5
        found.append([made(some[number]) == lines[number] for number in order])

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[True] * 200] * 4


def test_the_text_is_that_of_the_decision():
    assert text_of(shuffled(BASE)) == canonical.dumps(BASE)
    assert text_of({**BASE, "holds": ("verdict",)}) is None


DIGEST = "0123456789abcdef" * 4
ODD_DIGESTS = [
    *(DIGEST, DIGEST[1:], DIGEST + "0", DIGEST.upper(), " " + DIGEST[1:], "é" + DIGEST[1:], "\ud800" + DIGEST[1:], "\u0660" + DIGEST[1:], '"' + DIGEST[1:]),
    *(Text(DIGEST), Otherwise(DIGEST), DIGEST.encode(), [*DIGEST], (*DIGEST,), None, 0, True, "", {}, "\n" + DIGEST[1:], DIGEST[1:] + "\n"),
]  # fmt: skip
ODD_REST = {
    "id": [*("s-1", "", "a" * 48, "a" * 49, "é", "\ud800", 'a"', "a\\", "a/b", "a\n"), Text("s"), Otherwise("s"), b"s", None, 1, ["s"], UUID, Word.FAIL],
    "supersedes": [None, 0, 6, 7, -1, 1.0, True, Number(3), One.ONE, "3", 2**70, float("nan"), [], b"3"],
    "disclosures": [None, [], {}, {"case": DIGEST}, ["case", "submission"], {"case": DIGEST, "submission": DIGEST, "x": DIGEST}, {"case": DIGEST, "x": DIGEST}],
    "zeta": [None],
    "decision": [None],
}  # fmt: skip
BODIES = [
    *({"disclosures": {"case": one, "submission": other}} for one in ODD_DIGESTS for other in ODD_DIGESTS),
    *({key: value} for key, values in ODD_REST.items() for value in values),
]


@pytest.mark.parametrize("tail", [TAIL, Tail(7, None, 4096), Tail()])
def test_what_stands_behind_a_decision_is_checked_as_the_tables_say(tail):
    """Each odd value beside a decision that is known by then."""
    accepted = 0
    for change in BODIES:
        body = {
            "decision": BASE,
            "disclosures": {"case": DIGEST, "submission": DIGEST},
            "id": "s-1",
            "supersedes": None,
            **change,
        }
        record = {"body": body, "prev": tail.leaf, "seq": tail.size, "time": TIME, "type": "decision", "v": 1}
        batch = Batch(tail, TIME, 65_536)
        if record_misfit(record):
            with pytest.raises(LogError, match="does not fit the record format"):
                batch.add("decision", body)
            assert (batch.lines, batch.tail) == ([], tail)
        else:
            batch.add("decision", body)
            assert batch.lines == [canonical.dumps(record)]
            accepted += 1
    assert accepted == (6 if tail is TAIL else 0)


def test_two_digests_are_what_each_of_them_is():
    for one, other in itertools.product(ODD_DIGESTS, repeat=2):
        assert are_digests(one, other) == (is_digest(one) and is_digest(other))
    assert [one for one in ODD_DIGESTS if is_digest(one)] == [DIGEST]
