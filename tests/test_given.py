"""Whatever somebody was given is told apart and checked: exports packed and unpacked, tiles, receipts, checkpoints; and what is made to do harm is refused."""

from __future__ import annotations

import io
import struct
import tempfile
import zipfile
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st

import logs
from logs import make_log, open_log
from scoring.audit.archive import unpack
from scoring.audit.export import export
from scoring.audit.given import ARCHIVE, CHECKPOINT, LOG, RECEIPT, TILES, kind_of_given, verify_given
from scoring.audit.keys import SigningKey
from scoring.audit.tiles import into, write_tiles
from scoring.cli import main
from scoring.errors import LogError

pytest.importorskip("cryptography", reason="signing needs the extra `sign`")

room, path = logs.room, logs.path
KEY = SigningKey("given.example", bytes(32))
OTHER = SigningKey("given.example", b"\x01" * 32)


@pytest.fixture
def given(path, room):
    """A signed log of three cases, and everything that can be given away of it."""
    make_log(path, 3, signer=KEY)
    with open_log(path, signer=KEY) as log, (room / "out.zip").open("wb") as stream:
        export(log, stream, ("case-0", "case-1"), packs=True, tiles=True)
        (room / "head").write_text(log.checkpoint())
        (room / "receipt").write_text(log.receipt(3))
        (room / "line").write_bytes(logs.segment(path).read_bytes().splitlines()[3])
        write_tiles((line for _, line in log.records()), log.checkpoint().encode(), into(room / "tiles"))
    with zipfile.ZipFile(room / "out.zip") as archive:
        archive.extractall(room / "out")
    return room


def of(place, **options):
    return verify_given(place, **{"key": KEY.verification_key, **options})


KINDS = {"log": LOG, "out.zip": ARCHIVE, "out": LOG, "tiles": TILES, "receipt": RECEIPT, "head": CHECKPOINT}


class TestKinds:
    def test_each_is_told_apart_and_holds(self, given, path):
        path.rename(given / "log")
        for name, kind in KINDS.items():
            assert kind_of_given(given / name) == kind
            options = {"vault": False} if name == "log" else {}
            if name == "receipt":
                options["record"] = (given / "line").read_bytes()
            report = of(given / name, **options)
            assert report.ok, report
            assert report.findings

    def test_each_fails_a_verifier_with_another_key(self, given, path):
        path.rename(given / "log")
        for name in KINDS:
            options = {"record": (given / "line").read_bytes()} if name == "receipt" else {}
            assert not of(given / name, key=OTHER.verification_key, **options).ok, name

    def test_what_is_none_of_them_is_an_error(self, room):
        (room / "text").write_text("hello")
        (room / "empty").mkdir()
        for name in ("text", "empty"):
            assert kind_of_given(room / name) is None
            with pytest.raises(LogError, match="no log, no export, no tiles, no receipt and no checkpoint"):
                verify_given(room / name)

    def test_an_export_in_one_folder_is_found_in_it(self, given):
        (given / "nest").mkdir()
        (given / "out").rename(given / "nest/out")
        assert of(given / "nest").ok

    def test_a_checkpoint_is_compared_with_one_that_was_kept(self, given, path):
        with open_log(path, signer=KEY) as log:
            log.decide(logs.RUBRIC, logs.submission(7))
            (given / "later").write_text(log.checkpoint())
        kept = (given / "head").read_bytes()
        assert of(given / "head", trusted=kept).ok
        other = of(given / "later", trusted=kept)
        assert other.ok
        assert not other.complete
        forged = kept.decode().replace("given.example\n", "other.example\n", 1).encode()
        assert not of(given / "head", trusted=forged).ok


def changed(directory, name, old=None, new=None):
    file = directory / name
    data = file.read_bytes()
    file.write_bytes(data.replace(old, new, 1) if old else bytes((data[0] ^ 1,)) + data[1:])


BEGINNINGS = (b"", b"PK\x03\x04", b"PK\x05\x06", b"c2sp.org/tlog-proof@v1\n", b"given.example\n1\n")


