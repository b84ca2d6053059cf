"""The few file operations whose order makes a record durable."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

import logs
from scoring.audit import disk

room = pytest.fixture(logs.in_memory)


class TestSync:
    """What is not Linux cannot run here: which call would be made is what can be shown."""

    @pytest.fixture
    def calls(self, monkeypatch):
        made = []
        for name in ("fdatasync", "fsync"):
            monkeypatch.setattr(disk.os, name, lambda _, name=name: made.append(name))
        return made

    def test_linux(self, calls):
        disk.sync(1)
        assert calls == ["fdatasync"]

    def test_macos_empties_the_drives_cache_too(self, calls, monkeypatch):
        fake = SimpleNamespace(F_FULLFSYNC=51, fcntl=lambda _, command: calls.append(command))
        monkeypatch.setattr(disk, "fcntl", fake)
        disk.sync(1)
        assert calls == [51]

    def test_without_fdatasync(self, calls, monkeypatch):
        monkeypatch.delattr(disk.os, "fdatasync")
        disk.sync(1)
        assert calls == ["fsync"]


class TestFiles:
    def test_directories_are_made_with_those_above_them(self, room):
        disk.make_directory(str(room / "a" / "b" / "c"))
        disk.make_directory(str(room / "a" / "b" / "c"))
        assert (room / "a" / "b" / "c").is_dir()

    def test_a_file_in_the_way_is_an_error(self, room):
        (room / "a").touch()
        with pytest.raises(OSError, match="exists"):
            disk.make_directory(str(room / "a"))

    def test_a_file_is_created_whole(self, room):
        disk.create(str(room / "f"), b"all of it")
        assert ((room / "f").read_bytes(), logs.names(room)) == (b"all of it", ["f"])

    def test_cutting_leaves_so_much_or_no_file(self, room):
        (room / "f").write_bytes(b"0123456789")
        disk.cut(str(room / "f"), 4)
        assert (room / "f").read_bytes() == b"0123"
        disk.cut(str(room / "f"), 0)
        disk.cut(str(room / "f"), 0)
        assert logs.names(room) == []

    def test_however_little_is_written_at_once_all_is(self, room, monkeypatch):
        real = os.write
        monkeypatch.setattr(disk.os, "write", lambda fd, data: real(fd, data[:3]))
        with (room / "f").open("wb", buffering=0) as file:
            disk.write_all(file.fileno(), b"0123456789")
        assert (room / "f").read_bytes() == b"0123456789"
