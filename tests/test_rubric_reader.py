"""From bytes to a tree: every text as it was typed, every place right, everything outside the subset refused in plain words."""

from __future__ import annotations

import sys
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubric_files import FULL, MARK, marked
from scoring.errors import MissingExtraError, RubricError
from scoring.rubric.exact import NumberError, number, share, show_number, show_share
from scoring.rubric.reader import MAX_BYTES, MAX_DEPTH, MAX_NODES, MAX_SCALAR, parse, read
from scoring.rubric.syntax import explain
from scoring.rubric.tree import MAX_PROBLEMS, Enough, Findings, Mapping, Node, Scalar, Sequence, oddity


def plain(node: Node | None) -> object:
    """The tree as lists, dictionaries and texts."""
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node}
    if isinstance(node, Sequence):
        return [plain(entry) for entry in node]
    return node.text if isinstance(node, Scalar) else None


class TestTyped:
    """Every scalar stays the text that was typed (DESIGN 4)."""

    @pytest.mark.parametrize(
        "text",
        [
            "no",
            "yes",
            "on",
            "null",
            "~",
            "0.80",
            "70.0",
            "1e3",
            "0x1F",
            "0o17",
            "1_000",
            "12:30:45",
            "2026-11-21",
            ".inf",
            "+1",
            "<<",
            "=",
        ],
    )
    def test_no_text_is_read_as_anything_else(self, text: str) -> None:
        assert plain(read(f"key: {text}\n".encode(), "f")) == {"key": text}

    def test_keys_are_texts_too(self) -> None:
        assert plain(read(b"no: 1\n1.0: 2\ntrue: 3\n", "f")) == {"no": "1", "1.0": "2", "true": "3"}

    def test_block_texts_keep_their_lines(self) -> None:
        assert plain(read(b"a: |\n  one\n    two\nb: >-\n  three\n  four\n", "f")) == {
            "a": "one\n  two\n",
            "b": "three four",
        }

    def test_an_empty_value_is_told_from_an_empty_text(self) -> None:
        root = read(b'a:\nb: ""\n', "f")
        assert isinstance(root, Mapping)
        values = [value for _, value in root]
        assert [isinstance(value, Scalar) and value.empty for value in values] == [True, False]

    def test_every_node_knows_where_it_stands_and_under_which_key(self) -> None:
        root = read(b"a:\n  - {b: c}\n  -   d\n", "f")
        assert isinstance(root, Mapping)
        entries = root.get("a")
        assert isinstance(entries, Sequence)
        first, second = entries.entries
        assert isinstance(first, Mapping)
        b = first.get("b")
        assert b is not None
        assert b.key is not None
        assert [(n.line, n.column) for n in (root, entries, first, b.key, b, second)] == [
            (1, 1),
            (2, 3),
            (2, 5),
            (2, 6),
            (2, 9),
            (3, 7),
        ]
        assert (b.parent, first.parent, entries.parent, root.parent) == (first, entries, root, None)

    def test_comments_and_the_first_three_dashes_are_passed_over(self) -> None:
        assert plain(read(b"# c\n---\na: b # c\n...\n", "f")) == {"a": "b"}


