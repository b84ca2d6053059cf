"""What a head is made of is read block by block, and is the same as if it had been read line by line."""

from __future__ import annotations

import itertools

import pytest

import logs
from logs import lines_of, make_log, open_log, segment, submission, write_lines
from scoring.audit import heads, segments
from scoring.audit.chain import MAX_LINE, Tail, leaf_of, link_of
from scoring.audit.heads import Heads
from scoring.audit.segments import Segments
from scoring.audit.tree import Tree, leaf_hash
from scoring.errors import LogError

room, path = logs.room, logs.path


def quickly(found, tail, stop):
    """What `blocks` reads: each line with where it ends, and what it raises."""
    got, seq = [], tail.size
    try:
        for end, lines in found.blocks(tail, stop):
            starts = end - sum(map(len, lines))
            for line in lines:
                assert line.endswith(b"\n")
                got.append((starts, line[:-1]))
                starts += len(line)
                seq += 1
    except LogError as error:
        return got, str(error)
    return got, None


def slowly(found, tail, stop):
    """The same, asked of `after` line by line, no further than is needed."""
    got, lines = [], found.after(tail, torn_ends=True)
    try:
        while tail.size + len(got) < stop:
            line = next(lines, None)
            if line is None:
                break
            got.append(line)
    except LogError as error:
        return got, str(error)
    return got, None


LONGEST = b"x" * MAX_LINE
FILES = {
    "nothing": [b""],
    "one line": [b"a\n"],
    "an empty line": [b"a\n\nb\n"],
    "torn": [b"a\nb\nc"],
    "torn at once": [b"abc"],
    "a full file": [b"a\nb\nc\nd\n"],
    "two files": [b"a\nb\nc\nd\n", b"e\nf\n"],
    "full files": [b"a\nb\nc\nd\n", b"e\nf\ng\nh\n"],
    "a full file, and a torn one": [b"a\nb\nc\nd\n", b"e\nf"],
    "a line too many": [b"a\nb\nc\nd\ne\n", b"f\n"],
    "lines too many": [b"a\nb\nc\nd\ne\nf\ng\nh\ni\n"],
    "a torn line too many": [b"a\nb\nc\nd\ne", b"f\n"],
    "a file that ends early": [b"a\nb\n", b"e\n"],
    "the longest line": [b"a\n" + LONGEST + b"\n" + LONGEST + b"\nb\n", b"c\n"],
    "a line too long": [b"a\n" + LONGEST + b"x\nb\n"],
    "a torn line too long": [b"a\n" + LONGEST + b"x"],
    "a line much too long": [b"a\n" + 3 * LONGEST + b"\nb\n"],
    "no line at all": [bytes(200_000)],
    "carriage returns": [b"a\r\nb\rc\n\x85\n\x0b\n", b"d\n"],
}


class TestReading:
    @pytest.mark.parametrize("name", FILES)
    @pytest.mark.parametrize("block", [3, 1 << 16])
    def test_it_reads_what_line_by_line_reads_and_fails_where_that_fails(self, room, monkeypatch, name, block):
        """From each record on, to each record, in blocks that lines fit in and in blocks that none fits in."""
        monkeypatch.setattr(segments, "SEGMENT_RECORDS", 4)
        monkeypatch.setattr(segments, "_BLOCK", block)
        for number, data in enumerate(FILES[name]):
            (room / f"{4 * number:012d}.jsonl").write_bytes(data)
        found = Segments(str(room))
        starts = [Tail(0, None, 0)]
        for seq, (offset, line) in enumerate(slowly(found, starts[0], 20)[0]):
            starts.append(Tail(seq, None, offset).after("", len(line), 4))
        for tail, stop in itertools.product(starts, range(12)):
            if tail.size > stop:
                continue
            assert quickly(found, tail, stop) == slowly(found, tail, stop)

    def test_there_is_something_to_compare(self, room, monkeypatch):
        """The files above do fail, and where they should."""
        monkeypatch.setattr(segments, "SEGMENT_RECORDS", 4)
        told = {}
        for name, files in FILES.items():
            for number in range(2):
                (room / f"{4 * number:012d}.jsonl").unlink(missing_ok=True)
            for number, data in enumerate(files):
                (room / f"{4 * number:012d}.jsonl").write_bytes(data)
            told[name] = quickly(Segments(str(room)), Tail(), 20)[1]
        assert {name for name, message in told.items() if message} == {
            "a line too many",
            "lines too many",
            "a line too long",
            "a line much too long",
            "no line at all",
        }
        assert "holds more than its 4 records" in told["a line too many"]
        assert f"longer than {MAX_LINE} bytes" in told["a line too long"]


