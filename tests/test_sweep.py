"""What a process left in the vault that stopped before its record, or whose record was refused: erased, and nothing else."""

from __future__ import annotations

import logging

import pytest

import logs
from logs import RUBRIC, Entropy, holds, make_log, open_log, query, segment, submission
from scoring.audit.disclosure import disclose, disclose_answers
from scoring.errors import LogError

room, path = logs.room, logs.path
WORD = "Ann-Marie-7731"


def leave(log, case, answers=None, entropy="left"):
    """Disclose as a writer does that is stopped before its record; the digest of the submission."""
    if answers is None:
        disclosed = [disclose(Entropy(entropy), "submission", {"answers": {"x": WORD}})]
    else:
        whole, parts = disclose_answers(Entropy(entropy), {"answers": answers})
        disclosed = [disclose(Entropy(f"{entropy}-whole"), "submission", whole), *parts]
    log._vault.store([(case, *disclosed)], Entropy(f"{entropy}-case"))
    return disclosed[0][0]


def texts(room):
    """What all files of the vault hold, decoded where it is a disclosure."""
    vault = room / "decisions.vault"
    whole = b"".join(file.read_bytes() for file in room.glob("decisions.vault*"))
    return whole + b"".join(
        part.encode() for (part,) in query(vault, "SELECT text FROM disclosures WHERE gone = 0") if part
    )


class TestSweep:
    def test_a_case_without_a_record_goes_whole(self, path, room):
        make_log(path, 3)
        with open_log(path) as log:
            digest = leave(log, WORD)
            text = log._vault.text(digest).encode()
            assert WORD.encode() in texts(room)
            assert log.sweep() == 2, "the submission and the case"
            assert log.sweep() == 0
            assert log._vault.case_digest(WORD) is None
            assert not [piece for piece in (WORD.encode(), text) if piece in texts(room)]
        holds(path)

    def test_of_a_case_that_has_records_only_what_none_cites(self, path, room):
        make_log(path, 3)
        with open_log(path) as log:
            text = log._vault.text(leave(log, "case-1")).encode()
            assert text in texts(room)
            assert log.sweep() == 1
            assert text not in texts(room)
            assert [log.submission(seq)["answers"]["outlier"] for seq in (2, 3, 4)] == ["141"] * 3
            assert log.decide(RUBRIC, submission(1)).repeated
            assert log.decide(RUBRIC, submission(10, "case-1")).seq == 5
            assert log.read(5)["body"]["supersedes"] == 3
        holds(path)

    def test_answers_that_lie_by_themselves_stay_with_their_submission(self, path):
        make_log(path, 3, per_answer=True)
        with open_log(path, per_answer=True) as log:
            leave(log, "case-1", {"deadline": "right", "submission": WORD, "case": "B"})
            assert log.sweep() == 4
            assert log.submission(3)["answers"] == {"deadline": "right", "outlier": "141"}
        holds(path)

    def test_openings_and_resolutions_stay(self, path):
        make_log(path, 2)
        with open_log(path) as log:
            opened = log.open_case(RUBRIC, "opened", "o-1", {})
            said = log.resolve(2, "confirm", id="r-1", who="Jo", why="Read it again.", reason="checked")
            assert log.sweep() == 0
            assert (log.facts(opened), log.said(said)) == ({}, {"who": "Jo", "why": "Read it again."})

    def test_what_is_held_or_kept_stays(self, path):
        make_log(path, 1)
        with open_log(path) as log:
            held = leave(log, "held", entropy="a")
            kept = leave(log, "kept", entropy="b")
            leave(log, "neither", entropy="c")
            log.hold("held", "dispute")
            log.retain("kept", "2031-01-01")
            assert log.sweep() == 2
            assert None not in (log._vault.text(held), log._vault.text(kept))
            log.release("held")

    def test_who_is_on_the_way_to_the_log_discloses_again(self, path):
        make_log(path, 1)
        with open_log(path) as log, open_log(path) as other:
            store, swept = log._vault.store, []

            def race(*arguments):
                digests = store(*arguments)
                if not swept:
                    swept.append(other.sweep())
                return digests

            log._vault.store = race
            done = log.decide(RUBRIC, submission(5, "new"))
            assert swept == [2]
            assert (log.case(done.seq), log.submission(done.seq)["answers"]["outlier"]) == ("new", "141")
            assert log.sweep() == 0
        holds(path)

    def test_opening_a_log_whose_end_was_torn_does_it(self, path):
        make_log(path, 3)
        with open_log(path) as log:
            whole = len(segment(path).read_bytes())
            log.decide(RUBRIC, submission(77, WORD))
            data = segment(path).read_bytes()
        heads = (path / "heads").read_bytes().split(b"\n")
        segment(path).write_bytes(data[: whole + 50])
        (path / "heads").write_bytes(b"\n".join(heads[:2]) + b"\n")
        for file in (path / "cache").iterdir():
            file.unlink()
        query(f"{path}.vault", "UPDATE pairing SET size = 0, leaf = ''")  # who was killed never closed
        with open_log(path) as log:
            assert log.read(5)["type"] == "recovery"
            assert log._vault.case_digest(WORD) is None
            assert log.sweep() == 0
        holds(path)

    def test_without_a_vault_there_is_nothing(self, path):
        make_log(path, 1)
        with open_log(path, vault=False) as log, pytest.raises(LogError, match="nothing to sweep"):
            log.sweep()


class TestEvents:
    """What operations hear of it, and of what people do: numbers and digests, and never whose case it is."""

    def test_each_names_its_record_and_nobody(self, path, caplog):
        with caplog.at_level(logging.INFO, logger="scoring"), open_log(path, create=True) as log:
            log.open_case(RUBRIC, WORD, "o-1", {})
            log.decide(RUBRIC, submission(1, WORD))
            log.resolve(3, "confirm", id="r-1", who="Jo", why="Read it again.", reason="checked")
            log.erase(WORD, reason="request")
            leave(log, WORD)
            log.sweep()
        said = [record.getMessage() for record in caplog.records]
        heard = [line.split("'")[1] for line in said]
        assert heard == ["head_signed", "opened", "recorded", "resolved", "erased", "swept", "head_signed"]
        assert "event='erased' seq=5" in said
        assert not [line for line in said if WORD in line or "Jo" in line]
