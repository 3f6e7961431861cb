"""The documents: every command in them parses, every link leads somewhere, and DESIGN names what is stored."""

import argparse
import json
import re
import shlex
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest

import bench
from bench.cli.parser.main import build_parser
from bench.compare.calibration import Calibration
from bench.compare.facts import ComparisonFacts, SideFacts
from bench.compare.records import KINDS
from bench.metrics import METRICS
from bench.plan.cell import Cell
from bench.plan.plan import plan_from
from bench.process.messages import BlockFacts
from bench.regression.tolerances import tolerances
from bench.store.baseline import save
from bench.store.facts import Git, RunFacts
from bench.store.fingerprint import Fingerprint
from bench.store.result import Result
from bench.store.stored import parse_line
from bench.store.summary import CellSummary
from bench.store.warning import Warning

ROOT = Path(__file__).parent.parent
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "results" / "README.md",
    ROOT / "reports" / "README.md",
]
WORKFLOWS = [ROOT / "docs/bench.yml", ROOT / ".github/workflows/bench.yml"]
README_LINES, README_COLUMNS = 120, 120
# Flags of other programs that the documents name: pytest-benchmark's, pip's, git's.
FOREIGN = ("--allow-empty", "--benchmark-", "--extra-index-url", "--unshallow")
# A line of a workflow may begin with the script.
COMMAND = re.compile(r"(?:python -m bench|^ *bench(?= (?:ab|baseline|check|run) )) ((?:\\\n|[^\n`|;])*)", re.MULTILINE)

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


def parsers():
    """The parser of each command by its words: "run", "baseline save"."""

    def below(parser, words):
        yield " ".join(words), parser
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for name, child in action.choices.items():
                    yield from below(child, [*words, name])

    return dict(below(build_parser(), []))


PARSERS = parsers()


def flags_of(command):
    return set(PARSERS[command]._option_string_actions)


def commands_in(text):
    """The words of each `python -m bench ...`, up to the end of the line, the code or the shell's command."""
    for match in COMMAND.finditer(text):
        yield shlex.split(match[1].replace("\\\n", " "), comments=True)


def command_of(words):
    """The longest name of a command that the words begin with."""
    names = [" ".join(words[:count]) for count in (2, 1) if " ".join(words[:count]) in PARSERS]
    assert names, f"no command: {' '.join(words)}"
    return names[0]


