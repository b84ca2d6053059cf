"""Segments checked at once and on several cores: what is found is what reading line by line finds, whatever was done to a log."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
import sys

import pytest

import logs
from logs import RUBRIC, make_log, open_log, rechain, segment, submission
from scoring import canonical
from scoring.audit import crew, fields, note, segments, verify
from scoring.audit.keys import SigningKey, VerificationKey
from scoring.audit.report import FAILS
from scoring.audit.scan import Task, scan
from scoring.audit.verify import verify_directory
from test_vectors import BY_NAME, VECTORS

room, path = logs.room, logs.path


@pytest.fixture
def small(monkeypatch):
    """Segments of eight records, four of which are checked at once, so that a small log has many."""
    monkeypatch.setattr(segments, "SEGMENT_RECORDS", 8)
    monkeypatch.setattr("scoring.audit.scan._TILE", 4)


@pytest.fixture(scope="module")
def pattern(tmp_path_factory):
    """What `busy_log` copies: some ten segments with all that people say, cases that come again, and heads in between."""
    path = tmp_path_factory.mktemp("scan") / "busy"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "SEGMENT_RECORDS", 8)
        make_busy_log(path)
    return path


@pytest.fixture
def busy(pattern, path, small):
    """A copy of it."""
    shutil.copytree(pattern, path)
    shutil.copy(f"{pattern}.vault", f"{path}.vault")
    return path


class Slowly(crew.Crew):
    """Says of no segment that it holds, so that each is read line by line."""

    def do(self, tasks):
        for task in tasks:
            yield task, None


def slowly(path, **arguments):
    """What reading line by line finds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "Crew", Slowly)
        return verify_directory(path, workers=1, **arguments)


def agree(path, **arguments):
    """Reading line by line, a segment at once, and on two cores find the same; return what that is."""
    wanted = slowly(path, **arguments)
    assert verify_directory(path, workers=1, **arguments) == wanted
    assert verify_directory(path, workers=2, **arguments) == wanted
    return wanted


@pytest.mark.parametrize("name", [name for name, entry in BY_NAME.items() if (VECTORS / name / "log").is_dir()])
def test_the_same_is_found_of_every_vector(name):
    call = BY_NAME[name]["call"]
    trusted = (VECTORS / call["trusted"]).read_bytes() if "trusted" in call else None
    for fast in (False, True):
        agree(VECTORS / name, vault=False, key=call.get("key"), trusted=trusted, fast=fast)


def make_busy_log(path):
    with open_log(path, create=True, origin="busy") as log:
        for number in range(50):
            if number % 9 == 4:
                log.open_case(RUBRIC, f"case-{number}", f"o-{number}")
            log.decide(
                RUBRIC, submission(number, case=f"case-{number % 37}", deadline="rash" if number % 5 == 0 else "right")
            )
            if number % 10 in {5, 6}:
                log.resolve(f"case-{number % 37}", "confirm" if number % 5 else "override", **said(number))
            if number % 12 == 7:
                log.checkpoint()
        log.erase("case-3", reason="asked")


def said(number):
    verdict = {} if number % 5 else {"verdict": "fail"}
    return {"id": f"r-{number}", "who": "somebody", "why": "because", "reason": "seen", **verdict}


class TestDamage:
    def test_a_log_that_holds_is_never_read_line_by_line(self, busy, monkeypatch):
        """Neither with its vault nor without, nor in its bytes alone: else the quick reading is for nothing."""
        wanted = [slowly(busy, **arguments) for arguments in ({}, {"vault": False}, {"fast": True})]
        monkeypatch.setattr(verify._Verification, "read_segment", None)
        found = [verify_directory(busy, **arguments) for arguments in ({}, {"vault": False}, {"fast": True})]
        assert found == wanted
        assert all(report.ok for report in found)

    @pytest.mark.parametrize("seed", range(40))
    def test_the_same_is_found_whatever_was_done(self, busy, seed):
        """Bytes flipped, lines dropped, doubled, swapped, cut, values altered and chained again: at random, in a log of many segments."""
        chance = random.Random(seed)
        for _ in range(1 + seed % 2):
            chance.choice(DAMAGE)(busy, chance)
        for arguments in ({}, {"vault": False}, {"vault": False, "fast": True}):
            wanted = slowly(busy, **arguments)
            assert verify_directory(busy, workers=1, **arguments) == wanted
        assert verify_directory(busy, workers=2, vault=False) == slowly(busy, vault=False)

    @pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 30])
    def test_the_same_is_found_of_a_part(self, busy, size):
        with open_log(busy) as log:
            leaf = log.read(size)["prev"] or "0" * 64
        assert agree(busy, size=size, expect=(size, leaf)).size == size
        agree(busy, size=size, expect=(size, "0" * 64))


