"""A batch is written in few steps however many records it has, and comes out as if each had been written by itself."""

from __future__ import annotations

import json
import random

import pytest

import logs
from logs import RUBRIC, entry, holds, ids, lines_of, open_log, submission
from scoring import canonical
from scoring.audit.chain import Batch, Tail, link_of, links_decision
from scoring.audit.entry import Entry
from scoring.audit.fields import record_misfit
from scoring.errors import ConflictError, LogError, SubmissionError

room, path, log = logs.room, logs.path, logs.log

TIME = "2026-11-21T09:05:00Z"
TAIL = Tail(7, "2" * 64, 4096)


class Word(str):
    """Text of another type, which says the same."""

    __slots__ = ()


def body(**changes):
    return {
        "decision": {**entry(1).decision, **changes},
        "disclosures": {"case": "0" * 64, "submission": "1" * 64},
        "id": "s-1",
        "supersedes": None,
    }


def plainly(record_body, tail=TAIL):
    """The line of a decision as the tables and the canonical form alone make it."""
    record = {"body": record_body, "prev": tail.leaf, "seq": tail.size, "time": TIME, "type": "decision", "v": 1}
    assert record_misfit(record) == ""
    return canonical.dumps(record)


class TestTheLine:
    """A decision's line is put together from pieces, and is the one that encoding the whole record gives."""

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"sections": {"zeta": "1/3", "alpha": None, "m/n": "1"}},
            {"caps": [{"verdict": "fail", "by": "fatal"}], "determined_by": ["fatal"], "flags": {"note": "B", "fatal": "A"}},
            {"reinstate": {"stage": "main", "reason": "mistake"}, "irregularities": ["a", "b"]},
            {"stages": {"two": ["waiting", None], "one": ["passed", "1/2"]}, "reachable": ["strong", "fail"]},
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("supersedes", [None, 3])
    def test_is_the_canonical_one_in_whatever_order_its_keys_come(self, changes, supersedes):
        made = {**body(**changes), "supersedes": supersedes}
        shuffled = [*made["decision"].items()]
        random.Random(3).shuffle(shuffled)
        for decision in (made["decision"], dict(shuffled)):
            batch = Batch(TAIL, TIME, 65_536)
            assert batch.add("decision", {**made, "decision": decision}) == 7
            assert batch.lines == [plainly(made)]

    @pytest.mark.parametrize(
        "changes",
        [
            {"notice": 1},
            {"semantics": True},
            {"semantics": 1.0},
            {"score": "2/4"},
            {"holds": ("verdict",)},
            {"sections": {1: "1/2"}},
            {"assumed": {"profile:x"}},
            {"extra": None},
            {"outcomes": "\ud800"},
            {"verdict": float("nan")},
        ],
    )
    def test_of_what_fits_no_table_is_never_made(self, changes):
        batch = Batch(TAIL, TIME, 65_536)
        with pytest.raises((LogError, canonical.CanonicalError)):
            batch.add("decision", body(**changes))
        assert (batch.lines, batch.tail) == ([], TAIL)

    def test_of_text_of_another_type_says_the_text(self):
        batch = Batch(TAIL, TIME, 65_536)
        batch.add("decision", body(verdict=Word("strong")))
        assert batch.lines == [plainly(body(verdict="strong"))]

    @pytest.mark.parametrize("time", ["never", "2026-11-21T25:05:00Z"])
    def test_of_a_time_that_is_none_is_never_made(self, time):
        with pytest.raises(LogError, match="time: expected"):
            Batch(TAIL, time, 65_536).add("decision", body())

    @pytest.mark.parametrize("supersedes", [7, -1, True, "3"])
    def test_supersedes_an_earlier_record_alone(self, supersedes):
        with pytest.raises(LogError, match="supersedes"):
            Batch(TAIL, TIME, 65_536).add("decision", {**body(), "supersedes": supersedes})

    def test_a_quick_look_at_its_link_never_says_yes_where_the_slow_one_says_no(self):
        line = plainly(body())
        assert links_decision(line, 7, "2" * 64)
        for seq, leaf in ((8, "2" * 64), (77, "2" * 64), (7, "3" * 64)):
            assert not links_decision(line, seq, leaf)
        for place in range(len(line)):
            changed = line[:place] + b"~" + line[place + 1 :]
            if links_decision(changed, 7, "2" * 64):
                assert link_of(changed) == (7, "2" * 64, "decision")