def examples():
    """The commands that stand in blocks of code, alone on their line."""
    for page in PAGES:
        for block in re.findall(r"^```\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE):
            for line in block.splitlines():
                if line.startswith("python -m bench "):
                    yield line.removeprefix("python -m bench ")


@pytest.mark.parametrize("page", [*PAGES, *WORKFLOWS], ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_command_that_is_named_exists_with_its_flags(page):
    for words in commands_in(page.read_text("utf-8")):
        if words:
            used = {word.partition("=")[0] for word in words if word.startswith("--")}
            assert used <= flags_of(command_of(words)), words


@pytest.mark.parametrize("example", sorted(set(examples())))
def test_an_example_parses(example):
    command, *redirected = example.split(" > ")
    assert len(redirected) <= 1
    build_parser().parse_args(shlex.split(command, comments=True))


@every_page
def test_a_flag_that_is_named_alone_is_one_of_ours(page):
    known = set().union(*(flags_of(command) for command in PARSERS))
    codes = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", page.read_text("utf-8"))
    flags = {flag for code in codes for flag in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", code)}
    assert {flag for flag in flags - known if not flag.startswith(FOREIGN)} == set()


@every_page
def test_a_link_leads_somewhere(page):
    targets = re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8"))
    assert [target for target in targets if "://" not in target and not (page.parent / target).exists()] == []


def blocks(page, kind):
    """The blocks of code of a page in this language."""
    return re.findall(rf"^```{kind}\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)


def test_the_suite_that_is_shown_is_one(tmp_path):
    (block,) = blocks("docs/suites.md", "toml")
    (tmp_path / "mine.toml").write_text(block)
    plan = plan_from({"suite": str(tmp_path / "mine.toml")})
    assert (plan.epochs, plan.seeds, plan.train_limit) == (3, (0, 1, 2), 0.0)


def test_the_tolerances_that_are_shown_are_accepted(tmp_path):
    (block,) = blocks("docs/ci.md", "toml")
    (tmp_path / "bench.toml").write_text(block)
    limits = tolerances(tmp_path / "bench.toml")
    assert limits.share("lenet5-sgd", "relative_cost") == 0.08
    assert limits.budgets("mlp") == {"step": 0.010, "accuracy": 0.97}


def test_the_code_that_is_shown_uses_what_there_is():
    (block,) = blocks("README.md", "python")
    compile(block, "README.md", "exec")
    assert all(hasattr(bench, name) for name in re.findall(r"bench\.(\w+)\(", block))
    assert all(hasattr(bench.Run, name) for name in re.findall(r"(?<!bench\.)\brun\.(\w+)\(", block))


def test_the_readme_is_short():
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert len(lines) <= README_LINES
    assert [line for line in lines if len(line) > README_COLUMNS] == []


def test_every_page_is_linked_from_the_readme_or_the_index():
    """That the site's menu has every page is seen by mkdocs."""
    links = {
        (page.parent / link).resolve()
        for page in (ROOT / "README.md", ROOT / "docs" / "index.md")
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8"))
    }
    pages = [path for path in (ROOT / "docs").iterdir() if path.is_file()]
    assert [page for page in [*pages, ROOT / "DESIGN.md", ROOT / "CONTRIBUTING.md"] if page not in links] == []


def test_every_command_is_named_in_a_page():
    texts = "".join(page.read_text("utf-8") for page in PAGES)
    commands = [command for command in PARSERS if command and " " not in command]
    assert [command for command in commands if f"python -m bench {command}" not in texts] == []


def section(title):
    """A section of DESIGN with its subsections."""
    text = (ROOT / "DESIGN.md").read_text("utf-8")
    level = title.partition(" ")[0]
    return re.split(rf"^#{{1,{len(level)}}} ", text.partition(f"\n{title}\n")[2], flags=re.MULTILINE)[0]


def names_of(kind):
    return {field.name for field in fields(kind)}


def stored_line():
    """The keys of a line of results, and of what stands in it."""
    line = parse_line(Result(Cell("debug"), "ok").to_line().encode())
    return {*line, "samples", *BlockFacts.__annotations__, *names_of(Warning)}


@pytest.mark.parametrize(
    ("title", "keys"),
    [
        ("### A run, schema 2", {*stored_line(), *names_of(RunFacts), *names_of(Git)}),
        (
            "### A comparison, schema 3",
            {*KINDS, *names_of(ComparisonFacts), *names_of(SideFacts)}.union(*map(names_of, KINDS.values())),
        ),
        ("### A calibration, schema 3", names_of(Calibration)),
    ],
)
def test_the_design_names_every_key_that_is_stored(title, keys):
    named = set(re.findall(r"`([a-z_]+)`", section(title)))
    assert keys - named == set()


def test_the_design_names_every_key_of_a_baseline(tmp_path):
    summary = CellSummary(
        cell=Cell("debug", threads=2),
        run="r",
        revision="a",
        dirty=True,
        started="2026",
        machine=Fingerprint({"cpu": "x"}),
        definition="d",
        log_cost=0.1,
        processes=3,
        step=0.1,
        accuracy={0: 0.9},
        epochs=1,
        peak_memory=3.0,
        counts={"parameters": 5},
    )
    path, _ = save("main", [summary], tmp_path)
    keys = {key for line in path.read_text("utf-8").splitlines() for key in json.loads(line)}
    assert {"log_cost", "processes", "exact", "facts", "schema"} <= keys
    named = set(re.findall(r"`([a-z_]+)`", section("### A baseline, schema 2")))
    assert keys - named == set()


@pytest.mark.parametrize(
    ("title", "module"),
    [
        ("### A run, schema {}", "bench.store.result"),
        ("### A comparison, schema {}", "bench.compare.log"),
        ("### A baseline, schema {}", "bench.store.baseline"),
        ("### A calibration, schema {}", "bench.compare.calibration"),
    ],
)
def test_the_design_names_the_schema_of_each_file(title, module):
    assert section(title.format(import_module(module).SCHEMA))


def test_the_page_of_metrics_is_what_the_rows_say():
    lines = (ROOT / "docs" / "metrics.md").read_text("utf-8").splitlines()
    rows = [
        f"| `{row.name}` | {row.unit} | {row.direction} | {row.kind} | {row.pooled} | {row.judged_by or '-'} "
        f"| {'yes' if row.may_have_budget else '-'} | {row.note} |"
        for row in METRICS.values()
    ]
    assert [line for line in lines if line.startswith("| `")] == rows