class TestLinks:
    @pytest.fixture
    def lines(self, path):
        """Decisions 95 to 104 of a log, and before them one of another type."""
        make_log(path, 103)
        return lines_of(path)

    @staticmethod
    def slowly(lines, seq, before):
        """Which line does not chain, by the end of each one alone."""
        for number, (line, leaf) in enumerate(zip(lines, before, strict=True), seq):
            if (link_of(line) or ())[:2] != (number, leaf):
                return number
        return None

    def both(self, lines, seq, before):
        ends = [line + b"\n" for line in lines]
        told = None
        try:
            heads._must_chain(ends, seq, before)
        except LogError as error:
            told = error.seq
        assert told == self.slowly(lines, seq, before)
        return told is None

    def test_lines_that_chain_pass_by_the_quick_road_where_they_are_decisions(self, lines):
        leaves = [leaf_of(line) for line in lines]
        for seq, stop in ((1, 9), (2, 9), (9, 11), (50, 99), (90, 105), (100, 105), (3, 4)):
            before = leaves[seq - 1 : stop - 1]
            assert self.both(lines[seq:stop], seq, before)
            quick = heads._chain_as_decisions([line + b"\n" for line in lines[seq:stop]], seq, before)
            assert quick == (len(str(seq)) == len(str(stop - 1)) and seq > 1)
        assert self.both(lines[:9], 0, [None, *leaves[:8]])

    def test_any_other_byte_behind_a_body_counts_as_it_does_line_by_line(self, lines):
        leaves = [leaf_of(line) for line in lines]
        seq, stop = 50, 53
        before = leaves[seq - 1 : stop - 1]
        for number in range(3):
            line = lines[seq + number]
            begins, time = (
                line.rindex(b',"prev":'),
                line.rindex(b'"time":"') + 8,
            )  # what follows says nothing of its place
            for at in range(begins, len(line)):
                for byte in {line[at] ^ 1, ord('"'), ord("0"), ord("\n")} - {line[at]}:
                    changed = [*lines[seq:stop]]
                    changed[number] = line[:at] + bytes([byte]) + line[at + 1 :]
                    chained = self.both(changed, seq, before)
                    assert not (chained and at < time)
            for cut in (1, 5, 30, len(line) - 1, len(line)):
                changed = [*lines[seq:stop]]
                changed[number] = line[:-cut]
                assert not self.both(changed, seq, before)
                changed[number] = line[cut:]
                self.both(changed, seq, before)

    def test_lines_in_another_order_or_behind_another_leaf_are_refused(self, lines):
        leaves = [leaf_of(line) for line in lines]
        before = leaves[49:59]
        some = lines[50:60]
        assert self.both(some, 50, before)
        assert not self.both([some[1], some[0], *some[2:]], 50, before)
        assert not self.both(some, 51, before)
        assert not self.both(some[1:], 50, before[1:])
        assert not self.both(some, 50, [*before[:4], "0" * 64, *before[5:]])
        assert not self.both(some, 50, [None, *before[1:]])
        assert not self.both([*some[:9], some[8]], 50, before)

    def test_parts_of_lines_that_only_fit_when_they_are_joined_are_refused(self, lines):
        """Columns are compared as one text: a byte moved from one line's end to the next line's start must not pass."""
        before = [leaf_of(line) for line in lines[49:52]]
        some = lines[50:53]
        for cut in range(1, 200):
            assert not self.both([some[0][:-cut], some[0][-cut:] + some[1], some[2]], 50, before)


class TestWalking:
    @pytest.mark.parametrize("size", [4, 64, 65_536])
    def test_trees_tiles_and_tails_are_those_of_one_leaf_after_the_other(self, path, monkeypatch, size):
        monkeypatch.setattr(segments, "SEGMENT_RECORDS", size)
        monkeypatch.setattr(segments, "_BLOCK", 1 << 12)
        monkeypatch.setattr(heads, "_TILE_LEVEL", 3)
        make_log(path, 0)
        with open_log(path) as log:
            list(log.decide_all(logs.RUBRIC, map(submission, range(70))))
        lines = b"".join(file.read_bytes() for file in sorted((path / "log").iterdir())).splitlines()
        found = Heads(str(path), Segments(str(path / "log")))
        trees, tails, tiles = [Tree()], [Tail()], [b""]
        for line in lines:
            tree = Tree(trees[-1].size, trees[-1].roots)
            made = tree.append(leaf_hash(line))
            trees.append(tree)
            tails.append(tails[-1].after(leaf_of(line), len(line), size))
            tiles.append(b"".join(made[3:4]))
        for begin, end in itertools.product((0, 1, 7, 8, 30, 72), (0, 1, 8, 9, 64, 65, 72)):
            if begin <= end:
                tree, tail, roots = found._walk(trees[begin], tails[begin], end, links=begin > 0)
                assert (tree.size, tree.roots, tail) == (end, trees[end].roots, tails[end])
                assert roots == b"".join(tiles[begin + 1 : end + 1])
        assert found._walk(Tree(), Tail(), 73, links=False)[1] == tails[72], "no more than there is"

    def test_a_record_that_does_not_chain_is_named(self, path):
        make_log(path, 30)
        lines = lines_of(path)
        write_lines(path, [*lines[:20], lines[20].replace(b'"s-18"', b'"s-99"'), *lines[21:]])
        found = Heads(str(path), Segments(str(path / "log")))
        assert b'"s-99"' in segment(path).read_bytes()
        with pytest.raises(LogError, match="so no head is made of it") as caught:
            found._walk(Tree(), Tail(), 32, links=True)
        assert caught.value.seq == 21
