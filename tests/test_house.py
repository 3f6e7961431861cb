"""The rules that hold for every file: retired words, short functions, plain local names, a table of all rooms."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("architectures", "bench")
LONGEST = 44  # lines of a function, docstring included
TRAINING_LOOP = ("bench/training/train.py", "train")  # reads from top to bottom; the one that may be longer
MEDIAN = 7
# What a local name must not be: it says nothing of what it holds. In a comprehension on one line it may stand.
EMPTY_NAMES = {"one", "found", "told", "given", "said", "made", "about"}
NO_MODULES = {"utils", "helpers", "common", "base", "manager"}

# Words that meant one idea of the field by another name, and what to say instead.
RETIRED = {
    r"contests?": "sequential comparison",
    r"matchups?": "comparison",
    r"ledgers?": "comparison log",
    r"stor(y|ies)": "cell log",
    r"rehears\w*": "calibrate",
    r"duets?": "pair of processes",
    r"hosted": "tree server",
    r"generations?": "repeat",
    r"visit(s|ed|ing)?": "process, task or cell",
    r"specimens?": "layers request",
    r"anatomy|dissect\w*": "layers",
    r"misfits?": "incompatible (of a net and a data set); residual (of a fit)",
    r"obstacles?": "unsupported",
    r"retrials?": "confirmation",
    r"settled?_?(?:look)?(?=\()": "outcomes_of, deciding_look",
    r"_aside": "_unmatched",
    r"outright": "direct",
    r"DUET_\w+": "PAIR_PROTOCOL",
}
CLASSES = [
    "Account",
    "Contest",
    "Front",
    "Known",
    "Ledger",
    "LocalExecutor",
    "Matchup",
    "Question",
    "Reading",
    "Retrial",
    "Schedule",
    "Settled",
    "Specimen",
    "Stages",
    "Story",
    "Trail",
    "Visit",
    "Warmth",
]
# What may stand in a file although it holds a retired word.
FOREIGN = {
    "tests/test_house.py": ".*",  # the list itself
    "CHANGELOG.md": ".*",  # says what was renamed
    "bench/process/tree_server.py": "DUET_PROTOCOL",  # read from revisions that have it still
    "tests/process/test_tree_client.py": "DUET_PROTOCOL",
}
TEXTS = (".py", ".md", ".toml", ".html", ".js", ".css", ".yml", "Makefile", "ci/run")
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@cache
def tracked(*kinds):
    """The files of the repository with these endings, as text by path; reports/ is written by the suite itself."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [name for name in names.split("\0") if name.endswith(kinds) and not name.startswith("reports/")]
    return {name: (ROOT / name).read_text("utf-8") for name in paths if (ROOT / name).is_file()}


@cache
def modules():
    """The syntax trees of the packages' modules, by path."""
    return {name: ast.parse(text) for name, text in tracked(".py").items() if name.startswith(PACKAGES)}


def functions():
    """Each function of the packages: its file, its name and its lines."""
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield name, node.name, node.end_lineno - node.lineno + 1


@cache
def words():
    """Each file as the search for retired words reads it: its name in front, nothing foreign, CamelCase taken apart."""
    return {
        name: re.sub("(?<=[a-z])(?=[A-Z])", " ", re.sub(FOREIGN.get(name, "(?!)"), "", f"{name}\n{text}"))
        for name, text in tracked(*TEXTS).items()
    }


@pytest.mark.parametrize("word", RETIRED)
def test_a_retired_word_stands_nowhere(word):
    pattern = re.compile(rf"(?<![a-z])({word})(?![a-z])", re.IGNORECASE)
    places = [  # line 0 is the file's own name
        f"{name}:{text.count(chr(10), 0, match.start())}: {match[0]} -> {RETIRED[word]}"
        for name, text in words().items()
        for match in pattern.finditer(text)
    ]
    assert places == []


def test_a_retired_class_is_named_nowhere():
    places = [
        f"{name}:{node.lineno}: {word}"
        for name, text in tracked(".py").items()
        if any(word in text for word in CLASSES)
        for node in ast.walk(ast.parse(text))
        for word in (getattr(node, field, None) for field in ("name", "asname", "id", "attr"))
        if isinstance(word, str) and word in CLASSES
    ]
    assert places == []


def test_functions_are_short():
    lengths = [(lines, (name, function)) for name, function, lines in functions()]
    assert [length for length in lengths if length[0] > LONGEST and length[1] != TRAINING_LOOP] == []
    assert median(lines for lines, _ in lengths) <= MEDIAN


def bindings(tree):
    """Each name that a module's code binds, with its line, but for those of lambdas and of comprehensions on one line.

    A function that is defined within another one is bound there; a method or a module's function is no local name.
    """
    nodes = [(tree, False)]  # each with whether it stands in a function
    while nodes:
        node, inside = nodes.pop()
        if isinstance(node, COMPREHENSIONS) and node.lineno == node.end_lineno:
            continue
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.ExceptHandler) or (is_function and inside):
            yield node.name, node.lineno
        elif isinstance(node, ast.alias):
            yield node.asname, node.lineno
        children = [node.body] if isinstance(node, ast.Lambda) else ast.iter_child_nodes(node)
        within = is_function or (inside and not isinstance(node, ast.ClassDef))
        nodes += [(child, within) for child in children]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_local_name_says_what_it_holds(package):
    assert [
        f"{name}:{line}: {bound}"
        for name, tree in modules().items()
        if name.startswith(package)
        for bound, line in bindings(tree)
        if bound in EMPTY_NAMES
    ] == []


def test_percentages_are_written_by_one_module():
    """A format such as `:.1%` prints "4.2%" beside the "4.2 %" of bench.text."""
    places = [
        f"{name}:{node.lineno}"
        for name, text in modules().items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FormattedValue) and node.format_spec and name != "bench/text.py"
        if isinstance(spec := node.format_spec.values[-1], ast.Constant) and spec.value.endswith("%")
    ]
    assert places == []


def test_no_name_of_a_test_holds_the_time():
    """Its values name it, gzip writes the time, and processes that name a test differently cannot share the tests."""
    sources = {path: path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    trees = [ast.parse(source) for source in sources.values() if "gzip.compress" in source]
    assert trees
    for node in (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        for call in (call for decorator in node.decorator_list for call in ast.walk(decorator)):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "gzip.compress":
                assert "mtime" in {keyword.arg for keyword in call.keywords}, f"{node.name}: give it mtime=0"


def test_a_test_is_marked_slow_in_its_own_file():
    """The slow sets read no others: see pytest_ignore_collect of tests/conftest.py."""
    sources = {path: path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py")}
    marking = {path.name for path, text in sources.items() if re.search(r"pytest\.mark\.(slow|alone)", text)}
    assert {name for name in marking if not name.startswith("test_")} == {"deep.py", "needed.py"}


def test_a_module_says_what_it_knows_and_is_named_after_it():
    assert [name for name, tree in modules().items() if not ast.get_docstring(tree)] == []
    assert [name for name in modules() if NO_MODULES & {*Path(name).with_suffix("").parts}] == []


def test_every_room_is_in_the_table_of_the_design():
    rooms = {Path(name).parent.as_posix() for name in modules()} - {"bench"}
    table = (ROOT / "DESIGN.md").read_text("utf-8")
    assert [room for room in sorted(rooms) if f"`{room}/`" not in table] == []