# what is refused: the file with a mark where the problem is, its code, and what the message says
REFUSED = {
    "an anchor": ("a: «&x b\n", "anchor", "text that begins with & needs quotes"),
    "an anchor on a mapping": ("a: «&x {b: c}\n", "anchor", "&x"),
    "an alias": ("a: «*x\n", "alias", "text that begins with * needs quotes"),
    "an emphasised word": ("a: «*important* words\n", "syntax", "needs quotes"),
    "a tag": ("a: «!!str b\n", "tag", "begins with ! needs quotes"),
    "a tag of its own": ("a: «!important thing\n", "tag", "needs quotes"),
    "a key twice": ("a: 1\nb: 2\n«a: 3\n", "key-twice", 'the key "a" stands twice; the first one is in line 1'),
    "a forgotten dash": (
        "- id: x\n  b: 1\n  «id: y\n  b: 2\n",
        "key-twice",
        'if a new entry of the list begins here, it needs a "- "',
    ),
    "a second document": ("a: b\n«---\nc: d\n", "second-document", "has to go"),
    "a version directive": ("«%YAML 1.2\n---\na: b\n", "directive", "delete this line"),
    "another directive": ("«%foo\na: b\n", "syntax", "delete this line"),
    "a list as a key": ("? «[x]\n: y\n", "key-form", "a list cannot be a key"),
    "no key": ("«: x\n", "syntax", "no key before the colon"),
    "no key behind a question mark": ("a: {?« : x}\n", "key-form", "no key before the colon"),
    "no key inside braces": ("a: {«: x}\n", "syntax", "no key before the colon"),
    "a comma without quotes": (
        "a: {points: 0, why: rushed, «low-quality work, x: y}\n",
        "flow-comma",
        'text with a comma inside { } needs quotes; did you mean why: "rushed, low-quality work"?',
    ),
    "two commas without quotes": ("a: {why: one, «two, three}\n", "flow-comma", 'did you mean why: "one, two, three"?'),
    "no space behind a colon in braces": ("a: {«points:1, why: x}\n", "flow-comma", 'did you mean "points: 1"?'),
    "a lone surrogate": ('a: «"\\ud800"\n', "character", "half a character"),
    "a control character": ('a: «"\\x07"\n', "character", "control character"),
    "a character that YAML forbids": ("a: «\x07\n", "character", "U+0007"),
    "a number of no character": ('a: "\\U«FFFFFFFF"\n', "syntax", "no character with this number"),
    "an invisible line end": ("a: b«\u2028c: d\n", "line-end", "invisible line end (U+2028)"),
    "nothing": ("«", "empty-file", "the file is empty"),
    "only comments": ("«# a\n# b\n", "empty-file", "nothing but comments"),
    # --- what the parser complains about, in plain words
    "a colon in text": ("ask: Which is right«: A or B\n", "syntax", 'did you mean ask: "Which is right: A or B"?'),
    "a colon behind quotes": ('a: "b"«: c\n', "syntax", "a colon behind quoted text"),
    "a line indented too deep": (
        "a: b\n  «c: d\n",
        "syntax",
        "indented deeper than line 1, so it continues the text there",
    ),
    "no space behind the first colon": ("«points:1\nb: 2\n", "syntax", 'did you mean "points: 1"?'),
    "no space behind a later colon": ("a: 1\n«points:1\nb: 2\n", "syntax", 'did you mean "points: 1"?'),
    "no colon before a brace": ("a:\n  A «{points: 1, why: x}\n", "syntax", 'did you mean "A: {..."?'),
    "a line without a colon": ("a: b\n«more words\nc: d\n", "syntax", 'expected "key: value", found "more words"'),
    "an unclosed quote": ('a: «"b\nc: d\n', "syntax", "never closed (or the file was cut off)"),
    "an unclosed quote, closed by the next one": ('a: «"b\n  c: d\ne: "f"\n', "syntax", "not closed before line 3"),
    "a quote inside quotes": ('a: "he said "«yes" to it"\n', "syntax", 'a quote inside "..." is written \\"'),
    "an apostrophe inside apostrophes": ("a: 'it'«s bad'\n", "syntax", "written twice ('')"),
    "a quoted line without a colon": ('a: b\n«"c d"\ne: f\n', "syntax", "followed by no colon"),
    "a misaligned line": (
        "a:\n  - b: 1\n    c: 2\n   «d: 3\n",
        "syntax",
        'this line starts in column 4, the "- " of line 2 in column 3: if it belongs to that entry, indent it to column 5',
    ),
    "a dash where a key belongs": (
        "a: b\n«- c\n",
        "syntax",
        "an entry of a list (- ) and a key cannot stand in the same column",
    ),
    "a dash below a key in the column of a list further up": (
        "a:\n  - b\nc:\n  d: e\n  «- f\n",
        "syntax",
        "an entry of a list (- ) and a key cannot stand in the same column as entries of one thing; line 4 began it",
    ),
    "a key where a dash belongs": (
        "- a\n«b: c\n",
        "syntax",
        'in column 1, like the "- " in line 1; if it belongs to that entry, indent it to column 3; if it begins a new entry, put a "- "',
    ),
    "an unclosed brace at the end": ("a: «{b: c\n", "syntax", "never closed: add a } (or the file was cut off)"),
    "an unclosed brace before more lines": ("a:\n  - «{b: c\n  - {d: e}\n", "syntax", "not closed before line 3"),
    "an unclosed bracket before a key": ("a: «[b, c\nd: e\n", "syntax", "not closed before line 2"),
    "a brace too many": ("a: {b: c}«}\nd: e\n", "syntax", "closes nothing"),
    "a colon inside braces": ("a: {b: c«: d}\n", "syntax", 'did you mean b: "c: d"?'),
    "a question mark inside braces": (
        "a: {x: y, b: Who is it«?}\n",
        "syntax",
        'a question mark inside { } needs quotes; did you mean b: "Who is it?"?',
    ),
    "brackets inside braces": (
        "a: {b: see «[1], c: d}\n",
        "syntax",
        "text with brackets or braces inside { } needs quotes",
    ),
    "text behind quotes inside braces": ('a: {b: "x" «y}\n', "syntax", "a comma is missing"),
    "no comma between entries": ("a: «{b: c,\n  d: [e]\n  f: g}\n", "syntax", "is not closed before line 3"),
    "a tab behind a colon": ("a:«\tb\n", "syntax", "there is a tab"),
    "a tab that indents": ("a:\n«\tb: c\n", "syntax", "there is a tab"),
    "text that begins with @": ("a: «@b\n", "syntax", "text that begins with @ needs quotes"),
    "text that begins with %": ("a: «%b\n", "syntax", "text that begins with % needs quotes"),
    "a star alone": ("a: «*\n", "syntax", "text that begins with * needs quotes"),
    "an ampersand alone": ("a: «& b\n", "syntax", "text that begins with & needs quotes"),
    "text behind a bar": ("a: | «text\n  b\n", "syntax", "the text begins on the next line"),
    "a backslash in quotes": ('a: "C:\\«dir"\n', "syntax", "a backslash is written twice"),
    "a list on the line of its key": ("a: «- b\n", "syntax", "a list begins on the line after its key"),
    "two columns at the top": ("  a: b\n«c: d\n", "syntax", "does not belong to what begins in line 1, column 3"),
    "a value left out": ("a: [b,«,c]\n", "syntax", "a value is missing before this ,"),
    "a key that is too long": ("x" * 1100 + "«: b\n", "syntax", "too long for a key"),
    "a text that was closed too early": ("a: 'b'\n  «'c'\nd: e\n", "syntax", "closed too early"),
    "text behind quotes that began further up": (
        'a: "x\\" y\n  z" «w\nb: c\n',
        "syntax",
        "there is more text behind the closing quote",
    ),
    "curly quotes": ("a: “Hi«: there”\n", "syntax", "type the straight quote"),
    "a non-breaking space": ("a:«\u00a0b\nc: d\n", "syntax", "there is a non-breaking space"),
    "a non-breaking space that indents": (
        "- a: b\n «\u00a0c: d\n",
        "syntax",
        "there is a non-breaking space",
    ),
    "a non-breaking space that begins a key": (
        "a:\n  - b: c\n«\u00a0\u00a0d: e\nf: g\n",
        "key-form",
        "there is a non-breaking space",
    ),
    # --- what newcomers write
    "a list without brackets": (
        "- {id: g, is: GDPR, «DSGVO, why: x}\n",
        "flow-comma",
        "a list stands in brackets; did you mean is: [GDPR, DSGVO]?",
    ),
    "a list whose first text is quoted": ('- {like: "a*", «b c}\n', "flow-comma", "did you mean like: [a*, b c]?"),
    "outcomes that are numbers": ("{item: t, is: 1, «2}\n", "flow-comma", "did you mean is: [1, 2]?"),
    "answers of an example": ("answers: {t: A, «B}\n", "flow-comma", "did you mean t: [A, B]?"),
    "an answer of an example in words": (
        "answers: {t: no, «never so}\n",
        "flow-comma",
        'did you mean t: "no, never so"?',
    ),
    "an answer of an example that is a number": ("answers: {t: 2,«5}\n", "flow-comma", "needs quotes; did you mean t:"),
    "a decimal comma": ("{points: 2,«5}\n", "flow-comma", "a decimal is written with a point; did you mean 2.5?"),
    "a share with a comma": ("{from: 75,«5%}\n", "flow-comma", "did you mean 75.5%?"),
    "a share with a comma and no sign": ("shares: {a: 33,«3}\n", "flow-comma", "did you mean 33.3%?"),
    "a text with a comma and both quotes": (
        '{why: he said "it\'s", «no}\n',
        "flow-comma",
        r'did you mean why: "he said \"it' + "'" + r's\", no"?',
    ),
    "a text that a # cuts": (
        "a: Write letter «#1 of refusal.\nb: c\n",
        "comment",
        'from the # on, this line is a comment and is not read; did you mean a: "Write letter #1 of refusal."?',
    ),
    "a text that a # cuts, lines ended as on old machines": ("a: b «#1\rc: d\r", "comment", 'did you mean a: "b #1"?'),
    "a text that a # cuts, lines ended as on Windows": ("a: b  «#1\r\nc: d\r\n", "comment", 'did you mean a: "b  #1"?'),
    "an entry that a # cuts": ("- Letter «#1\n", "comment", 'did you mean "Letter #1"?'),
    "a text over several lines that a # cuts": ("a: One\n  letter «#1\n  two\nb: c\n", "comment", '"One letter #1"'),
    "a text in braces that a # cuts": ("a: {b: Letter «#1, c: d}\ne: f\n", "comment", 'did you mean b: "Letter #1"?'),
    "a long text that a # cuts": ("a: " + "x" * 200 + " «#1\n", "comment", "not read; put the text in quotes"),
    "a comment that takes the brace along": (
        "a: {b: Letter «# 1, c: d}\ne: f\n",
        "syntax",
        "from this # on, the line is a comment, so the { of the line is not closed",
    ),
    "a comment behind quotes that takes the bracket along": ("a: ['#', \"b\" «#1]\n", "syntax", "so the [ of the line"),
    "a comment behind a brace that is not closed": ("a: «{b: c  # d\ne: f\n", "syntax", "not closed before line 2"),
    "no space behind a dash": (
        "- id: a\n«-id: rumour\n",
        "syntax",
        'a space is missing behind the dash; did you mean "- id: rumour"?',
    ),
    "no space behind the first dash": ("a:\n  «-id: b\n    c: d\n", "syntax", 'did you mean "- id: b"?'),
    "a long dash": (
        "- id: a\n«\u2013 id: b\n",
        "syntax",
        'this is a long dash; a list uses -; did you mean "- id: b"?',
    ),
    "a long dash that begins the list": (
        "a:\n  «\u2014 id: b\n    c: d\n",
        "syntax",
        "this is a long dash; a list uses -",
    ),
    "a key outdented to its dash": (
        "a:\n  - id: b\n  «c: d\n",
        "syntax",
        'this line starts in column 3, like the "- " in line 2; if it belongs to that entry, indent it to column 5',
    ),
    "a key between its dash and the other keys": (
        "- id: b\n  c: d\n «e: f\n",
        "syntax",
        'this line starts in column 2, the "- " of line 1 in column 1: if it belongs to that entry, indent it to column 3',
    ),
    "an entry outdented by one": (
        "a:\n  - id: b\n    c: d\n «- id: e\n",
        "syntax",
        'this "- " starts in column 2; if it begins an entry of that list, move it to column 3, as line 2',
    ),
    "an entry indented by one": ("a:\n  - b\n  - id: c\n   «- id: e\n", "syntax", "move it to column 3, as line 3"),
    "an entry indented as the keys": ("- id: b\n  c: d\n  «- id: e\n", "syntax", "move it to column 1, as line 1"),
    "an entry in braces without its dash": (
        "a:\n  - {b: c}\n  «{d: e}\n",
        "syntax",
        'if it is a new entry, put a "- " before it',
    ),
    "a dash where there is no list": ("a:\n  b: c\n «- d\n", "syntax", "there is no list in this column"),
    "text behind quotes at its beginning": (
        'ask: "Sorry" «letter: write it.\n',
        "syntax",
        """did you mean ask: '"Sorry" letter: write it.'?""",
    ),
}


