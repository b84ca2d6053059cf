"""The index of a long log: what is sorted, what is not yet, and that both say what the log says."""

from __future__ import annotations

import hashlib
import itertools
import sqlite3
from random import Random

import pytest

import logs
from logs import RUBRIC, holds, make_log, open_log, submission
from scoring.audit import index as module
from scoring.audit.chain import Tail
from scoring.audit.index import Index
from scoring.errors import LogError

room, path, log = logs.room, logs.path, logs.log

WORDS = ("opening", "resolution", "erasure")


def digest(number):
    return hashlib.sha256(b"%d" % number).hexdigest()


def row(seq, kind, name=None, case=None):
    """A record as the log hands it to its index."""
    if kind == "erasure":
        body = {"case": digest(case)}
    elif kind in {"decision", "opening", "resolution"}:
        body = {"disclosures": {"case": digest(case)}, "id": name}
    elif kind == "rubric":
        body = {"pack": digest(seq), "rubric": "r", "version": str(seq)}
    else:
        body = {}
    return seq, 100 * seq, kind, body


def tail(size):
    return Tail(size, digest(size), 100 * size)


def rows_of(seed, count):
    """Records of all kinds in no order at all, of few cases, so that these come again."""
    chance = Random(seed)
    kinds = ["decision"] * 12 + ["opening", "resolution", "erasure", "key", "rubric", "recovery"]

    def any_row(seq):
        return row(seq, chance.choice(kinds), f"s-{chance.getrandbits(60)}", chance.randrange(max(count // 3, 1)))

    return [row(0, "genesis"), row(1, "key"), *map(any_row, range(2, count))][:count]


def batches(seed, rows):
    chance, rest = Random(seed), rows
    while rest:
        size = chance.choice([1, 2, 5, 64, 65, 130])
        yield rest[:size]
        rest = rest[size:]


def must_answer(index, rows):
    """Every question is answered as a walk over all records answers it."""
    ids = {body["id"]: seq for seq, _, _, body in rows if "id" in body}
    asked = [*ids, "s-none", "s-0"]
    assert index.known_ids(asked) == {*ids}
    assert index.known_ids(asked[-2:]) == set()
    for name in asked:
        assert index.with_id(name) == [seq for seq in [ids.get(name)] if seq is not None]
    decided, said = {}, {}
    for seq, _, kind, body in rows:
        case = body.get("case") or body.get("disclosures", {}).get("case")
        if case:
            (decided if kind == "decision" else said).setdefault(case, []).append(seq)
    cases = [digest(number) for number in range(100)]
    assert index.known_cases(cases) == {*decided, *said}
    for case in cases:
        assert index.all_of(case) == decided.get(case, [])
        assert index.newest_of(case) == decided.get(case, [])[-1:]
        assert index.words_of(case) == said.get(case, [])
    assert index.has_words() == bool(said)
    assert index.has_cases() == bool(said or decided)
    of = {kind: [seq for seq, _, other, _ in rows if other == kind] for kind in ("erasure", "key", "rubric")}
    assert index.keys() == of["key"]
    for seq in (0, len(rows) // 2, len(rows)):
        assert index.erasures_from(seq) == [one for one in of["erasure"] if one >= seq]
    for seq in of["rubric"]:
        assert index.rubric(digest(seq)) == seq
        assert index.version("r", str(seq)) == (seq, digest(seq))
    for seq, offset, _, _ in rows:
        assert index.offset_of(seq) == offset
    assert index.offset_of(len(rows)) is None


@pytest.fixture
def few(monkeypatch):
    """Few rows are long for an index."""
    monkeypatch.setattr(module, "RECENT", 40)
    monkeypatch.setattr(module, "MAX_CHECKED", 10)


@pytest.mark.usefixtures("few")
class TestAnswers:
    @pytest.mark.parametrize("seed", range(6))
    def test_whoever_is_asked_says_what_the_records_say(self, room, seed):
        """The handle that writes, one that follows it, and one that opens the file: while rows are recent, after they were sorted, and in between."""
        rows = rows_of(seed, 200)
        writer = Index.make(str(room))
        done, follower = [], None
        for batch in batches(seed, rows):
            done += batch
            writer.add(batch, tail(len(done)))
            writer.settle()
            follower = follower or Index.find(str(room))
            follower.reload()
            must_answer(writer, done)
            must_answer(follower, done)
            opened = Index.find(str(room))
            assert opened.tail == tail(len(done))
            must_answer(opened, done)
            opened.close()
        ((ordered,),) = logs.query(writer.path, "SELECT sorted FROM state")
        assert 0 < ordered <= 200
        assert logs.query(writer.path, "SELECT count(*) FROM ids") == [(sum("id" in r[3] for r in rows[:ordered]),)]
        writer.close()
        follower.close()

    @pytest.mark.parametrize("count", [1, 39, 40, 41, 200])
    def test_one_that_is_made_again_says_the_same(self, room, count):
        rows = rows_of(1, count)
        index = Index.make(str(room))
        index.add(rows[:30], tail(min(30, count)))
        index.add(rows, tail(count))
        index.settle()
        must_answer(index, rows)
        index.close()

    def test_two_handles_that_write_in_turn_sort_each_others_rows(self, room):
        rows = rows_of(7, 300)
        one = Index.make(str(room))
        one.add(rows[:2], tail(2))
        one.settle()
        two = Index.find(str(room))
        for number, start in enumerate(range(2, 300, 14)):
            index = (one, two)[number % 2]
            index.reload()
            index.add(rows[start : start + 14], tail(min(start + 14, 300)))
            must_answer(index, rows[: start + 14])
        one.close()
        two.close()


class TestTwice:
    """An id stands in the log once, wherever its first record is kept."""

    MESSAGE = "the log holds something twice .*: run verify, which says where"

    def filled(self, room, count):
        rows = [row(seq, "decision", f"s-{seq}", seq) for seq in range(count)]
        index = Index.make(str(room))
        index.add(rows[:1], tail(1))
        index.settle()
        for start in range(1, count, 7):
            index.add(rows[start : start + 7], tail(min(start + 7, count)))
        return index

    @pytest.mark.usefixtures("few")
    @pytest.mark.parametrize(("count", "again"), [(20, 0), (20, 19), (100, 0), (100, 30), (100, 99)])
    def test_an_id_of_an_earlier_record_is_refused(self, room, count, again):
        index = self.filled(room, count)
        for known in ([], [f"s-{count}", f"s-{again}"]):  # whether it was asked for before or not
            index.known_ids(known)
            with pytest.raises(LogError, match=self.MESSAGE):
                index.add([row(count, "decision", f"s-{again}", 5)], tail(count + 1))
            assert index.tail == tail(count)
        index.add([row(count, "decision", f"s-{count}", 5)], tail(count + 1))
        assert index.with_id(f"s-{again}") == [again]
        index.close()

    @pytest.mark.usefixtures("few")
    @pytest.mark.parametrize("count", [20, 100])
    def test_an_id_that_comes_twice_at_once_is_refused(self, room, count):
        index = self.filled(room, count)
        twice = [row(count + number, "decision", "s-new", number) for number in range(2)]
        with pytest.raises(LogError, match=self.MESSAGE):
            index.add(twice, tail(count + 2))
        assert index.known_ids(["s-new"]) == set()
        index.close()

    @pytest.mark.usefixtures("few")
    def test_an_id_that_was_not_there_and_came_since_is_refused(self, room):
        """What was asked for and not found counts only as long as nobody wrote."""
        index = self.filled(room, 100)
        other = Index.find(str(room))
        assert index.known_ids(["s-new"]) == set()
        other.add([row(100, "decision", "s-new", 1)], tail(101))
        other.add([row(seq, "decision", f"s-{seq}", seq) for seq in range(101, 180)], tail(180))
        assert logs.query(index.path, "SELECT sorted FROM state") == [(180,)]
        index.reload()
        assert index.known_ids(["s-new"]) == {"s-new"}
        with pytest.raises(LogError, match=self.MESSAGE):
            index.add([row(180, "decision", "s-new", 1)], tail(181))
        index.close()
        other.close()

    @pytest.mark.usefixtures("few")
    @pytest.mark.parametrize("count", [20, 100])
    def test_one_that_is_made_again_meets_it(self, room, count):
        rows = [row(seq, "decision", f"s-{seq % (count - 1)}", seq) for seq in range(count)]
        index = Index.make(str(room))
        index.add(rows, tail(count))
        for _ in range(2):
            with pytest.raises(LogError, match=self.MESSAGE):
                index.settle()
        index.close()
        assert Index.find(str(room)) is None


@pytest.mark.usefixtures("few")
class TestALongLog:
    """The same through the door that hosts use."""

    @pytest.fixture
    def path(self, path):
        make_log(path, 60)
        with open_log(path) as log:
            log.decide(RUBRIC, submission(90, case="case-1"))
        return path

    def file(self, path):
        (file,) = (path / "cache").glob("*.sqlite")
        return file

    def check(self, path):
        with open_log(path) as log:
            assert [record["seq"] for record in log.find("case-1")] == [3, 62]
            assert log.decide(RUBRIC, submission(1)).seq == 3
            assert log.decide(RUBRIC, submission(59)).seq == 61
            new = log.decide(RUBRIC, submission(len(log), case="case-1"))
            assert log.read(new.seq)["body"]["supersedes"] == 62
        holds(path)

    def test_what_is_sorted_and_what_is_not_is_found(self, path):
        file = self.file(path)
        ((ordered,),) = logs.query(file, "SELECT sorted FROM state")
        assert 3 < ordered < 61
        self.check(path)
        assert self.file(path) == file

    def test_a_crash_before_the_rows_were_sorted_costs_nothing(self, path, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setattr(module, "RECENT", 1000)
            self.file(path).unlink()
            open_log(path).close()
        file = self.file(path)
        assert logs.query(file, "SELECT sorted FROM state") == [(0,)]
        self.check(path)
        assert self.file(path) == file
        assert logs.query(file, "SELECT sorted FROM state") == [(64,)]

    def test_a_disk_that_is_full_while_rows_are_sorted_costs_no_record(self, path, monkeypatch):
        """What was half sorted is taken back, and sorted later."""

        def full(database, statements, first, stop):
            database.execute(statements[0], (first, stop))
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error

        file = self.file(path)
        before = logs.query(file, "SELECT sorted FROM state")
        with open_log(path) as log:
            with monkeypatch.context() as patch:
                patch.setattr(module, "_sort", full)
                for number in range(1000, 1050):
                    assert log.decide(RUBRIC, submission(number)).seq == number - 937
            assert logs.query(file, "SELECT sorted FROM state") == before
            assert log.decide(RUBRIC, submission(1050)).seq == 113
            assert log.decide(RUBRIC, submission(1000)).seq == 63
        assert self.file(path) == file
        assert logs.query(file, "SELECT sorted FROM state") == [(114,)]
        self.check(path)

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE ids SET id = 's-600' WHERE seq = 3",
            "UPDATE ids SET seq = 4 WHERE seq = 3",
            "UPDATE ids SET seq = 'x' WHERE seq = 3",
            "UPDATE ids SET seq = 4000 WHERE seq = 3",
            "UPDATE records SET id = 's-1' WHERE seq = 60",
            "UPDATE records SET id = 's-58' WHERE seq = 61",
            "UPDATE state SET sorted = 64",
            "UPDATE state SET sorted = 'x'",
            "UPDATE state SET sorted = -1",
        ],
    )
    def test_an_edited_one_is_trusted_up_to_what_the_log_says_otherwise(self, path, sql):
        """It is never believed that something is recorded: the record is looked at, and the index made again."""
        file = self.file(path)
        logs.query(file, sql)
        with open_log(path) as log:
            done = log.decide(RUBRIC, submission(600))
            assert (done.seq, done.repeated) == (63, False)
            assert log.read(63)["body"]["id"] == "s-600"
        assert len(list((path / "cache").glob("index-*.sqlite"))) == 1
        holds(path)

    def test_what_somebody_put_where_rows_are_sorted_to_is_written_over(self, path, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setattr(module, "RECENT", 1000)
            self.file(path).unlink()
            open_log(path).close()
        file = self.file(path)
        logs.query(file, "INSERT INTO ids VALUES ('s-1', 60), ('s-2', 61)")
        self.check(path)
        assert self.file(path) == file
        assert logs.query(file, "SELECT seq FROM ids WHERE id IN ('s-1', 's-2') ORDER BY seq") == [(3,), (4,)]


def test_a_short_log_has_nothing_sorted_and_one_that_says_so_was_edited(path):
    make_log(path, 6)
    (file,) = (path / "cache").glob("*.sqlite")
    assert module.RECENT > module.MAX_CHECKED
    assert logs.query(file, "SELECT count(*) FROM ids") == logs.query(file, "SELECT count(*) FROM cases") == [(0,)]
    logs.query(file, "UPDATE state SET sorted = 5")
    with open_log(path) as log:
        assert log.decide(RUBRIC, submission(1)).seq == 3
    assert [*(path / "cache").glob("*.sqlite")] != [file]


def test_the_runs_in_which_rows_came_are_no_matter_to_what_is_checked(room):
    """Each run ends with the sum up to it; whoever opens the file goes through the runs as they were."""
    rows = rows_of(3, 150)
    for number, sizes in enumerate(([150], [1] * 150, [64, 64, 22], [65, 1, 84])):
        place = room / str(number)
        place.mkdir()
        index = Index.make(str(place))
        at = 0
        for size in sizes:
            index.add(rows[at : at + size], tail(at + size))
            at += size
        index.settle()
        index.close()
        again = Index.find(str(place))
        must_answer(again, rows)
        again.close()
        for seq, column in itertools.product((0, 63, 149), ("offset", "id", "kind", "sum")):
            copy = place / f"{seq}{column}"
            copy.mkdir()
            file = copy / "index-0.sqlite"
            file.write_bytes(next(place.glob("index-*.sqlite")).read_bytes())
            logs.query(file, f"UPDATE records SET {column} = '7' WHERE seq = {seq}")
            assert Index.find(str(copy)) is None
