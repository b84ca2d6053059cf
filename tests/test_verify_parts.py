"""Each failing check of `verify` accuses the part of a log that is damaged, and the closing words help that part: done, the log verifies again."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import logs
from logs import RUBRIC, lines_of, make_log, open_log, query, rechain, submission, vault_forgets, write_lines
from scoring.audit.keys import SigningKey
from scoring.cli import main

pytest.importorskip("cryptography", reason="signing needs the extra `sign`")

room, path = logs.room, logs.path
KEY = SigningKey("parts.example", bytes(32))
NEW = SigningKey("parts.example", b"\x01" * 32)
RECORDS_DO = "put the log back"
NO_RECORD = "no record was found changed, but"


@pytest.fixture
def signed(path, room):
    """A signed log of nine records, the head of which covers them all, its vault, and a copy of both."""
    make_log(path, 6, signer=KEY)
    for name in ("decisions", "decisions.vault"):
        copy(room / name, room / "copy" / name)
    return path


def copy(source, target):
    """Put a file or directory somewhere, in place of what is there."""
    target.parent.mkdir(exist_ok=True)
    if source.is_dir():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)
    else:
        for end in ("-wal", "-shm"):
            Path(f"{target}{end}").unlink(missing_ok=True)
        shutil.copy(source, target)


@pytest.fixture
def call(capsys, room, monkeypatch):
    """Run the command, in the room; gives status, what was printed, and what was complained of."""
    monkeypatch.chdir(room)

    def run(*argv):
        capsys.readouterr()
        status = main([*map(str, argv)])
        return (status, *capsys.readouterr())

    return run


@pytest.fixture
def closing(call):
    """What `verify` ends in, and the failing checks with the parts that they accuse, their files and records."""

    def run(*argv):
        status, out, _ = call("verify", "decisions", *argv)
        assert status == 1
        rows = [json.loads(line) for line in call("verify", "decisions", "--json", *argv)[1].splitlines()]
        failing = {row["check"]: row for row in rows if row.get("result") == "FAILS" and row["type"] == "check"}
        return "decisions" + out.rpartition("\ndecisions")[2], failing

    return run


def change_line(heads, number, change):
    lines = heads.read_bytes().splitlines(keepends=True)
    lines[number] = change(lines[number])
    heads.write_bytes(b"".join(lines))


def other_root(line):
    name, size, root, *rest = json.loads(line).split("\n")
    other = base64.b64encode(bytes(32)).decode()
    assert other != root
    return (json.dumps("\n".join([name, size, other, *rest]), ensure_ascii=False) + "\n").encode()


def damage_disclosure(room, log, seq, name):
    with open_log(log) as opened:
        digest = opened.read(seq)["body"]["disclosures"][name]
    query(room / "decisions.vault", "UPDATE disclosures SET text = text || 'x' WHERE digest = ?", digest)


class TestEachPart:
    def test_a_changed_record_is_named_and_the_log_is_put_back(self, signed, room, closing, call):
        lines = lines_of(signed)
        lines[4] = lines[4].replace(b"T09:", b"T08:")
        write_lines(signed, lines)
        said, failing = closing()
        assert said.startswith("decisions is not as it was written. The first bad record is #4.\nKeep it as it is")
        assert RECORDS_DO in said
        assert failing["chain"]["parts"] == ["records"]
        assert failing["chain"]["offset"] == sum(len(line) + 1 for line in lines[:4])
        copy(room / "copy/decisions", signed)
        assert call("verify", "decisions")[0] == 0

    @pytest.mark.parametrize("damage", ["missing", "changed", "another"])
    def test_a_pack_is_put_back_alone_and_no_record_is_accused(self, signed, room, closing, call, damage):
        (pack,) = (signed / "packs").iterdir()
        {
            "missing": pack.unlink,
            "changed": lambda: pack.write_bytes(b"{}"),
            "another": lambda: pack.write_bytes(logs.make_pack(version="2")),
        }[damage]()
        said, failing = closing()
        assert said.startswith(
            f"decisions: {NO_RECORD} a pack is missing or was changed.\nMove a changed file out of decisions/packs, and `scoring append decisions PACK`"
        )
        assert RECORDS_DO not in said
        assert "first bad record" not in said
        assert {name: (row["parts"], row["record"], row["file"], row["offset"]) for name, row in failing.items()} == {
            "packs": (["packs"], 2, None, None)
        }
        if pack.exists():
            pack.rename(room / "changed")
        (room / "again.pack.json").write_bytes(RUBRIC.pack)
        assert call("append", "decisions", "again.pack.json")[0] == 0
        assert call("verify", "decisions")[0] == 0

    def test_a_vault_from_before_an_erasure_is_mended_by_opening_the_log(self, signed, room, closing, call):
        with open_log(signed, signer=KEY) as log:
            log.erase("case-3", reason="request")
        copy(room / "copy/decisions.vault", room / "decisions.vault")
        said, failing = closing()
        assert (
            said
            == f"decisions: {NO_RECORD} the vault still has what was erased.\nOpen the log once, as with `scoring status decisions`, which erases it again.\n"
        )
        assert {name: (row["parts"], row["file"]) for name, row in failing.items()} == {"erasures": (["erased"], None)}
        assert call("status", "decisions")[0] == 0
        assert call("verify", "decisions")[0] == 0
        with open_log(signed) as log:
            assert log.find("case-3") == []

    def test_a_changed_disclosure_is_the_vaults_matter_alone(self, signed, room, closing, call):
        damage_disclosure(room, signed, 4, "submission")
        said, failing = closing()
        assert said.startswith(
            f"decisions: {NO_RECORD} something in the vault was changed.\nKeep a copy of the vault, put it back from one"
        )
        assert "taken after the newest record, and leave the log alone" in said
        assert RECORDS_DO not in said
        assert {name: (row["parts"], row["record"], row["file"]) for name, row in failing.items()} == {
            "vault": (["vault"], 4, None)
        }
        copy(room / "copy/decisions.vault", room / "decisions.vault")
        assert call("verify", "decisions")[0] == 0

    def test_a_file_in_the_vaults_place_that_is_none(self, signed, room, closing):
        copy(signed / "heads", room / "decisions.vault")
        said, failing = closing()
        assert said.startswith(f"decisions: {NO_RECORD} the vault cannot be used.")
        assert RECORDS_DO not in said
        assert failing["vault"]["parts"] == ["vault as a whole"]

    @pytest.mark.parametrize("number", [0, -1])
    def test_a_garbled_line_of_heads_is_that_files_matter_alone(self, signed, room, closing, call, number):
        change_line(signed / "heads", number, lambda line: line[:5] + b"\x01" + line[6:])
        said, failing = closing()
        assert (
            said
            == f"decisions: {NO_RECORD} the file heads was changed.\nKeep a copy of the file heads, and put that file alone back from a copy of the log.\n"
        )
        assert {row["parts"][0] for row in failing.values()} == {"heads"}
        copy(room / "copy/decisions/heads", signed / "heads")
        assert call("verify", "decisions")[0] == 0

    def test_a_head_whose_root_was_altered_and_whose_signature_tells_is_that_files_matter_too(self, signed, closing):
        change_line(signed / "heads", -1, other_root)
        said, failing = closing()
        assert "put that file alone back" in said
        assert RECORDS_DO not in said
        assert {name: row["parts"] for name, row in failing.items()} == {"heads": ["heads"], "signatures": ["heads"]}

    def test_records_written_anew_below_a_head_that_the_key_signed_are_accused_and_not_the_heads(self, signed, closing):
        records = [json.loads(line) for line in lines_of(signed)]
        records[5]["time"] = records[4]["time"]
        write_lines(signed, rechain(records))
        said, failing = closing()
        assert said.startswith("decisions is not as it was written. The first bad record is #")
        assert RECORDS_DO in said
        assert failing["heads"]["parts"] == ["records"]

    def test_without_a_key_nothing_tells_which_of_records_and_heads_was_changed(self, path, closing):
        make_log(path, 6)
        with open_log(path) as log:
            log.checkpoint()
        records = [json.loads(line) for line in lines_of(path)]
        records[5]["time"] = records[4]["time"]
        write_lines(vault_forgets(path), rechain(records))
        said, failing = closing()
        assert said.startswith(
            "decisions is not as it was written.\nKeep it as it is: nothing tells whether its records"
        )
        assert failing["heads"]["parts"] == ["records or heads"]

    def test_without_the_extra_that_checks_signatures_neither_heads_nor_records_are_accused(
        self, signed, closing, monkeypatch
    ):
        change_line(signed / "heads", -1, other_root)
        monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
        said, failing = closing()
        assert "put both back from one copy" in said
        assert {name: row["parts"] for name, row in failing.items()} == {"heads": ["records or heads"]}

    def test_a_head_that_nobody_signed_in_a_log_with_a_key_leaves_open_what_was_changed(self, signed, closing):
        change_line(
            signed / "heads", -1, lambda line: (json.dumps(json.loads(line).split("\n\n")[0] + "\n") + "\n").encode()
        )
        said, failing = closing()
        assert "put both back from one copy" in said
        assert {name: row["parts"] for name, row in failing.items()} == {"signatures": ["records or heads"]}

    def test_a_case_that_is_cited_as_a_submission_is_the_records_matter_though_the_vault_tells(self, path, closing):
        make_log(path, 3)
        logs.drop_heads(path)
        records = [json.loads(line) for line in lines_of(path)]
        digests = records[3]["body"]["disclosures"]
        digests["submission"] = digests["case"]
        write_lines(path, rechain(records))
        said, failing = closing()
        assert said.startswith("decisions is not as it was written. The first bad record is #3.")
        assert failing["vault"]["parts"] == ["records"]

    def test_what_an_export_has_beside_its_log_is_made_anew_and_the_log_left_alone(self, signed, closing):
        (signed / "receipts").mkdir()
        (signed / "receipts/notes.txt").write_text("x")
        said, failing = closing()
        assert said.startswith(
            f"decisions: {NO_RECORD} what lies beside it, as in an export, does not fit it.\nMake the export anew"
        )
        assert failing["receipts"]["parts"] == ["beside the log"]

    def test_a_crash_tail_is_cut_by_opening_the_log_once(self, signed, closing, call):
        with logs.segment(signed).open("ab") as file:
            file.write(b'{"body":{"of')
        said, failing = closing()
        assert said.startswith(
            f"decisions: {NO_RECORD} its last line is unfinished: a write was cut off, or is going on"
        )
        assert "open it once, as with `scoring status decisions`" in said
        assert RECORDS_DO not in said
        assert {name: row["parts"] for name, row in failing.items()} == {"segments": ["tail"]}
        assert call("status", "decisions")[0] == 0
        assert call("verify", "decisions")[0] == 0
        assert json.loads(lines_of(signed)[-1])["type"] == "recovery"

    def test_a_record_below_the_head_that_was_cut_off_is_no_crash_tail(self, signed, closing):
        whole = logs.segment(signed).read_bytes()
        logs.segment(signed).write_bytes(whole[:-30])
        said, failing = closing()
        assert said.startswith("decisions is not as it was written.")
        assert failing["heads"]["parts"] == ["records"]
        assert "open it once" not in said
        assert RECORDS_DO in said

    def test_a_tail_without_heads_is_not_cut_before_heads_is_back(self, signed, closing):
        """Opening would take the last record, which was acknowledged and then cut, for what a crash left of one that was not."""
        (signed / "heads").unlink()
        whole = logs.segment(signed).read_bytes()
        logs.segment(signed).write_bytes(whole[:-30])
        said, _ = closing()
        first, second = said.rstrip("\n").split("\n")[1:]
        assert first.startswith("- no heads: put the file heads back from a copy")
        assert second.startswith(
            "- tail: when all else holds, if nobody is writing to it, keep a copy and open it once"
        )

    @pytest.mark.parametrize("after", [0, 1])
    def test_what_is_bad_behind_the_newest_head_may_be_a_crashs_doing(self, signed, closing, call, after):
        """A disk may write the sectors of a batch in any order: a line that is none, and perhaps whole records behind it."""
        with open_log(signed) as log:
            for number in range(6, 9 + after):
                log.decide(RUBRIC, submission(number))
        lines = lines_of(signed)
        lines[-1 - after] = lines[-1 - after][:-40] + b"\0" * 40
        write_lines(vault_forgets(signed), lines)
        shutil.rmtree(signed / "cache")
        bad = len(lines) - 1 - after
        said, failing = closing()
        assert said.startswith(
            f"decisions is not as it was written. The first bad record is #{bad}.\nNo head stands for what is bad: if the machine stopped"
        )
        assert {part for row in failing.values() for part in row["parts"]} == {"records behind the heads"}
        assert call("status", "decisions")[0] == 0
        assert call("verify", "decisions")[0] == 0

    def test_a_record_behind_the_newest_head_that_only_breaks_a_rule_is_no_crashs_doing(self, signed, closing):
        with open_log(signed) as log:
            log.decide(RUBRIC, submission(6))
            log.decide(RUBRIC, submission(7))
        records = [json.loads(line) for line in lines_of(signed)]
        records[-1]["body"]["id"] = "s-1"
        write_lines(vault_forgets(signed), rechain(records))
        said, failing = closing()
        assert said.startswith(
            f"decisions is not as it was written. The first bad record is #{len(records) - 1}.\nKeep it as it is"
        )
        assert failing["ids"]["parts"] == ["records"]

    def test_a_log_older_than_its_vault_is_looked_for_and_no_record_accused(self, signed, room, closing):
        with open_log(signed) as log:
            log.decide(RUBRIC, submission(9))
        copy(room / "copy/decisions", signed)
        said, failing = closing()
        assert f"{NO_RECORD} it is not the log that its vault was last written with.\nLook for the newest copy" in said
        assert {name: row["parts"] for name, row in failing.items()} == {"head": ["older log"]}

    def test_a_file_among_the_segments_that_is_none_is_moved_away(self, signed, closing, call):
        (signed / "log/notes.txt").write_text("x")
        said, failing = closing()
        assert (
            f"{NO_RECORD} a file lies among its segments that is none.\nMove the file that is named out of decisions/log"
            in said
        )
        assert failing["segments"]["parts"] == ["stray file"]
        (signed / "log/notes.txt").unlink()
        assert call("verify", "decisions")[0] == 0

    def test_a_log_that_does_not_extend_a_kept_head_names_no_bad_record(self, signed, room, closing):
        with open_log(signed, signer=KEY) as log:
            (room / "head").write_text(log.checkpoint())
            log.decide(RUBRIC, submission(9))
            (room / "newer").write_text(log.checkpoint())
        copy(room / "copy/decisions", vault_forgets(signed))
        said, failing = closing("--trusted-checkpoint", "newer")
        assert said.startswith(
            "decisions is not as it was written.\nKeep it as it is: its records were changed or cut off since"
        )
        assert {name: row["parts"] for name, row in failing.items()} == {"trusted": ["kept head"]}

    def test_a_trusted_checkpoint_with_a_broken_signature_accuses_no_record(self, signed, room, closing):
        with open_log(signed, signer=KEY) as log:
            text = log.checkpoint()
        broken = text.rstrip("\n")[:-8] + "AAAAAAA=\n"
        (room / "head").write_text(broken)
        said, failing = closing("--trusted-checkpoint", "head", "--key", KEY.verification_key)
        assert said.startswith(
            "decisions: nothing was found changed, but the checkpoint that was given has no signature"
        )
        assert failing["trusted"]["parts"] == ["unsigned checkpoint"]

    def test_several_parts_have_a_line_each_and_nothing_is_opened_before_the_rest_holds(self, signed, room, closing):
        with open_log(signed, signer=KEY) as log:
            log.erase("case-3", reason="request")
        copy(room / "copy/decisions.vault", room / "decisions.vault")
        lines = lines_of(signed)
        lines[4] = lines[4].replace(b"T09:", b"T08:")
        write_lines(signed, lines)
        (pack,) = (signed / "packs").iterdir()
        pack.unlink()
        said, _ = closing()
        head, *rest = said.rstrip("\n").split("\n")
        assert head == "decisions is not as it was written. The first bad record is #4."
        assert [line.split(":")[0] for line in rest] == ["- records", "- packs", "- erased"]
        assert rest[-1].startswith("- erased: when all else holds, open the log once")

    @pytest.mark.usefixtures("signed")
    def test_an_export_is_asked_for_anew_whatever_part_of_it_fails(self, room, call):
        assert call("export", "decisions", "-o", "out.zip", "--case", "case-1", "--packs")[0] == 0
        shutil.unpack_archive(room / "out.zip", room / "out")
        (pack,) = (room / "out/packs").iterdir()
        pack.write_bytes(b"{}")
        status, out, _ = call("verify", "out")
        assert status == 1
        assert out.endswith(
            "out is not as it was written.\nRely on nothing that it says: ask whoever gave it for another.\n"
        )


# An account that may not read the file, even where the tests run as one that may read everything.
AS_NOBODY = """
import contextlib, io, os, sys
from scoring.cli import main
call = ["verify", *sys.argv[1:]]
with contextlib.redirect_stdout(io.StringIO()):
    main(call)
