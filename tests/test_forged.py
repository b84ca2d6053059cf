"""What a forger may do to an export, an archive, heads or records above a checkpoint: the package and audit/verify.py both refuse it."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import io
import json
import shutil
import sqlite3
import sys
import warnings
import zipfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

import logs
from logs import RUBRIC, lines_of, make_log, open_log, rechain, submission, write_lines
from scoring import canonical
from scoring.audit.given import verify_given
from scoring.audit.keys import SigningKey
from scoring.audit.report import FAILS
from scoring.audit.verify import verify_directory
from scoring.errors import LogError

AUDIT = Path(__file__).parent.parent / "audit"
VECTORS = AUDIT / "vectors"
CALLS = {entry["name"]: entry["call"] for entry in json.loads((VECTORS / "index.json").read_text(encoding="utf-8"))}
KEY = CALLS["export-whole"]["key"]
room, path = logs.room, logs.path


def script():
    spec = importlib.util.spec_from_file_location("audit_verify_forged", AUDIT / "verify.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def status_of(place, key=None):
    """The exit status of audit/verify.py."""
    kept, sys.argv = sys.argv, ["verify.py", str(place), *(["--key", key] if key else [])]
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            return script().main()
    except SystemExit as stopped:
        return stopped.code
    finally:
        sys.argv = kept


def both_hold(place, key=None, **options):
    """Whether it holds; both must say the same."""
    pytest.importorskip("cryptography", reason="signatures need the extra `sign`")
    ok = verify_given(place, key=key, **options).ok
    assert (status_of(place, key) in {0, 3}) == ok
    return ok


# --- archives ---


def files():
    base = VECTORS / "export-whole"
    return [(str(file.relative_to(base)), file.read_bytes()) for file in sorted(base.rglob("*")) if file.is_file()]


def inside(folder):
    return [(f"{folder}/{name}", data) for name, data in files()]


ARCHIVES = {
    "only heads outside of the folder": [
        *(one for one in inside("a") if one[0] != "a/heads"),
        *(one for one in files() if one[0] == "heads"),
    ],
    "heads inside and outside of the folder": [*inside("a"), ("heads", b"")],
    "another folder beside the folder": [*inside("a"), ("b/heads", b"")],
    "a file among the segments": [*files(), ("log/other.txt", b"x")],
    "a segment in capitals": [*files(), ("log/000000065536.JSONL", b"x")],
    "a folder among the segments": [*files(), ("log/deep/000000065536.jsonl", b"x")],
    "an empty folder called as a segment": [*files(), ("log/000000065536.jsonl/", b"")],
    "a file among the receipts": [*files(), ("receipts/zzz.txt", b"x")],
    "a file among the disclosures": [*files(), ("disclosures/zzz.pdf", b"x")],
    "names that begin with a dot": [(f"./{name}", data) for name, data in files()],
    "the same name in capitals": [*files(), ("HEADS", b"x")],
    "a folder called as a file": [*files(), ("heads/", b"")],
    "a file in a file": [*files(), ("heads/x", b"x")],
}


def packed(target, entries):
    with zipfile.ZipFile(target, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, data in entries:
            archive.writestr(name, data)
    return target


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_that_could_be_read_in_two_ways_is_refused(tmp_path, name):
    assert not both_hold(packed(tmp_path / "x.zip", ARCHIVES[name]), KEY)


@pytest.mark.parametrize("entries", [files(), inside("a"), [("a/", b""), ("a/log/", b""), *inside("a")]], ids=len)
def test_an_honest_one_is_taken(tmp_path, entries):
    assert both_hold(packed(tmp_path / "x.zip", entries), KEY)


# --- heads, receipts ---


def with_heads(tmp_path, name, change):
    place = tmp_path / "log"
    shutil.copytree(VECTORS / name, place)
    notes = [canonical.loads(line) for line in (place / "heads").read_bytes().splitlines()]
    (place / "heads").write_bytes(b"".join(canonical.dumps(note) + b"\n" for note in change(notes)))
    return place


def other_seal(line):
    """A signature line whose last byte but its padding's is another."""
    return line[:20] + line[20:].swapcase()


def altered(notes):
    """The second of two same-size notes, with the log's own signature altered and one more that nobody knows."""
    first, second = notes
    text, _, seals = second.partition("\n\n")
    own, *more = seals.splitlines()
    stranger = "\u2014 stranger.example AAAAAAAA"
    return [first, f"{text}\n\n" + "".join(f"{line}\n" for line in (other_seal(own), *more, stranger))]


def doubled(notes):
    """The first of two same-size notes with its signature line twice: it is one signature, and the second has one more."""
    return [notes[0] + notes[0].splitlines(keepends=True)[-1], notes[1]]


def test_a_head_of_the_same_size_has_all_signatures_of_the_one_before_it(tmp_path):
    assert not both_hold(with_heads(tmp_path, "good-cosigned", altered), CALLS["good-cosigned"]["key"], vault=False)


