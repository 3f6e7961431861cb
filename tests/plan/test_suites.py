"""Suites: each that comes along is a plan of what is registered, and those of each kind run."""

import json
from contextlib import closing

import pytest

from bench.cli import run_command_line
from bench.plan.estimate import around_seconds, expected_seconds, renewal_seconds, surface_seconds
from bench.plan.grid import expand
from bench.plan.plan import plan_from, suite_names
from bench.plan.task import CatalogueRequest
from bench.process.local import Workers
from bench.session.requests import ask_catalogue

ASKED_FOR = {
    "quick",
    "standard",
    "full",
    "mlp",
    "edges",
    "pooling",
    "convolutions",
    "depth",
    "normalization",
    "batch",
    "dtype",
    "compile",
    "cnn-benchmarks",
    "optimizers",
    "speedrun",
}
# What stands in for a suite's own to be quick; whatever else it says stays.
SHRUNK = {
    "optimizers": ["--architectures", "debug", "--optimizers", "muon", "--tune", "2"],
    "implementations": ["--architectures", "debug", "--optimizers", "rmsprop", "muon"],
    "cnn-benchmarks": ["--architectures", "resnet18", "--datasets", "synthetic:3x64x64:1000"],
    "batch": ["--architectures", "debug", "--batch-sizes", "1", "1024"],
}


@pytest.fixture(scope="module")
def real():
    """The catalogue of this machine, with parameters and FLOPs of all but the zoo."""
    globs = ("[!rgva]*", "resnet8", "resnet14", "resnet20*", "vgg[468]*", "alexnet_small", "airbench94")
    with closing(Workers()) as workers:
        plans = [plan_from({"suite": name}) for name in suite_names()]
        optimizers, losses = (
            {text for plan in plans for text in getattr(plan, axis)} for axis in ("optimizers", "losses")
        )
        request = CatalogueRequest(globs, optimizers=tuple(optimizers), losses=tuple(losses))
        return ask_catalogue(workers, request)


def test_the_suites_asked_for_are_there():
    assert set(suite_names()) >= ASKED_FOR


@pytest.mark.parametrize("name", suite_names())
def test_a_suite_names_what_there_is_and_leaves_nothing_out_in_silence(real, name):
    plan = plan_from({"suite": name})
    grid = expand(plan, real)
    assert grid.cells
    assert len(grid.cells) <= 160
    lacking = {"implementations": (" has no ",), "compile": ("compiler",), "inference": ("torchao", "compiler", "x86")}
    allowed = lacking.get(name, ())
    assert [reason for _, reason in grid.skipped if not any(word in reason for word in allowed)] == []


@pytest.mark.parametrize("name", suite_names())
def test_a_suite_says_what_it_is_for_in_one_line(name):
    purpose = plan_from({"suite": name}).purpose
    assert 20 < len(purpose) < 130
    assert not purpose.endswith(".")


def test_the_default_suite_has_the_seeds_that_its_claims_need_and_ends_soon(real):
    plan = plan_from({"suite": "quick"})
    assert len(plan.seeds) >= 3
    cells = expand(plan, real).cells
    whole = expected_seconds(cells, plan, real) + renewal_seconds(cells, plan) + around_seconds(cells, plan)
    whole += surface_seconds(cells, plan, real)
    assert whole <= 180  # three minutes, as the documents say, every evaluation included


@pytest.mark.parametrize("name", ["edges", "pooling", "convolutions"])
def test_a_comparison_has_its_base(real, name):
    assert "convnet" in {cell.architecture for cell in expand(plan_from({"suite": name}), real).cells}


def test_the_full_suite_has_every_net_for_digits_but_the_debug_net(real):
    cells = expand(plan_from({"suite": "full"}), real).cells
    others = {
        name for name, facts in real.architectures.items() if facts["input_shape"] == [1, 28, 28] and name != "debug"
    }
    assert {cell.architecture for cell in cells} == others


def test_the_zoo_is_measured_as_published(real):
    plan = plan_from({"suite": "cnn-benchmarks"})
    zoo = {name for name, facts in real.architectures.items() if facts["family"] == "zoo"}
    assert set(plan.architectures) == zoo
    assert (plan.batch_sizes, plan.datasets) == ((16,), ("synthetic:3x224x224:1000",))


# One of each kind; the others differ from these in names and numbers alone. What compiling does, tests/worker shows.
RUN = ("optimizers", "implementations", "batch", "cnn-benchmarks", "speedrun")


@pytest.mark.slow
@pytest.mark.usefixtures("in_haste")
@pytest.mark.parametrize("name", RUN)
def test_a_suite_runs_when_it_is_cut_short(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    first = plan_from({"suite": name}).architectures[0]
    small = ["--architectures", first, *SHRUNK.get(name, [])]
    few = "--blocks 2 --repeats 1 --again 0 --train-limit 0.5s --goal 0 --seeds 0 --threads 1"
    limits = [*few.split(), "--concurrent", "--no-report"]
    code = run_command_line(["run", "--suite", name, *small, *limits, "--json"])
    printed = capsys.readouterr()
    assert code == 0, printed.err
    counts = json.loads(printed.out)["counts"]
    assert counts["ok"] > 0
    assert counts["failed"] + counts["timeout"] + counts["oom"] == 0, printed.err
