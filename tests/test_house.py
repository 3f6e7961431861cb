"""The house's own rules, held against every file: retired words, short functions, plain local names, rooms that are told of."""

import ast
import re
import subprocess
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
# Where a retired word is somebody else's, or what this list is about.
FOREIGN = {
    "tests/test_house.py": ".*",
    "CHANGELOG.md": ".*",
    "bench/process/tree_server.py": "DUET_PROTOCOL",  # of revisions before
    "tests/process/test_tree_client.py": "DUET_PROTOCOL",
}


def tracked(*kinds):
    """The files of the repository with these endings, as text by path."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [name for name in names.split("\0") if name.endswith(kinds) and not name.startswith("reports/")]
    return {name: (ROOT / name).read_text("utf-8") for name in paths if (ROOT / name).is_file()}


def modules():
    return {name: text for name, text in tracked(".py").items() if name.startswith(PACKAGES)}


def functions():
    """Each function of the packages: its file, its name and its lines."""
    for name, text in modules().items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                yield name, node.name, node.end_lineno - node.lineno + 1


@pytest.mark.parametrize("word", RETIRED)
def test_a_retired_word_stands_nowhere(word):
    pattern = re.compile(rf"(?<![a-z])({word})(?![a-z])", re.IGNORECASE)
    places = [
        f"{name}:{number}: {match[0]} -> {RETIRED[word]}"
        for name, text in tracked(".py", ".md", ".toml", ".html", ".js", ".css", ".yml", "Makefile").items()
        for number, line in enumerate(text.splitlines(), 1)
        for match in pattern.finditer(line)
        if not re.fullmatch(FOREIGN.get(name, ""), match[0])
    ]
    assert places == []


def test_a_retired_class_is_named_nowhere():
    pattern = re.compile(rf"\b({'|'.join(CLASSES)})\b(?=[(:\[\]|,.`)])")
    classes = {
        node.name for text in modules().values() for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)
    }
    assert classes.isdisjoint(CLASSES)
    assert [name for name, text in modules().items() if re.search(rf"import [^\n]*{pattern.pattern}", text)] == []


def test_functions_are_short():
    lengths = {(name, function): lines for name, function, lines in functions()}
    assert {place: lines for place, lines in lengths.items() if lines > LONGEST and place != TRAINING_LOOP} == {}
    assert median(lines for _, _, lines in functions()) <= MEDIAN


class _Names(ast.NodeVisitor):
    """Collects the names that a module binds, but for those of comprehensions and lambdas."""

    def __init__(self):
        self.bound = []

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Store):
            self.bound.append((node.id, node.lineno))

    def visit_arg(self, node):
        self.bound.append((node.arg, node.lineno))

    def visit_Lambda(self, node):
        self.visit(node.body)

    def visit_ListComp(self, node):
        """The targets of a comprehension count where it takes more than one line."""
        for part in node.generators:
            if node.lineno != node.end_lineno:
                self.visit(part.target)
            self.visit(part.iter)

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp


@pytest.mark.parametrize("package", PACKAGES)
def test_a_local_name_says_what_it_holds(package):
    places = []
    for name, text in modules().items():
        if name.startswith(package):
            names = _Names()
            names.visit(ast.parse(text))
            places += [f"{name}:{line}: {bound}" for bound, line in names.bound if bound in EMPTY_NAMES]
    assert places == []


def test_a_module_says_what_it_knows_and_is_named_after_it():
    for name, text in modules().items():
        assert ast.get_docstring(ast.parse(text)), name
        assert Path(name).stem not in NO_MODULES


def test_every_room_is_in_the_table_of_the_design():
    rooms = {Path(name).parent.as_posix() for name in modules()} - {"bench"}
    table = (ROOT / "DESIGN.md").read_text("utf-8")
    assert [room for room in sorted(rooms) if f"`{room}/`" not in table] == []
