"""System: what torch refuses to tell, and which variables are part of what decides a time."""

import pytest
import torch

from bench.devices import CpuDevice
from bench.machine.system import deciding_variables, describe_system
from bench.store.fingerprint import fingerprint


@pytest.fixture
def by_operator():
    """A plug-in's way of setting the precision of one kind of operator, after which torch tells none for all."""
    before = torch.backends.cuda.matmul.fp32_precision
    torch.backends.cuda.matmul.fp32_precision = "tf32"
    yield
    torch.backends.cuda.matmul.fp32_precision = before


def test_precision_that_was_set_by_operator_is_told_as_that(by_operator):
    assert describe_system(CpuDevice())["precision"]["matmul"] == "by operator"


def test_variables_that_decide_a_time_are_recorded_and_make_runs_not_comparable(monkeypatch):
    plain = describe_system(CpuDevice())
    monkeypatch.setenv("CUDA_LAUNCH_BLOCKING", "1")
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "/somewhere")
    monkeypatch.setenv("PYTORCH_ALLOC_CONF", "")
    assert deciding_variables()["CUDA_LAUNCH_BLOCKING"] == "1"
    assert not {"TORCHINDUCTOR_CACHE_DIR", "PYTORCH_ALLOC_CONF"} & deciding_variables().keys()
    blocking = describe_system(CpuDevice())
    (difference,) = fingerprint(plain, 1).differences(fingerprint(blocking, 1))
    assert difference.startswith("environment")
    assert "CUDA_LAUNCH_BLOCKING=1" in difference
