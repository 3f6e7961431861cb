"""Messages: what each entry is told and sends is of the types that its row names, tried on the real entries."""

import importlib
import pickle
from typing import Literal

import pytest
import torch

from bench import data
from bench.compare.pairs import Side
from bench.devices import CpuDevice
from bench.measure.workload import Workload
from bench.plan.cell import Cell
from bench.plan.task import CatalogueRequest, Descent, LayersRequest, Probe, SurfaceTask, Task, Weights
from bench.process import entries
from bench.process.entries import MESSAGES
from bench.process.messages import CapabilitiesTask, Ready, Scores
from bench.training import checkpoint
from tests.process.fitting import fits

CELL = Cell("debug", dataset="synthetic", optimizer="adam")
SGD = Cell("debug", dataset="synthetic")
ENTRY = {
    "epoch": 1,
    "steps": 8,
    "seconds": 1.0,
    "train_loss": 0.4,
    "train_accuracy": None,
    "test_loss": 0.5,
    "test_accuracy": 0.1,
}
CAPABILITIES: CapabilitiesTask = {"device": "cpu", "threads": 1, "datasets": ["mnist"], "data_dir": ""}


class Talk:
    """A channel whose parent asks for two blocks of 4 steps and then hangs up; what is sent crosses as bytes."""

    def __init__(self):
        self.words, self.sent = [4, 4, None], []

    def send(self, kind, payload):
        self.sent.append((kind, pickle.loads(pickle.dumps(payload))))

    def receive(self):
        return self.words.pop(0)


@pytest.fixture
def answered():
    """Runs an entry in this process; its task and all it sends must fit. Gives the kinds that it sent."""
    threads = torch.get_num_threads()

    def run(entry, task):
        module, _, name = entry.partition(":")
        talk, row = Talk(), MESSAGES[entry]
        assert fits(task, row.task), task
        getattr(importlib.import_module(module), name)(task, talk)
        for kind, payload in talk.sent:
            assert fits(payload, row.sends[kind]), (kind, payload)
        return {kind for kind, _ in talk.sent}

    yield run
    torch.set_num_threads(threads)


@pytest.mark.parametrize(
    ("entry", "task", "kinds"),
    [
        (entries.CATALOGUE, CatalogueRequest(("lenet5",), ("mnist",)), {"catalogue"}),
        (entries.CATALOGUE, CatalogueRequest((), ("nowhere",)), {"refused"}),
        (entries.LAYERS, LayersRequest("lenet5"), {"layers"}),
        (entries.LAYERS, LayersRequest("nothing"), {"refused"}),
        (entries.AB_CAPABILITIES, CAPABILITIES, {"about"}),
        (entries.AB_CAPABILITIES, {**CAPABILITIES, "datasets": ["nowhere"]}, {"failed"}),
        (entries.AB_COUNTS, Side(None, CELL).task(), {"counts"}),
        (entries.AB_COUNTS, Side(None, Cell("nothing")).task(), {"failed"}),
        (entries.AB_SAME, {"cell": CELL.to_dict(), "data_dir": "", "dropout": True}, {"result", "trace"}),
        (entries.VERIFY_CHECKPOINT, Weights("a.pt", b"no checkpoint"), {"refused"}),
        (entries.SURFACE, SurfaceTask((Descent(CELL, 2, 0.1), Descent(SGD, 2, 0.1)), 1), {"stage", "surface"}),
        (entries.SURFACE, SurfaceTask((Descent(Cell("nothing"), 2, 0.1),), 1), {"failed"}),
        (entries.MEASURE_CELL, Task(Cell("nothing"), repeat=1), {"system", "code", "stage", "status"}),
        (entries.CEILINGS, Probe("cpu", ("float32",), 1), {"measurements"}),
    ],
)
def test_what_an_entry_sends_fits_its_row(entry, task, kinds, answered):
    assert answered(entry, task) == kinds


@pytest.mark.slow
@pytest.mark.parametrize(
    ("entry", "task", "kinds"),
    [
        (entries.AB_BLOCKS, Side(None, CELL, inject=0.25).task(), {"ready", "block"}),
        (entries.MACHINE_FACTS, None, {"facts"}),
    ],
)
def test_what_an_entry_that_times_sends_fits_its_row(entry, task, kinds, answered):
    assert answered(entry, task) == kinds


@pytest.mark.slow
def test_all_that_measuring_a_cell_sends_fits_its_row(answered):
    beside = {"profile": True, "insight": True, "checkpoint": True, "starts": True}
    task = Task(CELL, repeat=1, blocks=2, epochs=1, until=0.999, **beside)
    assert answered(entries.MEASURE_CELL, task) == set(MESSAGES[entries.MEASURE_CELL].sends)


def test_a_review_fits_its_row(answered):
    dataset = data.load("synthetic")
    images = dataset.train_images[:64].float()
    content = checkpoint.packed(Workload(CELL, CpuDevice(), images, dataset.train_labels[:64], 10), ENTRY)
    assert answered(entries.VERIFY_CHECKPOINT, Weights("a.pt", content)) == {"verification"}


def test_curves_come_as_files(answered):
    curves = {"name": "debug", "epochs": [ENTRY], "parameters": CELL.to_dict(), "metrics": {"accuracy": 0.1}}
    assert answered(entries.TENSORBOARD, [curves]) == {"file"}


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ({"steps": 3, "steady": True, "statistic": "p10"}, Ready, True),
        ({"steps": 3, "steady": True}, Ready, False),
        ({"steps": 3, "steady": True, "statistic": "p10", "more": 1}, Ready, False),
        ({"steps": 3.0, "steady": True, "statistic": "p10"}, Ready, False),
        ({"steps": 3, "steady": True, "statistic": "p11"}, Ready, False),
        ("ok", Literal["ok", "failed"], True),
        ("okay", Literal["ok", "failed"], False),
        (True, Literal[1], False),
        ([1, 2], list[int], True),
        ([1, "two"], list[int], False),
        (("ok", None), tuple[str, str | None], True),
        (("ok", 3), tuple[str, str | None], False),
        ({"a": {"b": 1}}, dict[str, dict[str, int]], True),
        ({"a": {"b": "c"}}, dict[str, dict[str, int]], False),
        ({}, Scores, False),
        (None, None, True),
    ],
)
def test_the_check_itself_tells_what_fits(value, kind, expected):
    assert fits(value, kind) is expected
