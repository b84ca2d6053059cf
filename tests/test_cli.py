"""
The command line: what every command prints, and what it says to the shell.

`KEYS` is the documentation of the keys that machines get: exactly these, in every object of that kind.
"""

from __future__ import annotations

import errno
import io
import json
import os
import resource
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

import scoring
from scoring import canonical
from scoring.audit import disk
from scoring.cli import COMMANDS, main, output
from scoring.cli.start import program, shipped
from scoring.rubric.schema import schema_text

RULES = shipped("ml-engineer-mid-written")
RUBRIC = str(RULES / "rubric.yaml")
MARKER = "Zk7qX-marker-Zk7qX"  # what nobody but a candidate could have written

_FINDING = {"result", "record", "detail", "expected", "found"}
_PLACE = {"file", "offset"}
_CASES = {"type", "name", "cases", "first", "named"}  # how many; the records of the first, and their cases or null

_PROOF = {
    "profile",
    "level",
    "why",
    "failing",
    "universe",
    "remarks",
    "witness",
}  # a witness is a submission that shows it

# command -> type of the object (where a command has several) -> its keys
KEYS = {
    "score": {
        None: {
            "line",  # where the submission starts in its file
            "id",  # the submission's, null where it has none
            "seq",  # its record, null without --log
            "repeated",  # it was recorded before, and this is the decision of then
            "status",
            "verdict",
            "action",
            "score",  # exact: "4/5"
            "percent",  # for people: "80.00 %", cut and never rounded up
            "determined_by",
            "holds",
            "flags",  # flag -> ids of the items that raised it
            "awaited",  # ids of items
            "reachable",
            "outcomes",  # item id -> name of its outcome
            "level",  # that the rubric was loaded for, null where it has none
            "variant",
            "stage",  # the first that the case has not passed, else the last
            "stages",  # stage -> passed, pending, ended, waiting, not_evaluated
            "waits",  # stage -> what is awaited there, ids of items
            "pack",  # the digest of the pack that decided: the recorded one's where it is repeated
            "decision",  # FORMAT.md 6: what is logged
        }
    },
    "append": {
        "rubric": {"file", "line", "type", "id", "seq", "repeated"},
        "decision": {"file", "line", "type", "id", "seq", "repeated"},
    },
    "open": {
        None: {"seq", "id", "repeated", "rubric", "version", "profile", "level", "fixed"}
    },  # fixed: names of facts
    "resolve": {
        None: {"seq", "id", "decision", "action", "reason", "verdict", "stage", "withdraws", "standing"}
    },  # standing: STANDING
    "status": {
        "opened": _CASES,  # cases that were opened and have no decision; `name` is null, records are openings
        "waits": _CASES,  # by stage, which is the name
        "held": _CASES,  # by hold; nobody has answered it
        "again": _CASES,  # to be scored again, because of what a person said; `name` is null
        "said": {"type", "action", "reason", "count"},
        "unreadable": {"type", "records", "detail"},  # whose case cannot be told, for its disclosure was changed
        "log": {
            *("type", "records", "cases", "decisions", "erased", "recoveries"),
            *(
                "leaf",
                "provable",
                "signed_by",
            ),  # of the last record; how many records the newest head stands for; name+id
        },
    },
    "rescore": {
        "case": {
            *(
                "type",
                "record",
                "case",
                "id",
            ),  # the newest decision, and what the one is called that would supersede it
            *("old", "new"),  # status, verdict, action, score, percent, determined_by, holds
            "items",  # item, and its outcome and points, old and new
            *("worse", "person", "applies"),  # person: whose word would count no longer, confirm or override
        },
        "unscored": {"type", "record", "case", "why"},
        "applied": {"type", "supersedes", "record"},
        "rescore": {
            *("type", "policy", "differ", "alike", "worse", "unscored"),
            *("applied", "recorded", "left"),  # with --apply; else false, 0, 0
        },
    },
    "verify": {
        "check": {"type", "check", "parts"}
        | _FINDING
        | _PLACE,  # parts: what of the log a failure accuses, `packs` say
        "log": {"type", "result", "size", "leaf", "cannot_show"},
    },
    "explain": {
        None: {
            *("record", "time", "id", "case", "supersedes", "others"),  # case: null without the vault
            "standing",  # of the case: STANDING; a candidate is not told who, nor why in words
            "order",  # what came before the start: ORDER
            *(
                "audience",
                "rubric",
                "version",
                "profile",
                "level",
                "variant",
                "assumed",
                "excerpts",
                "irregularities",
                "reinstate",
                "void",
                "stages",
                "competencies",
                "status",
                "verdict",
                "action",
                "score",
                "percent",
                "margins",
            ),
            *(
                "determined_by",
                "caps",
                "holds",
                "awaited",
                "reachable",
                "sections",
                "items",
                "reasons",
                "lost",
                "changes",
                "decision",
                "overrides",
                "remarks",  # single ratings and what is of note; not without the vault
            ),
        }
    },
    "replay": {
        "step": {"type", "step", "decisions"} | _FINDING,
        "difference": {"type", "step", "decisions"} | _FINDING,
    },
    "check": {
        "problem": {"type", "severity", "code", "message", "file", "line", "column", "path"},
        "example": {"type", "id", "shows", "holds"},
        "reached": {"type", "kind", "name", "examples"},
        "rubric": {
            "type",
            "file",
            "rubric",
            "version",
            "digest",
            "errors",
            "warnings",
            "examples",
            "failing",
            "unreached",
            *("promises", "broken", "undecided"),
        },
        "guarantee": {
            "type",
            "id",
            "holds",
            "holds_without_proof_of_notice",
            *_PROOF,
        },  # one for each profile and level
        "replaces": {"type", "version", "against", "beyond", "holds", *_PROOF} - {"failing", "witness"},
    },
    "pack": {None: {"rubric", "version", "digest", "scoring_digest", "files"}},
    "keep": {None: {"case", "until", "hold"}},
    "erase": {None: {"named", "record", "reason"}},
    "export": {None: {"file", "records", "cases", "missing"}},
    "receipt": {None: {"file", "record", "said", "text"}},  # record, said: null for a checkpoint of the whole log
    "keygen": {None: {"file", "name", "verification_key"}},
    "new": {None: {"directory", "rubric", "files"}},
    "demo": {
        "score": set(),  # type and case, and the keys of the command score
        "standing": set(),  # type and case, and STANDING
        "check": {"type", "check", "result", "record", "detail"},
        "forgery": {"type", "check", "result", "record", "detail"},
        "done": {"type", "directory", "files"},
    },
}
KEYS["demo"]["score"] = {"type", "case", *KEYS["score"][None]}
STANDING = {
    "decision",  # the case's newest
    "opening",  # its record, or null
    *("status", "verdict", "action", "holds"),  # what the rules say
    *("said", "void", "reinstate"),  # SAID each, or null: the confirm or override that counts, and what is in force
    "again",  # the case is to be scored again
    *("effective_verdict", "effective_action"),  # what counts now
    "host_action",  # what a host does
    "erased",  # the record by which the case was erased, or null
}
SAID = {"seq", "action", "reason", "verdict", "stage", "who", "why"}
ORDER = {
    *("rubric", "rubric_time", "opening", "opening_time"),  # records, and what the writer's clock said
    *("notice_at", "started_at"),  # as the submission says; null without the vault
    "in_order",
    "remarks",  # key_not_predefined, opening_not_before, notice_not_before
}
KEYS["demo"]["standing"] = {"type", "case", *STANDING}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """What the demonstration of the written test leaves: rubric, examples, submissions, log, vault; at a time that stands still. Read-only."""
    path = tmp_path_factory.mktemp("made") / "demo"
    assert main(["demo", str(path), "--json"]) == 0
    (path / "decisions.vault").unlink()
    for name in ("funnel", "decisions"):
        shutil.rmtree(path / name)
    rubric = scoring.load(path / "rubric.yaml")
    told = {"sha256": rubric.notice_digest, "at": "2026-11-21T09:00:00Z"}
    facts = {"notice": told, "started_at": "2026-11-21T09:05:00Z"}
    sheets = [each | {"facts": facts} for each in objects((path / "submissions.jsonl").read_text())]
    (path / "submissions.jsonl").write_bytes(lines(*sheets))
    with scoring.AuditLog.open(path / "decisions", create=True, clock=lambda: "2026-11-21T09:00:00Z") as log:
        for each in sheets:
            log.decide(rubric, each)
    return path


@pytest.fixture(autouse=True)
def demo(made, tmp_path, monkeypatch):
    """A copy of it, in the current directory."""
    shutil.copytree(made, tmp_path / "demo")
    monkeypatch.chdir(tmp_path)
    return Path("demo")


@pytest.fixture
def call(capsys, monkeypatch):
    """Run a command in this process: its status, standard output and standard error."""

    def run(*argv, stdin=None):
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        status = main([str(word) for word in argv])
        return status, *capsys.readouterr()

    return run


def in_a_process(
    *argv, cwd=None, stdin=b"", code="import sys; from scoring.cli import main; sys.exit(main(sys.argv[1:]))", **more
):
    """Run code in a fresh interpreter that measures no coverage: that would load modules, and write files, of its own."""
    env = {**os.environ, "PYTHONPATH": str(Path(scoring.__file__).parents[1])} | more.pop("env", {})
    env = {name: value for name, value in env.items() if not name.startswith("COVERAGE_PROCESS")}
    env["PYTHONDONTWRITEBYTECODE"] = "1"  # where files may not grow, Python leaves half a module in its cache
    command = [sys.executable, "-c", code, *map(str, argv)]
    return subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, env=env, check=False, timeout=60, **more)


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


def apart(text):
    """Results, and what stands there for submissions that were not scored."""
    found = objects(text)
    return [each for each in found if "error" not in each], [each for each in found if "error" in each]