class TestRefused:
    """What the subset leaves out, and what is no YAML: one problem, at the place where it has to be mended."""

    @pytest.mark.parametrize(("text", "code", "says"), REFUSED.values(), ids=REFUSED)
    def test_refused(self, text: str, code: str, says: str) -> None:
        text, (line, column) = marked(text)
        with pytest.raises(RubricError) as caught:
            read(text.encode(), "file.yaml")
        assert [(code, line, column)] == [(p.code, p.line, p.column) for p in caught.value.problems]
        problem = caught.value.problems[0]
        assert says in problem.message
        assert str(problem).startswith(f"file.yaml:{line}:{column}: ")

    @pytest.mark.parametrize(
        "text",
        [
            "a: 'it''s fine'\n",
            'a: "b: c, d"\n',
            "a: {b: 'c, d', e: f}\n",
            "a: {b: }\n",
            "a: 5 * 3 & 2 ! % @\n",
            "a: b?\n",
            "a: x#y\n",
            "a: x # y\n",
            'a: "x" #y\n',
            "a: |\n  x #1\n",
            "a: # b\n  - c\n",
            "a: [x, # see [1]\n  y]\n",
            "a: 5\u00a0km\n",
            "a: -b\n",
            "a: \u2013 b\n",
            "a: {b: 'x #1', c: d}\n",
            "a: |\n  b: c\n",
        ],
    )
    def test_the_same_with_quotes_or_in_their_place_is_fine(self, text: str) -> None:
        assert isinstance(read(text.encode(), "f"), Mapping)

    def test_the_line_is_shown_with_a_caret(self) -> None:
        _, findings = parse(b"a: 1\n  b: &x 2\n".replace(b"\n  ", b"\n"), "f")
        assert findings.sorted()[0].show() == (
            "f:2:4: &x names this place, which is not read: text that begins with & needs quotes\n    b: &x 2\n       ^"
        )

    def test_what_can_be_read_over_is_reported_together(self) -> None:
        _, findings = parse(b"a: &x 1\na: 2\nb: *x\nc: !t 3\n", "f")
        assert [(1, "anchor"), (2, "key-twice"), (3, "alias"), (4, "tag")] == [
            (p.line, p.code) for p in findings.sorted()
        ]

    def test_a_complaint_that_nobody_foresaw_is_passed_on_as_it_is(self) -> None:
        import yaml

        error = yaml.MarkedYAMLError("while on the way", None, "something odd", None)
        assert (1, 1, "syntax", "no YAML: while on the way / something odd") == explain(error, "a: b")

    def test_there_is_an_end_to_it(self) -> None:
        root, findings = parse(b"- &x y\n" * 1000, "f")
        assert root is None
        assert len(findings.sorted()) == MAX_PROBLEMS + 1

    def test_billion_laughs_stop_at_the_first_alias(self) -> None:
        lines = ["a: &a [x, x, x]"] + [
            f"{b}: &{b} [*{a}, *{a}, *{a}]" for a, b in zip("abcdefg", "bcdefgh", strict=True)
        ]
        root, findings = parse("\n".join(lines).encode(), "f")
        assert findings.failed
        assert len(plain(root)) == 8  # type: ignore[arg-type]  # nothing was multiplied


