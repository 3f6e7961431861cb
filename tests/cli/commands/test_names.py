"""Names: what is printed of a cell, a run or a baseline can be typed back wherever one is taken."""

import json
import re
from dataclasses import replace

import pytest

from bench.compare.capabilities import fields_of_cell
from bench.plan.cell import Cell
from bench.plan.grid import AXES
from bench.store.result import Measurement, Result
from tests.explain import made

OWN = "my_nets.py:MyNet(width=128)"
HANDED = "python:Net#1a2b3c4d"


def own(label, text):
    return Cell(label, origins=(f"architecture={text}",))


CELLS = {
    "registered": Cell("lenet5"),
    "with arguments": own("MyNet(width=128)", OWN),
    "with a list": own("Sizes([3, 4])", "my_nets.py:Sizes([3, 4])"),
    "of a program": own("Net", HANDED),
    "with another axis": Cell("lenet5", optimizer="adam", dtype="bfloat16", learning_rate=1e-05),
    "of pytest": Cell.foreign("tests/test_net.py::test_step[a*b-What?(1)]"),
    "of pytest, nearly": Cell.foreign("tests/test_net.py::test_step[aXb-What?(1)]"),
}
# What names the cell: its id as every table has it, that of one of its seeds, and the text that it was named by.
WORDS = {
    **{name: (cell.id,) for name, cell in CELLS.items()},
    "registered": (CELLS["registered"].id, f"{CELLS['registered'].id}-seed1"),
    "with arguments": (CELLS["with arguments"].id, "MyNet(width=128)", OWN, f"{CELLS['with arguments'].id}-seed1"),
    "with a list": (CELLS["with a list"].id, "Sizes([3, 4])", "my_nets.py:Sizes([3, 4])", "Sizes([3, 4])-*"),
    "of a program": (CELLS["of a program"].id, "Net", HANDED),
}
PAIRS = [(name, word) for name, words in WORDS.items() for word in words]


def result(cell, **rest):
    if not cell.is_foreign:
        return made.result(cell, 3e-3, **rest)
    time = Measurement("call", "s", "lower", 1e-3, "median")
    count = Measurement("parameters", "1", "lower", 10.0, "exact")
    return Result(cell, "ok", None, 0, (time, count))


@pytest.fixture
def recorded(tmp_path):
    """Two runs of the cells, the registered and the user's own under two seeds, the first in a baseline."""
    seeds = [replace(CELLS[name], seed=1) for name in ("registered", "with arguments")]
    for number, name in enumerate(("first", "quick-20260131-090500")):
        results = [result(cell) for cell in (*CELLS.values(), *seeds)]
        made.run(
            tmp_path / "results", name, results,
            plan={"seeds": [0, 1]}, started=f"2026-01-0{number + 1}", imported="some.json" if number else "",
        )  # fmt: skip
    return tmp_path


@pytest.mark.parametrize(("name", "word"), PAIRS)
def test_a_cell_is_found_by_its_printed_name(recorded, typed, name, word):
    assert typed("baseline", "save", "first").returncode == 0
    checked = typed("check", "first", "--no-ab", "--json", "--cells", word)
    assert {entry["cell"] for entry in json.loads(checked.stdout)["verdicts"]} == {CELLS[name].id}, checked.stderr

    (recorded / "bench.toml").write_text(f"[cells.{json.dumps(word)}.budgets]\nparameters = 1\noperators_forward = 1\n")
    limited = json.loads(typed("check", "first", "--no-ab", "--json").stdout)
    assert {entry["cell"] for entry in limited["verdicts"] if entry["limit"]} == {CELLS[name].id}
    (recorded / "bench.toml").unlink()

    followed = typed("history", word, "--json", "--no-report")
    assert {entry["cell"] for entry in json.loads(followed.stdout)["series"]} == {CELLS[name].id}, followed.stderr

    if not CELLS[name].is_foreign:
        other = CELLS["registered" if name != "registered" else "of a program"].id
        explained = typed("explain", word, other, "--run", "first", "--json")
        assert explained.returncode == 0, explained.stderr
        both = typed("explain", "first", "quick-20260131-090500", "--cell", word)
        assert both.returncode == 0, both.stderr


