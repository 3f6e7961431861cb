"""Compiled steps: what is counted of them, and that none is compiled again while it is timed."""

import os
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import nn

from bench.measure import compiled as module
from bench.measure.compiled import RecompiledError, fixed
from bench.plan.cell import Cell
from bench.plan.compiled import UNCOMPILED
from bench.worker.compiling import caches_for

MESSAGE = """Detected recompile when torch.compile stance is 'fail_on_recompile'. filename: '/home/nets.py', function \
name: 'forward', line number: 12
    triggered by the following guard failure(s):
    - 0/0: tensor 'x' size mismatch at index 0. expected 64, actual 32"""


def test_a_recompilation_is_one_line_with_place_cause_and_remedy(monkeypatch):
    monkeypatch.setattr(torch.compiler, "set_stance", lambda _: nullcontext())
    with pytest.raises(RecompiledError) as error, fixed():
        raise RuntimeError(MESSAGE)
    assert str(error.value) == (
        "torch.compile had to compile its step again in a timed block (forward, nets.py:12): tensor 'x' size mismatch "
        "at index 0. expected 64, actual 32; have each step do the same, or choose --modes compile_dynamic or eager, "
        "or of an update --implementations default"
    )


def test_another_error_of_a_step_stays_what_it_is(monkeypatch):
    monkeypatch.setattr(torch.compiler, "set_stance", lambda _: nullcontext())
    with pytest.raises(RuntimeError, match="shapes"), fixed():
        raise RuntimeError("shapes do not match")


def test_an_eager_step_is_under_no_such_rule(workload):
    assert isinstance(workload("debug").fixed(), nullcontext)


def test_each_cell_compiles_into_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "shared")
    monkeypatch.delenv("TRITON_CACHE_DIR", raising=False)
    for folder in ("", str(tmp_path)):
        with caches_for(Cell("mlp", mode="compile"), folder):
            place = os.environ["TORCHINDUCTOR_CACHE_DIR"]
            assert list(Path(place).iterdir()) == []
            assert os.environ["TRITON_CACHE_DIR"].startswith(place)
        assert place == folder or not Path(place).exists()
        assert (os.environ["TORCHINDUCTOR_CACHE_DIR"], os.environ.get("TRITON_CACHE_DIR")) == ("shared", None)
    with caches_for(Cell("mlp")):
        assert os.environ["TORCHINDUCTOR_CACHE_DIR"] == "shared"


class Broken(nn.Module):
    """A net that torch.compile makes two graphs of."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        x = self.layer(x)
        torch._dynamo.graph_break()
        return self.layer(x)


@pytest.mark.slow
def test_breaks_and_recompilations_are_counted_and_none_may_come_later(monkeypatch):
    monkeypatch.setattr(module, "ARGUMENTS", {"compile": {"backend": "eager"}})  # which needs no C++ compiler
    torch.compiler.reset()
    before = counted()
    net = module.net_of(Broken(), Cell("mlp", mode="compile"))
    net(torch.rand(2, 4)).sum().backward()
    assert {name: count - before[name] for name, count in counted().items()} == {
        "compiled_graphs": 2,
        "graph_breaks": 1,
        "recompiles": 0,
    }
    with fixed():
        net(torch.rand(2, 4))  # as before, so that nothing is compiled
        with (
            pytest.raises(RecompiledError, match=r"a timed block \(forward, test_compiled\.py:\d+\)"),
            fixed(),
        ):
            net(torch.rand(3, 4))
    net(torch.rand(3, 4))
    assert counted()["recompiles"] - before["recompiles"] > 0


@pytest.mark.slow
def test_an_update_is_compiled_and_steps_as_torch_does(workload, monkeypatch):
    compile_as_it_is = torch.compile
    monkeypatch.setattr(torch, "compile", lambda call: compile_as_it_is(call, backend="eager"))
    torch.compiler.reset()
    plain, own = (workload("debug", optimizer="momentum", implementation=each) for each in ("default", "compiled"))
    for _ in range(own.settling):
        plain.step()
        own.step()
    with own.fixed():
        own.step()
    plain.step()
    for left, right in zip(plain.model.parameters(), own.model.parameters(), strict=True):
        torch.testing.assert_close(left, right)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ademamix", "lion", "schedule_free"])
def test_an_update_of_our_own_making_is_not_compiled_again_after_its_first_steps(workload, monkeypatch, name):
    assert name not in UNCOMPILED
    compile_as_it_is = torch.compile
    monkeypatch.setattr(torch, "compile", lambda call: compile_as_it_is(call, backend="eager"))
    work = workload("debug", optimizer=name, implementation="compiled")
    for _ in range(work.settling):
        work.step()
    with work.fixed():
        for _ in range(12):
            work.step()


@pytest.mark.slow
def test_the_update_of_every_workload_of_a_process_is_compiled(workload, monkeypatch):
    """A cell makes one for each of its parts; torch by itself leaves those beyond its 8th graph as they are."""
    compile_as_it_is = torch.compile
    monkeypatch.setattr(torch, "compile", lambda call: compile_as_it_is(call, backend="eager"))
    torch.compiler.reset()
    graphs = [counted()["compiled_graphs"]]
    for _ in range(6):
        work = workload("debug", optimizer="momentum", implementation="compiled")
        for _ in range(work.settling):
            work.step()
        graphs.append(counted()["compiled_graphs"])
    assert all(after > before for before, after in pairwise(graphs))


def counted():
    return {one.metric: one.value for one in module.counts()}