class TestTogether:
    """What is asked and written at once gives what asking and writing one by one gives."""

    def test_a_batch_is_the_same_log_as_its_entries_one_by_one(self, room):
        entries = [entry(number, case=f"case-{number % 7}") for number in range(40)]
        for name, batches in (("one", [[one] for one in entries]), ("all", [entries])):
            with open_log(room / name, create=True) as log:
                log.publish(RUBRIC)
                assert [seq for some in batches for seq in log.append(some)] == [*range(2, 42)]
            holds(room / name)
        one, together = ([json.loads(line)["body"] for line in lines_of(room / name)[2:]] for name in ("one", "all"))
        parts = ("decision", "id", "supersedes")
        assert [[record[part] for part in parts] for record in one] == [
            [record[part] for part in parts] for record in together
        ]

    def test_known_and_new_ids_and_cases_may_come_mixed(self, path, log):
        first = [done.seq for done in log.decide_all(RUBRIC, [submission(number) for number in range(30)])]
        again = [submission(number, case=f"case-{number % 30}") for number in range(60)]
        done = [*log.decide_all(RUBRIC, [*again, again[45]], batch=61)]
        assert [one.seq for one in done] == [*first, *range(32, 62), 47]
        assert [one.repeated for one in done] == [True] * 30 + [False] * 30 + [True]
        assert [log.read(seq)["body"]["supersedes"] for seq in range(32, 62)] == first
        assert len(log._vault._database.connection.execute("SELECT 1 FROM cases").fetchall()) == 30
        holds(path)

    def test_one_bad_entry_keeps_out_all(self, log):
        log.publish(RUBRIC)
        good = [entry(number) for number in range(20)]
        bad = Entry("s-99", "case-99", {**good[0].decision, "score": "2/4"}, good[0].submission)
        with pytest.raises(LogError, match="score: expected"):
            log.append([*good[:10], bad, *good[10:]])
        claims = Entry("s-98", "case-98", good[0].decision, {**good[0].submission, "void": "x"})
        with pytest.raises(SubmissionError, match="void"):
            log.append([*good, claims])
        log.append(good[:1])
        with pytest.raises(ConflictError):
            log.append([*good[1:], entry(0, outlier="7")])
        assert ids(log) == ["s-0"]

    def test_more_than_one_statement_takes(self, log):
        """Batches of any length may come; each question names at most 256 values."""
        log.publish(RUBRIC)
        entries = [entry(number) for number in range(600)]
        assert log.append(entries) == [*range(2, 602)]
        index = log._journal._open_index()
        wanted = [f"s-{number}" for number in range(1200)]
        assert index.known_ids(wanted) == {*wanted[:600]}
        cases = [log.read(seq)["body"]["disclosures"]["case"] for seq in (2, 300, 601)]
        assert index.known_cases([*cases, "f" * 64]) == {*cases}
        assert log.append(entries) == [*range(2, 602)]

    def test_a_case_of_which_only_something_was_said_is_known(self, log):
        log.open_case(RUBRIC, "Ada", "o-1", {})
        digest = log.read(2)["body"]["disclosures"]["case"]
        assert log._journal._open_index().known_cases([digest]) == {digest}

    def test_few_statements_serve_many_records(self, log):
        """A batch of 64 asks index and vault no more often than the first one of 8, and opens as many transactions."""
        log.publish(RUBRIC)
        log.append([entry(99)])  # the first one also reads what a handle keeps in mind
        counts = []
        for start, stop in ((0, 8), (8, 72)):
            said = []
            databases = [log._journal._index._database.connection, log._vault._database.connection]
            for database in databases:
                database.set_trace_callback(lambda sql: None if sql.startswith("INSERT") else said.append(sql[:60]))  # noqa: B023
            log.append([entry(number) for number in range(start, stop)])
            for database in databases:
                database.set_trace_callback(None)
            counts.append(len(said))
        assert counts[1] <= counts[0] < 40