if os.geteuid() == 0:
    os.seteuid(65534)
print("====")
print("status", main(call))
"""


@pytest.mark.parametrize("given", [[], ["--key", KEY.verification_key]])
def test_heads_that_cannot_be_read_are_told_of_once_and_are_not_said_to_be_missing(room, signed, given):
    room.chmod(0o755)
    (signed / "heads").chmod(0o600 if os.geteuid() == 0 else 0)
    command = [sys.executable, "-c", AS_NOBODY, str(signed), *given]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    out = done.stdout.split("====\n")[1]
    assert out.endswith("status 1\n")
    assert out.count("FAILS") == 1
    assert f"{signed}/heads cannot be read: Permission denied" in out
    assert "there is no file heads" not in out
    assert "put the file back" not in out
    assert "nothing was found changed, but the file heads cannot be read.\nLet this account read" in out
    assert not done.stderr


class TestStatus:
    def test_one_changed_disclosure_leaves_the_rest_to_be_seen(self, path, room, call):
        make_log(path, 3)
        with open_log(path) as log:
            for number in (3, 4):
                log.decide(RUBRIC, submission(number, deadline="rash"))
        damage_disclosure(room, path, 5, "case")
        status, out, err = call("status", "decisions")
        assert status == 1
        assert "#5 unreadable, #6 case-4" in out
        assert "5 cases" in out
        assert err.startswith(
            "scoring: record #5: the vault's disclosure of this case was changed; `scoring verify decisions` tells"
        )
        assert err.count("\n") == 1

    def test_machines_are_told_which_records(self, path, room, call):
        make_log(path, 1)
        with open_log(path) as log:
            log.decide(RUBRIC, submission(3, deadline="rash"))
        damage_disclosure(room, path, 3, "case")
        status, out, _ = call("status", "decisions", "--json")
        rows = [json.loads(line) for line in out.splitlines()]
        assert status == 1
        assert [row["records"] for row in rows if row["type"] == "unreadable"] == [[3]]
        assert [row["named"] for row in rows if row["type"] == "held"] == [[None], [None]]
        assert rows[-1]["type"] == "log"


def test_explain_names_the_record_that_does_not_follow_from_its_outcomes(path, call):
    make_log(path, 3)
    logs.drop_heads(path)
    records = [json.loads(line) for line in lines_of(path)]
    records[4]["body"]["decision"]["action"] = "review"
    write_lines(path, rechain(records))
    shutil.rmtree(path / "cache", ignore_errors=True)
    status, _, err = call("explain", "decisions", "#4")
    assert status == 1
    assert (
        err == "scoring: record #4: a recorded decision does not follow from its outcomes: action differs; run verify\n"
    )


class TestReceipts:
    SAID = "decision of 2026-11-21T09:"

    @pytest.mark.usefixtures("signed")
    def test_whoever_gives_and_whoever_checks_one_sees_which_decision_it_is_of(self, call):
        status, out, err = call("receipt", "decisions", "case-1", "-o", "r")
        assert (status, err) == (0, "")
        assert out.startswith(f"r: the receipt of record #4, {self.SAID}")
        assert out.endswith(", submission s-1, verdict strong, action advance\n")
        status, out, _ = call("verify", "r", "--key", KEY.verification_key)
        assert status == 0
        assert f"record #4: it fits the tables: {self.SAID}" in out
        assert "submission s-1, verdict strong, action advance" in out

    @pytest.mark.usefixtures("signed")
    def test_one_that_is_printed_is_told_of_beside_it(self, call):
        _, out, err = call("receipt", "decisions", "#4")
        assert out.startswith("c2sp.org/tlog-proof@v1\n")
        assert err.startswith(f"scoring: the receipt of record #4, {self.SAID}")

    def test_nothing_is_told_of_a_record_that_the_proof_does_not_lead_from(self, signed, room, call):
        call("receipt", "decisions", "#4", "-o", "r")
        (room / "line").write_bytes(lines_of(signed)[5] + b"\n")
        status, out, _ = call("verify", "r", "--record", "line")
        assert status == 1
        assert "submission s-" not in out

    def test_one_from_before_a_new_key_is_said_to_be_of_a_key_of_the_same_name(self, signed, call):
        call("receipt", "decisions", "case-1", "-o", "old")
        with open_log(signed, signer=[KEY, NEW]) as log:
            log.decide(RUBRIC, submission(7))
        status, out, _ = call("verify", "old", "--key", NEW.verification_key)
        assert status == 1
        said = "+".join(KEY.verification_key.split("+")[:2])
        assert (
            f"nothing is signed by the key that was given, but, as it says, by {said}: a key of the same name"
            in " ".join(out.split())
        )
        assert "old: nothing was found changed, but it is not signed by this key.\n" in out
        assert call("verify", "old", "--key", KEY.verification_key)[0] == 0


def test_an_export_without_packs_says_why_not_all_was_checked_and_what_to_ask_for(signed, room, call):
    assert call("export", "decisions", "-o", "out.zip")[0] == 0
    status, out, _ = call("verify", "out.zip")
    assert status == 3
    assert "the rubrics were left out of this export; ask whoever made it" in " ".join(out.split())
    shutil.unpack_archive(room / "out.zip", room / "out")
    readme = (room / "out/README.txt").read_text()
    assert "exit status 3" in readme
    assert "`scoring export --packs` puts them in" in readme