def sheet(name="s-1", **changes):
    answers = {
        "job-run-time": "20",
        "pandas-filtered-sum": "70",
        "messy-data-deadline": "B",
        "plain-words": ["A", "B"],
        "outlier-age": "141",
    }
    return {"id": name, "case": f"case of {name}", "answers": answers | changes}


SAYS = ("--who", "Ada", "--why", "because", "--reason", "looked-at")


def amended(rubric, *edits):
    """The next version of the written test: it asks more of a strong pass, and the hasty answer earns the point; or as *edits* say."""
    replaces = 'replaces: {version: "2026.1", reason: a cut was too low}'
    edits = edits or (
        ("{id: strong_pass, from: 80%", "{id: strong_pass, from: 90%"),
        ("A:\n            points: 0\n            flag: refer", "A:\n            points: 1\n            flag: refer"),
    )
    for old, new in (('version: "2026.1"', f'version: "2026.2"\n{replaces}'), *edits):
        assert old in rubric
        rubric = rubric.replace(old, new)
    return rubric


def lines(*sheets):
    return b"".join(json.dumps(each).encode() + b"\n" for each in sheets)


class TestStarting:
    def test_help_lists_every_command_and_loads_nothing_heavy(self):
        code = (
            "import sys; from scoring.cli import main; status = main(['--help'])\n"
            "heavy = {'attr', 'attrs', 'cattrs', 'yaml', 'sqlite3', 'hypothesis', 'structlog', 'rich', 'cyclopts', 'orjson'}\n"
            "print('LOADED', sorted(heavy & sys.modules.keys()), status)"
        )
        done = in_a_process(code=code)
        assert done.stdout.decode().splitlines()[-1] == "LOADED [] 0"
        for commands in COMMANDS.values():
            assert all(f"    {name} " in done.stdout.decode() for name in commands)

    def test_scoring_by_a_pack_loads_no_library_of_authoring_and_no_database(self, demo, call):
        call("pack", RUBRIC, "-o", "out")
        code = (
            "import sys; from scoring.cli import main; main(sys.argv[1:])\n"
            "print('LOADED', sorted({'cattrs', 'yaml', 'sqlite3', 'hypothesis', 'structlog'} & sys.modules.keys()))"
        )
        done = in_a_process("score", next(Path("out").glob("*.pack.json")), demo / "submissions.jsonl", code=code)
        assert done.stdout.decode().splitlines()[-1] == "LOADED []"

    def test_the_version_is_that_of_the_package(self, call):
        assert call("--version") == (0, f"scoring {scoring.__version__}\n", "")
        assert call("help")[1].startswith("Answers in, a verdict out")

    def test_python_m_scoring_cli_is_the_same_program(self):
        env = {**os.environ, "PYTHONPATH": str(Path(scoring.__file__).parents[1])}
        done = subprocess.run(
            [sys.executable, "-m", "scoring.cli", "--version"], capture_output=True, env=env, check=False
        )
        assert (done.returncode, done.stdout.decode().strip()) == (0, f"scoring {scoring.__version__}")

    @pytest.mark.parametrize("name", [name for commands in COMMANDS.values() for name in commands])
    def test_every_command_has_help_and_a_json_mode(self, name, call):
        status, out, _ = call(name, "--help")
        assert status == 0
        assert "--json" in out

    def test_a_missing_extra_is_named_with_the_command_that_installs_it(self, call, monkeypatch):
        monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
        status, out, err = call("check", RUBRIC)
        assert (status, out) == (2, "")
        assert err == 'scoring: the command line needs the extra "cli": pip install "scoreproof[cli]"\n'


class TestProgram:
    """How the commands that are suggested begin: so that they run as they stand."""

    @pytest.fixture
    def environment(self, tmp_path, monkeypatch):
        """An environment that nobody activated, with its command beside its interpreter."""
        bin_ = tmp_path / "my project/.venv/bin"
        bin_.mkdir(parents=True)
        script = bin_ / "scoring"
        script.touch(mode=0o755)
        monkeypatch.setattr(sys, "executable", str(bin_ / "python"))
        monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
        return script

    def test_it_is_the_name_where_the_shell_finds_that(self, environment, monkeypatch):
        monkeypatch.setenv("PATH", str(environment.parent))
        assert program() == "scoring"

    @pytest.mark.parametrize(
        ("place", "called"),
        [
            ("my project", ".venv/bin/scoring"),
            ("my project/.venv/bin", "./scoring"),
            (".", "'my project/.venv/bin/scoring'"),
        ],
    )
    def test_it_is_a_relative_path_inside_the_current_directory(self, environment, place, called, monkeypatch):
        monkeypatch.chdir(environment.parents[3] / place)
        assert program() == called

    def test_it_is_the_whole_path_outside(self, environment, tmp_path, monkeypatch):
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir("elsewhere")
        assert program() == f"'{environment}'"

    def test_it_is_the_module_where_there_is_no_command(self, environment):
        environment.unlink()
        assert program() == f"'{sys.executable}' -m scoring.cli"

    @pytest.mark.usefixtures("environment")
    def test_new_and_the_demonstration_suggest_it(self, call):
        for argv in (["new", "mine"], ["demo", "again"]):
            assert "\n  'my project/.venv/bin/scoring' " in call(*argv)[1]
        assert "    'my project/.venv/bin/scoring' verify again/decisions\n" in Path("again/README.md").read_text()


class TestWrongCalls:
    @pytest.mark.parametrize(
        ("argv", "said"),
        [
            ([], "which command?"),
            (["scor"], 'Did you mean "score"?'),
            (["score"], "RUBRIC requires an argument"),
            (["score", RUBRIC, "a", "b"], "Unused Tokens: ['b']"),
            (["score", RUBRIC, "--profil", "x"], "--profil"),
            (["score", RUBRIC, "--log"], "--log requires an argument"),
            (["score", RUBRIC, "-", "--log", "d", "--entries", "e"], "choose one"),
            (["score", RUBRIC, "-", "--create"], "--create makes the log that --log names"),
            (["score", RUBRIC, "-", "--vault", "v"], "--vault is the vault of the log that --log names"),
            (["score", "-", "-"], "cannot both come from standard input"),
            (["explain", "d"], "RECORD requires an argument"),
            (["explain", "d", "1", "--for", "nobody"], "auditor"),
            (["verify", "demo/decisions", "--expect", "7"], "SIZE:LEAF"),
            (["verify", "demo/decisions", "--expect", "x:" + "a" * 64], "SIZE:LEAF"),
            (["new", "x", "--id", "no spaces please"], "a rubric's id is 1 to 48"),
        ],
    )
    def test_a_wrong_call_says_what_is_wrong_and_exits_with_2(self, argv, said, call):
        status, out, err = call(*argv)
        assert (status, out) == (2, "")
        assert err.startswith("scoring: ")
        assert said in err
        assert "Traceback" not in err