@hypothesis.given(st.sampled_from(BEGINNINGS), st.binary(max_size=300), st.none() | st.binary(max_size=50))
def test_any_bytes_end_in_a_report_that_does_not_hold_or_in_an_error_that_says_what_is_expected(begin, data, record):
    with tempfile.TemporaryDirectory() as name:
        file = Path(name, "given")
        file.write_bytes(begin + data)
        kind = kind_of_given(file)
        if kind is None:
            with pytest.raises(LogError, match="no receipt and no checkpoint"):
                of(file, record=record)
        else:
            assert not of(file, record=record).ok


class TestExports:
    def test_every_file_that_is_vouched_for_is_missed_when_a_bit_of_it_is_altered(self, given):
        """Log, heads, packs, receipts, disclosures, tiles. Pages, README and FORMAT.md are for people: nothing vouches for them, and the report says so."""
        out = given / "out"
        files = sorted(file for file in out.rglob("*") if file.is_file())
        checked = [
            file
            for file in files
            if file.relative_to(out).parts[0] in {"log", "heads", "packs", "receipts", "disclosures", "tiles"}
        ]
        assert {file.relative_to(out).parts[0] for file in checked} == {
            "log",
            "heads",
            "packs",
            "receipts",
            "disclosures",
            "tiles",
        }
        for file in checked:
            good = file.read_bytes()
            file.write_bytes(good[:-2] + bytes((good[-2] ^ 1,)) + good[-1:])
            assert not of(out).ok, file
            file.write_bytes(good)
        assert any("nothing vouches" in line for line in of(out).cannot_show)
        assert of(out).ok

    def test_a_program_that_is_not_ours_is_remarked_upon(self, given):
        changed(given / "out", "verify.py")
        found = [finding for finding in of(given / "out").findings if finding.check == "programs"]
        assert [finding.result for finding in found] == ["REMARK"]
        assert "verify.py is not the one of this package" in found[0].detail

    @pytest.mark.usefixtures("given")
    def test_an_empty_folder_does_not_keep_a_log_s_vault_from_being_checked(self, path, capsys):
        (path / "receipts").mkdir()
        kept = next(finding for finding in of(path).findings if finding.check == "vault")
        assert kept.result == "HOLDS"
        assert main(["verify", str(path), "--json"]) == 0
        assert '"check":"vault","result":"HOLDS"' in capsys.readouterr().out

    def test_strange_files_beside_it_are_none_of_its_kind(self, given):
        (given / "out/receipts/readme.md").write_text("x")
        assert not of(given / "out").ok

    def test_the_command_says_so_too(self, given, capsys):
        assert main(["verify", str(given / "out.zip"), "--key", KEY.verification_key]) == 0
        said = capsys.readouterr().out
        assert "HOLDS       receipts" in said
        assert "HOLDS       disclosures" in said
        changed(given / "out", "tiles/tile/0/000.p/6")
        assert main(["verify", str(given / "out"), "--key", KEY.verification_key]) == 1
        assert "is not as it was written" in capsys.readouterr().out
        assert main(["verify", str(given / "out.zip"), "--vault", "x"]) == 2
        assert "--vault is of no use here: this is an export" in capsys.readouterr().err
        assert main(["verify", str(given / "head"), "--fast"]) == 2


