"""Keys and trusted heads at the command line: what signs, what checks, what is given away, and what is refused."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest

import logs
from logs import make_log, open_log, submission
from scoring.audit.keys import SigningKey, VerificationKey
from scoring.cli import main

pytest.importorskip("cryptography", reason="signing needs the extra `sign`")

room, path = logs.room, logs.path


@pytest.fixture
def call(room, monkeypatch, capsys):
    """Run a command in a directory of its own: status, standard output, standard error."""
    monkeypatch.chdir(room)
    (room / "small.pack.json").write_bytes(logs.make_pack())

    def run(*argv):
        status = main([str(word) for word in argv])
        return status, *capsys.readouterr()

    return run


def send(room, *numbers):
    lines = (json.dumps(submission(number)) for number in numbers)
    (room / "sheets.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return "sheets.jsonl"


@pytest.fixture
def signed(call, room):
    """A log with a key, two decisions in it: the verification key."""
    vkey = call("keygen", "log.key", "--name", "log.example/hiring")[1].strip()
    status, _, err = call("score", "small.pack.json", send(room, 1, 2), "--log", "d", "--create", "--key", "log.key")
    assert (status, err) == (0, "")
    return vkey


class TestKeygen:
    def test_the_file_is_its_owners_and_the_key_that_checks_is_printed(self, call, room):
        status, out, err = call("keygen", "log.key", "--name", "log.example/hiring")
        assert status == 0
        assert stat.S_IMODE((room / "log.key").stat().st_mode) == 0o600
        key = SigningKey.parse((room / "log.key").read_text().strip())
        assert out == f"{key.verification_key}\n"
        assert VerificationKey.parse(out.strip()).name == "log.example/hiring"
        assert "PRIVATE" not in out + err

    def test_two_keys_differ_and_none_is_overwritten(self, call, room):
        call("keygen", "a.key", "--name", "n")
        call("keygen", "b.key", "--name", "n")
        before = (room / "a.key").read_bytes()
        assert before != (room / "b.key").read_bytes()
        status, _, err = call("keygen", "a.key", "--name", "n")
        assert (status, (room / "a.key").read_bytes()) == (2, before)
        assert "exists already" in err

    def test_without_a_name_it_takes_a_new_one_that_a_log_can_have(self, call, room):
        out = call("keygen", "log.key", "--json")[1]
        name = json.loads(out)["name"]
        assert name.startswith("scoreproof-log-")
        assert call("score", "small.pack.json", send(room, 1), "--log", "d", "--create", "--key", "log.key")[0] == 0
        assert call("verify", "d", "--key", json.loads(out)["verification_key"])[0] == 0

    def test_a_key_for_a_log_that_is_there_takes_its_name(self, call, path):
        make_log(path, 1)
        vkey = call("keygen", "log.key", "--log", path)[1].strip()
        assert call("receipt", path, "--key", "log.key")[0] == 0
        assert call("verify", path, "--key", vkey)[0] == 0

    @pytest.mark.parametrize("name", ["", "a b", "a+b", "é", "x" * 201])
    def test_a_name_that_no_key_can_have_is_refused(self, call, room, name):
        status, _, err = call("keygen", "log.key", "--name", name)
        if name:
            assert status == 2
            assert "without space or +" in err
            assert not (room / "log.key").exists()
        else:  # no name at all is a new one
            assert status == 0

    def test_a_name_and_a_log_are_one_too_many(self, call, path):
        make_log(path, 1)
        assert call("keygen", "k", "--name", "n", "--log", path)[0] == 2


@pytest.mark.usefixtures("signed")
class TestSigning:
    def test_every_head_is_signed_and_a_verifier_with_the_key_accepts(self, call, signed):
        status, out, _ = call("verify", "d", "--key", signed)
        assert status == 0
        assert "the given one is among them" in out
        Path("log.vkey").write_text(f"{signed}\n")
        assert call("verify", "d", "--key", "log.vkey")[0] == 0

    def test_another_key_of_the_same_name_fails(self, call):
        other = call("keygen", "other.key", "--name", "log.example/hiring")[1].strip()
        status, out, _ = call("verify", "d", "--key", other)
        assert status == 1
        assert "it has no such key" in out
        assert "\nd: nothing was found changed, but it is not signed by this key.\n" in out
        assert "is not as it was written" not in out

    def test_an_unsigned_log_given_a_key_fails(self, call, path, signed):
        make_log(path, 1)
        status, out, _ = call("verify", path, "--key", signed)
        assert status == 1
        assert "FAILS       signatures" in out

    def test_who_checks_must_not_have_the_key_that_signs(self, call, signed):
        status, _, err = call("verify", "d", "--key", "log.key")
        assert status == 2
        assert signed in err
        assert "PRIVATE" not in err

    def test_without_the_key_records_are_made_and_it_says_that_no_head_was(self, call, room):
        status, _, err = call("score", "small.pack.json", send(room, 3), "--log", "d")
        assert status == 0
        assert "no head was made over what is new" in err
        assert "--key" in err
        assert "signer" not in err
        assert "1 record behind it" in call("status", "d")[1]
        assert call("receipt", "d", "--key", "log.key")[0] == 0
        assert "behind" not in call("status", "d")[1]

    def test_a_key_of_another_log_is_a_wrong_call_that_names_both(self, call, room):
        call("keygen", "other.key", "--name", "other.example")
        status, _, err = call("score", "small.pack.json", send(room, 3), "--log", "d", "--key", "other.key")
        assert status == 2
        assert "other.example" in err
        assert "log.example/hiring" in err

    def test_a_verification_key_cannot_sign(self, call, room, signed):
        (room / "log.vkey").write_text(signed)
        status, _, err = call("score", "small.pack.json", send(room, 3), "--log", "d", "--key", "log.vkey")
        assert status == 2
        assert "cannot sign" in err

    @pytest.mark.parametrize("content", [b"", b"nonsense\n", b"\xff\xfe", b"x" * 5000, b"PRIVATE+KEY+a+b+c"])
    def test_a_file_that_is_no_key_is_a_wrong_call_and_is_not_quoted(self, call, room, content):
        (room / "bad.key").write_bytes(content)
        status, _, err = call("score", "small.pack.json", send(room, 3), "--log", "d", "--key", "bad.key")
        assert status == 2
        assert "Traceback" not in err
        assert "nonsense" not in err

    def test_a_key_is_replaced_by_giving_the_old_one_and_the_new_one(self, call, room, signed):
        new = call("keygen", "new.key", "--log", "d")[1].strip()
        status, _, err = call("score", "small.pack.json", send(room, 3), "--log", "d", "--key", "new.key")
        assert status != 0
        assert "--key OLD --key NEW" in err
        sheets = send(room, 3)
        assert call("score", "small.pack.json", sheets, "--log", "d", "--key", "log.key", "--key", "new.key")[0] == 0
        assert call("score", "small.pack.json", send(room, 4), "--log", "d", "--key", "new.key")[0] == 0
        for key in (signed, new):
            assert call("verify", "d", "--key", key)[0] == 0

    def test_options_about_a_log_go_with_a_log(self, call, room):
        for option in (["--key", "log.key"], ["--per-answer"], ["--trusted-checkpoint", "x"]):
            assert call("score", "small.pack.json", send(room, 3), *option)[0] == 2


@pytest.mark.usefixtures("signed")
class TestTrusted:
    def test_a_log_that_does_not_extend_the_checkpoint_is_refused_at_open_and_by_verify(self, call, room):
        shutil.copytree("d", "old")
        shutil.copy("d.vault", "old.vault")
        call("score", "small.pack.json", send(room, 3), "--log", "d", "--key", "log.key")
        status, _, err = call("receipt", "d", "-o", "head", "--key", "log.key")
        assert (status, err) == (0, "")  # what is signed is not said to be unsigned
        for log, expected in (("d", 0), ("old", 1)):
            for argv in (["verify", log], ["status", log], ["replay", log], ["explain", log, "#3"]):
                assert call(*argv, "--trusted-checkpoint", "head")[0] == expected, (argv, log)
        more = ["--log", "old", "--key", "log.key", "--trusted-checkpoint", "head"]
        status, _, err = call("score", "small.pack.json", send(room, 9), *more)
        assert status == 1
        assert "ends before the trusted head" in err

    def test_what_is_no_checkpoint_is_a_wrong_call(self, call, room):
        (room / "head").write_bytes(b"x")
        assert call("verify", "d", "--trusted-checkpoint", "head")[0] == 2
        assert call("verify", "d", "--trusted-checkpoint", "nothing")[0] == 2


class TestPartsOfVerify:
    """What the call leaves out on purpose is NOT CHECKED, and no failure: what was asked for holds."""

    def test_the_bytes_alone(self, call, signed):
        status, out, _ = call("verify", "d", "--fast", "--key", signed)
        assert status == 0
        assert "NOT CHECKED canonical" in out
        assert call("verify", "d", "--key", signed, "--jobs", "1")[0] == 0
        assert call("verify", "d", "--jobs", "0")[0] == 2

    def test_what_is_newer_than_a_checkpoint(self, call, room, signed):
        call("receipt", "d", "-o", "head")
        call("score", "small.pack.json", send(room, 3), "--log", "d", "--key", "log.key")
        status, out, _ = call("verify", "d", "--since", "head", "--key", signed)
        assert status == 0
        assert "NOT CHECKED ids" in out
        assert call("verify", "d", "--since", "head", "--trusted-checkpoint", "head")[0] == 2
        segment = room / "d/log/000000000000.jsonl"
        data = segment.read_bytes()
        segment.write_bytes(data.replace(b'"id":"s-3"', b'"id":"s-X"'))
        assert call("verify", "d", "--since", "head", "--key", signed)[0] == 1


@pytest.mark.usefixtures("signed")
class TestReceipt:
    def test_one_file_shows_offline_that_a_record_is_in_the_log(self, call, signed, room):
        assert call("receipt", "d", "case-1", "-o", "mine")[0] == 0
        shutil.rmtree("d")
        status, out, _ = call("verify", "mine", "--key", signed)
        assert status == 0
        assert "the record is #3 of the log log.example/hiring" in out
        assert "case-1" not in (room / "mine").read_text()

    def test_without_a_key_it_says_that_nobody_vouches(self, call):
        call("receipt", "d", "#2", "-o", "mine")
        status, out, _ = call("verify", "mine")
        assert status == 3
        assert "NOT CHECKED signature" in out

    def test_a_byte_changed_anywhere_is_refused(self, call, signed, room):
        call("receipt", "d", "#2", "-o", "mine")
        good = (room / "mine").read_bytes()
        for at in range(0, len(good), 29):
            (room / "mine").write_bytes(good[:at] + bytes((good[at] ^ 1,)) + good[at + 1 :])
            status, out, err = call("verify", "mine", "--key", signed)
            assert status in {1, 2}, (at, out, err)

    def test_a_record_may_lie_in_a_file_of_its_own(self, call, signed, room):
        with open_log(room / "d") as log:
            (room / "bare").write_text(log.receipt(2))
        line = (room / "d/log/000000000000.jsonl").read_bytes().splitlines(keepends=True)
        (room / "line").write_bytes(line[2])
        assert call("verify", "bare", "--record", "line", "--key", signed)[0] == 0
        (room / "line").write_bytes(line[3])
        assert call("verify", "bare", "--record", "line", "--key", signed)[0] == 1
        assert call("verify", "bare", "--key", signed)[0] == 3

    def test_any_record_can_be_named_and_nobody_else(self, call):
        assert call("receipt", "d", "#0")[0] == 0
        assert call("receipt", "d", "#99")[0] == 2
        assert call("receipt", "d", "nobody")[0] == 2

    def test_a_record_above_the_newest_head_takes_the_key(self, call, room):
        call("score", "small.pack.json", send(room, 3), "--log", "d")
        status, _, err = call("receipt", "d", "#5")
        assert status == 2
        assert "--key" in err
        assert call("receipt", "d", "#5", "--key", "log.key")[0] == 0

    def test_without_a_record_it_is_the_checkpoint_of_the_whole_log(self, call, signed):
        assert call("receipt", "d", "-o", "head")[0] == 0
        assert call("verify", "d", "--trusted-checkpoint", "head", "--key", signed)[0] == 0
        status, out, _ = call("verify", "head", "--key", signed)
        assert status == 0
        assert "log.example/hiring had 5 records" in out
        assert call("verify", "head")[0] == 3
        assert call("verify", "head", "--trusted-checkpoint", "head", "--key", signed)[0] == 0


def test_what_is_given_as_a_checkpoint_and_is_none_is_named(call, signed, room):
    (room / "vkey").write_text(signed)
    call("receipt", "d", "#2", "-o", "mine")
    for file, what in (("mine", "a receipt"), ("vkey", "a key"), ("log.key", "a key")):
        status, _, err = call("verify", "d", "--trusted-checkpoint", file)
        assert status == 2
        assert f"{file} is {what}; expected a checkpoint, as `scoring receipt LOG` without a record writes it" in err


class TestBegunInVain:
    def test_a_log_that_a_full_disk_kept_from_being_made_is_made_later(self, call, room):
        """What it left: the directories, the lock, and an index of no record."""
        call("keygen", "log.key", "--name", "log.example/hiring")
        for part in ("log", "packs", "cache"):
            (room / "late" / part).mkdir(parents=True)
        (room / "late/lock").touch()
        (room / "late/cache/index-0123456789abcdef.sqlite").write_bytes(b"\0" * 4096)
        argv = ("score", "small.pack.json", send(room, 1), "--log", "late", "--create", "--key", "log.key")
        assert call(*argv)[::2] == (0, "")
        assert call("verify", "late")[0] == 0


@pytest.mark.usefixtures("signed")
class TestBrokenHead:
    """The newest head's signature was damaged: nothing that it would vouch for is given away, and who asks is told where and what to do."""

    @pytest.fixture(autouse=True)
    def broken(self, room, signed):  # noqa: ARG002 - which must be there first
        file = room / "d/heads"
        data = file.read_bytes()
        at = len(data) - 20
        file.write_bytes(data[:at] + (b"A" if data[at : at + 1] != b"A" else b"B") + data[at + 1 :])

    @pytest.mark.parametrize(
        "argv",
        [
            ("receipt", "d"),
            ("receipt", "d", "#2"),
            ("export", "d", "-o", "out.zip"),
            ("status", "d"),
            ("status", "d", "--json"),
            ("score", "small.pack.json", "sheets.jsonl", "--log", "d", "--key", "log.key"),
        ],
    )
    def test_it_is_refused_with_its_place_and_what_to_do(self, call, room, argv):
        status, out, err = call(*argv)
        assert status == 1
        assert "d/heads, last line: the head of 5 records is not signed by the log's key" in err
        assert "Put the file back from a copy" in err
        assert "provable up to" not in out
        if argv[0] == "status" and "--json" in argv:
            last = json.loads(out.splitlines()[-1])
            assert (last["provable"], last["signed_by"]) == (0, [])
        assert not (room / "out.zip").exists()


