"""An older vault under a newer log, an older log under a newer vault: noticed before anything is recorded. And never noticed where there is none."""

from __future__ import annotations

import os
import random
import shutil
import signal
from pathlib import Path

import pytest

import logs
from logs import RUBRIC, make_log, open_log, query, run_together, segment, start, submission
from scoring.audit.pairing import Seen
from scoring.audit.verify import verify_directory
from scoring.cli import main
from scoring.errors import LogError, StoreError

room, path = logs.room, logs.path

OLDER_VAULT = "is an older copy of this log's vault"
OLDER_LOG = "ends before record"
OTHER_LOG = "has another record"


@pytest.fixture
def vault(room):
    return room / "decisions.vault"


def copied(place):
    """A copy of a file or a directory that `put_back` puts in its place."""
    copy = place.with_name(f"{place.name}.copy")
    (shutil.copytree if place.is_dir() else shutil.copy2)(place, copy)
    return copy


def put_back(place, copy):
    if place.is_dir():
        shutil.rmtree(place)
    shutil.copytree(copy, place) if copy.is_dir() else shutil.copy2(copy, place)


def is_refused(path, why):
    """Nothing can be recorded, erased, kept, held or swept, nor anything lost by trying; what is there is read."""
    before = segment(path).read_bytes()
    with open_log(path) as log:
        assert why in log.out_of_step
        for work in (
            lambda: log.decide(RUBRIC, submission(900)),
            lambda: log.open_case(RUBRIC, "new", "o-900", {}),
            lambda: log.erase(2, reason="request"),
            lambda: log.erase("case-0", reason="request"),
            lambda: log.hold("case-0", "dispute"),
            lambda: log.release("case-0"),
            lambda: log.retain("case-0", "2030-01-01"),
            log.sweep,
            lambda: log.publish(logs.make_rubric(version="9")),
        ):
            with pytest.raises(StoreError, match=why):
                work()
        assert log.case(2) == "case-0"
        assert log.replay().ok
        assert log.status().records == len(log)
    assert segment(path).read_bytes() == before


def goes_on(path):
    """Nothing is said, and a decision is recorded; all of it holds."""
    with open_log(path) as log:
        assert log.out_of_step == ""
        log.decide(RUBRIC, submission(random.Random(len(log)).getrandbits(40)))
    assert verify_directory(path).ok