def test_a_signature_that_another_takes_the_place_of_is_missed(tmp_path):
    """As many signatures, and other ones."""
    swapped = with_heads(tmp_path, "good-cosigned", lambda notes: [notes[1], notes[1].replace("witness", "witless")])
    assert not both_hold(swapped, vault=False)


def test_a_signature_twice_is_one_signature(tmp_path):
    assert both_hold(with_heads(tmp_path, "good-cosigned", doubled), CALLS["good-cosigned"]["key"], vault=False)


def test_a_head_of_nothing_is_of_this_log(tmp_path):
    def renamed(notes):
        return [notes[0].replace("vectors.example", "another.example"), *notes[1:]]

    assert not both_hold(with_heads(tmp_path, "good-head-of-nothing", renamed), vault=False)


def test_a_receipt_without_its_record_still_has_to_be_signed(tmp_path):
    receipt = VECTORS / CALLS["receipt-without-its-record"]["path"]
    stranger = CALLS["key-recorded-and-never-used"]["key"]
    data = receipt.read_bytes()
    place = tmp_path / "receipt.tlog-proof"
    place.write_bytes(data.rsplit(b"\n\n", 1)[0] + b"\n")
    assert not both_hold(place, stranger)
    place.write_bytes(data)
    assert both_hold(place, stranger)
    assert status_of(place, stranger) == 3


# --- an export, of what was erased ---


@pytest.mark.parametrize("later", [False, True])
def test_what_was_erased_is_gone_whoever_else_cites_it(path, tmp_path, later):
    """The case's submission is cited by a later decision of another case, before or behind the erasure."""
    make_log(path, 3)
    records = [*map(json.loads, lines_of(path))]
    first = next(record for record in records if record["type"] == "decision")
    last = records[-1]
    told = first["body"]["disclosures"]
    again = {**last["body"], "id": "again", "supersedes": last["seq"]}
    again["disclosures"] = {**last["body"]["disclosures"], "submission": told["submission"]}
    more = [
        {**last, "type": "erasure", "body": {"case": told["case"], "reason": "asked"}},
        {**last, "body": again},
    ]
    place = tmp_path / "export"
    shutil.copytree(path / "log", place / "log")
    shutil.copytree(path / "packs", place / "packs")
    (place / "disclosures").mkdir()
    text = logs_text(path, told["submission"])
    assert hashlib.sha256(text).hexdigest() == told["submission"]
    (place / "disclosures" / f"{told['submission']}.txt").write_bytes(text)
    assert both_hold(place)
    write_lines(place, rechain([*records, *(more if later else more[::-1])]))
    assert not both_hold(place)
    assert verify_given(place)["disclosures"].result == FAILS


def logs_text(path, digest):
    with sqlite3.connect(path.with_name(f"{path.name}.vault")) as database:
        (text,) = database.execute("SELECT text FROM disclosures WHERE digest = ?", (digest,)).fetchone()
    database.close()
    return text.encode()


# --- records above a checkpoint ---


@pytest.fixture
def kept(path):
    """A log, and the checkpoint of all but its newest four decisions."""
    with open_log(path, create=True, origin="forged") as log:
        for number in range(6):
            log.decide(RUBRIC, submission(number))
        checkpoint = log.checkpoint()
        for number in range(6, 10):
            log.decide(RUBRIC, submission(number))
    return checkpoint


def since(path, kept, change, **options):
    records = [*map(json.loads, lines_of(path))]
    change(records)
    write_lines(path, rechain(records))
    (path / "heads").unlink(missing_ok=True)
    return verify_directory(path, since=kept, **{"vault": False, **options})


def test_of_an_honest_log_nothing_fails_since(path, kept):
    report = since(path, kept, lambda _: None)
    assert report.ok
    assert "with each other" in report["ids"].detail


def test_an_id_twice_above_it(path, kept):
    def twice(records):
        records[-1]["body"]["id"] = records[-2]["body"]["id"]

    assert since(path, kept, twice)["ids"].result == FAILS


@pytest.mark.parametrize("wrong", [None, 3, -2])
def test_a_wrong_supersedes_above_it(path, kept, wrong):
    """The second decision of a case, both above, that supersedes nothing, one below, or another case's above."""

    def again(records):
        body = {**records[-1]["body"], "id": "again", "supersedes": wrong if wrong != -2 else len(records) - 2}
        records.append({**records[-1], "body": body})

    assert since(path, kept, again)["supersedes"].result == FAILS


def test_the_first_above_it_supersedes_what_is_below(path, kept):
    def below(records):
        first = next(record for record in records if record["type"] == "decision")
        records.append({**first, "body": {**first["body"], "id": "again", "supersedes": first["seq"]}})

    assert since(path, kept, below).ok


