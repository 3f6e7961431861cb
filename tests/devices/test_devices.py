"""Devices: what each kind states of itself, and that a kind which is added needs nothing but its class."""

import re
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

import bench
from bench.devices import DEVICES, CpuDevice, available, is_name, is_out_of_memory, open_device, unsupported_on
from bench.errors import BenchError
from bench.plan.catalogue import DeviceFacts
from bench.plan.cell import Cell
from bench.plan.grid import expand, task_of
from bench.plan.plan import Plan
from bench.plan.task import CatalogueRequest
from bench.store.fingerprint import fingerprint
from bench.store.result import QUANTILES
from bench.training.checkpoint import unpacked
from bench.worker.catalogue import catalogue_of
from bench.worker.cell import measure
from tests.conftest import hasty
from tests.measure.recording import Heard


class ToyDevice(CpuDevice):
    """A kind of its own, whose tensors lie on the host."""

    facts = DeviceFacts(
        "toy",
        numbered=True,
        exact_memory=("peak_memory",),
        identity=("gpu", "toy_revision"),
        unsupported={"compile": "a toy compiles nothing"},
        model="a toy",
    )

    def __init__(self, index=0):
        self.name = f"toy:{index}"

    @classmethod
    def available(cls):
        return {"toy:0": cls.facts, "toy:1": replace(cls.facts, unsupported={"bfloat16": "too narrow"})}

    def peak_memory(self, work):
        work()
        return {"peak_memory": 4096.0, "peak_memory_reserved": 8192.0}

    def copy_of(self, *tensors):
        def step(mark):
            mark()
            for tensor in tensors:
                tensor.clone()
            mark()

        return step

    def describe(self):
        return {"gpu": "a toy", "toy_revision": 7, "toy_clock": 900}


@pytest.fixture
def toy(monkeypatch):
    monkeypatch.setitem(DEVICES, "toy", ToyDevice)


@pytest.fixture(scope="module")
def heard():
    """What a worker with a toy sends: measured, trained and profiled, as the planner asked for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(DEVICES, "toy", ToyDevice)
        return _heard()


def _heard():
    catalogue = catalogue_of(CatalogueRequest(("debug",), devices=("toy",)))
    plan = Plan(
        architectures=("debug",),
        devices=("toy",),
        batch_sizes=(512,),
        denormals=("flush",),
        blocks=2,
        profile=True,
        checkpoint=True,
    )
    (cell,) = expand(plan, catalogue).cells
    assert (cell.device, cell.denormals) == ("toy:0", "keep")
    task = task_of(cell, plan, 0, catalogue.devices)
    assert task.relative_threads == cell.threads
    channel = Heard()
    with hasty():
        measure(task, channel)
    return channel


def test_a_kind_that_is_added_is_measured_trained_and_profiled(heard, toy):
    assert heard.of("status") == [("ok", None)]
    found = {one["metric"]: one for part in heard.of("measurements") for one in part}
    assert {"step", "inference", "copy", "relative_cost", "accuracy", "profiler_overhead"} <= found.keys()
    assert (found["peak_memory"]["value"], found["peak_memory"]["statistic"]) == (4096.0, "exact")
    assert found["peak_memory_reserved"]["statistic"] == "maximum"
    assert heard.of("profile")[0]["side"] == "host"
    files = {kind: content for kind, _, content in heard.of("file")}
    assert unpacked(files["checkpoint"], "best.pt").cell.device == "toy:0"
    assert files["trace"]


def test_what_a_kind_says_of_itself_decides_which_times_compare(heard, toy):
    (system,) = heard.of("system")
    fields = fingerprint(system, 1).fields
    assert (fields["gpu"], fields["toy_revision"]) == ("a toy", 7)
    assert "toy_clock" not in fields


def test_a_kind_that_is_added_is_listed_with_what_it_cannot_do(toy):
    catalogue = catalogue_of(CatalogueRequest(devices=("toy",)))
    assert catalogue.devices["toy:1"].unsupported == {"bfloat16": "too narrow"}
    assert catalogue.optimizers["sgd"]["unsupported"]["toy:0"] == catalogue.optimizers["sgd"]["unsupported"]["cpu"]
    assert "toy:1" not in catalogue.optimizers["sgd"]["unsupported"]  # nobody asked for it, and it may be in use
    assert unsupported_on(Cell("debug", device="toy:1", dtype="bfloat16")) == "too narrow"
    assert unsupported_on(Cell("debug", device="toy", mode="compile")) == "a toy compiles nothing"
    assert unsupported_on(Cell("debug", device="toy:0")) is None
    assert "no device 'toy:7' here: there is cpu" in unsupported_on(Cell("debug", device="toy:7"))


def test_a_kind_that_is_not_there_is_refused_in_one_line():
    assert "no device 'toy:0' here" in unsupported_on(Cell("debug", device="toy:0"))
    with pytest.raises(BenchError, match="choose among the kinds cpu, cuda, xpu, mps"):
        open_device("toy:0")


@pytest.mark.parametrize("name", ["cpu", "cuda", "cuda:0", "cuda:12"])
def test_names_of_devices_are_known_wherever_they_are(name):
    assert is_name(name)


@pytest.mark.parametrize("name", ["", "cpu:0", "cuda:", "cuda:x", "cuda:-1", "cuda:²", "gpu", "toy:0", "cuda:0:1"])
def test_other_names_are_not(name):
    assert not is_name(name)


@pytest.mark.parametrize("kind", DEVICES)
def test_every_kind_states_facts_that_others_can_read(kind):
    facts = DEVICES[kind].facts
    assert facts.kind == kind
    assert {facts.quantile, facts.quantile_alone} <= QUANTILES.keys()
    assert not facts.profiler_activity or hasattr(torch.profiler.ProfilerActivity, facts.profiler_activity)
    assert DeviceFacts.from_dict({**asdict(facts), "of_a_newer_revision": 1}) == facts


def test_every_device_here_bears_a_name_of_its_kind():
    for name, facts in available().items():
        assert is_name(name)
        assert open_device(name).facts.kind == facts.kind == name.partition(":")[0]


def test_one_thread_of_the_host_is_told_by_a_lower_quantile():
    assert [CpuDevice.facts.location(threads) for threads in (1, 2)] == ["p10", "p25"]
    assert [DEVICES["cuda"].facts.location(threads) for threads in (1, 2)] == ["p25", "p25"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("any words"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (RuntimeError("MPS backend out of memory"), True),
        (RuntimeError("shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_want_of_memory_is_known_however_it_is_said(error, expected):
    assert is_out_of_memory(error) is expected


def test_nobody_but_the_devices_asks_what_kind_one_is():
    """Elsewhere a device's facts decide: a name that is compared would be one more place for the next kind to touch."""
    asks = re.compile(r"""(device|kind|name)\b[^\n]*([!=]=|\bin\b|startswith\()\s*\(?["'](cpu|cuda)\b|torch\.cuda""")
    root = Path(bench.__file__).parent
    asking = {
        f"{path.relative_to(root)}:{number}"
        for path in root.rglob("*.py")
        if path.parent != root / "devices"
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if asks.search(line)
    }
    assert asking == set()