class TestStatus:
    @pytest.mark.usefixtures("signed")
    def test_nothing_is_said_of_heads_where_nothing_is_new(self, call, room):
        argv = ("score", "small.pack.json", send(room, 1, 2), "--log", "d")
        assert call(*argv)[2] == ""
        send(room, 3)
        assert "no head was made over what is new" in call(*argv)[2]

    def test_it_tells_how_far_the_log_is_provable_and_who_signed(self, call, signed):
        key = VerificationKey.parse(signed)
        assert f"provable up to #4, by a head that {key.name}+{key.key_id:08x} signed" in call("status", "d")[1]
        last = json.loads(call("status", "d", "--json")[1].splitlines()[-1])
        assert (last["provable"], last["signed_by"]) == (5, [f"{key.name}+{key.key_id:08x}"])

    def test_a_log_without_a_key_says_that_nobody_signed(self, call, path):
        make_log(path, 1)
        call("receipt", path)
        assert "by a head that nobody signed" in call("status", path)[1]


class TestPerAnswer:
    def test_one_answer_can_be_shown_without_the_others(self, call, room):
        sheets = send(room, 1)
        assert call("score", "small.pack.json", sheets, "--log", "d", "--create", "--per-answer")[0] == 0
        assert call("export", "d", "-o", "one.zip", "--case", "case-1", "--answers", "deadline")[0] == 0
        assert call("verify", "one.zip")[0] in {0, 3}

    def test_entries_can_be_recorded_so_too(self, call, room):
        call("score", "small.pack.json", send(room, 1), "--entries", "entries.jsonl")
        done = call("append", "d", "small.pack.json", "entries.jsonl", "--create", "--per-answer")
        assert done[0] == 0
        assert call("export", "d", "-o", "one.zip", "--case", "case-1", "--answers", "deadline")[0] == 0