def test_a_record_of_a_case_that_was_erased_above_it(path, kept):
    def on(records):
        last = records[-1]
        case = last["body"]["disclosures"]["case"]
        records.append({**last, "type": "erasure", "body": {"case": case, "reason": "asked"}})
        records.append({**last, "body": {**last["body"], "id": "again", "supersedes": last["seq"]}})

    assert since(path, kept, on)["erasures"].result == FAILS


def test_a_vault_put_back_after_an_erasure_above_it(path, kept):
    """The case's records lie below the checkpoint, and only its erasure above."""
    vault = path.with_name(f"{path.name}.vault")
    copy = vault.with_name("copy")
    shutil.copyfile(vault, copy)
    with open_log(path) as log:
        log.erase(submission(0)["case"], reason="asked")
    assert verify_directory(path, since=kept)["erasures"].result != FAILS
    for name in (vault.name, f"{vault.name}-wal", f"{vault.name}-shm"):
        vault.with_name(name).unlink(missing_ok=True)
    shutil.copyfile(copy, vault)
    report = verify_directory(path, since=kept)
    assert report["erasures"].result == verify_directory(path)["erasures"].result == FAILS
    assert "put back from a copy" in report["erasures"].detail


# --- a log with a key ---


SIGNER = SigningKey("forged.example/log", bytes(32))


def test_a_log_with_a_key_whose_heads_are_gone_is_not_signed_anew(path):
    """Whoever took them away may have changed what they stood for."""
    pytest.importorskip("cryptography", reason="signatures need the extra `sign`")
    with open_log(path, create=True, signer=SIGNER) as log:
        log.publish(RUBRIC)
        log.append([logs.entry(number) for number in range(253)])
    heads = (path / "heads").read_bytes()
    kept = canonical.loads(heads.splitlines()[-1])
    (path / "heads").unlink()
    with pytest.raises(
        LogError, match="Put the file back from a copy; or give a head that was kept elsewhere"
    ) as raised:
        open_log(path, signer=SIGNER)
    assert not (path / "heads").exists()
    (path / "heads").write_bytes(b"")
    with pytest.raises(LogError, match="missing or empty"):
        open_log(path, signer=SIGNER)
    with open_log(path, signer=SIGNER, trusted=kept) as log:
        log.checkpoint()
    assert verify_directory(path, vault=False, key=SIGNER.verification_key).ok
    (path / "heads").unlink()
    nothing = ast.literal_eval(raised.value.message.split("trusted=")[-1])
    with open_log(path, signer=SIGNER, trusted=nothing) as log:
        log.checkpoint()
    assert verify_directory(path, vault=False, key=SIGNER.verification_key).ok


@pytest.mark.parametrize("count", [0, 1, 252])
def test_a_short_one_neither(path, count):
    """It had a head before its third record."""
    pytest.importorskip("cryptography", reason="signatures need the extra `sign`")
    with open_log(path, create=True, signer=SIGNER) as log:
        log.publish(RUBRIC)
        log.append([logs.entry(number) for number in range(count)])
    (path / "heads").unlink()
    with pytest.raises(LogError, match="missing or empty"):
        open_log(path, signer=SIGNER)
    assert not (path / "heads").exists()


def test_a_log_that_a_crash_left_without_its_first_head_opens(path):
    """Record 0 and the key come together; the head comes next."""
    pytest.importorskip("cryptography", reason="signatures need the extra `sign`")
    open_log(path, create=True, signer=SIGNER).close()
    (path / "heads").unlink()
    open_log(path, signer=SIGNER).close()
    assert verify_directory(path, key=SIGNER.verification_key).ok


@pytest.mark.parametrize(("count", "remarked"), [(512, False), (513, True)])
def test_many_records_behind_the_newest_head_are_remarked_upon(path, count, remarked):
    """By anybody, for the chain needs no key."""
    pytest.importorskip("cryptography", reason="signatures need the extra `sign`")
    make_log(path, 1, signer=SIGNER)
    records = [*map(json.loads, lines_of(path))]
    decision = records[-1]
    for number in range(count):
        cited = {name: hashlib.sha256(f"{name} {number}".encode()).hexdigest() for name in ("case", "submission")}
        records.append({**decision, "body": {**decision["body"], "disclosures": cited, "id": f"added-{number}"}})
    heads = (path / "heads").read_bytes()
    write_lines(path, rechain(records))
    (path / "heads").write_bytes(heads)
    report = verify_directory(path, vault=False)
    assert report.ok
    assert any(finding.check == "behind" for finding in report.findings) == remarked
    kept, sys.argv = sys.argv, ["verify.py", str(path)]
    out = io.StringIO()
    try:
        with redirect_stdout(out):
            assert script().main() == 0
    finally:
        sys.argv = kept
    assert ("REMARK heads" in out.getvalue()) == remarked
