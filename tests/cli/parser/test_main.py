"""The parser, and what the light commands import: help and version need none of the heavy packages."""

import subprocess
import sys

import pytest

from bench import __version__
from bench.cli.parser.main import LISTINGS, build_parser
from bench.plan.plan import SETTINGS, flag

HEAVY = ("torch", "pandas", "numpy", "scipy", "matplotlib", "multiprocessing", "architectures")
UNCOVERED = {"COVERAGE_PROCESS_CONFIG": ""}  # else what coverage imports as each process starts would count


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["run", "--help"], ["list", "--help"], ["show", "--help"]]
)
def test_help_imports_nothing_heavy(bench, arguments):
    done = bench(*arguments, python=["-X", "importtime"], **UNCOVERED)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}
    assert "bench.cli.parser.main" in imported
    assert sorted(name for name in imported if name.partition(".")[0] in HEAVY) == []


def test_a_usage_error_imports_nothing_heavy(bench):
    done = bench("run", "--epochs", "many", python=["-X", "importtime"], **UNCOVERED)
    assert done.returncode == 2
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}
    assert sorted(name for name in imported if name.partition(".")[0] in HEAVY) == []


def test_the_version(bench):
    assert bench("--version").stdout == f"bench {__version__}\n"


def test_the_help_of_run_names_every_flag(bench):
    text = bench("run", "--help").stdout
    flags = [flag(name) for name in SETTINGS if name != "purpose"]
    assert [one for one in [*flags, "--dry-run", "--json"] if one not in text] == []


@pytest.mark.parametrize("words", ["of its cost, such as 3% (default: 3%)", "(default: 600s)", "(default: mnist)"])
def test_the_help_of_run_shows_defaults_as_one_would_type_them(bench, words):
    assert words in " ".join(bench("run", "--help").stdout.split())


@pytest.mark.parametrize(
    ("command", "words", "wrong"),
    [
        ("ab", "TOML file (default: checks)", "default: quick"),
        ("ab", "CPU threads (default: 1)", "default: all usable cores"),
        ("calibrate", "CPU threads (default: 1)", "default: all usable cores"),
        ("profile", "blocks of each kind in a process, 0.1 s each (default: 5)", "(default: 15)"),
    ],
)
def test_the_help_of_a_command_shows_its_own_defaults(capsys, command, words, wrong):
    with pytest.raises(SystemExit):
        build_parser().parse_args([command, "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert words in text
    assert wrong not in text


def test_no_field_of_the_plan_hides_a_flag_of_the_command():
    given = vars(build_parser().parse_args(["run"]))
    assert set(SETTINGS) - {"purpose"} <= set(given)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "COMMAND"),
        (["rum"], "'rum'"),
        (["run", "--epoch", "1"], "--epoch"),
        (["run", "--epochs"], "--epochs"),
        (["run", "--epochs", "x"], "a whole number, not 'x'"),
        (["run", "--epochs", "-1"], "0 or more, not -1"),
        (["run", "--blocks", "1"], "2 or more, not 1"),
        (["run", "--budget", "soon"], "a duration such as 90s, 5m or 1h, not 'soon'"),
        (["run", "--precision", "3"], "a share such as 3% or 0.03, not '3'"),
        (["run", "--dtypes", "float64"], "float32, bfloat16, float16, pure_bfloat16, not 'float64'"),
        (["run", "--architectures"], "--architectures"),
        (["run", "--no-such-flag"], "--no-such-flag"),
        (["list"], "architectures"),
        (["list", "cats"], "'cats'"),
        (["show", "--json", "--csv"], "--csv"),
        (["show", "one", "two", "three"], "three"),
    ],
)
def test_a_mistake_is_one_line_with_the_way_to_the_help(arguments, words, capsys):
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args(arguments)
    told = capsys.readouterr()
    assert ended.value.code == 2
    assert told.out == ""
    assert told.err.startswith("bench: ")
    assert told.err.count("\n") == 1
    assert words in told.err
    assert "--help)" in told.err


@pytest.mark.parametrize("listing", LISTINGS)
def test_every_listing_is_known(listing):
    assert build_parser().parse_args(["list", listing]).what == listing


def test_the_bench_module_starts_as_the_script_does():
    script = "import sys; from bench.__main__ import main; sys.argv = ['bench', '--version']; main()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"bench {__version__}\n")
