"""Where a vault finds what it has: in memory while it is new, in b-trees once it has settled, and the same either way."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import logs
from logs import Entropy, query
from scoring.audit import places
from scoring.audit.disclosure import disclose, disclose_answers
from scoring.audit.vault import Vault
from scoring.errors import LogError, StoreError

GENESIS = "0" * 64
room = logs.room


@pytest.fixture
def file(room):
    return str(room / "v")


@pytest.fixture(autouse=True)
def _settles(monkeypatch):
    """Six disclosures that are new settle, and not some thousands."""
    monkeypatch.setattr(places, "_LEAST", 6)


def said(seed, what="something"):
    return disclose(Entropy(f"said {seed}"), "submission", {"what": what})


def settled(file):
    """The newest disclosure that has settled, and how many there are."""
    return query(file, "SELECT settled, (SELECT count(*) FROM disclosures) FROM meta")[0]


def everywhere(file):
    """Every byte of every file of the vault."""
    files = [Path(file + end) for end in ("", "-wal", "-shm")]
    return b"".join(each.read_bytes() for each in files if each.exists())


class TestFound:
    @pytest.mark.parametrize("key", [10, 1], ids=["keys that differ", "keys that are shared"])
    @pytest.mark.parametrize("seed", range(4))
    def test_whoever_looks_finds_what_anyone_stored_and_nothing_erased(self, file, monkeypatch, seed, key):
        """Three handles of one vault, one of them a reader's, in a random order, against a dictionary of what was done."""
        monkeypatch.setattr(places, "_KEY", key)
        dice = random.Random(f"places {seed}")
        writers = [Vault.create(file, GENESIS), Vault(file, GENESIS)]
        reader = Vault(file, GENESIS, read_only=True)
        cases, texts, gone = {}, {}, set()
        for turn in range(120):
            writer = dice.choice(writers)
            if dice.random() < 0.15 and cases:
                name = dice.choice([*cases])
                digest, owned = cases.pop(name)
                writer.forget([digest], 0)
                gone |= {name, digest, *owned}
            else:
                names = [f"case {dice.randrange(60)}" for _ in range(dice.randrange(1, 5))]
                filings = [(name, said((seed, turn, place))) for place, name in enumerate(names)]
                digests = writer.store(filings, Entropy(f"{seed} {turn}"))
                for (name, (submission, text)), digest in zip(filings, digests, strict=True):
                    assert cases.setdefault(name, (digest, []))[0] == digest
                    cases[name][1].append(submission)
                    texts[submission] = text
                    gone.discard(name)
            for vault in dice.sample([*writers, reader], 2):
                for name in dice.sample([*cases], min(4, len(cases))):
                    digest, owned = cases[name]
                    assert vault.case_digest(name) == digest
                    assert vault.value(digest, "case") == name
                    vault.must_file(digest)
                    assert [vault.text(one) for one in owned] == [texts[one] for one in owned]
                for lost in dice.sample([*gone], min(4, len(gone))):
                    assert (vault.text(lost), vault.case_digest(lost)) == (None, None)
        newest, count = settled(file)
        assert 0 < newest < count, "some are settled and some are new"
        with_fresh_eyes = Vault(file, GENESIS, read_only=True)
        assert {name: with_fresh_eyes.case_digest(name) for name in cases} == {name: cases[name][0] for name in cases}
        for vault in (*writers, reader, with_fresh_eyes):
            vault.close()

    def test_retention_is_kept_wherever_the_case_lies(self, file):
        vault = Vault.create(file, GENESIS)
        for number in range(9):
            vault.store([(f"c{number}", said(number))], Entropy(number))
            vault.hold(f"c{number}", "dispute")
            vault.retain(f"c{number}", f"2027-01-0{number + 1}")
        newest, count = settled(file)
        assert 0 < newest < count
        found = [vault.keeping(vault.case_digest(f"c{number}")) for number in range(9)]
        assert found == [(f"2027-01-0{number + 1}", "dispute") for number in range(9)]
        vault.close()

    def test_a_transaction_that_is_undone_after_it_let_others_settle_loses_nothing(self, file):
        vault = Vault.create(file, GENESIS)
        digests = vault.store([(f"c{number}", said(number)) for number in range(4)], Entropy(1))
        calls = []

        def fails(count):
            calls.append(settled(file))
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            vault.store([("another", said(9))], fails)
        assert calls == [(0, 8)], "it was to settle, and was interrupted"
        assert settled(file) == (0, 8)
        assert [vault.case_digest(f"c{number}") for number in range(4)] == digests
        assert vault.case_digest("another") is None
        vault.store([("another", said(9))], Entropy(2))
        assert settled(file) == (8, 10)
        assert [vault.case_digest(f"c{number}") for number in range(4)] == digests
        vault.close()

    @pytest.mark.parametrize("away", ["new", "settled"])
    def test_a_case_whose_disclosure_somebody_deleted_is_erased_all_the_same(self, file, away):
        vault = Vault.create(file, GENESIS)
        (digest,) = vault.store([("Zk7q-marker", said(0))], Entropy(0))
        for number in range(1, 6 if away == "settled" else 2):
            vault.store([(f"c{number}", said(number))], Entropy(number))
        assert (settled(file)[0] > 0) == (away == "settled")
        vault.close()
        query(file, "DELETE FROM disclosures WHERE digest = ?", digest)
        vault.forget([digest], 0)
        assert b"Zk7q-marker" not in everywhere(file)
        vault.close()

    @pytest.mark.parametrize("value", ["x", b"x", 1.5])
    def test_a_vault_that_does_not_say_what_is_settled_is_an_error(self, file, value):
        vault = Vault.create(file, GENESIS)
        query(file, "UPDATE meta SET settled = ?", value)
        with pytest.raises(LogError, match="does not say which of its disclosures are settled"):
            vault.text("0" * 64)
        vault.close()