class TestWrongInput:
    @pytest.mark.parametrize(
        ("argv", "said"),
        [
            (["score", "demo/rubrc.yaml"], 'demo/rubrc.yaml: no such file; did you mean "demo/rubric.yaml"?'),
            (["score", "dmo/rubric.yaml"], 'there is no dmo; did you mean "demo"?'),
            (
                ["score", "demo/qqqq.yaml"],
                "no such file; demo holds README.md, decisions, decisions.vault, examples.yaml, rubric.yaml, submissions.jsonl",
            ),
            (["check", "demo/rubrc.yaml"], 'did you mean "demo/rubric.yaml"?'),
            (["pack", "demo/rubrc.yaml"], 'did you mean "demo/rubric.yaml"?'),
            (["score", RUBRIC, "demo/submissions.json"], 'did you mean "demo/submissions.jsonl"?'),
            (["append", "demo/decisions", "nothing.jsonl"], "no such file"),
            (
                ["score", "demo/decisions"],
                "demo/decisions is a directory; expected a rubric.yaml or a pack; it is a log, which",
            ),
            (["score", RUBRIC, "demo/decisions"], "it is a log, which `scoring verify demo/decisions` checks"),
            (
                ["verify", "demo/rubric.yaml"],
                "demo/rubric.yaml is a file (a rubric in YAML); expected a log's directory",
            ),
            (["verify", "demo/decisions.vault"], 'did you mean "demo/decisions"?'),
            (
                ["verify", "demo/decisions/log/000000000000.jsonl"],
                "a log's records); expected a log's directory, an export, tiles, a receipt or a checkpoint; did you mean \"demo/decisions\"?",
            ),
            (["verify", "demo"], 'demo is no log: there is no directory log in it; did you mean "demo/decisions"?'),
            (["verify", "demo/decision"], 'demo/decision: no such directory; did you mean "demo/decisions"?'),
            (["replay", "demo"], 'did you mean "demo/decisions"?'),
            (["explain", "demo", "1"], 'did you mean "demo/decisions"?'),
            (["score", RUBRIC, "demo/submissions.jsonl", "--log", "nolog"], "--create makes one"),
            (["append", "nolog", "demo/rubric.yaml"], "--create makes one"),
            (
                ["score", "demo/submissions.jsonl"],
                "demo/submissions.jsonl is a submission; expected a rubric.yaml or a pack",
            ),
            (
                ["check", "demo/examples.yaml"],
                'is a rubric\'s examples; expected a rubric.yaml or a pack; did you mean "demo/rubric.yaml"?',
            ),
            (
                ["check", "demo/decisions.vault"],
                "a SQLite file, perhaps a log's vault; expected a rubric.yaml or a pack",
            ),
            (["check", "demo/README.md"], "demo/README.md is text; expected a rubric.yaml or a pack"),
            (["score", RUBRIC, RUBRIC], "is a rubric in YAML; expected submissions in JSON"),
            (["score", RUBRIC, "demo/decisions.vault"], "a SQLite file"),
            (["score", RUBRIC, "demo/decisions/log/000000000000.jsonl"], "is a log's records; expected submissions"),
            (["append", "demo/decisions", "demo/rubric.yaml"], "is a rubric in YAML; expected a pack, or entries"),
            (["append", "demo/decisions", "demo/submissions.jsonl"], "is a submission; expected a pack, or entries"),
            (["explain", "demo/decisions", "99"], "this log has no record #99: it holds 7, the last is #6"),
            (["explain", "demo/decisions", "#1"], "record #1 is a rubric; expected a decision"),
            (["explain", "demo/decisions", "nobody"], 'no decision of a case "nobody"'),
            (["replay", "demo/decisions", "0"], "record #0 is a genesis; expected a decision"),
            (["score", RUBRIC, "--profile", "equl", "--template"], "no such profile"),
            (["new", "demo"], "demo/rubric.yaml exists already, and is not overwritten"),
            (["demo", "demo/rubric.yaml"], "is a file; the demonstration needs a directory"),
            (["demo", "demo/decisions"], "was not made by `scoring demo`"),
        ],
    )
    def test_a_wrong_path_or_kind_of_file_is_named_with_what_is_near(self, argv, said, call):
        status, out, err = call(*argv)
        assert (status, out) == (2, "")
        assert said in err
        assert "Traceback" not in err

    @pytest.mark.parametrize(
        ("name", "content", "said"),
        [
            (
                "cut.pack.json",
                b'{"about":{},"caps":{"fatal":"fail","knock_out":"fa',
                "cut.pack.json:1:48: the JSON ends in the middle of a value: it looks cut off",
            ),
            ("not.pack.json", b'{"about":{},}', "not.pack.json:1:13: not JSON"),
            (
                "latin.pack.json",
                b'{"about":{"title":"\xe9"}}',
                "latin.pack.json:1: not UTF-8: byte 19 fits no character",
            ),
            ("empty.json", b"", "empty.json is empty"),
            ("latin.yaml", b"rubric: caf\xe9\n", "latin.yaml:1:12"),
            (
                "utf16.yaml",
                "rubric: x\n".encode("utf-16"),
                "utf16.yaml is text in UTF-16, which has to be saved as UTF-8",
            ),
            ("cut.yaml", b"rubric: x\nverdicts: [{id: a, fr", "cut.yaml:2:"),
            ("some.json", b'{"x":1}', "some.json"),
            ("list.json", b"[1]", "list.json"),
        ],
    )
    def test_a_broken_rubric_is_located(self, name, content, said, call):
        Path(name).write_bytes(content)
        for command in (["check", name], ["score", name, "demo/submissions.jsonl"], ["pack", name, "-o", "out"]):
            status, _, err = call(*command)
            assert status == 2
            assert said in err
            assert "Traceback" not in err
        assert not Path("out").exists()

    def test_a_byte_order_mark_in_front_of_submissions_is_named(self, call):
        Path("bom.jsonl").write_bytes(b"\xef\xbb\xbf" + lines(sheet()))
        status, out, err = call("score", RUBRIC, "bom.jsonl")
        assert (status, out) == (2, "")
        assert "bom.jsonl is text behind a byte order mark, which has to be saved as UTF-8 without one" in err

    def test_a_problem_of_a_rubric_is_shown_with_its_line_and_a_caret(self, call, demo):
        text = (demo / "rubric.yaml").read_text().replace("from: 80%", "from: 80")
        Path("wrong.yaml").write_text(text)
        number = 1 + text[: text.index("from: 80,")].count("\n")
        status, _, err = call("check", "wrong.yaml")
        assert status == 2
        first, source, caret = err.splitlines()[:3]
        assert first.startswith(f"wrong.yaml:{number}:")
        assert source.index("80") == caret.index("^")

    def test_a_file_without_permission_says_so(self, call):
        Path("closed.yaml").write_text("rubric: x\n")
        Path("closed.yaml").chmod(0)
        with as_nobody():
            status, out, err = call("check", "closed.yaml")
        assert (status, out) == (2, "")
        assert "permission" in err.lower()

    def test_a_log_that_cannot_be_read_could_not_be_checked(self, call, monkeypatch):
        def no(*_, **__):
            raise scoring.StoreError("demo/decisions cannot be read: Input/output error")

        monkeypatch.setattr("scoring.audit.given.verify_directory", no)
        status, _, err = call("verify", "demo/decisions")
        assert (status, err) == (3, "scoring: demo/decisions cannot be read: Input/output error\n")

    def test_standard_input_may_hold_a_rubric_or_a_pack(self, call, demo):
        yaml = (demo / "rubric.yaml").read_bytes()
        pack = scoring.load(demo / "rubric.yaml").pack
        for stdin in (yaml, pack):
            status, out, _ = call("score", "-", demo / "submissions.jsonl", "--json", stdin=stdin)
            assert (status, len(objects(out))) == (0, 5)
        status, _, err = call("check", "-", stdin=yaml.replace(b"80%", b"80", 1))
        assert status == 2
        assert err.startswith("<stdin>:")