class TestBytes:
    """Bytes that are no text of ours, and limits."""

    @pytest.mark.parametrize(
        ("data", "code", "says"),
        [
            (b"a: b\nc: \xe4\n", "encoding", "byte 0xe4 is no UTF-8"),
            ("a: b\n".encode("utf-16"), "encoding", "UTF-16"),
            (b" " * 10, "empty-file", "empty"),
            (b"a: " + b"x" * (MAX_SCALAR + 1), "text-length", "20,000"),
            (b"- a\n" * MAX_NODES, "file-size", "100,000"),
            (b"#" * (MAX_BYTES + 1), "file-size", "1,048,576"),
        ],
    )
    def test_refused(self, data: bytes, code: str, says: str) -> None:
        root, findings = parse(data, "f")
        assert [code] == [problem.code for problem in findings.sorted()]
        assert says in findings.sorted()[0].message
        assert root is None

    def test_a_byte_order_mark_is_passed_over(self) -> None:
        """Editors on Windows write one."""
        assert plain(read(b"\xef\xbb\xbfa: b\n", "f")) == {"a": "b"}
        _, findings = parse(b"\xef\xbb\xbfa: &x b\n", "f")
        assert [(1, 4, "a: &x b")] == [(p.line, p.column, p.source) for p in findings.sorted()]

    def test_a_byte_order_mark_alone_is_an_empty_file(self) -> None:
        _, findings = parse(b"\xef\xbb\xbf\n", "f")
        assert ["empty-file"] == [problem.code for problem in findings.sorted()]

    def test_the_byte_that_is_no_utf8_is_located(self) -> None:
        _, findings = parse("a: ä\nbä: ".encode() + b"\xff\n", "f")
        assert [(2, 5)] == [(p.line, p.column) for p in findings.sorted()]

    def test_depth_is_limited_whatever_the_style(self) -> None:
        fits = "".join(f"{'  ' * n}a:\n" for n in range(MAX_DEPTH - 1)) + "  " * (MAX_DEPTH - 1) + "a: b\n"
        assert isinstance(read(fits.encode(), "f"), Mapping)
        for deep in ("[" * 2000, "{a: " * 2000, "- " * 400 + "a", "a:\n" + fits.replace("a:", "  a:")):
            root, findings = parse(deep.encode(), "f")
            assert root is None
            assert findings.sorted()[-1].code in ("depth", "syntax")

    def test_at_the_limits_all_is_well(self) -> None:
        assert isinstance(read(b"a: " + b"x" * MAX_SCALAR, "f"), Mapping)
        assert isinstance(read(b"- a\n" * (MAX_NODES - 1), "f"), Sequence)

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_lines_are_counted_alike_whatever_ends_them(self, end: str) -> None:
        _, findings = parse(end.join(["a: b", "", "c: &d e", ""]).encode(), "f")
        assert [(3, 4, "c: &d e")] == [(p.line, p.column, p.source) for p in findings.sorted()]

    def test_without_pyyaml_the_error_names_the_command(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "yaml", None)
        with pytest.raises(MissingExtraError, match=r'pip install "scoreproof\[cli\]"'):
            read(b"a: b", "f")