def all_lines(path):
    files = sorted((path / "log").iterdir())
    return [line for file in files for line in file.read_bytes().split(b"\n")[:-1]]


def write_all(path, lines):
    for file in (path / "log").iterdir():
        file.unlink()
    for first in range(0, len(lines), 8):
        segment(path, first).write_bytes(b"".join(line + b"\n" for line in lines[first : first + 8]))


def flip(path, chance):
    file = chance.choice(sorted((path / "log").iterdir()))
    data = bytearray(file.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    file.write_bytes(data)


def shuffle(path, chance):
    lines = all_lines(path)
    at = chance.randrange(1, len(lines))
    change = chance.choice(("drop", "double", "swap", "cut"))
    if change == "drop":
        del lines[at]
    elif change == "double":
        lines.insert(at, lines[at])
    elif change == "swap":
        lines[at], lines[at - 1] = lines[at - 1], lines[at]
    else:
        del lines[at:]
    write_all(path, lines)


def forge(path, chance):
    """Alter values and chain everything again, without the heads: what only the records themselves can show."""
    (path / "heads").unlink(missing_ok=True)
    records = [*map(json.loads, all_lines(path))]
    one, other = chance.choice(records), chance.choice(records)
    key = chance.choice(["time", "type", "body", "v"])
    one[key] = other[key]
    bodies = [
        record["body"]
        for record in records
        if "decision" in record["body"] and type(record["body"]["decision"]) is dict
    ]
    body, another = chance.sample(bodies, 2)
    key = chance.choice(["id", "supersedes", "disclosures"])
    body[key] = another[key]
    key = chance.choice([*body["decision"]])
    body["decision"][key] = chance.choice(
        [1, -1, 2**53, None, True, "x", [], {}, ["x"], {"x": "1"}, {"b": "1", "a": "1"}, another["decision"][key]]
    )
    lines, prev = [], None
    for seq, record in enumerate(records):
        whole = {**record, "prev": prev, "seq": seq}
        lines.append(json.dumps(whole, sort_keys=True, separators=(",", ":")).encode())
        prev = hashlib.sha256(b"\x00" + lines[-1]).hexdigest()
    write_all(path, lines)


def misspell(path, chance):
    """A line that says the same in another spelling."""
    lines = all_lines(path)
    at = chance.randrange(len(lines))
    change = chance.choice(
        [
            (b":", b": "),
            (b'"v":1', b'"v":1.0'),
            (b'"v":1', b'"v":1,"v":1'),
            (b"e", b"\\u0065"),
            (b":", b":-0+"),
            (b'"A"', b'"\xff"'),
        ]
    )
    lines[at] = lines[at].replace(*change, 1)
    write_all(path, lines)


def tear(path, chance):
    file = max((path / "log").iterdir())
    with file.open("ab") as stream:
        stream.write(chance.choice([b"x", b"\n", b"x" * 40_000, b"{}\n"]))


def lose(path, chance):
    chance.choice(sorted((path / "log").iterdir())).unlink()


def heads(path, chance):
    lines = (path / "heads").read_bytes().split(b"\n")[:-1] if (path / "heads").exists() else [b'"x"']
    chance.choice(
        [lines.reverse, lambda: lines.append(lines[0]), lambda: lines.insert(0, b"x"), lambda: lines.append(lines[-1])]
    )()
    (path / "heads").write_bytes(b"".join(line + b"\n" for line in lines))


DAMAGE = (flip, shuffle, forge, misspell, tear, lose, heads)


class TestQuickTables:
    def test_a_quick_yes_is_never_wrong(self, path):
        """Whatever stands in a decision: if `fits_decision` takes it, `record_misfit` does, and it is canonical."""
        make_log(path, 2)
        good = json.loads(all_lines(path)[-1])
        assert fields.fits_decision(good, good["seq"], good["prev"])
        odd = [
            None,
            True,
            False,
            0,
            1,
            -1,
            1.0,
            2**53,
            "",
            "x",
            "a/b",
            "1/2",
            "2/4",
            "\ud800",
            "é",
            [],
            ["x"],
            [1],
            ["b", "a"],
            [["x"]],
            {},
            {"x": "1"},
            {"b": "1", "a": "1"},
            {"by": "fatal"},
        ]
        taken = 0
        for spot in ((), ("body",), ("body", "decision"), ("body", "disclosures")):
            for value in odd:
                for key in [*at(good, spot)]:
                    record = json.loads(json.dumps(good))
                    at(record, spot)[key] = value
                    if fields.fits_decision(record, good["seq"], good["prev"]):
                        taken += 1
                        assert not fields.record_misfit(record), (spot, key, value)
                        assert canonical.dumps(record) == json.dumps(record, separators=(",", ":")).encode()
        assert taken > 20, "or this shows nothing"

    @pytest.mark.parametrize("key", ["flags", "sections", "excerpts", "stages"])
    def test_keys_in_another_order_are_no_quick_yes(self, path, key):
        make_log(path, 2)
        good = json.loads(all_lines(path)[-1])
        values = {"flags": "g", "sections": "1", "excerpts": [1, 2], "stages": ["passed", None]}
        names = ("note", "refer") if key == "flags" else ("a", "b")
        for order, fits in ((names, True), (names[::-1], False)):
            good["body"]["decision"][key] = dict.fromkeys(order, values[key])
            assert fields.fits_decision(good, good["seq"], good["prev"]) is fits
            assert not fields.record_misfit(good)


def at(record, spot):
    for key in spot:
        record = record[key]
    return record


class TestCrew:
    def test_processes_that_die_are_done_without(self, busy, monkeypatch):
        wanted = verify_directory(busy, workers=1)
        monkeypatch.setattr(crew, "_SERVE", "raise SystemExit")
        assert verify_directory(busy, workers=2) == wanted

    @pytest.mark.parametrize("executable", ["", "/no/such/python3", "/usr/sbin/httpd"])
    def test_where_none_can_be_started_this_process_does_their_work(self, busy, monkeypatch, executable):
        wanted = verify_directory(busy, workers=1)
        monkeypatch.setattr(sys, "executable", executable)
        assert verify_directory(busy, workers=2) == wanted

    def test_none_outlives_a_verification(self, busy, monkeypatch):
        """Also where the verification itself is interrupted."""
        started = []
        real = subprocess.Popen
        monkeypatch.setattr(
            subprocess, "Popen", lambda *given, **more: started.append(real(*given, **more)) or started[-1]
        )
        verify_directory(busy, workers=2)
        monkeypatch.setattr(verify._Verification, "take_segment", interrupted)
        with pytest.raises(KeyboardInterrupt):
            verify_directory(busy, workers=2)
        assert len(started) == 4
        assert all(one.returncode is not None for one in started)

    def test_a_task_that_cannot_be_read_is_none_that_holds(self, room):
        task = Task(str(room / "nothing"), "log/nothing", 0, 8, False, [], True, None, [], [])
        assert scan(task) is None


def interrupted(*_):
    raise KeyboardInterrupt


@pytest.mark.usefixtures("small")
class TestSignatures:
    """Who signed heads is checked beside the records that stand below them, and said where it always was."""

    OLD, NEW = SigningKey("signed", bytes(32)), SigningKey("signed", bytes([1]) * 32)

    @pytest.fixture
    def signed(self, path):
        """Some fifteen heads, the later ones by a second key."""
        pytest.importorskip("cryptography", reason="signatures need the extra `sign`")
        clock = logs.Clock()
        for keys, numbers in (([self.OLD], range(20)), ([self.OLD, self.NEW], range(20, 45))):
            with open_log(path, create=True, origin="signed", signer=keys, clock=clock) as log:
                for number in numbers:
                    log.decide(RUBRIC, submission(number))
                    if number % 3 == 0:
                        log.checkpoint()
        return path

    @pytest.fixture
    def checked(self, monkeypatch):
        """Whom this process asks for a signature."""
        asked = []
        real = VerificationKey.accepts
        monkeypatch.setattr(
            VerificationKey, "accepts", lambda *given: (asked.append(given[1]) if given[1] else None) or real(*given)
        )
        return asked

    @pytest.mark.parametrize("fast", [False, True])
    def test_each_is_checked_once(self, signed, checked, fast):
        """But for the head that two keys must sign."""
        count = len((signed / "heads").read_bytes().splitlines())
        report = verify_directory(signed, vault=False, workers=1, fast=fast)
        assert report["signatures"].detail.startswith(f"{count} heads signed")
        assert len({*checked}) == count
        assert len(checked) <= count + 3

    def test_other_processes_check_those_of_a_given_key(self, signed, checked):
        assert verify_directory(signed, vault=False, workers=2, key=self.OLD.verification_key).ok
        old = [text for text in checked if int(text.split()[1]) <= 20]
        assert old == []

    @pytest.mark.parametrize("given", [None, OLD, NEW])
    @pytest.mark.parametrize("spoil", ["blob", "key", "unsigned", "other text", "too long", "twice"])
    def test_the_same_is_found_of_heads_that_are_not_signed_as_they_should_be(self, signed, spoil, given):
        lines = (signed / "heads").read_text(encoding="utf-8").splitlines()
        for number in (2, len(lines) // 2, len(lines) - 2):
            lines[number] = json.dumps(SPOILT[spoil](json.loads(lines[number])), ensure_ascii=False)
        (signed / "heads").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        for fast in (False, True):
            report = agree(signed, vault=False, fast=fast, key=given.verification_key if given else None)
            assert report.ok == (spoil in {"too long", "twice"})


def by_a_stranger(text):
    head = text.partition("\n\n")[0] + "\n"
    return note.write(note.sign(note.Note(head.encode()), SigningKey("signed", bytes([2]) * 32))).decode()


SPOILT = {
    "blob": lambda text: text[:-8] + ("A" if text[-8] != "A" else "B") + text[-7:],
    "key": by_a_stranger,
    "unsigned": lambda text: text.partition("\n\n")[0] + "\n",
    "other text": lambda text: text.replace("signed\n", "signet\n", 1),
    "too long": lambda text: text + f"\N{EM DASH} other {'A' * 8000}\n",
    "twice": lambda text: text + text.partition("\n\n")[2],
}


@pytest.mark.usefixtures("small")
class TestHalves:
    """The last of an odd number of segments is shared by two cores, where its bytes alone are asked for."""

    SIGNER, LATER = SigningKey("halves", bytes(32)), SigningKey("halves", bytes([1]) * 32)

    @pytest.fixture
    def odd(self, path):
        """Five segments of eight records; heads stand in both halves of the last one, the second of which records a key and is not full."""
        pytest.importorskip("cryptography", reason="signatures need the extra `sign`")
        clock = logs.Clock()
        for keys, end in (([self.SIGNER], 37), ([self.SIGNER, self.LATER], 39)):
            with open_log(path, create=True, origin="halves", signer=keys, clock=clock) as log:
                while len(log) < end:
                    log.decide(RUBRIC, submission(len(log)))
                    if len(log) in {20, 34, 36}:
                        log.checkpoint()
        return path

    @pytest.fixture
    def asked(self, monkeypatch):
        """The tasks that the last segment was cut into."""
        asked = []
        real = verify.halves
        monkeypatch.setattr(verify, "halves", lambda task: asked.extend(real(task)) or asked[-2:])
        return asked

    def test_it_is_checked_in_two_parts_and_not_line_by_line(self, odd, asked, monkeypatch):
        wanted = slowly(odd, fast=True, key=self.SIGNER.verification_key)
        monkeypatch.setattr(verify._Verification, "read_segment", None)
        assert verify_directory(odd, fast=True, workers=2, key=self.SIGNER.verification_key) == wanted
        assert wanted.ok
        assert [(task.first, task.count, task.skip, task.sizes) for task in asked] == [
            (32, 4, 0, [34, 36]),
            (36, 4, 4, [37, 38, 39]),
        ]

    def test_an_even_number_of_them_and_one_core_leave_it_whole(self, odd, asked):
        assert verify_directory(odd, fast=True, workers=1).ok
        assert verify_directory(odd, fast=True, workers=5).ok
        assert asked == []

    def test_bodies_are_checked_in_one_piece(self, odd, asked):
        assert verify_directory(odd, vault=False, workers=2).ok
        assert [task.count for task in asked] == [8]

    @pytest.mark.parametrize("size", [34, 36, 39])
    def test_the_same_is_found_of_a_head_with_another_root(self, odd, size):
        heads = (odd / "heads").read_text(encoding="utf-8").splitlines()
        lines = [line.split("\\n") for line in heads]
        (number,) = [number for number, parts in enumerate(lines) if parts[1] == str(size)]
        lines[number][2] = lines[0][2]
        (odd / "heads").write_text("".join("\\n".join(line) + "\n" for line in lines), encoding="utf-8")
        report = agree(odd, fast=True)
        assert (report["heads"].result, report["heads"].seq) == (FAILS, size - 1)

    def test_a_key_that_was_recorded_before_is_found_where_it_stands(self, odd, asked):
        records = [*map(json.loads, all_lines(odd))]
        first, second = (record for record in records if record["type"] == "key")
        second["body"] = first["body"]
        write_all(odd, rechain(records))
        assert agree(odd, fast=True)["signatures"].seq == second["seq"]
        assert asked[-1].first <= second["seq"] < asked[-1].first + 4

    def test_whoever_signed_its_heads_is_asked_where_they_are_checked(self, odd, monkeypatch):
        """But for the head that two keys signed, of which the second half alone knows both."""
        asked = []
        real = VerificationKey.accepts
        monkeypatch.setattr(VerificationKey, "accepts", lambda *given: asked.append(given[1]) or real(*given))
        assert verify_directory(odd, fast=True, workers=2, key=self.SIGNER.verification_key).ok
        assert [text.split()[1] for text in asked if text] == [b"38", b"38"]

    @pytest.mark.parametrize("at", [33, 35, 36, 38])
    @pytest.mark.parametrize("how", ["changed", "left out", "twice", "cut"])
    def test_the_same_is_found_whatever_was_done_to_it(self, odd, at, how):
        lines = all_lines(odd)
        line = lines[at]
        lines[at : None if how == "cut" else at + 1] = {
            "changed": [line.replace(b"f", b"e", 1)],
            "twice": [line, line],
        }.get(how, [])
        write_all(odd, lines)
        assert not agree(odd, fast=True, key=self.SIGNER.verification_key).ok

    @pytest.mark.parametrize("size", [32, 35, 36, 37, 39])
    def test_the_same_is_found_of_a_part_and_of_heads_that_were_kept(self, odd, size):
        with open_log(odd) as log:
            leaf = log.read(size)["prev"] if size < 39 else log.head[1]
        assert agree(odd, fast=True, size=size).size == size
        assert agree(odd, fast=True, expect=(size, leaf)).ok
        assert not agree(odd, fast=True, expect=(size, "0" * 64)).ok

    def test_halves_that_hold_and_do_not_chain_are_no_segment(self, odd):
        """Records of the second half that were made behind another fourth record."""
        lines = all_lines(odd)
        lines[35] = lines[35].replace(b'"id":"', b'"id":"x', 1)
        write_all(odd, lines)
        logs.drop_heads(odd)
        (odd / "heads").write_text(json.dumps(f"halves\n39\n{'A' * 43}=\n") + "\n", encoding="utf-8")
        assert not agree(odd, fast=True).ok


@pytest.mark.usefixtures("small")
class TestTwice:
    """Cases and ids that stand in segments far apart, of which nothing else is known."""

    @pytest.mark.parametrize("key", ["id", "disclosures"])
    def test_a_decision_far_away_is_found(self, path, key):
        make_log(path, 40)
        (path / "heads").unlink()
        records = [*map(json.loads, all_lines(path))]
        records[38]["body"][key] = records[5]["body"][key]
        write_all(path, rechain(records))
        report = agree(path, vault=False)
        failing = [finding for finding in report.findings if finding.result == FAILS]
        assert [(finding.check, finding.seq) for finding in failing] == [("ids" if key == "id" else "supersedes", 38)]

    def test_a_heap_that_is_too_large_is_sorted_on_disk(self, path, monkeypatch):
        make_log(path, 40)
        wanted = verify_directory(path, vault=False)
        monkeypatch.setattr("scoring.audit.ledger._MOST", 0)
        assert verify_directory(path, vault=False) == wanted

    def test_cases_that_differ_in_their_last_digit_alone_are_two(self, path, monkeypatch):
        """Only the first bytes of a digest are kept: what agrees in these is read once more and compared whole, and holds."""
        make_log(path, 40)
        (path / "heads").unlink()
        records = [*map(json.loads, all_lines(path))]
        digest = records[5]["body"]["disclosures"]["case"]
        records[38]["body"]["disclosures"]["case"] = digest[:-1] + ("0" if digest[-1] == "1" else "1")
        write_all(path, rechain(records))
        again = []
        real = verify._Verification.rows_of
        monkeypatch.setattr(verify._Verification, "rows_of", lambda *given: again.append(given[2]) or real(*given))
        assert agree(path, vault=False).ok
        assert again == 2 * [[5], [6]]