class TestAnOlderVault:
    def test_in_which_a_hold_is_missing_lets_nobody_erase(self, path, vault):
        """Only the vault knows of a hold, and no record of it."""
        make_log(path, 2)
        copy = copied(vault)
        with open_log(path) as log:
            log.hold("case-0", "dispute")
        put_back(vault, copy)
        is_refused(path, OLDER_VAULT)
        assert OLDER_VAULT in verify_directory(path)["vault"].detail

    @pytest.mark.parametrize("change", ["release", "retain", "decide", "open_case"])
    def test_is_told_whatever_it_lacks(self, path, vault, change):
        make_log(path, 2)
        with open_log(path) as log:
            log.hold("case-1", "dispute")
        copy = copied(vault)
        with open_log(path) as log:
            {
                "release": lambda: log.release("case-1"),
                "retain": lambda: log.retain("case-0", "2030-01-01"),
                "decide": lambda: log.decide(RUBRIC, submission(7)),
                "open_case": lambda: log.open_case(RUBRIC, "new", "o-1", {}),
            }[change]()
        put_back(vault, copy)
        for _ in range(2):
            with open_log(path) as log:
                assert OLDER_VAULT in log.out_of_step

    def test_makes_no_new_case_of_one_that_came_since(self, path, vault):
        make_log(path, 2)
        copy = copied(vault)
        with open_log(path) as log:
            for number in range(5):
                log.decide(RUBRIC, submission(300 + number, f"c-{number}"))
        put_back(vault, copy)
        is_refused(path, OLDER_VAULT)
        with pytest.raises(StoreError, match="Put the newest vault back"), open_log(path) as log:
            log.decide(RUBRIC, submission(1000, "c-2"))

    @pytest.mark.parametrize("closes", [True, False])
    def test_that_lost_its_journal_is_one(self, path, vault, closes):
        """Who is killed leaves a -wal file, which belongs to the vault; so does who copies that file alone."""
        make_log(path, 2)
        script = """
            import os, sys
            sys.path.insert(0, sys.argv[2])
            from logs import RUBRIC, open_log, submission
            log = open_log(sys.argv[1])
            for number in range(100, 105):
                log.decide(RUBRIC, submission(number))
            print("done", flush=True)
            sys.stdin.readline() if sys.argv[3] == "True" else os.kill(os.getpid(), 9)
        """
        process = start(script, path, str(closes))
        assert process.stdout.readline() == "done\n"
        if closes:
            copy = copied(vault)
            process.send_signal(signal.SIGKILL)
        process.wait()
        process.communicate()
        for ending in ("-wal", "-shm"):
            vault.with_name(vault.name + ending).unlink()
        if closes:
            put_back(vault, copy)
        is_refused(path, OLDER_VAULT)

    def test_is_gone_on_with_where_somebody_says_so(self, path, vault):
        make_log(path, 2)
        copy = copied(vault)
        with open_log(path) as log:
            log.hold("case-0", "dispute")
            log.decide(RUBRIC, submission(7))
        newest = vault.with_name("newest")
        shutil.copy2(vault, newest)
        put_back(vault, copy)
        open_log(path, new_vault=True).close()
        goes_on(path)
        with open_log(path) as log:
            log.erase("case-0", reason="request")
        put_back(vault, newest)  # which by now is the one that lacks something
        with open_log(path) as log:
            assert OLDER_VAULT in log.out_of_step

    def test_that_lacks_erasures_alone_forgets_again_and_is_as_good_as_the_newest(self, path, vault):
        make_log(path, 3)
        copy = copied(vault)
        with open_log(path) as log:
            log.erase("case-0", reason="request")
            log.erase("case-1", reason="request")
        put_back(vault, copy)
        goes_on(path)

    def test_still_forgets_what_was_erased(self, path, vault):
        make_log(path, 2)
        copy = copied(vault)
        with open_log(path) as log:
            log.erase("case-0", reason="request")
            log.hold("case-1", "dispute")
            log.release("case-1")
        put_back(vault, copy)
        for _ in range(2):
            with open_log(path) as log:
                assert OLDER_VAULT in log.out_of_step
                assert log.case(2) is None

    @pytest.mark.parametrize(
        "sql",
        [
            "DELETE FROM pairing",
            "INSERT INTO pairing SELECT * FROM pairing",
            "UPDATE pairing SET writes = 'x'",
            "UPDATE pairing SET size = -1",
            "UPDATE pairing SET leaf = x'00'",
        ],
    )
    def test_that_says_nothing_is_no_vault(self, path, vault, sql):
        make_log(path, 2)
        query(vault, sql)
        with pytest.raises(LogError, match="put it back from a copy"):
            open_log(path)
        assert verify_directory(path)["vault"].result == "FAILS"

    def test_is_told_who_may_only_read(self, path, vault):
        make_log(path, 2)
        copy = copied(vault)
        with open_log(path) as log:
            log.hold("case-0", "dispute")
        put_back(vault, copy)
        (path / "lock").unlink()
        (path / "lock").mkdir()  # nobody can take it
        with open_log(path) as log:
            assert OLDER_VAULT in log.out_of_step
            assert log.case(2) == "case-0"
        with open_log(path, new_vault=True) as log:
            assert OLDER_VAULT in log.out_of_step