class TestFindings:
    """How problems are gathered."""

    def test_what_holds_something_wrong_is_not_sound(self) -> None:
        root = read(b"a: {b: c}\nd: e\n", "f")
        assert isinstance(root, Mapping)
        a, d = root.get("a"), root.get("d")
        assert isinstance(a, Mapping)
        assert d is not None
        b = a.get("b")
        assert b is not None
        findings = Findings("f", "a: {b: c}\nd: e\n")
        findings.report(b, "x", "wrong")
        findings.report(b, "y", "wrong in another way, which is not said")
        assert [False, False, False, True] == [findings.sound(node) for node in (root, a, b, d)]
        assert ["x"] == [problem.code for problem in findings.sorted()]

    def test_it_ends_at_a_bound(self) -> None:
        findings = Findings("f")
        for line in range(1, MAX_PROBLEMS):
            findings.report_at(line, 1, "x", "wrong")
        with pytest.raises(Enough):
            findings.report_at(MAX_PROBLEMS, 1, "x", "wrong")
        assert len(findings.sorted()) == MAX_PROBLEMS + 1
        assert findings.sorted()[-1].code == "too-many-problems"

    def test_a_very_long_line_is_not_shown_whole(self) -> None:
        _, findings = parse(b"a: &x " + b"y" * 15_000 + b"\n", "f")
        assert len(findings.sorted()[0].source) == 1000

    def test_a_character_that_looks_like_another_is_named(self) -> None:
        assert oddity("plain") == ""
        assert "curly quotes" in oddity("a “b”")
        assert "zero-width" in oddity("a\u200b")


