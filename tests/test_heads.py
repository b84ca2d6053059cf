"""Heads: when they are made, who signs them, what they prove, and what `verify` says of them."""

from __future__ import annotations

import errno
import json
import os

import pytest

import logs
from logs import RUBRIC, lines_of, make_log, names, open_log, rechain, segment, submission, write_lines
from scoring import canonical
from scoring.audit import checkpoint, disk, receipt
from scoring.audit.heads import needed_keys
from scoring.audit.keys import SigningKey, VerificationKey
from scoring.audit.tree import Tree, leaf_hash
from scoring.audit.verify import verify_directory
from scoring.errors import LogError, StoreError

room, path = logs.room, logs.path
ORIGIN = "example.com/log"
OLD, NEW, OTHER = (SigningKey(ORIGIN, bytes([number]) * 32) for number in (1, 2, 3))


def heads_of(path):
    """The notes in `heads`, read without our own reader."""
    file = path / "heads"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def sizes(path):
    return [int(note.split("\n")[1]) for note in heads_of(path)]


def root_of(path, size):
    """The root, by the definition of RFC 6962, 2.1, and not by our tree."""
    import hashlib

    def mth(lines):
        if len(lines) == 1:
            return hashlib.sha256(b"\0" + lines[0]).digest()
        split = 1 << (len(lines) - 1).bit_length() - 1
        return hashlib.sha256(b"\1" + mth(lines[:split]) + mth(lines[split:])).digest()

    return mth(lines_of(path)[:size])


def record(log, first, count, batch=64):
    return list(log.decide_all(RUBRIC, map(submission, range(first, first + count)), batch=batch))


class TestWhenTheyAreMade:
    """FORMAT.md 11: when the log is made, at the first commit 256 records or more after the last one, on closing, and on request."""

    def test_at_the_first_commit_256_records_after_the_last(self, path):
        with open_log(path, create=True) as log:
            record(log, 0, 254)
            assert (len(log), sizes(path)) == (256, [1])
            record(log, 300, 1)
            assert sizes(path) == [1, 257]
            record(log, 400, 600, batch=64)
            assert sizes(path) == [1, 257, 513, 769]

    def test_when_the_log_is_made_or_opened_without_any(self, path):
        with open_log(path, create=True, signer=OLD):
            assert sizes(path) == [2]
        logs.drop_heads(path)
        open_log(path).close()
        assert sizes(path) == [], "whoever has not the key of a log that has one makes none"
        open_log(path, signer=OLD).close()
        assert sizes(path) == [2]
        checkpoint.verify(heads_of(path)[0].encode(), [VerificationKey.parse(OLD.verification_key)], ORIGIN)

    def test_on_closing_where_this_handle_recorded_anything(self, path):
        make_log(path, 3)
        assert sizes(path) == [1, 5]
        open_log(path).close()
        with open_log(path) as log, open_log(path) as reader:
            record(log, 10, 1)
            reader.close()
            assert sizes(path) == [1, 5]
        assert sizes(path) == [1, 5, 6]

    def test_on_request_and_not_twice(self, path):
        with open_log(path, create=True) as log:
            record(log, 0, 3)
            note = log.checkpoint()
            assert log.checkpoint() == note
            assert heads_of(path)[1:] == [note]
            assert checkpoint.parse(note.encode()).head.root == root_of(path, 5)

    @pytest.mark.parametrize("count", [1, 2, 253, 254, 255, 509, 510, 700])
    def test_each_is_the_root_of_what_stands_below(self, path, count):
        make_log(path, 0)
        with open_log(path) as log:
            record(log, 0, count, batch=50)
        for note in heads_of(path):
            head = checkpoint.parse(note.encode()).head
            assert head.root == root_of(path, head.size)

    def test_two_handles_make_one_line_of_heads(self, path):
        with open_log(path, create=True) as one, open_log(path) as two:
            for number in range(10):
                record(one, number * 100, 40)
                record(two, number * 100 + 50, 40)
        found = sizes(path)
        assert found == sorted(set(found))
        assert found[-1] == 802
        assert logs.holds(path)["heads"].result == "HOLDS"

    def test_a_signer_that_fails_costs_no_record(self, path):
        class Down:
            name, verification_key = OLD.name, OLD.verification_key
            up = False

            def sign(self, message):
                if not self.up:
                    raise ConnectionError("the key service does not answer")
                return OLD.sign(message)

        signer = Down()
        with open_log(path, create=True, signer=signer) as log:
            assert len(record(log, 0, 300)) == 300
            assert sizes(path) == []
            with pytest.raises(ConnectionError):
                log.checkpoint()
            signer.up = True
            record(log, 400, 1)
            assert sizes(path) == [304]

    def test_what_is_read_back_is_what_is_signed(self, path):
        """A disk that gives back something else than was written gets no signature for it."""
        with open_log(path, create=True, signer=OLD) as log:
            record(log, 0, 5)
            data = segment(path).read_bytes()
            segment(path).write_bytes(data.replace(b'"s-3"', b'"s-7"'))
            with pytest.raises(LogError, match="so no head is made of it"):
                log.checkpoint()
            segment(path).write_bytes(data)
            log.checkpoint()