class TestAnOlderLog:
    @pytest.mark.parametrize("erase", [True, False])
    def test_is_neither_recorded_in_nor_swept_by(self, path, erase):
        make_log(path, 2)
        copy = copied(path)
        with open_log(path) as log:
            log.erase("case-1", reason="request") if erase else log.decide(RUBRIC, submission(7))
        put_back(path, copy)
        is_refused(path, OLDER_LOG)
        found = verify_directory(path)["head"]
        assert (found.result, OLDER_LOG in found.detail) == ("FAILS", True)

    def test_that_was_gone_on_with_is_told_by_its_last_record(self, path):
        """Without its vault it could: then it is as long again, and says something else."""
        make_log(path, 2)
        copy = copied(path)
        with open_log(path) as log:
            log.decide(RUBRIC, submission(7))
        put_back(path, copy)
        for number in range(3):
            with open_log(path, vault=False) as log:
                log.decide(RUBRIC, submission(20 + number))
        is_refused(path, OTHER_LOG)
        assert OTHER_LOG in verify_directory(path)["head"].detail

    def test_whose_end_is_torn_costs_the_vault_nothing(self, path, vault):
        """A recovery sweeps from the vault what no record cites: in an older log that would be what was recorded since."""
        make_log(path, 2)
        copy = copied(path)
        with open_log(path) as log:
            log.decide(RUBRIC, submission(7))
            log.decide(RUBRIC, submission(8))
        with segment(copy).open("ab") as file:
            file.write(b'{"body":')
        put_back(path, copy)
        kept = query(vault, "SELECT number, text FROM disclosures")
        with open_log(path) as log:
            assert log.read(4)["type"] == "recovery"
            assert OLDER_LOG in log.out_of_step
        assert query(vault, "SELECT number, text FROM disclosures") == kept

    def test_is_gone_on_with_where_somebody_says_so_and_erases_as_any(self, path, vault):
        """The vault remembers up to which record it has erased: of records that are gone that must not count."""
        make_log(path, 3)
        copy = copied(path)
        with open_log(path) as log:
            for number in range(4):
                log.decide(RUBRIC, submission(50 + number))
            log.erase("case-0", reason="request")
        put_back(path, copy)
        open_log(path, new_vault=True).close()
        assert query(vault, "SELECT erased FROM meta") == [(5,)]
        goes_on(path)
        with open_log(path) as log:
            seq = log.erase("case-1", reason="request")
            assert log.case(3) is None
            assert log._vault.erased_to == seq + 1

    def test_is_told_however_its_writer_ended_but_for_its_last_batch(self, path):
        make_log(path, 2)
        copy = copied(path)
        script = """
            import os, sys
            sys.path.insert(0, sys.argv[2])
            from logs import RUBRIC, open_log, submission
            log = open_log(sys.argv[1])
            for number in range(100, 103):
                log.decide(RUBRIC, submission(number))
            os._exit(0)
        """
        logs.run(script, path)
        put_back(path, copy)
        is_refused(path, OLDER_LOG)