class TestNumbers:
    """Numbers are exact: integers, decimals, percents, ratios (DESIGN 4)."""

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("0", (0, 1)),
            ("12", (12, 1)),
            ("-3", (-3, 1)),
            ("0.80", (4, 5)),
            ("4/5", (4, 5)),
            ("-6/4", (-3, 2)),
            ("007", (7, 1)),
            ("0.1", (1, 10)),
            ("999999999999", (999999999999, 1)),
            ("0.00000000001", (1, 10**11)),
            ("0.30000000000000000", (3, 10)),
        ],
    )
    def test_a_number_is_exactly_what_was_typed(self, text: str, value: tuple[int, int]) -> None:
        assert Fraction(*value) == number(text)

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("80%", (4, 5)),
            ("12.5%", (1, 8)),
            ("1/3", (1, 3)),
            ("0%", (0, 1)),
            ("100%", (1, 1)),
            ("-20%", (-1, 5)),
            ("3/3", (1, 1)),
        ],
    )
    def test_a_share_carries_a_percent_sign_or_is_a_ratio(self, text: str, value: tuple[int, int]) -> None:
        assert Fraction(*value) == share(text)

    @pytest.mark.parametrize(
        ("text", "meant"),
        [
            ("20", "20%"),
            ("0.2", "20%"),
            ("0", "0%"),
            ("1", '100%" or 1%'),
            ("80 %", "80%"),
            ("80 percent", "80%"),
            ("12,5%", "12.5%"),
            ("“75%”", "75%"),
            (".5", "50%"),
            ("½", "1/2"),
            ("-.2", "-20%"),
            ("0,8", "80%"),
            ("120", "120%"),
            ("+5%", "5%"),
            ("\u22125%", "-5%"),
        ],
    )
    def test_a_share_in_another_spelling_is_refused_with_what_was_meant(self, text: str, meant: str) -> None:
        with pytest.raises(NumberError) as caught:
            share(text)
        assert f'did you mean "{meant}' in str(caught.value)

    @pytest.mark.parametrize(
        ("text", "meant"),
        [
            ("50%", '50" or "0.5'),
            ("150%", '150" or "1.5'),
            ("1,5", "1.5"),
            ("1,000", "1000"),
            ("1 000", "1000"),
            ("+3", "3"),
            (".5", "0.5"),
            ("5.", "5"),
            ("\u20133", "-3"),
        ],
    )
    def test_a_number_in_another_spelling_is_refused_with_what_was_meant(self, text: str, meant: str) -> None:
        with pytest.raises(NumberError) as caught:
            number(text)
        assert f'did you mean "{meant}"' in str(caught.value)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "-",
            "x",
            "1e3",
            "0x10",
            "nan",
            "inf",
            "1/0",
            "1/-2",
            "1//2",
            "1.2.3",
            "--1",
            "٣",
            "1_0",
            "1/3%",
            "%",
            "1" * 13,
            "9" * 5000,
            "1/1000000000000",
            "0.0000000000001",
        ],
    )
    def test_anything_else_is_refused(self, text: str) -> None:
        for reader in (number, share):
            with pytest.raises(NumberError) as caught:
                reader(text)
            assert len(str(caught.value)) < 200

    def test_numbers_are_shown_as_people_write_them(self) -> None:
        assert ["2.5", "-0.125", "1/3", "3"] == [
            show_number(Fraction(*pair)) for pair in ((5, 2), (-1, 8), (1, 3), (3, 1))
        ]
        assert ["95%", "12.5%", "1/3", "-20%"] == [
            show_share(Fraction(*pair)) for pair in ((19, 20), (1, 8), (1, 3), (-1, 5))
        ]

    @given(st.fractions(min_value=-1000, max_value=1000, max_denominator=10**6))
    def test_what_is_shown_reads_back(self, value: Fraction) -> None:
        assert value == number(show_number(value))
        assert value == share(show_share(value))


NOISE = st.text(alphabet=st.characters() | st.sampled_from(list("{}[]:,-?&*!|>'\"%@` \n\t#" + MARK)), max_size=60)


class TestAnything:
    """Reading never fails otherwise than with a RubricError."""

    @given(NOISE | st.binary(max_size=60))
    def test_any_text_and_any_bytes(self, text: str | bytes) -> None:
        data = text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
        self.only_rubric_errors(data)

    @given(st.integers(0, len(FULL)), st.integers(0, 40), NOISE)
    def test_a_rubric_with_something_cut_out_and_something_put_in(self, at: int, length: int, put: str) -> None:
        self.only_rubric_errors((FULL[:at] + put + FULL[at + length :]).encode(errors="surrogatepass"))

    def only_rubric_errors(self, data: bytes) -> None:
        try:
            root = read(data, "f")
        except RubricError as error:
            problems = error.problems
            assert problems
            assert all(p.line >= 1 and p.column >= 1 and p.message and p.code for p in problems)
        else:
            assert isinstance(root, Node)