class TestSalts:
    """A digest that is there already came from a salt that was given before: wherever it lies, and in whichever order they come."""

    @pytest.mark.parametrize("stored", [0, 1, 8])
    @pytest.mark.parametrize("key", [10, 1])
    def test_are_found_new_or_settled_and_by_another_handle(self, file, monkeypatch, stored, key):
        monkeypatch.setattr(places, "_KEY", key)
        vault, other = Vault.create(file, GENESIS), Vault(file, GENESIS)
        vault.store([("first", said("same"))], Entropy("first"))
        for number in range(stored):
            vault.store([(f"c{number}", said(number))], Entropy(number))
        assert (settled(file)[0] > 0) == (stored == 8)
        before = query(file, "SELECT count(*) FROM disclosures")
        for handle in (vault, other, Vault(file, GENESIS)):
            for filing in [("first", said("same")), ("new", said("same")), ("new", said("a"), said("a"))]:
                with pytest.raises(StoreError, match="a salt that it gave before; nothing was recorded"):
                    handle.store([filing], Entropy("new"))
            assert handle.case_digest("new") is None
        assert query(file, "SELECT count(*) FROM disclosures") == before
        vault.store([("new", said("another"))], Entropy("new"))


class TestErased:
    @pytest.mark.parametrize("seed", range(3))
    def test_nothing_is_left_behind_of_what_settled_or_did_not(self, file, seed):
        """Settling writes to rows that hold names, and sorts names into pages: no copy of any may stay where erasing does not reach."""
        dice = random.Random(f"erased {seed}")
        vault, alive = Vault.create(file, GENESIS), {}
        for turn in range(150):
            name = f"{dice.randbytes(dice.choice([6, 20, 90])).hex()}"
            what = dice.randbytes(dice.choice([0, 50, 450, 2000, 4500, 15_000])).hex()
            filings = [(name, said((turn, part), what)) for part in range(dice.randrange(1, 4))]
            (digest, *_) = vault.store(filings, Entropy(f"{seed} {turn}"))
            alive[name] = digest, [text for _, (_, text) in filings]
            if dice.random() < 0.2:
                name = dice.choice([*alive])
                digest, texts = alive.pop(name)
                assert name.encode() in everywhere(file), "the search itself works"
                vault.forget([digest], 0)
                left = everywhere(file)
                pieces = [text[at : at + 24] for text in texts for at in range(0, len(text) - 24, 1000)]
                assert not [piece for piece in (name, *pieces) if piece.encode() in left]
        newest, count = settled(file)
        assert 0 < newest < count
        assert {name: vault.case_digest(name) for name in alive} == {
            name: digest for name, (digest, _) in alive.items()
        }
        vault.close()

    @pytest.mark.parametrize("seed", range(3))
    def test_what_no_record_cites_is_swept_wherever_it_lies_and_nothing_else(self, file, seed):
        """With answers that lie by themselves: no record cites them, only the submission whose they are."""
        dice = random.Random(f"swept {seed}")
        vault, cited, kept, lost = Vault.create(file, GENESIS), set(), [], []
        for turn in range(30):
            name = f"c{dice.randrange(20)}"
            whole, parts = disclose_answers(Entropy(f"parts {turn}"), {"answers": {"a": turn, "b": -turn}})
            submission = disclose(Entropy(f"whole {turn}"), "submission", whole)
            (case,) = vault.store([(name, submission, *parts)], Entropy(f"case {turn}"))
            recorded = dice.random() < 0.6
            cited |= {case, submission[0]} if recorded else set()
            (kept if recorded else lost).append((case, submission[0], *(digest for digest, _ in parts)))
        newest, count = settled(file)
        assert 0 < newest < count
        gone = {one for row in lost for one in row} - {row[0] for row in kept}
        assert vault.uncited(lambda: cited, newest) <= vault.uncited(lambda: cited, count) == len(gone) > 0
        assert vault.sweep(cited) == len(gone)
        assert all(vault.text(one) is None for one in gone)
        assert all(vault.text(one) is not None for row in kept for one in row)
        assert vault.sweep(cited) == 0
        vault.close()


def test_a_batch_costs_few_pages_however_many_disclosures_there_are(file, monkeypatch):
    """Keys in no order would have each of 192 rows write to a page of its own."""
    monkeypatch.setattr(places, "_LEAST", 4096)
    vault = Vault.create(file, GENESIS)
    for start in range(0, 6000, 1000):
        names = [said((start, number))[0] for number in range(1000)]
        vault.store([(name, said(name)) for name in names], Entropy(start))
    vault.store([("one", said("one"))], Entropy("one"))
    assert settled(file) == (12_000, 12_002)
    vault.close()
    before = Path(file).stat().st_size
    vault.store([(said((7, number))[0], said(("last", number))) for number in range(64)], Entropy("last"))
    written = Path(file + "-wal").stat().st_size
    assert before > 1_000_000
    assert written < 20 * 8192
    again = random.Random("again").sample(names, 64)
    vault.store([(name, said(("again", name))) for name in again], Entropy("again"))
    assert Path(file + "-wal").stat().st_size - written < 20 * 8192
    vault.close()