class TestNothingIsRefusedWrongly:
    def test_both_put_back_together(self, path, vault):
        make_log(path, 2)
        copies = copied(path), copied(vault)
        with open_log(path) as log:
            log.decide(RUBRIC, submission(7))
            log.hold("case-0", "dispute")
        put_back(path, copies[0])
        put_back(vault, copies[1])
        goes_on(path)

    def test_records_without_a_vault_in_between(self, path):
        make_log(path, 2)
        for number in range(3):
            with open_log(path, vault=False) as log:
                log.decide(RUBRIC, submission(30 + number))
            goes_on(path)

    def test_a_vault_that_was_begun_later_or_lies_elsewhere(self, path, vault, room):
        make_log(path, 2)
        vault.rename(room / "first")
        open_log(path, new_vault=True).close()
        goes_on(path)
        with open_log(path, vault=room / "first") as log:
            log.decide(RUBRIC, submission(77))
            assert log.out_of_step == ""
        goes_on(path)

    def test_a_vault_that_never_heard_of_a_log_that_grew_without_it(self, path):
        with open_log(path, create=True) as log:
            log.publish(RUBRIC)
        goes_on(path)

    def test_a_writer_that_stopped_between_the_vault_and_the_log(self, path):
        make_log(path, 2)
        with open_log(path) as log:
            log._vault.store(
                [("lost", logs.disclose(logs.Entropy("a"), "submission", {}))], logs.Entropy("b"), log._journal.durable
            )
        goes_on(path)

    def test_processes_that_write_in_turn_and_at_once_and_are_killed(self, path, vault):
        """Whatever each knows of the log and of the vault, nobody who opens both finds one older."""
        make_log(path, 2)
        script = """
            import os, random, sys
            sys.path.insert(0, sys.argv[2])
            from logs import RUBRIC, open_log, submission
            mine = int(sys.argv[3]) + 1
            chance = random.Random(mine)
            for turn in range(6):
                log = open_log(sys.argv[1], entropy=os.urandom, vault=None if chance.random() < 0.8 else False)
                assert log.out_of_step == "", log.out_of_step
                for number in range(chance.randrange(4)):
                    done = log.decide(RUBRIC, submission(mine * 1000 + turn * 10 + number))
                    if log.no_vault == "" and chance.random() < 0.3:
                        log.hold(log.case(done.seq), "dispute")
                    if os.fork() == 0:
                        log.decide(RUBRIC, submission(mine * 1000 + 500 + turn * 10 + number))
                        if chance.random() < 0.5:
                            log.close()
                        os._exit(0)
                    os.wait()
                if chance.random() < 0.5:
                    log.close()
            os._exit(0)
        """
        run_together(script, path, [(str(number),) for number in range(3)])
        goes_on(path)
        (name, count), (known,) = Seen(str(path)).newest(), query(vault, "SELECT name, writes FROM pairing")
        assert (name, 0 < count <= known[1]) == (known[0], True)

    @pytest.mark.parametrize("left", [b"", b"garbage\n", b"\x00" * 108, "torn", "pipe", "directory", "gone"])
    def test_a_count_that_says_nothing(self, path, vault, left):
        """Less is noticed then, and the next transaction counts anew where it can."""
        make_log(path, 2)
        copy = copied(vault)
        with open_log(path) as log:
            log.hold("case-0", "dispute")
        put_back(vault, copy)
        file = path / "vault.seen"
        data = file.read_bytes()
        file.unlink()
        if left == "pipe":
            os.mkfifo(file)
        elif left == "directory":
            file.mkdir()
        elif left == "torn":
            file.write_bytes(data[:52].replace(b"0", b"9") + data[52:])
        elif left != "gone":
            file.write_bytes(left)
        goes_on(path)
        with open_log(path) as log:
            log.hold("case-0", "dispute")
        assert (Seen(str(path)).newest() is None) is (left in ("pipe", "directory"))

    def test_what_is_disclosed_and_what_is_kept_counts_and_an_erasure_does_not(self, path, vault):
        make_log(path, 2)
        with open_log(path) as log:
            for work in (
                lambda: log.decide(RUBRIC, submission(7)),
                lambda: log.hold("case-0", "dispute"),
                lambda: log.release("case-0"),
                lambda: log.retain("case-0", None),
            ):
                before = Seen(str(path)).newest()
                work()
                assert Seen(str(path)).newest() == (before[0], before[1] + 1)
            log.erase("case-0", reason="request")
            assert Seen(str(path)).newest() == (before[0], before[1] + 1)
        assert query(vault, "SELECT size, leaf FROM pairing") == [log_end(path)]

    def test_one_who_knows_less_of_the_log_takes_nothing_back(self, path, vault):
        make_log(path, 2)
        with open_log(path) as log:
            known = query(vault, "SELECT size, leaf FROM pairing")
            log._vault.store([("c", logs.disclose(logs.Entropy("a"), "submission", {}))], logs.Entropy("b"), (2, "x"))
            assert query(vault, "SELECT size, leaf FROM pairing") == known


def log_end(path):
    with open_log(path, vault=False) as log:
        return log.head


class TestOnTheCommandLine:
    @pytest.fixture
    def older(self, path, vault):
        make_log(path, 2)
        copy = copied(vault)
        with open_log(path) as log:
            log.hold("case-0", "dispute")
        put_back(vault, copy)
        return str(path)

    @pytest.mark.parametrize(
        "call",
        [
            ["erase", "{}", "case-0", "--reason", "request"],
            ["keep", "{}", "case-0", "--hold", "dispute"],
            ["keep", "{}", "case-0", "--until", "2030-01-01"],
        ],
    )
    def test_commands_refuse_in_its_words(self, older, capsys, call):
        assert main([word.format(older) for word in call]) != 0
        err = capsys.readouterr().err
        assert OLDER_VAULT in err
        assert "record with --new-vault to go on" in err
        assert "new_vault=True" not in err

    @pytest.mark.parametrize("call", [["status", "{}"], ["explain", "{}", "case-0"], ["replay", "{}"]])
    def test_commands_that_read_say_it(self, older, capsys, call):
        main([word.format(older) for word in call])
        assert OLDER_VAULT in capsys.readouterr().err

    def test_status_and_verify_do_not_exit_as_if_all_were_well(self, older, capsys):
        assert main(["status", older]) == 1
        assert main(["verify", older]) == 1
        assert OLDER_VAULT in capsys.readouterr().out

    def test_new_vault_goes_on(self, older):
        nothing = Path(older).with_name("nothing")
        nothing.touch()
        main(["append", older, str(nothing), "--new-vault"])
        assert main(["status", older]) == 0
        assert main(["erase", older, "case-0", "--reason", "request"]) == 0