class TestTheFile:
    def test_an_unfinished_last_line_is_no_head_and_goes_with_the_next_one(self, path):
        make_log(path, 3)
        with (path / "heads").open("ab") as file:
            file.write(b'"half')
        assert verify_directory(path)["heads"].result == "HOLDS"
        with open_log(path) as log:
            record(log, 10, 1)
        assert sizes(path) == [1, 5, 6]

    def test_a_whole_line_that_is_none_is_told(self, path):
        make_log(path, 3)
        whole = (path / "heads").read_bytes()
        (path / "heads").write_bytes(whole + b"hello\n")
        with pytest.raises(LogError, match=f"truncate -s {len(whole)} "):
            open_log(path)
        assert "line 3 of heads" in verify_directory(path)["heads"].detail

    def test_a_line_is_durable_before_it_ends(self, path, monkeypatch):
        with open_log(path, create=True) as log:
            record(log, 0, 1)
            seen = []
            real = disk.sync
            monkeypatch.setattr(disk, "sync", lambda fd: (seen.append((path / "heads").read_bytes()[-1:]), real(fd)))
            log.checkpoint()
            assert seen == [b'"', b"\n"]
            assert sizes(path) == [1, 3]

    def test_a_disk_that_fails_ends_the_heads_of_this_handle_and_nothing_else(self, path, monkeypatch):
        def fail(fd):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        with open_log(path, create=True) as log:
            record(log, 10, 1)
            with monkeypatch.context() as patch:
                patch.setattr(disk, "sync", fail)
                with pytest.raises(StoreError, match="makes no more heads"):
                    log.checkpoint()
            assert "makes no more heads" in log.no_heads
            assert len(record(log, 0, 3)) == 3
        with open_log(path) as log:
            log.checkpoint()
        assert sizes(path) == [1, 6]

    def test_heads_of_another_log_are_refused(self, path, room):
        make_log(path, 3, origin="one")
        make_log(room / "other", 3, origin="two")
        (room / "other" / "heads").replace(path / "heads")
        with pytest.raises(LogError, match=r"newest head in .* is another log's"):
            open_log(path)
        assert not verify_directory(path).ok


class TestOpening:
    """What the newest head stands for is there, or the log is not opened."""

    @pytest.fixture
    def path(self, path):
        with open_log(path, create=True) as log:
            record(log, 0, 700, batch=100)
        return path

    def test_only_the_tail_is_read(self, path):
        """The cache holds the root of every 256 records; an earlier record is `verify`'s to find."""
        data = segment(path).read_bytes()
        segment(path).write_bytes(data.replace(b'"s-7"', b'"s-8"'))
        open_log(path).close()
        assert not verify_directory(path).ok
        (path / "cache" / "tiles").unlink()
        with pytest.raises(LogError, match="is not what it was"):
            open_log(path)

    def test_a_late_record_that_was_changed_is_found(self, path):
        data = segment(path).read_bytes()
        segment(path).write_bytes(data.replace(b'"s-650"', b'"s-651"'))
        with pytest.raises(LogError, match="is not what it was"):
            open_log(path)

    @pytest.mark.parametrize("damage", [b"", b"\0" * 64, b"\1" * 640])
    def test_a_cache_that_is_wrong_is_made_again(self, path, damage):
        file = path / "cache" / "tiles"
        whole = file.read_bytes()
        assert len(whole) == 64
        file.write_bytes(damage)
        open_log(path).close()
        assert file.read_bytes()[:64] == whole

    def test_a_trusted_head_must_be_extended(self, path, room):
        with open_log(path) as log:
            old = log.checkpoint()
            record(log, 800, 10)
            new = log.checkpoint()
        open_log(path, trusted=old).close()
        open_log(path, trusted=new.encode()).close()
        data = segment(path).read_bytes()
        segment(path).write_bytes(data.replace(b'"s-7"', b'"s-8"'))  # far below what opening reads
        with pytest.raises(LogError, match="does not extend the trusted head"):
            open_log(path, trusted=old)
        segment(path).write_bytes(data)
        make_log(room / "other", 3, origin="another")
        with pytest.raises(LogError, match="another log's"):
            open_log(room / "other", trusted=old)

    def test_an_old_copy_put_back_does_not_have_it(self, path, room):
        import shutil

        shutil.copytree(path, room / "old")
        with open_log(path) as log:
            record(log, 800, 10)
            new = log.checkpoint()
        with pytest.raises(LogError, match="ends before the trusted head"):
            open_log(room / "old", trusted=new, vault=False)
        report = verify_directory(room / "old", vault=False, trusted=new)
        assert [finding.check for finding in report.findings if finding.result == "FAILS"] == ["trusted"]


