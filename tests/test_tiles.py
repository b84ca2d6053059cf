"""Tiles: the layout of C2SP tlog-tiles, written, read back, checked, and spoiled file by file."""

from __future__ import annotations

import os
from hashlib import sha256

import pytest

from scoring import canonical
from scoring.audit import checkpoint, proof, tiles, tree
from scoring.audit.chain import MAX_LINE
from scoring.audit.checkpoint import Head
from scoring.audit.keys import SigningKey, VerificationKey
from scoring.audit.tiles import TileReader, tile_path
from scoring.audit.tree import Subtrees, leaf_hash
from scoring.errors import LogError, StoreError

SIGNER = SigningKey("log.example/a", bytes(32))
KEY = VerificationKey.parse(SIGNER.verification_key)


def lines_of(size):
    return [canonical.dumps({"seq": seq}) for seq in range(size)]


def head_of(lines, *signers):
    return checkpoint.write(Head("log.example/a", len(lines), Subtrees(map(leaf_hash, lines)).tree.root()), *signers)


def export(lines, head=None):
    files = {}

    def write(path, data):
        assert path not in files, "every path once"
        files[path] = data

    tiles.write_tiles(iter(lines), head or head_of(lines, SIGNER), write)
    return files


def reading(files):
    def read(path):
        if path not in files:
            raise LogError(f"{path} is missing")
        return files[path]

    return read


class TestPaths:
    """C2SP tlog-tiles, "Merkle Tree" and "Log entries"."""

    @pytest.mark.parametrize(
        ("arguments", "path"),
        [
            (
                (0, 1234067),
                "tile/0/x001/x234/067",
            ),  # the format's own example: "index 1234067 will be encoded as x001/x234/067"
            ((0, 0), "tile/0/000"),
            ((0, 999), "tile/0/999"),
            ((0, 1000), "tile/0/x001/000"),
            ((63, 1), "tile/63/001"),
            (
                (5, 123456078),
                "tile/5/x123/x456/078",
            ),  # golang.org/x/mod, sumdb/tlog/tlog_test.go, `tilePaths`, without its height
            ((5, 123456078, 2), "tile/5/x123/x456/078.p/2"),
            (("entries", 3057500), "tile/entries/x003/x057/500"),
            (("entries", 273, 112), "tile/entries/273.p/112"),
        ],
    )
    def test_paths_are_spelt_as_the_format_says(self, arguments, path):
        assert path == tile_path(*arguments)