RUN = "quick-20260131-090500"
TAKES_A_RUN = [
    ("show", "RUN"), ("show", "RUN", "--csv"), ("report", "RUN"), ("baseline", "save", "RUN"),
    ("check", "RUN", "--no-ab"), ("explain", "RUN", "first"), ("explain", "lenet5*-adam*", "Net", "--run", "RUN"),
    ("tensorboard", "RUN"), ("run", "--resume", "RUN", "--dry-run"), ("baseline", "drop", "main", "--run", "first"),
]  # fmt: skip


@pytest.mark.parametrize("words", TAKES_A_RUN, ids=" ".join)
@pytest.mark.parametrize("name", [RUN, f"results/{RUN}", "quick-*"])
def test_a_run_is_found_by_its_printed_name(recorded, typed, words, name):
    typed("baseline", "save", "first")
    done = typed(*(name if word == "RUN" else word for word in words))
    assert "no run" not in done.stderr
    assert not re.search("unknown (run|architecture|cell)", done.stderr)
    if name == "quick-*" and words[0] == "explain" and words[1] == "RUN":
        assert (
            "neither a run nor a revision" in done.stderr or "is a run and" in done.stderr
        )  # a glob is of cells there
    elif words[0] in ("show", "report", "baseline", "explain"):
        assert done.returncode == 0, done.stderr


def test_a_glob_of_several_runs_names_them(recorded, typed):
    made.run(recorded / "results", "quick-2", [result(CELLS["registered"])])
    done = typed("show", "quick-*")
    assert done.returncode == 2
    assert done.stderr.startswith("bench: 'quick-*' matches 2 runs, quick-")


def test_a_baseline_that_is_listed_is_found(recorded, typed):
    typed("baseline", "save", "first", "--name", "mine")
    folder = recorded / "results" / "baselines"
    (folder / "mine.jsonl").rename(folder / "mine (copy) [1].jsonl")
    (listed,) = json.loads(typed("baseline", "list", "--json").stdout)
    assert typed("baseline", "show", listed["name"]).returncode == 0
    assert typed("check", "first", "--no-ab", "--baseline", listed["name"]).returncode in (0, 3)
    assert typed("baseline", "drop", listed["name"]).returncode == 0
    assert typed("baseline", "drop", "../first").returncode == 2


IDS = [
    Cell("lenet5"),
    Cell("wide-resnet8", optimizer="adam", dataset="synthetic:3x64x64:100", batch_size=1, device="cuda:1", threads=16),
    Cell("mlp", dtype="float16", denormals="flush", memory_format="channels_last", mode="compile", seed=12),
    Cell("mlp", implementation="fused", loss="nll_loss", learning_rate=1e-05, schedule="one_cycle", split="validation"),
    Cell("mlp", normalization="standard"),
    Cell("mlp", loss="nll_loss", normalization="raw", learning_rate=0.5),
    Cell("mlp", loss="focal", learning_rate=3.0),
    Cell("mlp", implementation="foreach", learning_rate=10.0, schedule="step", normalization="half", seed=3),
]


@pytest.mark.parametrize("cell", IDS, ids=lambda cell: cell.id)
def test_ab_takes_the_id_of_a_cell(cell):
    wanted = fields_of_cell(cell.id, ("cross_entropy", "nll_loss", "focal"))
    assert {name: wanted.get(key, (None,))[0] for name, key in AXES.items()} == {
        name: getattr(cell, name) for name in AXES
    }


@pytest.mark.parametrize("text", ["lenet5", "lenet5,optimizer=adam", "mlp-wide", "lenet5-sgd-mnist", OWN])
def test_what_is_no_id_names_an_architecture(text):
    assert "dtypes" not in fields_of_cell(text)


def test_a_label_of_somebody_s_own_says_what_is_missing(typed):
    done = typed("run", "--architectures", "MyNet(width=128)", "--dry-run")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "bench: unknown architecture 'MyNet(width=128)': name its file too, such as FILE.py:MyNet(width=128)"
    )
