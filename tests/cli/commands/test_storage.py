"""What is damaged, full, gone or oddly named: each command says it in one line, and the rest goes on."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bench.cli import run_command_line
from bench.plan.cell import Cell
from bench.store.result import Measurement
from tests.explain import made

STEP = Measurement.of_samples("step", np.full(20, 4e-3), threads=1)
COST = Measurement("relative_cost", "1", "lower", 2.0, "p10", 1)
COUNT = Measurement("operators_backward", "1", "lower", 51.0, "exact")
MACHINE = {"cpu": "made up", "torch": "2.14"}
ESCAPES = "\x1b]0;title\x07\x1b[2Jname\u202e\x9b31m"


def record(folder, name, *, cell=made.LENET, moment=0, measured=(STEP, COST, COUNT), **facts):
    """A run of one cell; `moment` says which run is the latest."""
    result = replace(made.result(cell, 4e-3), measurements=tuple(measured), system=MACHINE)
    facts = {"started": f"2026-01-01T00:00:{moment:02}+00:00", **facts}
    run = made.run(folder / "results", name, [result], **facts)
    os.utime(run.folder, (moment, moment))
    return run


def one_line(text):
    """Whether it is a single line that a terminal shows as it stands, and that nobody has to scroll through."""
    return text.count("\n") == 1 and len(text) < 3000 and "Traceback" not in text and text[:-1].isprintable()


def slow_but(*quick, among):
    """Each of them as a parameter, all but the quick ones for the slow tests."""
    return (each if each in quick else pytest.param(each, marks=pytest.mark.slow) for each in among)


DAMAGE = {
    "cut": lambda text: text[: len(text) // 2],
    "empty": lambda _: "",
    "a list": lambda _: "[]",
    "nested": lambda _: "[" * 20_000,
    "NaN": lambda text: text.replace('"schema": 2', '"schema": 2, "x": NaN'),
    "another schema": lambda text: text.replace('"schema": 2', '"schema": 3'),
}


@pytest.fixture
def beside_damage(tmp_path, typed):
    """A sound run that is accepted and has a page, and a later one, `bad`, that is to be damaged."""
    record(tmp_path, "good", moment=1)
    assert typed("report", "good").returncode == 0
    assert typed("baseline", "save", "good").returncode == 0
    return record(tmp_path, "bad", moment=2)


READERS = (
    ("list", "runs"),
    ("show", "good"),
    ("show", "good", "--json"),
    ("show",),
    ("report", "good"),
    ("report",),
    ("explain", "good", "good"),
    ("explain", "lenet5", "lenet5"),
    ("history",),
    ("check", "good", "--no-ab"),
    ("baseline", "save", "good", "--name", "other"),
    ("baseline", "list"),
    ("run", "--resume", "good", "--architectures", "mlp"),  # is refused for the flag
)


@pytest.mark.parametrize("damage", [*slow_but("cut", among=DAMAGE)])
def test_a_damaged_run_hides_nothing_else(beside_damage, typed, damage):
    path = beside_damage.folder / "run.json"
    path.write_text(DAMAGE[damage](path.read_text()))
    os.utime(beside_damage.folder, (2, 2))
    for words in READERS:
        done = typed(*words)
        assert done.returncode == {"check": 3, "run": 2}.get(words[0], 0), (words, done.stderr)
        assert done.stdout or done.returncode == 2, words
        told = [line for line in done.stderr.splitlines(keepends=True) if "bad" in line]
        assert len(told) <= 1, words
        assert all(map(one_line, told)), words
        if words in (("list", "runs"), ("show",), ("report",), ("history",), ("explain", "lenet5", "lenet5")):
            assert told, words
    os.utime(beside_damage.folder.with_name("good"), (1, 1))  # the check of it was written there
    for words in (
        ("show", "bad"),
        ("report", "bad"),
        ("check", "--no-ab"),
        ("baseline", "save"),
        ("explain", "bad", "good"),
    ):
        done = typed(*words)
        assert (done.returncode, one_line(done.stderr)) == (2, True), (words, done.stderr)
        assert "results/bad/run.json" in done.stderr


def test_a_run_without_its_results_hides_nothing_else(beside_damage, typed):
    (beside_damage.folder / "results.jsonl").unlink()
    for words in (("list", "runs"), ("history",), ("show", "good"), ("explain", "good", "good")):
        assert typed(*words).returncode == 0, words
    for words in (("show", "bad"), ("report", "bad"), ("run", "--resume", "bad")):
        done = typed(*words)
        assert (done.returncode, one_line(done.stderr)) == (2, True), (words, done.stderr)


def test_a_damaged_page_hides_no_other(beside_damage, typed, tmp_path):
    for name, meta in {"deep": "[" * 15_000, "odd": json.dumps({"run": [1], "check": 3}), "none": "{"}.items():
        (tmp_path / f"reports/{name}.html").write_text(f"<meta name='bench-run' content='{meta}'>")
    (tmp_path / os.fsdecode(b"reports/\xff.html")).write_text("<meta name='bench-run' content='{}'>")
    (tmp_path / "reports/folder.html").mkdir()
    assert typed("report", "bad").returncode == 0
    index = (tmp_path / "reports/index.html").read_text("utf-8")
    assert 'href="good.html"' in index
    assert 'href="bad.html"' in index


def test_pages_of_runs_that_are_named_as_other_pages_are_kept_apart(typed, tmp_path):
    names = ("history", "index", "run-index", "run-history", "run-run-index", "plain")
    for moment, name in enumerate(names):
        record(tmp_path, name, moment=moment)
        assert typed("report", name).returncode == 0
    assert typed("history").returncode == 0
    assert len(list((tmp_path / "reports").glob("*.html"))) == len(names) + 2
    for name in names:
        named = f"&#34;run&#34;: &#34;{name}&#34;"  # in what the index reads of a page
        (page,) = (path for path in (tmp_path / "reports").iterdir() if named in path.read_text("utf-8"))
        assert name in page.name


@pytest.mark.parametrize(
    "words", [("report", "."), ("baseline", "save", "."), ("show", "."), ("check", ".", "--no-ab")]
)
def test_the_folder_one_stands_in_has_its_own_name(typed, tmp_path, monkeypatch, words):
    folder = record(tmp_path, "mine", moment=1).folder
    assert typed("baseline", "save", "mine").returncode == 0  # goes into the folder where the tests stand
    (folder / "results").symlink_to(tmp_path / "results")
    (folder / "traces").mkdir()
    monkeypatch.chdir(folder)
    for name in (".", "traces/.."):
        done = typed_here(words[0], *(name if word == "." else word for word in words[1:]))
        assert done.returncode in (0, 3), done.stderr
        assert list(folder.glob("reports/.*")) == list(folder.glob("reports/..*")) == []
    assert typed_here("baseline", "show", "main").returncode == 0
    if words[0] == "report":
        assert (folder / "reports/mine.html").exists()


def typed_here(*words):
    """The command line in this process, in the folder that the test stands in."""
    return SimpleNamespace(returncode=run_command_line(list(words)), stderr="")


LONG = "n" * 300
NAMES = {
    "long": LONG,
    "a path that is long": f"{'a/' * 3000}b",
    "escapes": ESCAPES,
    "lines": "a\nb",
    "huge": "x" * 100_000,
}
PLACES = (
    ("show", "{}"),
    ("report", "{}"),
    ("check", "{}"),
    ("check", "--baseline", "{}"),
    ("check", "--tolerances", "{}"),
    ("check", "--junit", "{}/x"),
    ("explain", "{}", "b"),
    ("explain", "a", "b", "--run", "{}"),
    ("tensorboard", "{}"),
    ("baseline", "save", "{}"),
    ("baseline", "save", "--name", "{}"),
    ("baseline", "show", "{}"),
    ("baseline", "drop", "{}"),
    ("run", "--resume", "{}"),
    ("run", "--run", "{}", "--dry-run"),
    ("run", "--suite", "{}.toml", "--dry-run"),
    ("run", "--suite", "{}", "--dry-run"),
    ("run", "--budget", "{}"),
    ("import", "{}"),
    ("import", "{}.csv"),
    ("trace", "{}"),
    ("ab", "--recompute", "{}"),
    ("ab", "--python", "A={}"),
    ("ab", "--repo", "{}", "HEAD"),
    ("show", "checkpoint", "{}"),
    ("history", "{}"),
    ("list", "{}"),
    ("{}",),
)


@pytest.mark.parametrize(
    "kind",
    [pytest.param(each, marks=() if each in ("long", "escapes") else pytest.mark.slow) for each in NAMES],
)
def test_an_odd_name_is_told_in_one_line_that_a_terminal_shows(typed, tmp_path, kind):
    record(tmp_path, "mine")
    assert typed("baseline", "save").returncode == 0
    for words in PLACES:
        if (kind == "huge" and words[0] == "ab") or (kind in ("escapes", "lines") and words[1:2] == ("--junit",)):
            continue  # no program can be started with so long a word; and a file may well be named like that
        done = typed(*(word.replace("{}", NAMES[kind]) for word in words))
        assert (done.returncode, one_line(done.stderr)) == (2, True), (words, done.stderr[:500])
        assert done.stdout == "", words


def test_names_in_files_are_shown_and_not_obeyed(typed, tmp_path):
    odd = Cell(f"{ESCAPES}\nsecond", threads=1)
    record(tmp_path, "mine", cell=odd, command=ESCAPES, git={"revision": ESCAPES})
    (tmp_path / "reports").mkdir()
    assert typed("baseline", "save").returncode == 0
    for words in (
        ("show",),
        ("show", "--csv"),
        ("list", "runs"),
        ("history",),
        ("check", "--no-ab"),
        ("baseline", "show", "main"),
        ("explain", "mine", "mine"),
    ):
        done = typed(*words)
        text = done.stdout + done.stderr
        assert "\\x1b[2Jname\\u202e\\x9b31m" in text, words
        assert all(line.isprintable() for line in text.replace("\t", "").split("\n")), words
    shown = [line for line in typed("show").stdout.splitlines() if "name" in line]
    assert "\\nsecond" in shown[0]  # the rows of a table stay rows


def strict(text):
    """The document, if it is JSON as it is defined."""

    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_json_is_json_whatever_was_recorded(typed, tmp_path):
    huge = [replace(STEP, value=1e11), replace(COST, value=1e-20), replace(COUNT, value=1e20)]
    for moment in range(7):
        record(tmp_path, "mine" if moment == 6 else f"run{moment}", moment=moment, measured=huge, command="a\udcffb")
        if moment < 6:
            assert typed("baseline", "save", f"run{moment}").returncode == 0
    for words in (
        ("show", "--json"),
        ("list", "runs", "--json"),
        ("history", "--json", "--no-report"),
        ("baseline", "list", "--json"),
        ("baseline", "show", "--json"),
        ("check", "--no-ab", "--json"),
        ("explain", "mine", "mine", "--json"),
    ):
        strict(typed(*words).stdout)


def test_a_baseline_never_holds_what_it_could_not_read(typed, tmp_path):
    record(tmp_path, "good")
    assert typed("baseline", "save").returncode == 0
    record(tmp_path, "odd", moment=1, measured=[STEP, replace(COST, value=1e-99), COUNT])
    done = typed("baseline", "save", "odd")
    assert (done.returncode, one_line(done.stderr)) == (2, True)
    assert "run 'odd'" in done.stderr
    assert typed("baseline", "show", "main").returncode == 0


def test_a_check_of_a_run_without_relative_cost_says_so(typed, tmp_path):
    """And blames no other conditions: the threads that it would be compared with are those of that very measurement."""
    two = replace(made.LENET, threads=2)
    record(tmp_path, "accepted", cell=two)
    assert typed("baseline", "save").returncode == 0
    record(tmp_path, "mine", cell=two, moment=1, measured=[STEP, COUNT])
    done = typed("check", "mine", "--no-ab")
    assert done.returncode == 3, done.stdout
    assert "no cost relative to the reference in this run" in done.stdout
    assert "other conditions" not in done.stdout


def test_an_interval_that_holds_every_accuracy_is_none(typed, tmp_path):
    results = [
        replace(
            made.result(replace(made.LENET, seed=seed), 4e-3),
            measurements=(STEP, Measurement("accuracy", "1", "higher", value, "final")),
        )
        for seed, value in enumerate((0.1, 0.9))
    ]
    made.run(tmp_path / "results", "mine", results)
    shown = typed("show").stdout
    assert "50.00 (too noisy)" in shown
    assert typed("report").returncode == 0
    assert "508" not in re.sub(
        "<style.*?</style>|<svg.*?</svg>", "", (tmp_path / "reports/mine.html").read_text("utf-8"), flags=re.S
    )


@pytest.fixture
def unwritable(monkeypatch):
    """Has writes fail as on a disk without room, for files of these names."""
    opened, touched = Path.open, Path.touch

    def refuse(*names):
        def fail(path, *arguments, **options):
            mode = str(arguments[0] if arguments else options.get("mode", "r"))
            if path.name in names and set(mode) & set("wa"):
                raise OSError(28, "No space left on device")
            return opened(path, *arguments, **options)

        def fail_touch(path, *arguments, **options):
            if path.name in names:
                raise OSError(28, "No space left on device")
            return touched(path, *arguments, **options)

        monkeypatch.setattr(Path, "open", fail)
        monkeypatch.setattr(Path, "touch", fail_touch)

    return refuse


def test_a_decision_keeps_its_code_where_it_cannot_be_kept(typed, tmp_path, unwritable):
    record(tmp_path, "accepted")
    assert typed("baseline", "save").returncode == 0
    record(tmp_path, "mine", moment=1, measured=[STEP, COST, replace(COUNT, value=99.0)])
    words = ("check", "mine", "--no-ab", "--junit", "junit.xml")
    unwritable("check.json.new")
    done = typed(*words)
    assert done.returncode == 1, done.stderr
    assert "more" in done.stdout or "regress" in done.stdout
    assert "cannot write results/mine/check.json: No space left on device" in done.stderr
    assert (tmp_path / "junit.xml").read_text().startswith("<?xml")
    assert not (tmp_path / "results/mine/check.json.new").exists()


WRITERS = {
    "results/mine/run.json": ("run", "--run", "mine"),
    "reports/good.html": ("report", "good"),
    "reports/index.html": ("report", "good"),
    "reports/history.html": ("history",),
    "results/baselines/main.jsonl": ("baseline", "save", "good"),
}


@pytest.mark.parametrize("file", WRITERS)
def test_a_file_that_does_not_fit_is_told_and_leaves_nothing(typed, tmp_path, unwritable, file):
    record(tmp_path, "good")
    if file == "results/mine/run.json":
        from bench.errors import BenchError
        from bench.store.run import create

        unwritable("run.json.new")
        with pytest.raises(BenchError, match=r"^cannot write results/mine/run\.json: No space left on device; "):
            create("mine", {})
        assert sorted(path.name for path in (tmp_path / "results").iterdir()) == ["good"]  # the name is free again
        return
    unwritable(f"{Path(file).name}.new")
    done = typed(*WRITERS[file])
    assert (done.returncode, one_line(done.stderr)) == (2, True), done.stderr
    assert f"cannot write {file}: No space left on device; " in done.stderr
    assert list(tmp_path.rglob("*.new")) == []


def test_a_baseline_that_cannot_be_removed_is_told(typed, tmp_path, monkeypatch):
    record(tmp_path, "good")
    assert typed("baseline", "save", "good").returncode == 0

    def fail(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", fail)
    done = typed("baseline", "drop", "main")
    assert (done.returncode, done.stderr.startswith("bench: cannot remove results/baselines/main.jsonl")) == (2, True)


def test_a_run_whose_folder_goes_while_runs_are_listed_is_left_out(typed, tmp_path, monkeypatch):
    for moment, name in enumerate(("good", "gone")):
        record(tmp_path, name, moment=moment)
    stat = Path.stat

    def remove(path, **options):
        if path.name == "gone":
            shutil.rmtree(path, ignore_errors=True)
        return stat(path, **options)

    monkeypatch.setattr(Path, "stat", remove)
    done = typed("list", "runs")
    assert (done.returncode, "good" in done.stdout, "gone" in done.stdout) == (0, True, False)


@pytest.mark.parametrize("name", ["run.json", "results.jsonl"])
def test_nobody_waits_for_a_pipe_in_the_place_of_a_file(typed, tmp_path, name):
    folder = record(tmp_path, "mine").folder
    (folder / name).unlink()
    os.mkfifo(folder / name)
    for words in (("show", "mine"), ("report", "mine"), ("check", "mine"), ("run", "--resume", "mine")):
        done = typed(*words)
        assert (done.returncode, one_line(done.stderr)) == (2, True), (words, done.stderr)


SHORT = (
    ("--help",),
    ("--version",),
    ("list", "metrics"),
    ("run", "--help"),
    ("show", "--nonsense"),
    ("ab", "--recompute", "nowhere.jsonl"),
)
DECIDED = ("check", "bad", "--no-ab")  # a regression


@pytest.fixture
def commands(beside_damage, typed, tmp_path):
    """Every command that measures nothing, with the exit code that it has as a rule."""
    shutil.rmtree(tmp_path / "results/bad")
    record(tmp_path, "bad", moment=2, measured=[STEP, COST, replace(COUNT, value=99.0)])
    codes = {words: typed(*words).returncode for words in (*READERS, *SHORT, DECIDED)}
    assert codes[DECIDED] == 1
    return codes


def full():
    return Path("/dev/full").open("w")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="not Linux")
@pytest.mark.parametrize(("out", "err"), [(full, lambda: None), (lambda: None, full)], ids=["full", "closed"])
def test_a_stream_that_fails_never_gives_the_code_of_a_decision(commands, monkeypatch, out, err):
    for words, code in commands.items():
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", out())
            patch.setattr(sys, "stderr", err())
            assert run_command_line(list(words)) == (code or 2), words


@pytest.mark.parametrize(
    "encoding", ["gbk", *(pytest.param(each, marks=pytest.mark.slow) for each in ("ascii", "cp932"))]
)
def test_a_console_that_lacks_a_sign_changes_no_code(commands, monkeypatch, encoding):
    for words, code in commands.items():
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2))
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            assert run_command_line(list(words)) == code, words
        assert out.buffer.getvalue() + err.buffer.getvalue() != b"", words


GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@b")


def test_a_revision_s_damaged_run_is_told_where_it_is_looked_for(typed, tmp_path):
    subprocess.run([*GIT, "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run([*GIT, "commit", "-q", "--allow-empty", "-m", "x"], cwd=tmp_path, check=True)
    record(tmp_path, "good", moment=1)
    (record(tmp_path, "bad", moment=0).folder / "run.json").write_text("{")
    done = typed("explain", "HEAD", "HEAD")
    assert done.returncode == 2
    assert "results/bad/run.json is damaged" in done.stderr
    assert "no run is recorded at revision HEAD" in done.stderr
