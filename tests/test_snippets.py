"""Snippets: every block of Python in the documents is run as it stands, here or where the table says."""

import re
import tomllib
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from textwrap import dedent

import pytest

from bench.cli import run_command_line

ROOT = Path(__file__).parent.parent
LITTLE = (
    "repeats=1, again=0, blocks=2, seeds=0, threads=1, optimizers='sgd', datasets='synthetic', train_limit=0.1, "
    "concurrent=True"
)


def blocks(page, kind):
    """The blocks of a page in this language, also those that are part of a list."""
    fenced = re.findall(rf"^( *)```{kind}\n(.*?)^\1```$", (ROOT / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [dedent(text) for _, text in fenced]


@pytest.fixture
def run(tmp_path, python_in):
    """Runs a command of Python in an empty folder, which is on the module path: it must succeed; what it prints."""

    def call(*words):
        done = python_in(tmp_path, *words, on_path=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return call


def typed(*words):
    """What a command of the suite prints, in this process and the folder one stands in: it must succeed."""
    with redirect_stdout(StringIO()) as output:
        assert run_command_line([*words]) == 0
    return output.getvalue()


def call_of_the_api(text, run, folder):
    shorter = f"import functools, bench\nbench.run = functools.partial(bench.run, {LITTLE})\n"
    (folder / "calls.py").write_text(shorter + text)
    output = run("calls.py")
    assert "lenet5" in output
    assert list((folder / "reports").glob("*.html"))


def optimizers(text, run, folder):
    pytest.importorskip("pytorch_optimizer")
    (folder / "my_opt.py").write_text(text)
    output = typed("list", "optimizers", "my_opt.py:lookahead", "my_opt.py:sam")
    assert [name in output for name in ("lookahead", "sam")] == [True] * 2


def loss(text, run, folder):
    (folder / "my_loss.py").write_text(text)
    assert "focal" in typed("list", "losses", "my_loss.py:focal(gamma=1.5)")


def trace(text, run, folder):
    theirs = """
        import torch

        torch.set_num_threads(1)
        model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
        criterion, optimizer = torch.nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters())
        loader = [(torch.rand(64, 1, 28, 28), torch.randint(0, 10, (64,)))] * 10
        """
    (folder / "my_training.py").write_text(dedent(theirs) + text)
    run("my_training.py")
    assert "forward" in typed("trace", "mine.pt.trace.json.gz")


def fixture(text, run, folder):
    package(folder, {"bench.architectures": {"my_net": "my_package.nets:MyNet"}})
    (folder / "test_mine.py").write_text(text)
    words = ("-p", "bench.pytest_plugin", "-p", "no:cacheprovider", "--benchmark-max-time=0.1", "-q")
    assert "2 passed" in run("-m", "pytest", *words)


ELSEWHERE = "tests/test_own_step_docs.py", "tests/test_api.py"
RUNS = {
    "README.md": [call_of_the_api],
    "docs/bring-your-own.md": [optimizers, loss, *[ELSEWHERE[0]] * 3, ELSEWHERE[1], trace],
    "docs/ci.md": [fixture],
}


def test_every_block_of_python_is_run_somewhere():
    pages = [*(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "DESIGN.md")), *(ROOT / "docs").glob("*.md")]
    counts = {page.relative_to(ROOT).as_posix(): len(blocks(page, "python")) for page in pages}
    assert {page: count for page, count in counts.items() if count} == {page: len(runs) for page, runs in RUNS.items()}
    assert [name for name in ELSEWHERE if "docs" not in (ROOT / name).read_text("utf-8")] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "number"),
    [(page, number) for page, runs in RUNS.items() for number, how in enumerate(runs) if how not in ELSEWHERE],
)
def test_a_block_runs_as_it_stands(page, number, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    RUNS[page][number](blocks(page, "python")[number], run, tmp_path)


MODULES = {
    "__init__": "",
    "nets": """
        from architectures import register
        from torch import nn


        class MyNet(nn.Sequential):
            def __init__(self, num_classes):
                super().__init__(nn.Flatten(), nn.LazyLinear(num_classes))


        @register(family="mine")
        def my_other_net(input_shape, num_classes):
            return MyNet(num_classes)
        """,
    "optimizers": "from torch.optim import SGD as Lion",
    "losses": "from torch.nn.functional import cross_entropy as focal",
    "data": """
        import torch


        def load():
            images, labels = torch.rand(40, 1, 28, 28), torch.arange(40) % 10
            return images, labels, images, labels
        """,
}


def package(folder, groups):
    """An installed package with these entry points, and the modules that the documents name."""
    lines = []
    for group, entries in groups.items():
        lines += [f"[{group}]", *(f"{name} = {target}" for name, target in entries.items())]
    info = folder / "my_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("\n".join(lines))
    (folder / "my_package").mkdir()
    for name, text in MODULES.items():
        (folder / "my_package" / f"{name}.py").write_text(dedent(text))


@pytest.mark.slow
def test_the_entry_points_that_are_shown_are_found(run, tmp_path):
    groups = {}
    for page in ("CONTRIBUTING.md", "docs/bring-your-own.md"):
        for block in blocks(page, "toml"):
            for group, entries in tomllib.loads(block)["project"]["entry-points"].items():
                groups.setdefault(group, {}).update(entries)
    assert {"bench.architectures", "bench.optimizers", "bench.losses", "bench.datasets"} >= set(groups)
    package(tmp_path, groups)
    names = {group: [name for name, target in entries.items() if ":" in target] for group, entries in groups.items()}
    names["bench.architectures"].append("my_other_net")  # of the entry that names a module
    flags = [word for group in names for word in (f"--{group.removeprefix('bench.')}", *names[group])]
    output = run("-m", "bench", "run", "--dry-run", "--epochs", "0", "--batch-sizes", "20", *flags)
    assert [name for group in names for name in names[group] if name not in output] == []
