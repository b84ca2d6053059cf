"""A handle that is carried over a fork: both sides go on, whoever closes first, and nothing that was acknowledged is lost."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time

import pytest

import logs
from logs import RUBRIC, holds, ids, open_log, run, submission
from scoring.audit import lock
from scoring.audit.log import AuditLog
from scoring.errors import StoreError

room, path = logs.room, logs.path
FORK = multiprocessing.get_context("fork")
WAIT_S = 30


def in_child(work, *arguments):
    """Do *work* in the child of a fork that ends as `multiprocessing` ends its own, without finalizers: its exit code."""
    child = FORK.Process(target=work, args=arguments)
    child.start()
    return child


def ended(child):
    child.join(WAIT_S)
    assert child.exitcode == 0


def decide(log, *numbers):
    for number in numbers:
        log.decide(RUBRIC, submission(number))


def keeps_all(path, *numbers):
    """The log verifies, has just these submissions, and the vault every one of their disclosures."""
    assert holds(path)["vault"].result == "HOLDS"
    with open_log(path) as log:
        assert sorted(ids(log)) == sorted(f"s-{number}" for number in numbers)
        assert all(log.submission(seq) and log.case(seq) for seq in range(2, len(log)))
    assert len([*(path / "cache").glob("*.sqlite")]) == 1


@pytest.fixture
def log(path):
    log = AuditLog.open(path, create=True)
    decide(log, 0)
    yield log
    log.close()


class TestWhoClosesFirst:
    @pytest.mark.parametrize("ends", ["closing", "leaving it open"])
    def test_a_child_goes_on_when_its_parent_closes(self, path, log, ends):
        begun, closed = FORK.Event(), FORK.Event()

        def work():
            decide(log, 1)
            begun.set()
            assert closed.wait(WAIT_S)
            decide(log, 2, 3)
            if ends == "closing":
                log.close()

        child = in_child(work)
        assert begun.wait(WAIT_S)
        log.close()
        closed.set()
        ended(child)
        keeps_all(path, 0, 1, 2, 3)

    @pytest.mark.parametrize("used", [True, False])
    def test_a_parent_goes_on_when_its_child_closes(self, path, log, used):
        def work():
            if used:
                decide(log, 1)
            log.close()

        ended(in_child(work))
        decide(log, 2, 3)
        log.close()
        keeps_all(path, 0, *([1] if used else []), 2, 3)

    def test_of_two_children_one_closes_and_one_is_killed(self, path, log):
        begun, closed, done = (FORK.Event() for _ in range(3))

        def killed():
            decide(log, 1)
            begun.set()
            assert closed.wait(WAIT_S)
            decide(log, 2)
            done.set()
            time.sleep(WAIT_S)

        def closes():
            decide(log, 3)
            log.close()

        victim = in_child(killed)
        assert begun.wait(WAIT_S)
        ended(in_child(closes))
        log.close()
        closed.set()
        assert done.wait(WAIT_S)
        victim.kill()
        victim.join()
        keeps_all(path, 0, 1, 2, 3)

    def test_a_child_that_ends_as_an_interpreter_ends_takes_nothing_from_its_parent(self, path):
        """Finalizers run there, of whatever came over the fork."""
        open_log(path, create=True).close()
        script = """
            import os, sys
            sys.path.insert(0, sys.argv[2])
            from logs import *
            log = AuditLog.open(sys.argv[1])
            log.decide(RUBRIC, submission(0))
            if not os.fork():
                sys.exit()
            assert os.wait()[1] == 0
            for number in (1, 2):
                log.decide(RUBRIC, submission(number))
            os._exit(0)
        """
        run(script, path)
        keeps_all(path, 0, 1, 2)


class TestBothAppend:
    def test_at_the_same_time(self, path, log):
        children = [in_child(decide, log, *range(start, start + 8)) for start in (10, 20, 30)]
        decide(log, *range(40, 48))
        for child in children:
            ended(child)
        log.close()
        keeps_all(path, 0, *(start + n for start in (10, 20, 30, 40) for n in range(8)))

    def test_while_a_thread_of_the_parent_appends_without_a_pause(self, path, log):
        stop = threading.Event()
        written = [0]

        def busy():
            while not stop.is_set():
                decide(log, 1000 + len(written))
                written.append(1000 + len(written))

        thread = threading.Thread(target=busy)
        thread.start()
        for number in range(12):
            time.sleep(0.007)
            ended(in_child(decide, log, 10 + number, 100 + number))
        stop.set()
        thread.join()
        log.close()
        keeps_all(path, *written, *range(10, 22), *range(100, 112))


class TestInTheMidst:
    """What does not end before a fork goes on in the parent; the child never touches it."""

    def test_a_child_refuses_a_vault_that_was_in_use_and_its_parent_goes_on(self, path, log, monkeypatch):
        monkeypatch.setattr(lock, "FORK_WAITS_S", 0.2)
        inside, go_on = threading.Event(), threading.Event()

        def entropy(size):
            inside.set()
            assert go_on.wait(WAIT_S)
            return os.urandom(size)

        def refused():
            for _ in range(2):
                with pytest.raises(StoreError, match="in use when this process was forked"):
                    decide(log, 2)
            with pytest.raises(StoreError, match="in use when this process was forked"):
                AuditLog.open(path)
            log.close()
            with AuditLog.open(path, vault=False) as other:  # all else works
                assert other.publish(RUBRIC) == 1

        thread = threading.Thread(target=log._vault.store, args=([("case-x", ("0" * 64, "text"))], entropy))
        thread.start()
        assert inside.wait(WAIT_S)
        child = in_child(refused)
        ended(child)
        go_on.set()
        thread.join()
        ended(in_child(decide, log, 3))
        decide(log, 4)
        log.close()
        keeps_all(path, 0, 3, 4)

    def test_a_child_that_was_forked_within_a_transaction_cannot_go_on_with_it(self, path):
        """The source of entropy forks; both sides return from it, into one transaction."""
        open_log(path, create=True).close()
        script = """
            import os, sys
            sys.path.insert(0, sys.argv[2])
            from logs import *
            from scoring.errors import StoreError
            pids = []
            def entropy(size):
                if log._vault._database.busy:
                    pids.append(os.fork())
                return os.urandom(size)
            log = AuditLog.open(sys.argv[1], entropy=entropy)
            try:
                log.decide(RUBRIC, submission(1))
            except StoreError as error:
                assert pids == [0] and "vault" in str(error)
                sys.exit(7)
            assert os.waitstatus_to_exitcode(os.wait()[1]) == 7
            pids[0] = 0
            log.decide(RUBRIC, submission(2, case="case-1"))
            os._exit(0)
        """
        run(script, path)
        keeps_all(path, 1, 2)

    def test_a_turn_stays_the_parents(self, path, log):
        """The child has no right to append any more, says so, and waits for a turn of its own."""
        with log._journal:
            batch = log._journal.batch("2026-11-21T09:00:00Z")
            pid = os.fork()
            if not pid:
                try:
                    with pytest.raises(StoreError, match="the turn ended"):
                        log._journal.append(batch)
                except BaseException:  # noqa: BLE001 - told by the exit code
                    os._exit(1)
        if not pid:  # it left the block as its parent did, and took nothing from it
            try:
                decide(log, 1)
            except BaseException:  # noqa: BLE001 - told by the exit code
                os._exit(2)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        decide(log, 2)
        log.close()
        keeps_all(path, 0, 1, 2)

    def test_a_log_that_can_only_be_read_is_read_on_both_sides(self, path, log):
        log.close()
        script = """
            import os, sys
            sys.modules["fcntl"] = None
            sys.path.insert(0, sys.argv[2])
            from logs import *
            with open_log(sys.argv[1]) as log:
                assert log.find("case-0")[0]["seq"] == 2
                child = os.fork()
                assert log.find("case-0")[0]["seq"] == 2 and log.case(2) == "case-0"
            if child:
                assert os.wait()[1] == 0
        """
        run(script, path)
