"""The derived index: whatever happens to it, the answers are the same."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3

import pytest

import logs
from logs import RUBRIC, holds, lines_of, make_log, names, open_log, rechain, segment, submission
from scoring.audit import segments
from scoring.audit.index import Index
from scoring.audit.verify import verify_directory
from scoring.errors import ConflictError, LogError

room, path, log = logs.room, logs.path, logs.log


class TestIndex:
    """The cache is derived: whatever happens to it, the answers are the same."""

    @pytest.fixture
    def path(self, path):
        make_log(path, 6)
        with open_log(path) as log:
            log.decide(RUBRIC, submission(9, case="case-1"))
        return path

    @staticmethod
    def index(path):
        (name,) = names(path / "cache")
        return path / "cache" / name

    @staticmethod
    def index_file(path):
        """While it is open there are journals beside it."""
        (file,) = (path / "cache").glob("*.sqlite")
        return file

    @staticmethod
    def check(path):
        with open_log(path) as log:
            assert len(log) == 9
            assert [record["seq"] for record in log.find("case-1")] == [3, 8]
            assert log.decide(RUBRIC, submission(4)).seq == 6
            with pytest.raises(ConflictError):
                log.decide(RUBRIC, submission(4, outlier="1"))
            with pytest.raises(ConflictError):
                log.publish(logs.make_rubric(points="2"))
            assert log.decide(RUBRIC, submission(10, case="case-1")).seq == 9
            assert log.read(9)["body"]["supersedes"] == 8
        assert len(names(path / "cache")) == 1
        holds(path)

    def test_untouched(self, path):
        before = self.index(path)
        self.check(path)
        assert self.index(path) == before

    def test_deleted_with_its_directory(self, path):
        self.index(path).unlink()
        (path / "cache").rmdir()
        self.check(path)

    @pytest.mark.parametrize(
        "content", [b"", b"not a database, far from it" * 100, b"SQLite format 3\x00" + b"\xff" * 5000]
    )
    def test_replaced_by_something_else(self, path, content):
        self.index(path).write_bytes(content)
        self.check(path)

    def test_any_page_overwritten(self, path):
        file = self.index(path)
        whole = file.read_bytes()
        for page in range(0, len(whole), 4096):
            file.write_bytes(whole[:page] + b"\xa5" * 4096 + whole[page + 4096 :])
            with open_log(path) as log:
                assert log.decide(RUBRIC, submission(4)).seq == 6
                assert [record["seq"] for record in log.find("case-1")] == [3, 8]
                assert log.publish(RUBRIC) == 1
            file = self.index(path)
            whole = file.read_bytes()

    def test_cut_short(self, path):
        os.truncate(self.index(path), 5000)
        self.check(path)

    def test_of_another_log(self, path, room):
        make_log(room / "other", 7, origin="other")
        self.index(path).write_bytes(self.index(room / "other").read_bytes())
        self.check(path)

    def test_older_than_the_log(self, path, room):
        old = self.index(make_log(room / "other", 2)).read_bytes()  # the same log, when it was young
        file = self.index(path)
        file.write_bytes(old)
        self.check(path)
        assert self.index(path) == file, "it was caught up, not made again"

    @pytest.mark.parametrize("cut", [1, 200, 1400])
    def test_newer_than_the_log_shows_that_records_are_gone(self, path, cut):
        with open_log(path) as log:
            log.decide(RUBRIC, submission(77))
        whole = segment(path).read_bytes()
        segment(path).write_bytes(whole[:-cut])
        with pytest.raises(LogError, match="records that were there are gone") as caught:
            open_log(path)
        assert caught.value.seq == 9
        segment(path).write_bytes(b"".join(whole.splitlines(keepends=True)[:9]))
        with pytest.raises(LogError, match="only then delete the cache"):
            open_log(path)
        shutil.rmtree(path / "cache")
        with pytest.raises(LogError, match="ends before its newest head"):
            open_log(path)
        (path / "heads").unlink()
        with open_log(path) as log:
            assert "ends before record #9, which it had when its vault" in log.out_of_step
        open_log(path, new_vault=True).close()
        self.check(path)

    def test_a_whole_segment_that_is_gone_is_missed(self, room, monkeypatch):
        monkeypatch.setattr(segments, "SEGMENT_RECORDS", 4)
        path = make_log(room / "log", 4)
        segment(path, 4).unlink()
        with pytest.raises(LogError, match="records that were there are gone"):
            open_log(path)

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE records SET id = 's-10' WHERE id = 's-1'",
            "UPDATE records SET id = 's-10' WHERE seq = 0",
            "UPDATE records SET id = 'away' WHERE id = 's-4'",
            "UPDATE records SET case_digest = NULL WHERE seq = 8",
            "UPDATE records SET case_digest = (SELECT case_digest FROM records WHERE seq = 3) WHERE seq = 4",
            "UPDATE records SET offset = offset + 1 WHERE seq = 6",
            "UPDATE records SET offset = -5 WHERE seq = 6",
            "UPDATE records SET offset = 'x' WHERE seq = 8",
            "DELETE FROM records WHERE id = 's-4'",
            "DELETE FROM records WHERE seq = 8",
            "DELETE FROM rubrics",
            "UPDATE rubrics SET version = '9'",
            "UPDATE rubrics SET pack = 'p'",
            "UPDATE rubrics SET seq = 'x'",
            "UPDATE state SET size = 'x'",
            "UPDATE state SET size = 99",
            "UPDATE state SET size = -1",
            "UPDATE state SET leaf = x'00'",
            "UPDATE state SET leaf = NULL",
            "UPDATE state SET offset = 'x'",
            "UPDATE state SET records = x'00'",
            "INSERT INTO state SELECT * FROM state",
            "CREATE VIEW v AS SELECT 1",
            "CREATE TRIGGER t AFTER INSERT ON records BEGIN DELETE FROM records; END",
            "CREATE INDEX i ON records(offset)",
            "DROP INDEX record_kind",
        ],
    )
    def test_edited(self, path, sql):
        """Whatever is done to the file: it is told, the index is made again, and nothing is recorded wrongly."""
        before = self.index(path)
        logs.query(before, sql)
        self.check(path)
        assert self.index(path) != before

    def test_a_view_without_end_is_never_asked(self, path):
        endless = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT 2, x, 'a', 0, 'b', 'c' FROM r"
        logs.query(self.index(path), "DROP TABLE state")
        logs.query(self.index(path), f"CREATE VIEW state(format, size, leaf, offset, records, rubrics) AS {endless}")
        self.check(path)

    def test_a_longer_one_is_not_read_through_and_yet_never_says_that_something_is_recorded(self, path, monkeypatch):
        monkeypatch.setattr("scoring.audit.index.MAX_CHECKED", 0)
        file = self.index(path)
        logs.query(file, "UPDATE records SET id = 's-10' WHERE seq = 3")
        logs.query(file, "UPDATE records SET case_digest = NULL WHERE seq = 8")
        with open_log(path) as log:
            assert self.index_file(path) == file, "beyond this size it is trusted, as its docstring says"
            done = log.decide(RUBRIC, submission(10))
            assert (done.seq, done.repeated, log.read(9)["body"]["id"]) == (9, False, "s-10")
            assert log.decide(RUBRIC, submission(11, case="case-1")).seq == 10
            assert log.read(10)["body"]["supersedes"] == 8, "it was made again on the way"

    def test_what_a_damaged_one_said_earlier_in_a_batch_counts_for_nothing(self, path, monkeypatch):
        monkeypatch.setattr("scoring.audit.index.MAX_CHECKED", 0)
        file = self.index(path)
        ((digest,),) = logs.query(file, "SELECT case_digest FROM records WHERE seq = 8")
        logs.query(file, "UPDATE records SET id = 'away' WHERE id = 's-4'")
        logs.query(file, "UPDATE records SET case_digest = NULL WHERE seq = 8")
        logs.query(file, "UPDATE records SET case_digest = ? WHERE seq = 4", digest)
        with open_log(path) as log:
            old, new = log.decide_all(RUBRIC, [submission(4), submission(11, case="case-1")])
            assert (old.seq, old.repeated, new.seq, log.read(9)["body"]["supersedes"]) == (6, True, 9, 8)
        holds(path)

    @pytest.mark.parametrize("seq", [0, 3])
    def test_edited_under_an_open_handle_an_id_is_compared_with_its_record(self, path, seq):
        with open_log(path) as log:
            logs.query(self.index_file(path), "UPDATE records SET id = 's-10' WHERE seq = ?", seq)
            assert (log.decide(RUBRIC, submission(10)).seq, len(log)) == (9, 10)
            assert log.decide(RUBRIC, submission(1)).seq == 3
        holds(path)

    def test_edited_under_an_open_handle_a_case_is_compared_with_its_records(self, path):
        with open_log(path) as log:
            (digest,) = logs.query(self.index_file(path), "SELECT case_digest FROM records WHERE seq = 8")[0]
            for _ in range(2):
                logs.query(self.index_file(path), "UPDATE records SET case_digest = ? WHERE seq = 4", digest)
                assert [record["seq"] for record in log.find("case-1")] == [3, 8]
            logs.query(self.index_file(path), "UPDATE records SET case_digest = NULL WHERE seq > 4")
            logs.query(self.index_file(path), "UPDATE records SET case_digest = ? WHERE seq = 7", digest)
            log.decide(RUBRIC, submission(10, case="case-1"))
            assert log.read(9)["body"]["supersedes"] == 8

    def test_damaged_again_and_again_is_an_error(self, path, monkeypatch):
        with open_log(path) as log:
            monkeypatch.setattr(Index, "known_ids", lambda _index, ids: {*ids})
            monkeypatch.setattr(Index, "with_id", lambda _index, _id: [0])
            with pytest.raises(LogError, match="damaged again as soon as it was made"):
                log.decide(RUBRIC, submission(10))
            assert len(log) == 9

    def test_a_directory_under_its_name_is_passed_by(self, path):
        self.index(path).unlink()
        (path / "cache" / "index-x.sqlite").mkdir()
        with open_log(path) as log:
            assert log.decide(RUBRIC, submission(4)).seq == 6
        (kept,) = [file for file in (path / "cache").iterdir() if file.is_file()]
        with open_log(path):
            assert kept.exists(), "and the index beside it is used"

    def test_a_pipe_under_its_name_is_replaced(self, path):
        self.index(path).unlink()
        os.mkfifo(path / "cache" / "index-x.sqlite")
        self.check(path)

    def test_two_of_them_as_after_a_crash(self, path):
        (path / "cache" / "index-0000000000000000.sqlite").write_bytes(self.index(path).read_bytes())
        self.check(path)

    def test_half_made_as_after_a_crash(self, path):
        database = sqlite3.connect(self.index(path))
        with database:
            database.execute("DELETE FROM state")
            database.execute("DELETE FROM records WHERE seq > 3")
        database.close()
        self.check(path)

    def test_deleted_under_an_open_handle(self, path):
        with open_log(path) as log:
            for file in (path / "cache").iterdir():
                file.unlink()
            assert log.decide(RUBRIC, submission(4)).seq == 6
            with open_log(path) as other:
                assert other.decide(RUBRIC, submission(20)).seq == 9
            assert log.decide(RUBRIC, submission(21)).seq == 10
            assert log.decide(RUBRIC, submission(20)).seq == 9
            assert len(log) == 11
        holds(path)

    def test_damaged_under_an_open_handle(self, path):
        with open_log(path) as log:
            for file in (path / "cache").iterdir():
                if not file.name.endswith("-shm"):
                    file.write_bytes(b"\xa5" * file.stat().st_size)
            assert [record["seq"] for record in log.find("case-1")] == [3, 8]
            assert log.decide(RUBRIC, submission(4)).seq == 6
            assert log.decide(RUBRIC, submission(20)).seq == 9

    def test_a_handle_that_fell_far_behind_reads_what_others_indexed(self, path, monkeypatch):
        monkeypatch.setattr("scoring.audit.catching._ROWS", 4)
        with open_log(path) as behind, open_log(path) as ahead:
            list(ahead.decide_all(RUBRIC, map(submission, range(100, 130))))
            assert (len(behind), behind.find("case-120")[0]["seq"]) == (39, 29)
            assert behind.decide(RUBRIC, submission(130)).seq == 39
            assert ahead.decide(RUBRIC, submission(130)).repeated
            self.index_file(path).unlink()
            assert behind.decide(RUBRIC, submission(131)).seq == 40
            assert len(ahead) == 41
        holds(path)

    def test_an_id_that_stands_twice_in_the_log_is_noticed_when_the_index_is_made_again(self, path):
        lines = [json.loads(line) for line in lines_of(path)]
        lines[5]["body"]["id"] = lines[4]["body"]["id"]
        logs.write_lines(path, rechain(lines))
        logs.drop_heads(path)
        self.index(path).unlink()
        with pytest.raises(LogError, match="run verify"):
            open_log(path)

    def test_opening_reads_only_the_end(self, path):
        """A record in the middle that was changed is verify's to find: where no head covers it, opening does not read it."""
        logs.drop_heads(path)
        whole = segment(path).read_bytes()
        segment(path).write_bytes(whole.replace(b'"s-1"', b'"s-7"'))
        with open_log(path) as log:
            assert len(log) == 9
        assert not verify_directory(path).ok