class TestSigners:
    def test_the_first_one_becomes_the_logs_key(self, path):
        with open_log(path, create=True, signer=OLD) as log:
            assert log.origin == ORIGIN
            assert log.read(1)["body"] == {"key": OLD.verification_key}
            note = log.checkpoint()
        read = checkpoint.verify(note.encode(), [VerificationKey.parse(OLD.verification_key)], ORIGIN)
        assert read.head.size == 2
        open_log(path, signer=OLD).close()
        assert len(lines_of(path)) == 2, "the second time it is known"

    def test_a_log_that_was_unsigned_may_get_a_key(self, path):
        make_log(path, 3, origin=ORIGIN)
        with open_log(path, signer=OLD) as log:
            log.checkpoint()
        report = verify_directory(path, key=OLD.verification_key)
        assert report.ok, report
        assert ["\n\n" in note for note in heads_of(path)] == [False, False, True]

    def test_its_name_is_the_logs(self, path):
        make_log(path, 3, origin="another")
        with pytest.raises(LogError, match="is another log"):
            open_log(path, signer=OLD)
        with pytest.raises(LogError, match="a signer's name is its log's origin"):
            open_log(path, signer=OLD, origin="another")

    def test_a_rotation_is_signed_by_both(self, path):
        with open_log(path, create=True, signer=OLD) as log:
            record(log, 0, 3)
        with pytest.raises(LogError, match=r"signer=\[old, new\]"):
            open_log(path, signer=NEW)
        assert len(lines_of(path)) == 6, "nothing was recorded"
        with open_log(path, signer=[OLD, NEW]) as log:
            assert log.read(6)["body"] == {"key": NEW.verification_key}
            first = heads_of(path)[-1]
            record(log, 10, 1)
        with open_log(path, signer=NEW) as log:
            record(log, 20, 1)
        assert [note.count("\N{EM DASH}") for note in heads_of(path)] == [1, 1, 2, 1, 1]
        for key in (OLD, NEW):
            checkpoint.verify(first.encode(), [VerificationKey.parse(key.verification_key)])
            assert verify_directory(path, key=key.verification_key).ok
        with pytest.raises(LogError, match="was replaced by a later key"):
            open_log(path, signer=OLD)

    def test_a_crash_between_a_rotation_and_its_head_needs_both_still(self, path, monkeypatch):
        make_log(path, 3, signer=OLD)
        with monkeypatch.context() as patch:
            patch.setattr("scoring.audit.heads.Heads.make", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                open_log(path, signer=[OLD, NEW])
        with pytest.raises(LogError, match=r"signer=\[old, new\]"):
            open_log(path, signer=NEW)
        open_log(path, signer=[OLD, NEW]).close()
        assert heads_of(path)[-1].count("\N{EM DASH}") == 2
        assert verify_directory(path, key=OLD.verification_key).ok

    def test_without_its_signer_a_log_takes_records_and_makes_no_heads(self, path):
        make_log(path, 3, signer=OLD)
        with open_log(path) as log:
            record(log, 10, 300)
            assert OLD.verification_key in log.no_heads
            with pytest.raises(LogError, match="open it with the signer of"):
                log.checkpoint()
        assert sizes(path) == [2, 6]
        report = verify_directory(path, key=OLD.verification_key)
        assert report.ok
        assert "300 stand behind it" in report["heads"].detail
        with open_log(path, signer=OLD) as log:
            assert log.no_heads == ""
            log.checkpoint()
        assert sizes(path) == [2, 6, 306]

    def test_a_handle_whose_key_was_replaced_makes_no_more(self, path):
        with open_log(path, create=True, signer=OLD) as log:
            open_log(path, signer=[OLD, NEW]).close()
            record(log, 0, 3)
            with pytest.raises(LogError, match="open it with the signer of"):
                log.checkpoint()

    def test_a_head_that_somebody_else_wrote_is_not_gone_on_from(self, path):
        make_log(path, 3, signer=OLD)
        head = checkpoint.parse(heads_of(path)[-1].encode()).head
        (path / "heads").write_bytes(canonical.dumps(checkpoint.write(head, OTHER).decode()) + b"\n")
        with pytest.raises(LogError, match="not signed by any key"):
            open_log(path, signer=OLD)

    def test_which_keys_must_sign(self):
        keys = [(1, "a"), (10, "b"), (20, "c")]
        assert needed_keys([], 0) == []
        assert needed_keys(keys[:1], 0) == ["a"]
        assert needed_keys(keys[:2], 2) == ["a", "b"]
        assert needed_keys(keys, 2) == ["a", "b", "c"]
        assert needed_keys(keys, 11) == ["b", "c"]
        assert needed_keys(keys, 20) == ["b", "c"]
        assert needed_keys(keys, 21) == ["c"]


class TestReceipts:
    @pytest.mark.parametrize("count", [1, 254, 255, 600])
    def test_each_holds_and_no_other_record_fits_it(self, path, count):
        key = VerificationKey.parse(OLD.verification_key)
        with open_log(path, create=True, signer=OLD) as log:
            record(log, 0, count)
            lines = lines_of(path)
            for seq in {0, 1, 2, 255, 256, 257, 511, 512, len(lines) - 1} & {*range(len(lines))}:
                proof = receipt.parse(log.receipt(seq).encode())
                head = receipt.verify(proof, lines[seq], [key], ORIGIN).head
                assert head.root == root_of(path, head.size)
                with pytest.raises(LogError):
                    receipt.verify(proof, lines[seq - 1], [key], ORIGIN)

    def test_one_is_under_the_newest_head_that_covers_it(self, path):
        make_log(path, 3, signer=OLD)
        with open_log(path) as log:
            record(log, 10, 1)
            assert receipt.parse(log.receipt(2).encode()).checkpoint.decode() == heads_of(path)[-1]
            with pytest.raises(LogError, match="open it with the signer of"):
                log.receipt(6)
            with pytest.raises(LogError, match="no record #99"):
                log.receipt(99)

    def test_a_cache_that_is_wrong_is_made_again(self, path):
        with open_log(path, create=True) as log:
            record(log, 0, 600)
            before = log.checkpoint(), log.receipt(5)
            (path / "cache" / "tiles").write_bytes(bytes(64))
            assert before == (log.checkpoint(), log.receipt(5))
            (path / "cache" / "tiles").unlink()
            assert before[1] == log.receipt(5)


class TestVerify:
    @pytest.fixture
    def path(self, path):
        """Two keys, 700 decisions, heads of every kind."""
        with open_log(path, create=True, signer=OLD) as log:
            record(log, 0, 300)
        with open_log(path, signer=[OLD, NEW]) as log:
            record(log, 400, 300)
        return path

    def failing(self, path, **arguments):
        report = verify_directory(path, vault=False, **arguments)
        return {finding.check: finding for finding in report.findings if finding.result == "FAILS"}

    def test_a_good_log(self, path):
        for key in (OLD, NEW):
            report = verify_directory(path, key=key.verification_key, trusted=heads_of(path)[1])
            assert [report[name].result for name in ("heads", "signatures", "trusted")] == ["HOLDS"] * 3
            assert report.ok

    def test_fast_gives_the_same_of_the_bytes_and_says_what_it_left(self, path):
        report = verify_directory(path, key=NEW.verification_key, fast=True)
        results = {finding.check: finding.result for finding in report.findings}
        assert {name for name, result in results.items() if result == "HOLDS"} == {
            "segments",
            "chain",
            "heads",
            "signatures",
        }
        assert set(results.values()) == {"HOLDS", "NOT CHECKED"}
        assert (report.ok, report.complete) == (True, False)
        assert report.head == verify_directory(path).head

    def test_fast_finds_a_flipped_bit_anywhere(self, room):
        path = make_log(room / "small", 2)
        whole = segment(path).read_bytes()
        for place in range(len(whole)):
            segment(path).write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            assert self.failing(path, fast=True), place

    def test_another_key_fails_and_so_does_an_unsigned_log(self, path, room):
        assert "it has no such key" in self.failing(path, key=OTHER.verification_key)["signatures"].detail
        make_log(room / "unsigned", 3)
        assert list(self.failing(room / "unsigned", key=OLD.verification_key)) == ["signatures"]
        logs.drop_heads(room / "unsigned")
        assert list(self.failing(room / "unsigned", key=OLD.verification_key)) == ["signatures"]

    def test_a_key_that_signed_nothing_yet_vouches_for_nothing(self, path):
        lines = (path / "heads").read_text().splitlines(keepends=True)
        (path / "heads").write_text("".join(lines[:1]))
        assert "nothing is signed by the key" in self.failing(path, key=NEW.verification_key)["signatures"].detail

    def test_the_log_rewritten_with_another_key_behind_the_known_one(self, path):
        """Whoever can write the directory, and has a key of his own, lacks the signature of the key before it."""
        records = [json.loads(line) for line in lines_of(path)]
        at = next(n for n, each in enumerate(records) if each["type"] == "key" and n > 1)
        records[at]["body"]["key"] = OTHER.verification_key
        write_lines(path, rechain(records))
        tree = Tree()
        for line in lines_of(path):
            tree.append(leaf_hash(line))
        forged = checkpoint.write(checkpoint.Head(ORIGIN, tree.size, tree.root()), OTHER)
        (path / "heads").write_bytes(canonical.dumps(forged.decode()) + b"\n")
        found = self.failing(path, key=OLD.verification_key)
        assert list(found) == ["signatures"]
        assert "lacks the signature of" in found["signatures"].detail
        assert self.failing(path), "even by its own account"

    @pytest.mark.parametrize("which", [0, 1, -1])
    def test_a_signature_that_was_changed_or_taken_off(self, path, which):
        notes = heads_of(path)
        for forged in (notes[which][:-6] + "AAA=\n", notes[which].split("\n\n")[0] + "\n"):
            lines = [*notes]
            lines[which] = forged
            (path / "heads").write_bytes(b"".join(canonical.dumps(note) + b"\n" for note in lines))
            assert set(self.failing(path)) & {"signatures", "heads"}

    def test_records_cut_off_below_the_newest_head(self, path):
        lines = lines_of(path)
        write_lines(path, lines[:-1])
        finding = self.failing(path)["heads"]
        assert (finding.expected, finding.found) == (f"{len(lines)} records or more", str(len(lines) - 1))

    def test_everything_rewritten_fails_exactly_at_the_heads(self, path):
        records = [json.loads(line) for line in lines_of(path)]
        records[400]["time"] = "2026-12-24T00:00:00Z"
        write_lines(path, rechain(records))
        finding = self.failing(path)
        assert list(finding) == ["heads"]
        first = next(size for size in sizes(path) if size > 400)
        assert finding["heads"].seq == first - 1, "the last record under the first head that does not hold"

    def test_sizes_that_fall_a_line_of_another_log_and_one_repeated_for_nothing(self, path):
        whole = (path / "heads").read_bytes().splitlines(keepends=True)
        for lines in ([*whole, whole[0]], [*whole, whole[-1]], [whole[0].replace(b"example", b"exbmple"), *whole[1:]]):
            (path / "heads").write_bytes(b"".join(lines))
            assert "heads" in self.failing(path)

    def test_a_trusted_head_that_is_unsigned_where_a_key_was_given(self, path):
        bare = heads_of(path)[0].split("\n\n")[0] + "\n"
        assert self.failing(path, trusted=bare) == {}
        assert list(self.failing(path, trusted=bare, key=OLD.verification_key)) == ["trusted"]

    def test_a_fork_shows_by_a_head_of_the_other_branch(self, path, room):
        import shutil

        shutil.copytree(path, room / "fork")
        with open_log(path, signer=NEW, vault=False) as log, open_log(room / "fork", signer=NEW, vault=False) as other:
            record(log, 5000, 1)
            record(other, 6000, 1)
            mine, theirs = log.checkpoint(), other.checkpoint()
        assert self.failing(path, trusted=mine) == self.failing(room / "fork", trusted=theirs) == {}
        assert list(self.failing(path, trusted=theirs)) == ["trusted"]

    def test_an_open_log_verifies_itself(self, path):
        with open_log(path) as log:
            report = log.verify(key=NEW.verification_key, trusted=log.checkpoint())
            assert report.ok, report
            assert log.verify(fast=True).ok

    def test_what_is_no_key_or_no_checkpoint_is_an_error(self, path):
        with pytest.raises(LogError):
            verify_directory(path, key="hello")
        with pytest.raises(LogError):
            verify_directory(path, trusted="hello")


def test_the_cache_holds_nothing_that_cannot_be_made_again(path):
    import shutil

    make_log(path, 300)
    before = names(path / "cache")
    assert "tiles" in before
    tiles = (path / "cache" / "tiles").read_bytes()
    shutil.rmtree(path / "cache")
    open_log(path).close()
    assert (path / "cache" / "tiles").read_bytes() == tiles