def packed(*entries, compression=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, data in entries:
            info = zipfile.ZipInfo(name)
            info.compress_type = compression
            archive.writestr(info, data)
    return stream.getvalue()


LINE = b'{"seq":0}\n'
SEGMENT = ("log/000000000000.jsonl", LINE)


class TestArchives:
    """A ZIP from a stranger writes nowhere but where it is told to, and takes no more room than its length warrants."""

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (packed(SEGMENT, ("../evil", b"x")), "leads out of it"),
            (packed(SEGMENT, ("/evil", b"x")), "leads out of it"),
            (packed(SEGMENT, ("log/../../evil", b"x")), "leads out of it"),
            (packed(SEGMENT, ("log\\evil", b"x")), "leads out of it"),
            (packed(SEGMENT, ("c:evil", b"x")), "leads out of it"),
            (packed(SEGMENT, ("log//evil", b"x")), "leads out of it"),
            (packed(SEGMENT, ("x" * 300, b"x")), "leads out of it"),
            (packed(SEGMENT, ("HEADS", b"x"), ("heads", b"y")), "a name twice"),
            (
                packed(("log/000000000000.jsonl", bytes(50_000_000)), compression=zipfile.ZIP_DEFLATED),
                "far more than its length allows",
            ),
            (packed(SEGMENT, ("README.txt", bytes(5_000_000))), "longer than any file of its kind"),
            (packed(SEGMENT, ("heads", b"x" * 100), compression=zipfile.ZIP_LZMA), "packed in a way"),
            (packed(("README.txt", b"x")), "holds no log"),
            (packed(), "holds no log"),
            (packed(SEGMENT)[:-30], "does not end as a ZIP does"),
            (packed(SEGMENT).replace(LINE, b"{}" * 5), "is damaged"),
            (b"PK\x03\x04" + bytes(100), "does not end as a ZIP does"),
        ],
        ids=range(16),
    )
    def test_what_no_export_is_fails_and_leaves_nothing_outside(self, room, data, said):
        (room / "bad.zip").write_bytes(data)
        before = {*room.iterdir()}
        report = verify_given(room / "bad.zip")
        assert not report.ok
        assert said in str(report)
        assert {*room.iterdir()} == before

    def test_an_archive_that_lacks_any_one_byte_fails_and_is_never_an_error(self, room):
        good = packed(SEGMENT, ("heads", b"x"))
        for at in range(len(good)):
            (room / "bad.zip").write_bytes(good[:at] + good[at + 1 :])
            if kind_of_given(room / "bad.zip") == ARCHIVE:
                assert "archive" in [finding.check for finding in verify_given(room / "bad.zip").findings], at

    def test_a_table_of_contents_that_would_fill_the_memory_is_not_read(self, room):
        data = bytearray(packed(SEGMENT))
        struct.pack_into("<I", data, len(data) - 10, 100 << 20)
        (room / "bad.zip").write_bytes(data)
        assert "table of contents is too long" in str(verify_given(room / "bad.zip"))

    def test_an_archive_of_very_many_files_says_its_size_elsewhere_and_is_read_all_the_same(self, room):
        """Beyond 65,535 files a ZIP ends in a larger record, which counts then: a lie in it is found too."""
        data = packed(SEGMENT, *((f"x{number}", b"") for number in range(66_000)))
        (room / "many.zip").write_bytes(data)
        (room / "target").mkdir()
        assert unpack(room / "many.zip", room / "target") == 66_000
        at = data.rindex(b"PK\x06\x06")
        for bad in (
            data[: at + 40] + struct.pack("<Q", 1 << 40) + data[at + 48 :],
            data[:at] + b"PK\x00\x00" + data[at + 4 :],
        ):
            (room / "bad.zip").write_bytes(bad)
            assert not verify_given(room / "bad.zip").ok

    def test_an_encrypted_file_is_refused(self, room):
        data = bytearray(packed(SEGMENT))
        at = data.index(b"PK\x01\x02")
        data[at + 8] |= 1
        data[6] |= 1
        (room / "bad.zip").write_bytes(data)
        assert "encrypted" in str(verify_given(room / "bad.zip"))

    def test_a_file_that_no_export_has_is_left_out_and_counted(self, room):
        (room / "more.zip").write_bytes(
            packed(SEGMENT, (".DS_Store", b"x"), ("notes.txt", b"x"), ("more/b.jsonl", b"x"))
        )
        (room / "target").mkdir()
        assert unpack(room / "more.zip", room / "target") == 3
        assert [
            str(file.relative_to(room / "target")) for file in sorted((room / "target").rglob("*")) if file.is_file()
        ] == [SEGMENT[0]]

    def test_deflated_is_as_good_as_stored(self, given):
        entries = [
            (str(file.relative_to(given / "out")), file.read_bytes())
            for file in sorted((given / "out").rglob("*"))
            if file.is_file()
        ]
        (given / "again.zip").write_bytes(packed(*entries, compression=zipfile.ZIP_DEFLATED))
        assert of(given / "again.zip").ok
