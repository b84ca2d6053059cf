"""Many writers at once, crashes in the middle, and systems that cannot append."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import logs
from logs import RUBRIC, follow_the_remedy, holds, ids, make_log, names, open_log, run, run_together, start, submission
from scoring.audit import lock
from scoring.audit.chain import Tail
from scoring.audit.index import Index
from scoring.audit.log import AuditLog
from scoring.audit.segments import Segments
from scoring.errors import LogError, StoreError

FORK = multiprocessing.get_context("fork")


room, path, log = logs.room, logs.path, logs.log


class TestManyWriters:
    """Threads share a handle, processes share a log, and the child of a fork opens it again."""

    def test_threads(self, path):
        with open_log(path, create=True) as log:
            seqs = []
            errors = []

            def work(start):
                try:
                    for number in range(start, start + 15):
                        seqs.append(log.decide(RUBRIC, submission(number)).seq)
                        log.read(seqs[-1])
                        log.find(f"case-{number}")
                except Exception as error:  # noqa: BLE001 - shown by the assertion below
                    errors.append(error)

            threads = [threading.Thread(target=work, args=(start,)) for start in range(0, 120, 15)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert errors == []
            assert sorted(seqs) == [*range(2, 122)]
        assert holds(path).size == 122

    def test_threads_that_race_for_the_same_ids(self, log):
        results = []
        barrier = threading.Barrier(4)

        def work():
            barrier.wait()
            results.extend(log.decide_all(RUBRIC, map(submission, range(30)), batch=5))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(ids(log)) == sorted(f"s-{n}" for n in range(30))
        assert len(results) == 120
        assert sum(not done.repeated for done in results) == 30

    def test_processes(self, path):
        open_log(path, create=True).close()
        script = """
            import sys
            sys.path.insert(0, sys.argv[2])
            from logs import *
            from scoring.audit.log import AuditLog
            start = int(sys.argv[3])
            with AuditLog.open(sys.argv[1]) as log:
                for done in log.decide_all(RUBRIC, map(submission, range(start, start + 60)), batch=4):
                    print(done.seq, int(done.repeated))
        """
        # Neighbours overlap by thirty submissions each.
        outputs = run_together(script, path, [["0"], ["30"], ["60"], ["90"]])
        rows = [row.split() for output in outputs for row in output.split("\n") if row]
        assert sorted(int(seq) for seq, repeated in rows if repeated == "0") == [*range(2, 152)]
        assert len(rows) == 240
        report = holds(path)
        assert report.size == 152

    def test_processes_that_all_want_to_make_the_log(self, path):
        script = """
            import sys
            sys.path.insert(0, sys.argv[2])
            from logs import *
            from scoring.audit.log import AuditLog
            with AuditLog.open(sys.argv[1], create=True) as log:
                print(log.origin, log.decide(RUBRIC, submission(int(sys.argv[3]))).seq)
        """
        rows = [output.split() for output in run_together(script, path, [[str(n)] for n in range(6)])]
        assert len({origin for origin, _ in rows}) == 1
        assert sorted(int(seq) for _, seq in rows) == [*range(2, 8)]
        assert holds(path)["vault"].result == "HOLDS"

    def test_one_handle_sees_what_another_wrote(self, path):
        with open_log(path, create=True) as one, open_log(path) as two:
            assert one.decide(RUBRIC, submission(1)).seq == 2
            assert (len(two), two.read(2)["body"]["id"]) == (3, "s-1")
            assert two.decide(RUBRIC, submission(1)).repeated
            assert two.decide(RUBRIC, submission(2, case="case-1")).seq == 3
            assert one.find("case-1")[1]["body"]["supersedes"] == 2
            assert one.head == two.head

    def test_the_child_of_a_fork_opens_the_log_again(self, path):
        with AuditLog.open(path, create=True) as log:
            log.decide(RUBRIC, submission(0))

            def work(start):
                for number in range(start, start + 10):
                    log.decide(RUBRIC, submission(number))

            children = [FORK.Process(target=work, args=(start,)) for start in (100, 200)]
            for child in children:
                child.start()
            work(300)
            for child in children:
                child.join()
            assert [child.exitcode for child in children] == [0, 0]
            assert sorted(ids(log)) == sorted(
                f"s-{n}" for n in (0, *range(100, 110), *range(200, 210), *range(300, 310))
            )
        holds(path)

    def test_a_fork_while_a_thread_appends_neither_hangs_nor_keeps_the_lock(self, path):
        with AuditLog.open(path, create=True) as log:
            log.publish(RUBRIC)
            inside, go_on = threading.Event(), threading.Event()

            def hold():
                with log._journal:
                    inside.set()
                    go_on.wait(30)

            thread = threading.Thread(target=hold)
            thread.start()
            inside.wait(30)
            sleeper = FORK.Process(target=time.sleep, args=(30,))  # inherits everything, and never touches the log
            writer = FORK.Process(target=lambda: log.decide(RUBRIC, submission(5)))
            sleeper.start()
            writer.start()
            go_on.set()
            thread.join()
            writer.join(30)
            assert writer.exitcode == 0
            assert log.decide(RUBRIC, submission(6)).seq == 3
            sleeper.kill()
            sleeper.join()
        holds(path)

    def test_a_child_of_a_fork_does_not_keep_the_lock_of_a_parent_that_died(self, path):
        """`flock` is shared by fork: without care, a sleeping worker would lock the log for ever."""
        open_log(path, create=True).close()
        script = """
            import os, sys, time
            sys.path.insert(0, sys.argv[2])
            from logs import *
            log = open_log(sys.argv[1])
            log._journal.__enter__()
            if os.fork() == 0:
                os.close(1)
                os.close(2)
                time.sleep(20)
                os._exit(0)
            print("locked", flush=True)
            os.kill(os.getpid(), 9)
        """
        with start(script, path) as process:
            assert process.stdout.readline() == "locked\n"
            process.wait()
        with open_log(path) as log:
            assert log.decide(RUBRIC, submission(1)).seq == 2

    def test_a_deleted_lock_file_does_not_make_two_locks(self, path):
        with open_log(path, create=True) as one:
            (path / "lock").unlink()
            with open_log(path) as two:
                entered = threading.Event()

                def work():
                    with one._journal:
                        entered.set()

                with two._journal:
                    thread = threading.Thread(target=work)
                    thread.start()
                    assert not entered.wait(0.2)
                thread.join()
                assert entered.is_set()

    def test_a_writer_killed_at_any_moment_loses_nothing_that_it_acknowledged(self, path):
        open_log(path, create=True).close()
        script = """
            import sys
            sys.path.insert(0, sys.argv[2])
            from logs import *
            from scoring.audit.log import AuditLog
            with AuditLog.open(sys.argv[1]) as log:
                print("ready", flush=True)
                for number in range(int(sys.argv[3]), 10**9, 16):
                    for done in log.decide_all(RUBRIC, map(submission, range(number, number + 16)), batch=16):
                        print(done.seq, done.decision.data["outcomes"], flush=True)
        """
        acknowledged = []
        pause = random.Random(7)
        for round_ in range(5):
            with start(script, path, str(round_ * 10**6)) as process:
                process.stdout.readline()
                time.sleep(pause.uniform(0.02, 0.15))
                process.send_signal(signal.SIGKILL)
                acknowledged += [int(line.split()[0]) for line in process.stdout.read().split("\n")[:-1]]
                process.wait()
            try:
                open_log(path).close()
            except LogError:
                follow_the_remedy(path)
            with open_log(path) as log:
                assert len(log) > max(acknowledged, default=0)
        assert len(set(acknowledged)) == len(acknowledged) > 0
        report = holds(path)
        assert report["vault"].result == "HOLDS"


class TestElsewhere:
    """Reading works anywhere; appending needs a lock."""

    def test_without_flock_a_log_can_be_read_and_not_appended_to(self, path):
        make_log(path, 3)
        shutil_cache = names(path / "cache")
        script = """
            import sys
            sys.modules["fcntl"] = None
            sys.path.insert(0, sys.argv[2])
            from logs import *
            from scoring.errors import StoreError
            with open_log(sys.argv[1]) as log:
                print(len(log), log.find("case-1")[0]["seq"], log.submission(3)["answers"]["outlier"], len(list(log.records())))
                print(log.verify().ok, log.replay().ok)
                for call in (lambda: log.decide(RUBRIC, submission(9)), lambda: log.publish(RUBRIC)):
                    try:
                        call()
                    except StoreError as error:
                        print(error)
        """
        refusal = "appending needs Linux or macOS, this system has no flock; reading and verifying work here"
        assert run(script, path).splitlines() == ["5 3 141 5", "True True", refusal, refusal]
        assert names(path / "cache") == shutil_cache

    def test_a_log_that_may_not_be_written_can_be_read(self, path, room):
        make_log(path, 3)
        before = {file: file.stat().st_mtime_ns for file in room.rglob("*")}
        everything = [room, *room.rglob("*")]
        for file in everything:
            file.chmod(0o555 if file.is_dir() else 0o444)
        for parent in room.parents:
            if parent.stat().st_uid == os.getuid() and parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o055)
        import scoring.audit.replay
        import scoring.audit.verify
        import scoring.engine.rubric  # noqa: F401 - the child may not read the packages

        def read():
            if os.getuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            with open_log(path) as log:
                assert len(log) == 5
                assert [record["seq"] for record in log.find("case-1")] == [3]
                assert log.case(3) == "case-1"
                assert log.verify().ok
                assert log.replay()["answers -> outcomes"].result == "HOLDS"
                with pytest.raises(StoreError, match="can only be read here"):
                    log.decide(RUBRIC, submission(9))

        child = FORK.Process(target=read)
        child.start()
        child.join()
        for file in everything:
            file.chmod(0o755)
        assert child.exitcode == 0
        assert {file: file.stat().st_mtime_ns for file in room.rglob("*")} == before

    def test_a_reader_passes_over_what_is_being_appended(self, path):
        """Without the lock nobody can tell a torn line from one that is on its way."""
        make_log(path, 3)
        script = """
            import sys
            sys.modules["fcntl"] = None
            sys.path.insert(0, sys.argv[2])
            from logs import *
            with open_log(sys.argv[1]) as log:
                with open(sys.argv[1] + "/log/000000000000.jsonl", "ab") as file:
                    file.write(b'{"body"')
                    file.flush()
                    print(len(log), len(list(log.records())))
        """
        assert run(script, path) == "5 5\n"


class _Timeout(BaseException):
    """What a signal handler of the host raises, such as SystemExit."""


class TestInterrupted:
    """An exception that comes from outside, at any moment, neither loses a record nor makes two of one submission."""

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_between_the_sync_and_the_index(self, path, log, monkeypatch, when):
        log.decide(RUBRIC, submission(0))
        real = Index.add

        def add(index, rows, tail):
            if when == "after":
                real(index, rows, tail)
            raise _Timeout

        with monkeypatch.context() as patch:
            patch.setattr(Index, "add", add)
            with pytest.raises(_Timeout):
                log.decide(RUBRIC, submission(1))
        again = log.decide(RUBRIC, submission(1))
        assert (again.seq, again.repeated) == (3, True)
        assert ids(log) == ["s-0", "s-1"]
        holds(path)

    def test_between_the_sync_and_the_end_that_is_known(self, path, log, monkeypatch):
        log.decide(RUBRIC, submission(0))
        real = Segments.append

        def append(segments, tail, lines):
            real(segments, tail, lines)
            raise _Timeout

        with monkeypatch.context() as patch:
            patch.setattr(Segments, "append", append)
            with pytest.raises(_Timeout):
                log.decide(RUBRIC, submission(1))
        assert log.decide(RUBRIC, submission(1)).repeated
        holds(path)

    def test_an_index_that_lags_is_caught_up_before_anything_is_asked(self, log):
        log.decide(RUBRIC, submission(0))
        log._journal._index.tail = Tail(1, log._journal.genesis, 1)
        assert log.decide(RUBRIC, submission(0)).repeated
        assert log._journal._index.tail == log._journal.tail


# A file that was opened just then is closed by being dropped, which Python remarks upon.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
class TestNothingStaysHeld:
    """Once an exception from outside is through, nobody waits: other processes have the lock, other threads the mutex, and the vault no transaction."""

    @staticmethod
    def check(path, log):
        with (path / "lock").open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with ThreadPoolExecutor(1) as other:
            assert other.submit(log._journal._mutex.acquire, blocking=False).result()
            other.submit(log._journal._mutex.release).result()
            assert other.submit(log._vault._database.mutex.acquire, blocking=False).result()
            other.submit(log._vault._database.mutex.release).result()
        database = sqlite3.connect(log._vault.path, timeout=0)
        database.execute("BEGIN IMMEDIATE")
        database.close()

    @pytest.mark.parametrize("what", ["decide", "find"])
    def test_wherever_it_comes(self, path, log, what):
        """CPython lets a signal handler run when a function in Python begins and when one in C has returned: a profiler is called just there."""
        if what == "decide":
            log.publish(RUBRIC)
        else:
            log.decide(RUBRIC, submission(1))
        package = str(Path(lock.__file__).parent)
        came = []

        def interrupt_at(moment):
            def profile(frame, event, _):
                if event in ("call", "c_return") and frame.f_code.co_filename.startswith(package):
                    came[-1] += 1
                    if came[-1] == moment:
                        raise _Timeout

            return profile

        def work(number):
            if what == "decide":
                log.decide(RUBRIC, submission(number))
            else:
                assert [record["seq"] for record in log.find("case-1")] == [2]

        number = 0
        interrupted = True
        while interrupted:
            number += 1
            came.append(0)
            if what == "find":
                log._journal._drop_index()  # so that there is something to catch up with
            try:
                sys.setprofile(interrupt_at(number))
                work(number)
                interrupted = False
            except _Timeout:
                pass
            finally:
                sys.setprofile(None)
            self.check(path, log)
        assert number > 50
        if what == "find":
            return
        for again in range(1, number + 1):
            log.decide(RUBRIC, submission(again))
        assert sorted(ids(log)) == sorted(f"s-{n}" for n in range(1, number + 1))
        assert holds(path)["vault"].result == "HOLDS"

    def test_at_random_moments(self, path, log):
        moments = random.Random(11)
        log.publish(RUBRIC)

        def interrupt(*_):
            raise _Timeout

        before = signal.signal(signal.SIGALRM, interrupt)
        interrupted = 0
        try:
            for number in range(400):
                try:
                    try:
                        signal.setitimer(signal.ITIMER_REAL, moments.uniform(0.00005, 0.0012))
                        log.decide(RUBRIC, submission(number))
                    finally:
                        signal.setitimer(signal.ITIMER_REAL, 0)
                except _Timeout:
                    interrupted += 1
                self.check(path, log)
        finally:
            signal.signal(signal.SIGALRM, before)
        assert interrupted > 20
        for number in range(400):
            log.decide(RUBRIC, submission(number))
        assert sorted(ids(log)) == sorted(f"s-{number}" for number in range(400))
        assert holds(path)["vault"].result == "HOLDS"

    def test_closing_lets_go_of_a_turn_that_was_never_left(self, path, log):
        log._journal.__enter__()
        log.close()
        with open_log(path) as other:
            assert other.decide(RUBRIC, submission(1)).seq == 2

    def test_a_signal_handler_cannot_record_within_a_turn(self, path, log):
        """It would append behind the batch that was begun, which chains to what stood there before."""
        log.publish(RUBRIC)

        def clock():
            with pytest.raises(LogError, match="this thread is busy with the log"):
                log.decide(RUBRIC, submission(2))
            assert [record["seq"] for record in log.find("case-0")] == [2]
            return "2026-11-21T09:00:00Z"

        log.decide(RUBRIC, submission(0))
        log._intake._clock = clock
        assert log.decide(RUBRIC, submission(1)).seq == 3
        holds(path)


class TestReplacedWhileOpen:
    """A path may come to stand for another log; what was opened is told by record 0."""

    @pytest.mark.parametrize("what", ["the directory", "its segments alone"])
    def test_nothing_is_chained_onto_another_log(self, path, room, what):
        with open_log(path, create=True, vault=False, origin="a-log/1") as log:
            with open_log(room / "other", create=True, vault=False, origin="a-log/2") as other:
                assert other.head[0] == log.head[0] == 1
            part = "" if what == "the directory" else "log"
            (path / part).rename(room / "away")
            (room / "other" / part).rename(path / part)
            before = logs.lines_of(path)
            for _ in range(2):
                with pytest.raises(LogError, match="another log stands at"):
                    log.decide(RUBRIC, submission(1))
            assert logs.lines_of(path) == before

    def test_the_same_log_put_back_from_a_copy_goes_on(self, path, room):
        with open_log(path, create=True) as log:
            log.decide(RUBRIC, submission(0))
            shutil.copytree(path / "log", room / "copy")
            (path / "log").rename(room / "away")
            (room / "copy").rename(path / "log")
            assert log.decide(RUBRIC, submission(0)).repeated
            assert log.decide(RUBRIC, submission(1)).seq == 3
        holds(path)

    def test_a_log_of_the_same_name_and_size_that_ends_otherwise_is_told(self, path):
        with open_log(path, create=True) as log:
            log.decide(RUBRIC, submission(0))
            lines = logs.lines_of(path)
            changed = [*lines[:-1], lines[-1].replace(b"2026-11-21", b"2026-11-22")]
            logs.segment(path).unlink()
            logs.write_lines(path, changed)
            with pytest.raises(LogError, match=r"has another record #2 than .* knows to be durable"):
                log.decide(RUBRIC, submission(1))
            assert logs.lines_of(path) == changed