class TestLayout:
    def test_the_format_s_example_of_70_000_entries_has_the_tiles_that_it_lists(self):
        """
        C2SP tlog-tiles, "Partial Tiles": 273 full tiles of level 0 and one of width 112, one full tile of level 1 and one of width 17, and one
        tile of level 2 of width 1.
        """
        files = export(lines_of(70_000))
        full = {tile_path(0, index) for index in range(273)} | {tile_path("entries", index) for index in range(273)}
        assert files.keys() == full | {
            "checkpoint",
            "tile/0/273.p/112",
            "tile/entries/273.p/112",
            "tile/1/000",
            "tile/1/001.p/17",
            "tile/2/000.p/1",
        }

    def test_256_entries_make_a_full_tile_and_a_partial_one_of_one_hash_above(self):
        """C2SP tlog-tiles, "Partial Tiles": the second example."""
        files = export(lines_of(256))
        assert files.keys() == {"checkpoint", "tile/0/000", "tile/entries/000", "tile/1/000.p/1"}
        assert files["tile/1/000.p/1"] == Subtrees(map(leaf_hash, lines_of(256))).tree.root()

    @pytest.mark.parametrize("size", [1, 2, 255, 257, 600])
    def test_a_tile_holds_the_hashes_that_the_format_names_and_a_bundle_its_entries(self, size):
        """Tile n of level l: MTH(D[(n * 256 + i) * 256**l : (n * 256 + i + 1) * 256**l]) for i from 0."""
        lines = lines_of(size)
        files = export(lines)
        for level in (0, 1):
            hashes = [
                plain_root([sha256(b"\x00" + line).digest() for line in lines[at : at + 256**level]])
                for at in range(0, size - 256**level + 1, 256**level)
            ]
            for tile in range(0, len(hashes), 256):
                part = hashes[tile : tile + 256]
                assert b"".join(part) == files[tile_path(level, tile // 256, len(part))]
        for first in range(0, size, 256):
            part = lines[first : first + 256]
            bundle = b"".join(bytes(divmod(len(line), 256)) + line for line in part)
            assert bundle == files[tile_path("entries", first // 256, len(part))]

    def test_the_checkpoint_stands_beside_the_tiles_as_the_log_wrote_it_and_comes_last(self):
        lines = lines_of(3)
        files = export(lines)
        assert files["checkpoint"] == head_of(lines, SIGNER)
        assert [*files][-1] == "checkpoint"

    def test_an_empty_log_is_its_checkpoint(self):
        assert export([]).keys() == {"checkpoint"}

    def test_the_longest_record_fits_a_bundle(self):
        """An entry's length has two bytes; FORMAT.md 3 allows half of what they count."""
        lines = [b"x" * MAX_LINE, b"x" * 65_535, b""]
        assert [*tiles.entries(reading(export(lines)), 3)] == lines

    def test_a_line_that_no_bundle_can_hold_is_refused(self):
        lines = [b"x" * 65_536]
        with pytest.raises(LogError, match="too long"):
            export(lines)

    def test_records_beyond_the_head_are_left_out(self):
        assert export(lines_of(9), head_of(lines_of(7))) == export(lines_of(7), head_of(lines_of(7)))

    @pytest.mark.parametrize("lines", [lines_of(6), [*lines_of(6), b"another"], []])
    def test_without_the_records_of_the_head_no_checkpoint_is_written(self, lines):
        written = []
        with pytest.raises(LogError, match="not those of this head"):
            tiles.write_tiles(lines, head_of(lines_of(7)), lambda path, _data: written.append(path))
        assert "checkpoint" not in written


def plain_root(hashes):
    while len(hashes) > 1:  # only for powers of two, as in a full tile
        hashes = [sha256(b"\x01" + a + b).digest() for a, b in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


class TestCheck:
    @pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 513])
    def test_an_export_holds(self, size):
        read = reading(export(lines_of(size)))
        assert tiles.check_tiles(read, [KEY], "log.example/a").head.size == size
        assert [*tiles.entries(read, size)] == lines_of(size)

    def test_each_file_altered_cut_lengthened_or_missing_is_found(self):
        good = export(lines_of(300))
        for path, data in good.items():
            for bad in (
                b"",
                data[:-1],
                data + b"\x00",
                bytes((data[0] ^ 1,)) + data[1:],
                data[:-1] + bytes((data[-1] ^ 1,)),
                None,
            ):
                files = good | {path: bad}
                if bad is None:
                    del files[path]
                with pytest.raises(LogError):
                    tiles.check_tiles(reading(files), [KEY])

    def test_every_byte_of_a_bundle_counts(self):
        good = export(lines_of(5))
        path = "tile/entries/000.p/5"
        for at in range(len(good[path])):
            data = bytearray(good[path])
            data[at] ^= 0x10
            with pytest.raises(LogError):
                tiles.check_tiles(reading(good | {path: bytes(data)}), [KEY])

    @pytest.mark.parametrize(
        ("change", "match"),
        [
            (lambda data: data + b"\x00", "holds more"),
            (lambda data: data[:-1], "cut off"),
            (lambda data: data[:1], "cut off"),
            (lambda data: data[:0], "cut off"),
            (lambda data: b"\xff" + data, "cut off"),
        ],
    )
    def test_a_bundle_with_more_or_less_than_its_entries_is_refused(self, change, match):
        files = export(lines_of(3))
        files["tile/entries/000.p/3"] = change(files["tile/entries/000.p/3"])
        with pytest.raises(LogError, match=match):
            list(tiles.entries(reading(files), 3))

    def test_an_unsigned_export_is_refused_where_a_key_was_given(self):
        read = reading(export(lines_of(5), head_of(lines_of(5))))
        assert tiles.check_tiles(read, []).signed_by == ()
        with pytest.raises(LogError, match="unsigned"):
            tiles.check_tiles(read, [KEY])

    def test_a_head_that_claims_more_than_there_is_ends_at_the_first_missing_file(self):
        files = export(lines_of(5)) | {"checkpoint": checkpoint.write(Head("a", 2**63 - 1, bytes(32)))}
        with pytest.raises(LogError, match="missing"):
            tiles.check_tiles(reading(files), [])


class TestReader:
    def test_every_subtree_hash_can_be_read_from_the_tiles(self):
        lines = lines_of(600)
        memory, files = Subtrees(map(leaf_hash, lines)), TileReader(reading(export(lines)), 600)
        for level in range(10):
            for index in range(600 >> level):
                assert memory.subtree(level, index) == files.subtree(level, index)
        assert memory.tree.root() == tree.root_at(600, files)

    def test_proofs_made_from_tiles_hold(self):
        lines = lines_of(600)
        files, memory = TileReader(reading(export(lines)), 600), Subtrees(map(leaf_hash, lines))
        for index in (0, 255, 256, 511, 599):
            assert proof.inclusion_proof(index, 600, memory) == proof.inclusion_proof(index, 600, files)
        for old in (1, 256, 300, 600):
            assert proof.consistency_proof(old, 600, memory) == proof.consistency_proof(old, 600, files)

    @pytest.mark.parametrize(("level", "index"), [(0, 600), (0, -1), (8, 2), (9, 1), (10, 0), (600, 0)])
    def test_a_subtree_that_is_not_complete_is_refused(self, level, index):
        with pytest.raises(LogError, match="no such subtree"):
            TileReader(reading(export(lines_of(600))), 600).subtree(level, index)

    def test_a_cut_or_missing_tile_and_an_impossible_size_are_refused(self):
        files = export(lines_of(5))
        cut = files | {"tile/0/000.p/5": files["tile/0/000.p/5"][:-1]}
        with pytest.raises(LogError, match="cut"):
            TileReader(reading(cut), 5).subtree(0, 0)
        with pytest.raises(LogError, match="missing"):
            TileReader(reading(files), 6).subtree(0, 0)
        with pytest.raises(LogError, match="no such tree"):
            TileReader(reading(files), -1)


class TestDirectory:
    def test_a_directory_holds_the_files_under_their_paths(self, tmp_path):
        lines = lines_of(300)
        tiles.write_tiles(lines, head_of(lines, SIGNER), tiles.into(tmp_path / "new" / "export"))
        found = {
            str(file.relative_to(tmp_path / "new" / "export")): file.read_bytes()
            for file in (tmp_path / "new" / "export").rglob("*")
            if file.is_file()
        }
        assert export(lines) == found
        assert tiles.check_tiles(tiles.out_of(tmp_path / "new" / "export"), [KEY]).signed_by == (KEY,)

    def test_what_cannot_be_written_or_read_is_the_machine_s_fault_and_what_is_missing_the_export_s(self, tmp_path):
        (tmp_path / "file").write_bytes(b"")
        (tmp_path / "checkpoint").mkdir()
        with pytest.raises(StoreError, match="cannot write"):
            tiles.into(tmp_path / "file")("checkpoint", b"")
        with pytest.raises(StoreError, match="cannot read"):
            tiles.out_of(tmp_path)("checkpoint")
        for path in ("tile/0/000", "file/000"):
            with pytest.raises(LogError, match="is missing"):
                tiles.out_of(tmp_path)(path)

    def test_a_file_longer_than_any_bundle_is_not_read_to_its_end(self, tmp_path):
        with (tmp_path / "checkpoint").open("wb") as file:
            file.truncate(1 << 40)
        with pytest.raises(LogError, match="longer than any"):
            tiles.out_of(tmp_path)("checkpoint")

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
    def test_a_pipe_in_place_of_a_file_does_not_make_a_reader_wait(self, tmp_path):
        os.mkfifo(tmp_path / "checkpoint")
        with pytest.raises(StoreError):
            tiles.out_of(tmp_path)("checkpoint")