@contextmanager
def as_nobody():
    """Do without the rights of root, who may read everything."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


class TestFullDisk:
    def test_a_record_that_finds_no_room_is_not_made(self, call, demo, monkeypatch):
        def full(*_):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with monkeypatch.context() as patch:
            patch.setattr(disk, "write_all", full)
            status, out, err = call("score", RUBRIC, "-", "--log", demo / "decisions", "--json", stdin=lines(sheet()))
        assert (status, out) == (2, "")
        assert err.startswith("scoring: stopped: 0 decisions were recorded; the same ids can be sent again")
        assert "log is full; nothing of this batch was recorded: make room, and do the same again" in err
        assert call("verify", demo / "decisions")[0] == 0

    def test_a_pack_that_finds_no_room_leaves_no_half_of_itself(self):
        def small_disk():
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

        done = in_a_process("pack", RUBRIC, "-o", "out", preexec_fn=small_disk)
        assert done.returncode == 2
        assert "cannot be written" in done.stderr.decode()
        assert [*Path("out").iterdir()] == []

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
    def test_standard_output_that_is_full_is_an_error(self):
        env = {**os.environ, "PYTHONPATH": str(Path(scoring.__file__).parents[1])}
        with Path("/dev/full").open("wb") as full:
            command = [sys.executable, "-m", "scoring.cli", "verify", "demo/decisions"]
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, env=env, check=False)
        assert done.returncode == 2
        assert done.stderr.decode() == "scoring: the output cannot be written: No space left on device\n"

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
    @pytest.mark.parametrize("count", [2, 600])
    @pytest.mark.parametrize("json_too", [[], ["--json"]])
    def test_what_was_recorded_before_the_output_was_full_is_counted(self, count, json_too):
        Path("some.jsonl").write_bytes(lines(*(sheet(f"s-{n}") for n in range(count))))
        env = {**os.environ, "PYTHONPATH": str(Path(scoring.__file__).parents[1])}
        with Path("/dev/full").open("wb") as full:
            command = [sys.executable, "-m", "scoring.cli", "score", RUBRIC, "some.jsonl", "--log", "demo/decisions"]
            done = subprocess.run([*command, *json_too], stdout=full, stderr=subprocess.PIPE, env=env, check=False)
        with scoring.AuditLog.open("demo/decisions") as log:
            recorded = len(log) - 7
        assert recorded >= min(count, 256)
        assert done.returncode == 2
        assert done.stderr.decode() == (
            f"scoring: stopped: {recorded} decisions were recorded; the same ids can be sent again,"
            " and what is recorded keeps its record\n"
            "scoring: the output cannot be written: No space left on device\n"
        )

    def test_a_temporary_directory_that_is_full_leaves_a_log_unchecked(self, call, demo, monkeypatch):
        def full(*_, **__):
            raise sqlite3.OperationalError("database or disk is full")

        monkeypatch.setattr("scoring.audit.given.verify_directory", full)
        for more in ([], ["--json"]):
            status, out, err = call("verify", demo / "decisions", *more)
            assert (status, out) == (3, "")
            assert "database or disk is full; free space in TMPDIR" in err
            assert "bug" not in err


class TestEnds:
    def test_an_interrupt_ends_without_a_traceback(self, call, monkeypatch):
        def interrupted(*_, **__):
            raise KeyboardInterrupt

        monkeypatch.setattr("scoring.cli.score.rubric_at", interrupted)
        assert call("score", RUBRIC, stdin=b"") == (130, "", "")

    @pytest.mark.parametrize("json_too", [[], ["--json"]])
    def test_a_sender_gets_each_answer_before_the_next_is_sent_and_an_interrupt_says_how_many_are_recorded(
        self, call, json_too
    ):
        env = {**os.environ, "PYTHONPATH": str(Path(scoring.__file__).parents[1])}
        command = [sys.executable, "-m", "scoring.cli", "score", RUBRIC, "-", "--log", "demo/decisions", *json_too]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}

        def interruptible():  # a shell that runs these tests in the background has them ignore the signal
            signal.signal(signal.SIGINT, signal.SIG_DFL)

        with subprocess.Popen(command, env=env, bufsize=0, preexec_fn=interruptible, **pipes) as process:
            out = io.BufferedReader(process.stdout)
            for name in ("s-1", "s-2"):
                process.stdin.write(lines(sheet(name)))
                assert select.select([process.stdout], [], [], 30)[0], process.kill()
                answer = out.readline()
                if name == "s-1" and not json_too:
                    answer = out.readline()  # the first line held the heads
                assert name in answer.decode()
            process.send_signal(signal.SIGINT)
            err = process.stderr.read().decode()
            process.stdin.close()
        assert process.returncode == 130
        assert err == (
            "scoring: stopped: 2 decisions were recorded; the same ids can be sent again,"
            " and what is recorded keeps its record\n"
        )
        Path("again.jsonl").write_bytes(lines(sheet("s-1"), sheet("s-2"), sheet("s-3")))
        _, text, _ = call("score", RUBRIC, "again.jsonl", "--log", "demo/decisions", "--json")
        assert [(each["seq"], each["repeated"]) for each in objects(text)] == [(7, True), (8, True), (9, False)]

    def test_an_interrupt_counts_what_is_durable_and_was_not_answered_yet(self, call, monkeypatch):
        decide = scoring.AuditLog._decide

        def interrupted(*args):
            decide(*args)
            raise KeyboardInterrupt

        monkeypatch.setattr(scoring.AuditLog, "_decide", interrupted)
        Path("some.jsonl").write_bytes(lines(sheet("s-1"), sheet("s-2"), sheet("s-3")))
        status, out, err = call("score", RUBRIC, "some.jsonl", "--log", "demo/decisions", "--json")
        assert (status, out) == (130, "")
        assert err.startswith("scoring: stopped: 3 decisions were recorded; ")

    def test_an_interrupt_that_leaves_the_log_unreadable_says_that_ids_can_be_sent_again(self, call, monkeypatch):
        def interrupted(log, *_):
            monkeypatch.setattr(type(log), "read", broken)
            raise KeyboardInterrupt

        def broken(*_):
            raise scoring.LogError("damaged")

        monkeypatch.setattr("scoring.cli.score._Tally.add", lambda tally, done: interrupted(tally._log, done))
        Path("some.jsonl").write_bytes(lines(sheet("s-1")))
        status, _, err = call("score", RUBRIC, "some.jsonl", "--log", "demo/decisions")
        assert status == 130
        assert err == (
            "scoring: stopped: the log does not tell how much was recorded; the same ids can be sent again\n"
        )

    def test_a_file_as_standard_input_is_recorded_in_batches(self, monkeypatch):
        batches = []
        decide_all = scoring.AuditLog.decide_all

        def watched(*args, batch):
            batches.append(batch)
            return decide_all(*args, batch=batch)

        monkeypatch.setattr(scoring.AuditLog, "decide_all", watched)
        with Path("demo/submissions.jsonl").open() as file:
            monkeypatch.setattr(sys, "stdin", file)
            assert main(["score", RUBRIC, "-", "--log", "demo/decisions"]) == 0
        assert main(["score", RUBRIC, "demo/submissions.jsonl", "--log", "demo/decisions"]) == 0
        assert batches == [256, 256]

    def test_a_reader_that_goes_away_ends_it_quietly(self):
        Path("many.jsonl").write_bytes(lines(*(sheet(f"s-{n}") for n in range(600))))
        env = {**os.environ, "PYTHONPATH": str(Path(scoring.__file__).parents[1])}
        command = [sys.executable, "-m", "scoring.cli", "score", RUBRIC, "many.jsonl", "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env) as process:
            process.stdout.read(1)
            process.stdout.close()
            err = process.stderr.read().decode()
        assert process.returncode == 141
        assert err == "scoring: not recorded: without --log nothing is written down\n"

    def test_a_bug_is_one_line_without_what_it_was_about(self, call, monkeypatch):
        def broken(*_, **__):
            raise KeyError(MARKER)

        monkeypatch.setattr("scoring.cli.score.rubric_at", broken)
        status, out, err = call("score", RUBRIC, stdin=b"")
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert err.startswith("scoring: this is a bug of scoring, not of your files: KeyError at test_cli.py:")
        assert "SCORING_TRACEBACK=1" in err
        assert MARKER not in err

    def test_a_traceback_is_there_for_whoever_asks(self, call, monkeypatch):
        monkeypatch.setenv("SCORING_TRACEBACK", "1")
        monkeypatch.setattr("scoring.cli.score.rubric_at", lambda *_: {}["key"])
        status, _, err = call("score", RUBRIC, stdin=b"")
        assert status == 2
        assert "Traceback" in err


class TestKeys:
    def calls(self, demo):
        broken = (demo / "rubric.yaml").read_text().replace("from: 80%", "from: 80")
        Path("wrong.yaml").write_text(broken)
        Path("amended.yaml").write_text(amended((demo / "rubric.yaml").read_text()))
        Path("held.jsonl").write_bytes(
            lines(*(sheet(f"held-{n}", **{"messy-data-deadline": "A"}) | {"case": f"held-{n}"} for n in (1, 2)))
        )
        main(["score", RUBRIC, "demo/submissions.jsonl", "--entries", "entries.jsonl", "--json"])
        main(["pack", RUBRIC, "-o", "out", "--json"])
        return [
            ["score", RUBRIC, "demo/submissions.jsonl", "--json"],
            ["score", RUBRIC, "demo/submissions.jsonl", "--log", "demo/decisions", "--json"],
            ["append", "fresh", next(Path("out").glob("*.pack.json")), "entries.jsonl", "--create", "--json"],
            ["verify", "demo/decisions", "--json"],
            ["explain", "demo/decisions", "made-up-data", "--json"],
            ["replay", "demo/decisions", "--json"],
            ["check", RUBRIC, "wrong.yaml", "--json"],
            ["check", "amended.yaml", "--against", RUBRIC, "--json"],
            ["open", "demo/decisions", RUBRIC, "--case", "early", "--json"],
            ["resolve", "demo/decisions", "perfect", "void", *SAYS, "--json"],
            ["resolve", "demo/decisions", "hasty-work", "confirm", *SAYS, "--json"],
            ["score", RUBRIC, "held.jsonl", "--log", "demo/decisions", "--json"],
            ["status", "demo/decisions", "--json"],
            ["rescore", "demo/decisions", "--with", "amended.yaml", "--policy", "all", "--apply", "--json"],
            ["export", "demo/decisions", "-o", "out.zip", "--case", "perfect", "--json"],
            ["receipt", "demo/decisions", "perfect", "--json"],
            ["keygen", "log.key", "--json"],
            ["keep", "demo/decisions", "perfect", "--until", "2026-12-31", "--json"],
            ["erase", "demo/decisions", "hasty-work", "--reason", "request", "--json"],
            ["pack", RUBRIC, "-o", "out", "--json"],
            ["new", "mine", "--json"],
            ["demo", "again", "--json"],
        ]

    def test_every_json_object_has_exactly_the_documented_keys(self, call, demo):
        seen = set()
        for argv in self.calls(demo):
            _, out, _ = call(*argv)
            for each in objects(out):
                kinds = KEYS[argv[0]]
                kind = None if None in kinds else each["type"]
                assert kinds[kind] == each.keys()
                seen.add((argv[0], kind))
        assert seen == {(name, kind) for name, kinds in KEYS.items() for kind in kinds} - {
            ("replay", "difference"),
            ("rescore", "unscored"),
            ("status", "unreadable"),
        }

    def test_a_standing_and_an_order_have_their_documented_keys(self, call):
        call("resolve", "demo/decisions", "hasty-work", "confirm", *SAYS)
        (told,) = objects(call("explain", "demo/decisions", "hasty-work", "--json")[1])
        assert told["standing"].keys() == STANDING
        assert told["standing"]["said"].keys() == SAID
        assert told["order"].keys() == ORDER

    def test_a_difference_has_its_documented_keys(self, call, demo):
        alter(demo / "decisions", 4, b'"action":"decline"', b'"action":"advance"')
        _, out, _ = call("replay", "demo/decisions", "--json")
        differences = [each for each in objects(out) if each["type"] == "difference"]
        assert KEYS["replay"]["difference"] == differences[0].keys()

    def test_a_candidates_explanation_has_the_same_keys_but_the_decision_and_the_rules(self, call):
        _, out, _ = call("explain", "demo/decisions", "4", "--for", "candidate", "--json")
        assert KEYS["explain"][None] - {"decision", "overrides", "remarks"} == objects(out)[0].keys()

    def test_what_is_no_terminal_gets_no_colour(self, call):
        for argv in (["verify", "demo/decisions"], ["score", RUBRIC, "demo/submissions.jsonl"], ["check", RUBRIC]):
            assert "\x1b" not in "".join(call(*argv)[1:])


def alter(log, seq, old, new):
    """Change one record of a log, as somebody does who can write all of it, its unsigned heads and its cache too."""
    (segment,) = (log / "log").iterdir()
    records = segment.read_bytes().split(b"\n")
    assert old in records[seq]
    records[seq] = records[seq].replace(old, new, 1)
    segment.write_bytes(b"\n".join(records))
    (log / "heads").unlink(missing_ok=True)
    if seq == len(records) - 2:  # of the last record the cache knows what it was
        shutil.rmtree(log / "cache")


class TestScore:
    def test_the_decision_of_a_result_is_what_the_library_decides(self, call, demo):
        _, out, _ = call("score", RUBRIC, demo / "submissions.jsonl", "--json")
        rubric = scoring.load(RUBRIC)
        sheets = [canonical.loads(line) for line in (demo / "submissions.jsonl").read_bytes().splitlines()]
        assert [rubric.score(each).data for each in sheets] == [each["decision"] for each in objects(out)]

    def test_people_get_a_line_each_with_verdict_action_score_and_what_decided(self, call, demo):
        status, out, _ = call("score", RUBRIC, demo / "submissions.jsonl")
        assert status == 0
        head, *rows = out.splitlines()
        assert head.split("  ")[0] == "record"
        assert [row.split()[1:4] for row in rows[:4]] == [
            ["perfect-1", "strong_pass", "advance"],
            ["on-the-cut-1", "strong_pass", "advance"],
            ["made-up-data-1", "fail", "decline"],
            ["hasty-work-1", "strong_pass", "review"],
        ]
        assert rows[4].split("  ")[-1].strip() == "-"
        assert "waits for plain-words" in rows[4]

    def test_without_a_log_it_says_once_that_nothing_is_recorded(self, call, demo):
        _, _, err = call("score", RUBRIC, demo / "submissions.jsonl", "--json")
        assert err == "scoring: not recorded: without --log nothing is written down\n"

    def test_a_bad_line_is_named_and_the_others_are_scored(self, call):
        stdin = (
            lines(sheet("s-1"), sheet("s-2", **{"plain-words": 7}))
            + b"{broken\n\n[1]\n7\n"
            + lines(sheet("s-8"))
            + b'{"id":'
        )
        status, out, err = call("score", RUBRIC, "-", "--json", stdin=stdin)
        assert status == 2
        results, refused = apart(out)
        assert [(each["line"], each["id"]) for each in results] == [(1, "s-1"), (7, "s-8")]
        assert [(each["line"], each["id"]) for each in refused] == [(2, "s-2"), *((n, None) for n in (3, 5, 6, 8))]
        assert [each["line"] for each in objects(out)] == [1, 2, 3, 5, 6, 7, 8]
        assert {"code", "message", "path"} == {*refused[0]["problems"][0]}
        assert refused[0]["problems"][0]["path"] == "answers/plain-words"
        assert [line.split(" ")[0] for line in err.splitlines()[1:]] == [
            "<stdin>:2:",
            "<stdin>:3:2:",
            "<stdin>:5:",
            "<stdin>:6:",
            "<stdin>:8:7:",
            "scoring:",
        ]
        assert "answers/plain-words" in err
        assert err.splitlines()[-1] == "scoring: not scored: 5 of 7 submissions"

    def test_one_submission_may_take_several_lines(self, call):
        pretty = json.dumps(sheet("s-1"), indent=2).encode()
        status, out, _ = call("score", RUBRIC, "-", "--json", stdin=pretty)
        assert (status, objects(out)[0]["id"]) == (0, "s-1")

    def test_a_truncated_submission_of_several_lines_is_one_problem(self, call):
        status, out, err = call("score", RUBRIC, "-", stdin=json.dumps(sheet(), indent=2).encode()[:-20])
        assert (status, out) == (2, "")
        assert err.count("looks cut off") == 1
        assert err.count("\n") == 3

    def test_lines_after_one_that_was_cut_off_are_scored(self, call):
        status, out, err = call(
            "score", RUBRIC, "-", "--json", stdin=b'{"id":"s-1",\n' + lines(sheet("s-2"), sheet("s-3"))
        )
        assert (status, [each["id"] for each in apart(out)[0]]) == (2, ["s-2", "s-3"])
        assert err.splitlines()[1].startswith("<stdin>:1:13: the JSON ends in the middle of a value")

    def test_an_overlong_line_is_named_and_passed_over(self, call):
        long = b'{"id":"' + b"x" * (1 << 20) * 2 + b'"}\n'
        status, out, err = call("score", RUBRIC, "-", "--json", stdin=long + lines(sheet("s-2")))
        assert (status, [each["id"] for each in apart(out)[0]]) == (2, ["s-2"])
        assert "<stdin>:1: longer than 1,048,576 bytes" in err

    def test_an_empty_input_is_no_success(self, call):
        status, out, err = call("score", RUBRIC, "-", stdin=b"\n\n")
        assert (status, out) == (2, "")
        assert "<stdin> holds no submission" in err

    def test_a_profile_can_be_chosen(self, call):
        _, out, _ = call(
            "score", RUBRIC, "-", "--profile", "critical-double", "--json", stdin=lines(sheet(**{"outlier-age": "45"}))
        )
        assert (objects(out)[0]["score"], objects(out)[0]["verdict"]) == ("5/7", "borderline")

    def test_the_template_scores_once_it_is_filled_in_and_not_before(self, call):
        _, out, _ = call("score", RUBRIC, "--template")
        template = json.loads(out)
        assert template["answers"].keys() == sheet()["answers"].keys()
        assert template["facts"]["notice"]["sha256"] == scoring.load(RUBRIC).plan.notice_digest
        assert call("score", RUBRIC, "-", stdin=out.encode())[0] == 2
        template |= {"id": "s-1", "case": "c-1"}
        template["facts"]["started_at"] = template["facts"]["notice"]["at"] = "2026-11-21T09:00:00Z"
        status, out, _ = call("score", RUBRIC, "-", "--json", stdin=json.dumps(template).encode())
        assert (status, objects(out)[0]["verdict"]) == (0, "fail")
        assert set(objects(out)[0]["outcomes"].values()) == {"blank"}
        assert objects(out)[0]["decision"]["notice"] is True

    def test_a_log_is_only_made_on_request_and_keeps_every_decision(self, call, demo):
        argv = ["score", RUBRIC, demo / "submissions.jsonl", "--log", "mine", "--json"]
        assert call(*argv)[0] == 2
        assert not Path("mine").exists()
        status, out, err = call(*argv, "--create")
        assert (status, err) == (0, "")
        assert [(each["seq"], each["repeated"]) for each in objects(out)] == [(n, False) for n in range(2, 7)]
        again = call(*argv)[1]
        assert [(each["seq"], each["repeated"]) for each in objects(again)] == [(n, True) for n in range(2, 7)]

    def test_a_log_is_not_made_where_the_submissions_are_missing(self, call):
        assert call("score", RUBRIC, "nothing.jsonl", "--log", "mine", "--create")[0] == 2
        assert not Path("mine").exists()

    def test_an_id_that_stands_for_another_submission_is_refused_and_the_rest_recorded(self, call, demo):
        stdin = lines(sheet("perfect-1"), sheet("s-2"))
        status, out, err = call("score", RUBRIC, "-", "--log", demo / "decisions", "--json", stdin=stdin)
        assert (status, [each["seq"] for each in objects(out)]) == (2, [None, 7])
        assert '<stdin>:1: the id "perfect-1" is recorded already, as record #2' in err

    def test_a_changed_rubric_of_the_same_version_is_refused(self, call, demo):
        changed = (demo / "rubric.yaml").read_text().replace("from: 60%", "from: 50%")
        Path("changed.yaml").write_text(changed)
        status, out, err = call("score", "changed.yaml", "-", "--log", demo / "decisions", stdin=lines(sheet()))
        assert (status, out) == (2, "")
        assert "a rubric that changed needs a new version" in err

    def test_a_submission_that_other_rules_decided_earlier_is_shown_under_those(self, call, demo):
        text = (demo / "rubric.yaml").read_text().replace('version: "2026.1"', 'version: "2027.1"')
        Path("next.yaml").write_text(text)
        argv = [demo / "submissions.jsonl", "--log", demo / "decisions"]
        _, out, _ = call("score", "next.yaml", *argv)
        assert "recorded already as #2 under ml-engineer-mid-written 2026.1  perfect-1" in out
        _, out, _ = call("score", RUBRIC, *argv)
        assert "#2 again  perfect-1" in out
        _, out, _ = call("score", RUBRIC, *argv, "--profile", "critical-double")
        assert "recorded already as #2 with profile equal  perfect-1" in out
        _, out, _ = call("score", "next.yaml", *argv, "--json")
        assert {each["pack"] for each in objects(out)} == {scoring.load(RUBRIC).digest}
        assert {each["repeated"] for each in objects(out)} == {True}

    def test_a_pipe_is_read_once_and_as_it_comes(self, call):
        os.mkfifo("pipe")
        writer = subprocess.Popen([sys.executable, "-c", f"open('pipe', 'wb').write({lines(sheet())!r})"])
        with writer:
            status, out, _ = call("score", RUBRIC, "pipe", "--json")
        assert (status, objects(out)[0]["id"]) == (0, "s-1")

    def test_a_long_stream_is_shown_in_batches_under_one_head(self, call):
        status, out, _ = call("score", RUBRIC, "-", stdin=lines(*(sheet(f"s-{n}") for n in range(200))))
        assert (status, len(out.splitlines()), out.count("submission")) == (0, 201, 1)

    def test_entries_that_cannot_be_written_are_an_error(self, call):
        status, out, err = call("score", RUBRIC, "-", "--entries", "no/where", stdin=lines(sheet()))
        assert (status, out) == (2, "")
        assert "no/where cannot be written: No such file or directory" in err

    def test_entries_are_not_written_over_a_file(self, call, demo):
        status, _, err = call("score", RUBRIC, "-", "--entries", demo / "README.md", stdin=lines(sheet()))
        assert status == 2
        assert "exists already, and is not overwritten" in err

    def test_entries_can_go_to_standard_output_instead_of_results(self, call):
        status, out, _ = call("score", RUBRIC, "-", "--entries", "-", "--json", stdin=lines(sheet("s-1"), sheet("s-2")))
        assert (status, [(each["type"], each["id"]) for each in objects(out)]) == (
            0,
            [("decision", "s-1"), ("decision", "s-2")],
        )

    def test_names_from_outside_cannot_steer_a_terminal(self, call, demo):
        pack = canonical.loads(scoring.load(RUBRIC).pack)
        pack["stages"][0]["sections"][0]["items"][0]["about"]["why"] = "x"
        pack["stages"][0]["sections"][0]["items"][0]["keys"][0]["about"]["why"] = "red \x1b[31m \u202e gnp"
        pack["version"] = "evil"
        Path("evil.pack.json").write_bytes(canonical.dumps(pack))
        call("score", "evil.pack.json", "-", "--log", demo / "decisions", stdin=lines(sheet("s-1")))
        _, out, _ = call("explain", demo / "decisions", "case of s-1")
        assert "red \\x1b[31m \\u202e gnp" in out


class TestAppend:
    def entries(self, call, name="entries.jsonl"):
        assert call("score", RUBRIC, "demo/submissions.jsonl", "--entries", name, "--json")[0] == 0
        assert call("pack", RUBRIC, "-o", "out")[0] == 0
        return next(Path("out").glob("*.pack.json")), Path(name)

    def test_a_pack_and_the_decisions_made_elsewhere_get_their_records(self, call):
        pack, entries = self.entries(call)
        status, out, _ = call("append", "fresh", pack, entries, "--create", "--json")
        assert status == 0
        assert [(each["type"], each["seq"], each["line"]) for each in objects(out)] == [
            ("rubric", 1, 1),
            *(("decision", n + 1, n) for n in range(1, 6)),
        ]
        assert call("verify", "fresh")[0] == call("replay", "fresh")[0] == 0

    def test_what_is_there_already_keeps_its_record(self, call):
        pack, entries = self.entries(call)
        status, out, _ = call("append", "demo/decisions", pack, entries, "--json")
        assert status == 0
        assert {each["repeated"] for each in objects(out)} == {True}

    def test_entries_may_come_from_standard_input(self, call):
        _, entries = self.entries(call)
        status, out, _ = call("append", "demo/decisions", "-", "--json", stdin=entries.read_bytes())
        assert (status, objects(out)[0]["file"]) == (0, "<stdin>")

    def test_decisions_by_a_rubric_that_the_log_does_not_have_are_refused(self, call):
        _, entries = self.entries(call)
        status, out, err = call("append", "fresh", entries, "--create")
        assert (status, out) == (2, "")
        assert "publish its rubric first, with `scoring append LOG PACK`; nothing of this file was recorded" in err

    def test_a_file_with_a_bad_entry_goes_in_not_at_all(self, call):
        pack, entries = self.entries(call)
        good, *rest = entries.read_bytes().splitlines(keepends=True)
        entries.write_bytes(
            good + b'{"case":1,"decision":{},"id":"x","submission":{},"type":"decision"}\n' + b"".join(rest)[:-30]
        )
        status, out, err = call("append", "fresh", pack, entries, "--create", "--json")
        assert status == 2
        assert [each["type"] for each in objects(out)] == ["rubric"]
        assert "entries.jsonl:2: case: " in err
        assert "entries.jsonl:6: " in err
        assert call("replay", "fresh")[2] == "scoring: this log holds no decision\n"

    def test_only_its_owner_can_read_a_file_of_entries(self, call):
        _, entries = self.entries(call)
        assert entries.stat().st_mode & 0o077 == 0


class TestVerify:
    def test_a_sound_log_holds_and_its_head_can_be_kept(self, call, demo):
        status, out, _ = call("verify", demo / "decisions")
        head = out.splitlines()[-1]
        assert status == 0
        assert head.startswith("7:")
        assert {line[:11].strip() for line in out.split("\n\n")[0].splitlines()} == {"HOLDS", "NOT CHECKED"}
        assert "No check of a log by itself can show" in out
        call("score", RUBRIC, "-", "--log", demo / "decisions", stdin=lines(sheet()))
        status, out, _ = call("verify", demo / "decisions", "--expect", head, "--json")
        assert status == 0
        kept = next(each for each in objects(out) if each.get("check") == "head")
        assert kept["result"] == "HOLDS"

    def test_a_changed_byte_is_found_at_its_record(self, call, demo):
        alter(demo / "decisions", 4, b'"action":"decline"', b'"action":"declinf"')
        status, out, _ = call("verify", demo / "decisions", "--json")
        assert status == 1
        assert 4 in [
            each["record"] for each in objects(out) if each.get("result") == "FAILS" and each["type"] == "check"
        ]
        assert objects(out)[-1]["result"] == "FAILS"
        status, out, _ = call("verify", demo / "decisions")
        assert status == 1
        assert "is not as it was written" in out
        assert "keep this head" not in out

    def test_a_head_kept_elsewhere_finds_what_the_chain_cannot(self, call, demo):
        head = call("verify", demo / "decisions")[1].splitlines()[-1]
        (segment,) = (demo / "decisions/log").iterdir()
        records = segment.read_bytes()
        alter(demo / "decisions", 6, b'"time":"2', b'"time":"3')
        (demo / "decisions.vault").rename(demo / "away")  # which is such a head, too
        assert "HOLDS       chain" in call("verify", demo / "decisions")[1]
        assert call("verify", demo / "decisions")[0] == 3
        (demo / "away").rename(demo / "decisions.vault")
        status, out, _ = call("verify", demo / "decisions")
        assert status == 1
        assert "has another record #6 than when its vault" in out
        status, out, _ = call("verify", demo / "decisions", "--expect", head)
        assert status == 1
        assert "is not what the expected head stands for" in out
        segment.write_bytes(b"".join(records.splitlines(keepends=True)[:-1]))
        status, out, _ = call("verify", demo / "decisions", "--expect", head)
        assert status == 1
        assert "records were cut off the end" in out

    def test_a_missing_vault_could_not_be_checked(self, call, demo):
        (demo / "decisions.vault").unlink()
        status, out, _ = call("verify", demo / "decisions")
        assert status == 3
        assert "NOT CHECKED vault" in out

    def test_verifying_writes_nothing(self, call, demo):
        before = {path: path.read_bytes() for path in demo.rglob("*") if path.is_file()}
        call("verify", demo / "decisions")
        assert before == {path: path.read_bytes() for path in demo.rglob("*") if path.is_file()}


class TestExplain:
    @pytest.mark.parametrize("name", ["4", "#4", "made-up-data", "case:made-up-data"])
    def test_a_decision_is_named_by_its_record_or_its_case(self, name, call, demo):
        status, out, _ = call("explain", demo / "decisions", name)
        assert status == 0
        assert out.startswith("record #4 of ")
        assert 'because a fatal answer in "messy-data-deadline" caps the verdict at fail' in out

    def test_the_newest_decision_of_a_case_is_meant_and_the_others_are_counted(self, call, demo):
        newer = sheet("made-up-data-2") | {"case": "made-up-data"}
        call("score", RUBRIC, "-", "--log", demo / "decisions", stdin=lines(newer))
        _, out, _ = call("explain", demo / "decisions", "made-up-data")
        assert out.startswith("record #7 of ")
        assert "the case has 1 other decision: #4\n" in out
        _, out, _ = call("explain", demo / "decisions", "4")
        assert "the case has 1 other decision: #7\n" in out
        _, out, _ = call("explain", demo / "decisions", "made-up-data", "--json")
        assert [objects(out)[0][key] for key in ("record", "supersedes", "others")] == [7, 4, [4]]

    @pytest.mark.parametrize("audience", ["auditor", "candidate"])
    def test_the_first_line_names_the_record_and_the_case(self, audience, call, demo):
        _, out, _ = call("explain", demo / "decisions", "4", "--for", audience)
        first = out.splitlines()[0]
        assert first.startswith("record #4 of ")
        assert first.endswith(", submission made-up-data-1, case made-up-data")
        (demo / "decisions.vault").unlink()
        _, out, _ = call("explain", demo / "decisions", "4", "--for", audience)
        assert out.splitlines()[0].endswith(", submission made-up-data-1")
        _, out, _ = call("explain", demo / "decisions", "4", "--for", audience, "--json")
        assert objects(out)[0]["case"] is None

    def test_a_case_cannot_forge_a_line(self, call, demo):
        call("score", RUBRIC, "-", "--log", demo / "decisions", stdin=lines(sheet() | {"case": "x\nverdict: pass"}))
        _, out, _ = call("explain", demo / "decisions", "7")
        assert out.splitlines()[0].endswith(", case x\\nverdict: pass")

    @pytest.mark.parametrize("command", ["explain", "replay"])
    def test_a_number_that_is_a_case_too_is_refused_until_it_says_which(self, command, call, demo):
        call("score", RUBRIC, "-", "--log", demo / "decisions", stdin=lines(sheet() | {"case": "3"}))
        status, out, err = call(command, demo / "decisions", "3")
        assert (status, out) == (2, "")
        assert "write '#3' or case:3" in err
        assert call(command, demo / "decisions", "#3")[0] == 0
        assert call(command, demo / "decisions", "4")[0] == 0
        assert call(command, demo / "decisions", "case:3")[0] == 0
        _, out, _ = call("explain", demo / "decisions", "case:3", "--for", "candidate")
        assert out.startswith("record #7 of ")

    @pytest.mark.parametrize("vault", [True, False])
    def test_a_superseded_decision_and_what_superseded_it_name_each_other(self, vault, call, demo):
        newer = sheet("made-up-data-2") | {"case": "made-up-data"}
        argv = ["score", RUBRIC, "-", "--log", demo / "decisions"]
        call(*argv, "--profile", "critical-double", stdin=lines(newer))
        call(*argv, stdin=lines(newer | {"id": "made-up-data-3"}))
        if not vault:
            (demo / "decisions.vault").unlink()
        _, out, _ = call("explain", demo / "decisions", "#4")
        assert "\nrecord #8 of the same case is newer, and counts instead of this one\n" in out
        assert "supersedes" not in out
        _, out, _ = call("explain", demo / "decisions", "#7")
        assert "\nrecord #8 of the same case is newer, and counts instead of this one\n" in out
        assert "\nsupersedes #4: fail, profile equal\n" in out
        _, out, _ = call("explain", demo / "decisions", "#8")
        assert "is newer" not in out
        assert "\nsupersedes #7: strong_pass, profile critical-double\n" in out
        _, out, _ = call("explain", demo / "decisions", "#8", "--json")
        assert [objects(out)[0][key] for key in ("supersedes", "others")] == [7, [4, 7]]

    def test_a_decision_that_claims_to_supersede_no_decision_is_not_explained(self, call, demo):
        alter(demo / "decisions", 6, b'"supersedes":null', b'"supersedes":1')
        status, out, err = call("explain", demo / "decisions", "6")
        assert (status, out) == (1, "")
        assert "supersedes record #1, which is a rubric" in err

    def test_a_candidate_is_not_told_the_key(self, call, demo):
        _, out, _ = call("explain", demo / "decisions", "on-the-cut", "--for", "candidate")
        assert "accuracy/outlier-age: not accepted, 0 of 1" in out
        assert "141" not in out

    def test_a_decision_that_does_not_follow_from_its_outcomes_is_not_explained(self, call, demo):
        alter(demo / "decisions", 6, b'"action":"wait"', b'"action":"advance"')  # the last one: nothing chains to it
        status, out, err = call("explain", demo / "decisions", "6")
        assert (status, out) == (1, "")
        assert "action differs" in err


class TestVault:
    """The answers may lie elsewhere, or be missing: every command says where it looked, and takes `--vault PATH`."""

    @pytest.fixture
    def moved(self, demo, tmp_path):
        (demo / "decisions.vault").rename("elsewhere.vault")
        return tmp_path / "demo/decisions.vault"

    def test_every_command_finds_it_where_it_is_said_to_lie(self, call, demo, moved):
        call("score", RUBRIC, "-", "--entries", "entries.jsonl", stdin=lines(sheet("s-9")))
        Path("s.jsonl").write_bytes(lines(sheet()))
        log = demo / "decisions"
        for argv in (
            ["score", RUBRIC, "s.jsonl", "--log", log],
            ["append", log, "entries.jsonl"],
            ["explain", log, "made-up-data"],
            ["replay", log, "made-up-data"],
            ["replay", log],
            ["verify", log],
        ):
            assert call(*argv, "--vault", "elsewhere.vault")[::2] == (0, "")
        assert not moved.exists()

    def test_without_it_records_are_explained_and_a_case_is_told_why_it_is_not(self, call, demo, moved):
        assert call("explain", demo / "decisions", "4")[0] == 0
        for command in ("explain", "replay"):
            status, out, err = call(command, demo / "decisions", "made-up-data")
            assert (status, out) == (2, "")
            assert f"the vault {moved} is missing, so cases cannot be found" in err
            assert "--vault PATH says where; or name the decision by the number of its record" in err

    def test_what_could_not_be_checked_without_it_comes_with_the_option_that_names_it(self, call, demo, moved):
        for command in ("verify", "replay"):
            status, out, _ = call(command, demo / "decisions")
            assert status == 3
            assert f"\nthe vault {moved} is missing: where it lies elsewhere, --vault PATH says where.\n" in out
            assert len(objects(call(command, demo / "decisions", "--json")[1])) >= 2

    def test_nothing_is_recorded_without_it_and_the_options_are_named(self, call, demo, moved):
        pack = scoring.load(RUBRIC).pack
        Path("r.pack.json").write_bytes(pack)
        call("score", RUBRIC, "-", "--entries", "entries.jsonl", stdin=lines(sheet("s-9")))
        log = demo / "decisions"
        for argv in (["score", RUBRIC, "-", "--log", log], ["append", log, "r.pack.json", "entries.jsonl"]):
            status, _, err = call(*argv, stdin=lines(sheet()))
            assert status == 2
            assert f"the vault {moved} is missing, and nothing was recorded: put it back; --vault PATH" in err
            assert "--new-vault begins a new one" in err
        assert call("append", log, "r.pack.json")[0] == 0

    def test_a_case_from_before_a_new_vault_is_told_that(self, call, demo, moved):
        for option, begun in (("--create", False), ("--new-vault", True)):
            argv = ("score", RUBRIC, "-", "--log", demo / "decisions", option)
            assert call(*argv, stdin=lines(sheet()))[0] == (0 if begun else 2)
            assert moved.exists() == begun
        assert call("explain", demo / "decisions", "case of s-1")[0] == 0
        status, _, err = call("explain", demo / "decisions", "made-up-data")
        assert status == 2
        assert 'no decision of a case "made-up-data" in this log that its vault knows of' in err
        assert "does not hold whose record #2 is" in err

    @pytest.mark.usefixtures("moved")
    def test_one_that_is_named_has_to_be_there(self, call, demo):
        for argv in (["verify"], ["replay"], ["explain", "4"]):
            status, out, err = call(argv[0], demo / "decisions", *argv[1:], "--vault", "elsewere.vault")
            assert (status, out) == (2, "")
            assert err == 'scoring: the vault elsewere.vault is missing; did you mean "elsewhere.vault"?\n'
        status, _, err = call("verify", demo / "decisions", "--vault", demo)
        assert (status, err) == (2, "scoring: demo is a directory; expected a log's vault\n")

    def test_it_is_found_beside_the_log_however_that_is_called(self, call, demo):
        for name in (f"{demo}/decisions/", f"{demo}/decisions/.", f"{demo}/decisions/log/.."):
            assert call("verify", name)[0] == 0
            assert call("explain", name, "made-up-data")[0] == 0

    def test_a_log_can_be_made_with_its_vault_elsewhere(self, call):
        argv = ["score", RUBRIC, "-", "--log", "mine", "--vault", "apart.vault"]
        assert call(*argv, "--create", stdin=lines(sheet()))[0] == 0
        assert (Path("apart.vault").exists(), Path("mine.vault").exists()) == (True, False)

    @pytest.mark.usefixtures("moved")
    def test_no_message_speaks_of_python(self, call, demo):
        Path("half/log").mkdir(parents=True)
        Path("empty.vault").touch()
        log = demo / "decisions"
        for argv, said in (
            (["replay", "half"], "--create makes it one"),
            (["explain", log, "x", "--vault", "empty.vault"], "with --new-vault to begin one"),
            (["verify", log, "--vault", "empty.vault"], "with --new-vault to begin one"),
            (["score", RUBRIC, "-", "--log", log, "--vault", "empty.vault"], "with --new-vault to begin one"),
        ):
            _, out, err = call(*argv, stdin=lines(sheet()))
            assert said in out + err
            assert "=True" not in out + err


class TestReplay:
    def test_all_decisions_come_out_again_in_both_steps(self, call, demo):
        status, out, _ = call("replay", demo / "decisions")
        assert status == 0
        assert [line.split("  ")[0] for line in out.splitlines()] == ["HOLDS", "HOLDS"]
        assert "5 decisions" in out

    def test_single_decisions_can_be_named(self, call, demo):
        status, out, _ = call("replay", demo / "decisions", "2", "#3", "made-up-data", "--json")
        assert status == 0
        assert [each["record"] for each in objects(out)] == [2, 2, 3, 3, 4, 4]

    def test_the_first_field_that_differs_is_named(self, call, demo):
        alter(demo / "decisions", 6, b'"action":"wait"', b'"action":"advance"')
        status, out, _ = call("replay", demo / "decisions")
        assert status == 1
        assert "action differs" in out
        assert "record #6" in out
        status, out, _ = call("replay", demo / "decisions", "2", "6", "--json")
        assert status == 1
        assert [each["result"] for each in objects(out) if each["type"] == "step"] == [
            "HOLDS",
            "HOLDS",
            "FAILS",
            "FAILS",
        ]

    def test_without_the_answers_the_second_step_still_holds(self, call, demo):
        (demo / "decisions.vault").unlink()
        status, out, _ = call("replay", demo / "decisions", "--json")
        assert status == 3
        assert [each["result"] for each in objects(out)] == ["NOT CHECKED", "HOLDS"]


class TestCheck:
    def test_the_shipped_rubric_holds_and_its_examples_reach_everything(self, call):
        status, out, err = call("check", RUBRIC)
        assert (status, err) == (0, "")
        assert out.splitlines()[-1].endswith(
            "no errors, no warnings, 2 promises hold, 76 examples hold, everything reached"
        )
        for reached in ("verdict  ", "flag  ", "messy-data-deadline  A 3, B 56"):
            assert reached in out

    def test_an_example_that_fails_is_located_and_makes_it_1(self, call, demo):
        text = (demo / "rubric.yaml").read_text().replace("from: 80%", "from: 81%")
        (demo / "rubric.yaml").write_text(text)
        status, out, err = call("check", demo / "rubric.yaml")
        assert status == 1
        assert err.splitlines()[1].startswith("demo/examples.yaml:")
        assert 'example "on-the-upper-cut": verdict: expected strong_pass, found borderline' in err
        assert "examples fail" in out.splitlines()[-1]

    def test_of_many_failing_examples_the_first_ten_are_shown_in_full_and_the_rest_in_a_line_each(self, call, demo):
        (demo / "rubric.yaml").write_text((demo / "rubric.yaml").read_text().replace("from: 80%", "from: 81%"))
        _, out, err = call("check", demo / "rubric.yaml")
        first, *rest = err.splitlines()
        failing = int(out.rpartition(", ")[0].rpartition(", ")[2].split()[0])
        assert failing > 10
        assert first == f"scoring: {failing} of 76 examples fail"
        placed = [line.startswith("demo/examples.yaml:") for line in rest]
        assert placed == [True, False, False] * 10 + [True] * (failing - 10)

    def test_few_failing_examples_are_shown_in_full_without_a_count_before_them(self, call, demo):
        text = (demo / "examples.yaml").read_text().replace("score: 4/5", "score: 6/7", 1)
        (demo / "examples.yaml").write_text(text)
        _, out, err = call("check", demo / "rubric.yaml")
        assert err.startswith("demo/examples.yaml:")
        assert err.splitlines()[0].endswith("score: expected 85.71 % (6/7), found 80.00 % (4/5)")
        assert "1 of 76 examples fail" in out.splitlines()[-1]

    def test_a_directory_stands_for_the_rubric_in_it(self, call, demo):
        assert call("check", demo) == call("check", demo / "rubric.yaml")
        status, _, err = call("check", demo / "decisions")
        assert status == 2
        assert "is a directory; expected a rubric.yaml or a pack" in err

    def test_a_warning_is_shown_and_is_no_failure(self, call, demo):
        text = (
            (demo / "rubric.yaml")
            .read_text()
            .replace("        job_related: Data errors that nobody notices end up in models and reports.\n", "")
        )
        (demo / "rubric.yaml").write_text(text)
        status, out, err = call("check", demo / "rubric.yaml")
        assert status == 0
        assert "warning: " in err
        assert "1 warning," in out.splitlines()[-1]

    def test_several_rubrics_are_summed_up_and_the_gravest_status_counts(self, call):
        Path("wrong.yaml").write_text("rubric: x\n")
        status, out, _ = call("check", RUBRIC, "wrong.yaml")
        assert status == 2
        assert out.splitlines()[-1] == "2 rubrics: 1 hold, 0 fail, 1 cannot be read"

    def test_a_pack_can_be_checked(self, call):
        call("pack", RUBRIC, "-o", "out")
        status, out, _ = call("check", *Path("out").glob("*.pack.json"))
        assert status == 0
        assert "no examples.yaml beside it" in out

    def test_examples_that_cannot_be_understood_make_it_2(self, call, demo):
        (demo / "examples.yaml").write_text("examples: [\n")
        status, _, err = call("check", demo / "rubric.yaml")
        assert status == 2
        assert err.startswith("demo/examples.yaml:")


class TestPack:
    def test_it_writes_pack_paper_and_schemas_and_prints_both_digests(self, call, demo):
        status, out, _ = call("pack", demo / "rubric.yaml", "-o", "out")
        rubric = scoring.load(demo / "rubric.yaml")
        assert status == 0
        assert (rubric.digest in out, rubric.scoring_digest in out) == (True, True)
        names = {path.name for path in Path("out").iterdir()}
        assert names == {
            f"{rubric.id}-2026.1.pack.json",
            f"{rubric.id}-2026.1.paper.md",
            "submission.schema.json",
            "decision.schema.json",
        }
        assert Path(f"out/{rubric.id}-2026.1.pack.json").read_bytes() == rubric.pack

    @pytest.mark.parametrize(
        ("old", "new", "status", "said"),
        [
            ("score: 4/5", "score: 6/7", 1, "scoring: nothing was written, as 1 of 76 examples fail: "),
            ("base:", "bas:", 2, "scoring: nothing was written, as the examples cannot be read: "),
            ("examples:", "examples: [", 2, "scoring: nothing was written, as the examples cannot be read: "),
        ],
    )
    def test_a_rubric_whose_examples_fail_or_cannot_be_read_is_not_packed_unless_asked(
        self, old, new, status, said, call, demo
    ):
        text = (demo / "examples.yaml").read_text()
        (demo / "examples.yaml").write_text(text.replace(old, new, 1))
        found, out, err = call("pack", demo / "rubric.yaml", "-o", "out")
        assert (found, out) == (status, "")
        ways = "`scoring check demo/rubric.yaml` tells more, --untested packs all the same"
        assert err.splitlines()[-1] == said + ways
        assert not Path("out").exists()
        status, out, err = call("pack", demo / "rubric.yaml", "-o", "out", "--untested", "--json")
        assert (status, err) == (0, "")
        assert all(Path(file).exists() for file in objects(out)[0]["files"])

    def test_a_rubric_without_examples_is_packed_with_a_note(self, call, demo):
        (demo / "examples.yaml").unlink()
        status, _, err = call("pack", demo / "rubric.yaml", "-o", "out")
        assert (status, err) == (0, "scoring: not tested: there is no examples.yaml beside demo/rubric.yaml\n")

    def test_the_paper_shows_the_questions_and_no_key(self, call, demo):
        call("pack", demo / "rubric.yaml", "-o", "out")
        paper = next(Path("out").glob("*.paper.md")).read_text()
        assert "What does this program print?" in paper
        assert "invents data" not in paper

    def test_another_pack_of_the_same_name_is_never_overwritten(self, call, demo):
        call("pack", demo / "rubric.yaml", "-o", "out")
        before = {path: path.read_bytes() for path in Path("out").iterdir()}
        (demo / "rubric.yaml").write_text((demo / "rubric.yaml").read_text().replace("from: 60%", "from: 50%"))
        status, _, err = call("pack", demo / "rubric.yaml", "-o", "out")
        assert status == 2
        assert "a rubric that changed is a new version" in err
        assert before == {path: path.read_bytes() for path in Path("out").iterdir()}
        assert call("pack", RUBRIC, "-o", "out")[0] == 0

    def test_a_place_that_cannot_be_written_is_named(self, call):
        Path("file").write_text("")
        for argv in (["pack", RUBRIC, "-o", "file"], ["new", "file/first"], ["demo", "file/demo"]):
            status, out, err = call(*argv)
            assert (status, out) == (2, "")
            assert "file" in err

    def test_the_pack_scores_as_its_source_does(self, call, demo):
        call("pack", demo / "rubric.yaml", "-o", "out")
        by_pack = call("score", *Path("out").glob("*.pack.json"), demo / "submissions.jsonl", "--json")[1]
        assert by_pack == call("score", demo / "rubric.yaml", demo / "submissions.jsonl", "--json")[1]


class TestNew:
    def test_what_it_makes_passes_check_without_a_warning(self, call, tmp_path):
        status, out, err = call("new", tmp_path / "first")
        assert (status, err) == (0, "")
        assert f"scoring check {tmp_path}/first/rubric.yaml" in out
        modeline = (tmp_path / "first/rubric.yaml").read_text().splitlines()[0]
        assert modeline == "# yaml-language-server: $schema=rubric.schema.json"
        assert (tmp_path / "first/rubric.schema.json").read_text() == schema_text()
        status, out, err = call("check", tmp_path / "first/rubric.yaml", "--json")
        assert (status, err) == (0, "")
        assert [each for each in objects(out) if each["type"] == "problem"] == []
        reached = [each for each in objects(out) if each["type"] == "reached"]
        assert [each["name"] for each in reached if not each["examples"]] == []
        assert "everything reached" in call("check", tmp_path / "first")[1]
        kinds = {
            item["kind"]
            for section in scoring.load(tmp_path / "first/rubric.yaml").plan.pack["stages"][0]["sections"]
            for item in section["items"]
        }
        assert kinds == {"number", "selection", "choice"}

    def test_the_id_is_the_directorys_name_or_the_one_that_is_given(self, call, tmp_path):
        call("new", tmp_path / "first")
        call("new", tmp_path / "second", "--id", "1e3")
        assert [scoring.load(tmp_path / name / "rubric.yaml").id for name in ("first", "second")] == ["first", "1e3"]


class TestNoAnswerLeaks:
    """Whatever a candidate wrote, no command repeats it."""

    def hostile(self):
        good = sheet("good", **{"outlier-age": f"141, {MARKER}", "job-run-time": MARKER, "messy-data-deadline": MARKER})
        return b"".join(
            [
                lines(good),
                lines(sheet("wrong-type", **{"plain-words": MARKER})),
                lines(sheet("wrong-type-2", **{"outlier-age": [MARKER]})),
                lines(sheet("wrong-type-3", **{"outlier-age": {"x": MARKER}})),
                lines(sheet("unknown-item", **{MARKER + " not an id": "x"})),
                lines(sheet("no-id") | {"id": f"{MARKER} with spaces"}),
                lines(sheet("told") | {"not_administered": {"outlier-age": [MARKER]}}),
                lines(sheet("both", **{"outlier-age": MARKER}) | {"not_administered": {"outlier-age": MARKER}}),
                lines(sheet("facts") | {"facts": {"started_at": MARKER, "notice": {"sha256": MARKER, "at": MARKER}}}),
                b'{"id":"cut","case":"c","answers":{"outlier-age":"' + MARKER.encode() + b"\n",
                b'{"id":"latin","case":"c","answers":{"outlier-age":"' + MARKER.encode() + b'\xff"}}\n',
                b'{"id":"float","case":"c","answers":{"outlier-age":"' + MARKER.encode() + b'","job-run-time":1.5}}\n',
                b'{"id":"twice","case":"c","answers":{"outlier-age":"' + MARKER.encode() + b'","outlier-age":"2"}}\n',
                b'{"id":"lone","case":"c","answers":{"outlier-age":"' + MARKER.encode() + b'\\ud800"}}\n',
                b'"' + MARKER.encode() + b'"\n',
            ]
        )

    def test_no_command_prints_what_was_answered(self, call, demo):
        Path("hostile.jsonl").write_bytes(self.hostile())
        log = demo / "decisions"
        for argv in (
            ["score", RUBRIC, "hostile.jsonl"],
            ["score", RUBRIC, "hostile.jsonl", "--json"],
            ["score", RUBRIC, "hostile.jsonl", "--log", log, "--json"],
            ["score", RUBRIC, "hostile.jsonl", "--entries", "entries.jsonl"],
            ["append", log, "entries.jsonl"],
            ["append", log, "hostile.jsonl"],
            ["score", "hostile.jsonl"],
            ["check", "hostile.jsonl"],
            ["verify", log],
            ["verify", "hostile.jsonl"],
            ["explain", log, "7"],
            ["explain", log, "7", "--for", "candidate", "--json"],
            ["replay", log, "--json"],
        ):
            _, out, err = call(*argv)
            assert MARKER not in out
            assert MARKER not in err
        assert call("explain", log, "7")[0] == 0

    def test_no_record_holds_what_was_answered(self, call, demo):
        call("score", RUBRIC, "-", "--log", demo / "decisions", stdin=self.hostile())
        held = b"".join(path.read_bytes() for path in (demo / "decisions").rglob("*") if path.is_file())
        assert b"good" in held
        assert MARKER.encode() not in held


class TestOutput:
    def test_the_gravest_status_counts(self):
        assert output.worst([0, 3, 1, 0]) == 1
        assert output.worst([0, 3]) == 3
        assert output.worst([1, 2, 3]) == 2
        assert output.worst([]) == 0

    def test_a_terminal_gets_colour_unless_it_does_not_want_any(self, monkeypatch):
        class Terminal(io.StringIO):
            def isatty(self):
                return True

        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("NO_COLOR", raising=False)
        for name, expected in (("", True), ("1", False)):
            monkeypatch.setattr(sys, "stdout", Terminal())
            monkeypatch.setenv("NO_COLOR", name)
            output.mark("HOLDS", "chain")
            assert ("\x1b[" in sys.stdout.getvalue()) is expected

    def test_a_count_is_shown_where_only_errors_are_watched(self, monkeypatch):
        class Terminal(io.StringIO):
            def isatty(self):
                return True

        monkeypatch.setattr(sys, "stderr", Terminal())
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setattr(sys, "stdout", io.StringIO())
        assert [*output.progress(range(3), "things", every=-1.0)] == [0, 1, 2]
        assert "\r2 things" in sys.stderr.getvalue()
