"""File systems that several machines share are refused, with the reason; the kernel's own table says which these are."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import logs
from logs import RUBRIC, make_log, open_log, submission
from scoring.audit import mounts
from scoring.audit.mounts import refusal
from scoring.errors import StoreError

room, path = logs.room, logs.path


def table(*rows):
    """As proc(5) gives it; each row: device, mount point, type, and an optional field or none."""
    lines = [
        f"{number} 1 {device} / {point} rw,relatime{optional} - {kind} source rw,opts=a-b"
        for number, (device, point, kind, optional) in enumerate(rows, 30)
    ]
    return "\n".join(lines).encode() + b"\n"


def device_of(path):
    device = path.stat().st_dev
    return f"{os.major(device)}:{os.minor(device)}"


class TestByDevice:
    @pytest.mark.parametrize(
        "kind",
        ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "lustre", "afs", "fuse.sshfs", "fuse.glusterfs", "virtiofs"],
    )
    def test_shared_ones_are_refused_by_name(self, room, kind):
        rows = [("254:0", "/", "ext4", ""), (device_of(room), str(room), kind, " shared:7 master:1")]
        said = refusal(str(room), table(*rows))
        assert f"({kind})" in said
        assert "on a disk of this machine" in said

    @pytest.mark.parametrize(
        "kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "f2fs", "fuseblk", "fuse.gocryptfs"]
    )
    def test_those_of_one_machine_are_not(self, room, kind):
        assert not refusal(str(room), table((device_of(room), str(room), kind, ""), ("0:99", "/", "nfs", "")))

    def test_what_is_not_there_yet_lies_where_its_directory_does(self, room):
        rows = table((device_of(room), str(room), "nfs4", ""))
        assert "nfs4" in refusal(str(room / "a" / "b"), rows)

    def test_a_link_lies_where_it_points_to(self, room, tmp_path):
        (tmp_path / "link").symlink_to(room)
        rows = table((device_of(room), str(room), "nfs4", ""))
        assert "nfs4" in refusal(str(tmp_path / "link" / "log"), rows)


class TestByPlace:
    """A volume within a volume has a number that no mount bears: then the innermost mount above counts."""

    def test_the_innermost(self, room):
        place = room / "a b" / "log"
        place.mkdir(parents=True)
        inner = str(room / "a b").replace(" ", r"\040")
        rows = [("0:901", "/", "ext4", ""), ("0:902", str(room), "btrfs", ""), ("0:903", inner, "cifs", "")]
        assert "(cifs)" in refusal(str(place), table(*rows))
        assert "(cifs)" in refusal(str(place), table(*reversed(rows)))
        assert not refusal(str(room), table(*rows))

    def test_a_name_that_begins_alike_is_another(self, room):
        (room / "ab").mkdir()
        assert not refusal(str(room / "ab"), table(("0:901", "/", "ext4", ""), ("0:902", str(room / "a"), "nfs", "")))


class TestTables:
    @pytest.mark.parametrize(
        "rows", [b"", b"\n\n", b"30 1 0:9 /", b"30 1 0:9 / / rw -", b"\xff\xfe - \xff", b"a b c d e f - "]
    )
    def test_what_says_nothing_refuses_nothing(self, room, rows):
        assert not refusal(str(room), rows)

    def test_where_the_kernel_has_none(self, room, monkeypatch):
        monkeypatch.setattr(mounts, "MOUNTINFO", str(room / "missing"))
        assert not refusal(str(room))

    def test_that_of_this_machine_knows_this_place_as_findmnt_does(self, room):
        """util-linux reads the same table by itself."""
        if shutil.which("findmnt") is None or not Path(mounts.MOUNTINFO).exists():
            pytest.skip("findmnt is not installed, or this kernel has no mountinfo")
        kind = subprocess.run(
            ["findmnt", "-no", "FSTYPE", "-T", str(room)], capture_output=True, text=True, check=True
        ).stdout.split()[-1]
        found = mounts._kind_of(os.fsencode(room), room.stat().st_dev, Path(mounts.MOUNTINFO).read_bytes())
        assert found == kind
        assert not refusal(str(room)), "else these tests could not run"


class TestLogs:
    @pytest.fixture
    def shared(self, room, monkeypatch):
        """From now on this place is an NFS."""

        def share():
            file = room / "mountinfo"
            file.write_bytes(table((device_of(room), str(room), "nfs4", "")))
            monkeypatch.setattr(mounts, "MOUNTINFO", str(file))

        return share

    def test_none_is_made_there(self, path, shared):
        shared()
        with pytest.raises(StoreError, match=r"other machines may write to \(nfs4\)"):
            open_log(path, create=True)
        assert not (path / "log").exists()

    def test_one_that_is_there_can_be_read_and_verified_and_not_appended_to(self, path, shared):
        make_log(path, 3)
        before = (path / "log" / "000000000000.jsonl").read_bytes()
        shared()
        with open_log(path) as log:
            assert log.read(2)["type"] == "decision"
            assert log.verify().ok
            with pytest.raises(StoreError, match=r"\(nfs4\)"):
                log.decide(RUBRIC, submission(9))
            assert "(nfs4)" in log.no_heads
        assert (path / "log" / "000000000000.jsonl").read_bytes() == before

    def test_a_vault_there_is_refused_too(self, path, tmp_path, monkeypatch):
        if tmp_path.stat().st_dev == path.parent.stat().st_dev:
            pytest.skip("both places lie on one file system here")
        file = tmp_path / "mountinfo"
        file.write_bytes(table((device_of(path.parent), "/x", "tmpfs", ""), (device_of(tmp_path), "/y", "nfs4", "")))
        monkeypatch.setattr(mounts, "MOUNTINFO", str(file))
        with pytest.raises(StoreError, match=r"\(nfs4\)"):
            open_log(path, create=True, vault=tmp_path / "vault")
        assert not (tmp_path / "vault").exists()
