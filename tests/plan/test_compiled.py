"""Compiled cells: which they are, what they need of a device, and what is left out beforehand."""

import pytest

from bench.devices.interface import NO_CUDA_GRAPHS
from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.cell_id import cell_of_id
from bench.plan.compiled import ARGUMENTS, COMPILED, as_torch_has_it, is_compiled, needs_of
from bench.plan.estimate import expected_seconds
from bench.plan.grid import expand, task_of
from bench.plan.plan import Plan
from bench.plan.task import probes_of
from tests.plan.conftest import facts_of

UPDATE = Cell("mlp", implementation=COMPILED)


def planned(**fields):
    return Plan(**{"architectures": ("mlp",), **fields})


@pytest.mark.parametrize("mode", ARGUMENTS)
def test_a_compiled_cell_is_typed_back_from_its_id(mode):
    cell = Cell("mlp", mode=mode, implementation=COMPILED, seed=3)
    assert is_compiled(cell)
    assert cell_of_id(cell.id) == cell
    assert as_torch_has_it(cell) == Cell("mlp", seed=3)


def test_an_update_alone_may_be_compiled():
    assert is_compiled(UPDATE)
    assert needs_of(UPDATE) == ("compile", "eager")
    assert needs_of(Cell("mlp")) == ("eager",)
    assert as_torch_has_it(Cell("mlp", mode="cuda_graph", implementation="fused")) == Cell(
        "mlp", implementation="fused"
    )
    assert probes_of([UPDATE]) == probes_of([Cell("mlp")])  # its ceilings are those of torch's own update


@pytest.mark.parametrize("mode", [mode for mode in ARGUMENTS if mode not in NO_CUDA_GRAPHS])
def test_a_host_compiles_without_graphs(catalogue, mode):
    known = catalogue(devices=facts_of("cpu", **NO_CUDA_GRAPHS))
    grid = expand(planned(modes=("eager", mode)), known)
    assert [cell.mode for cell in grid.cells] == ["eager", mode]


@pytest.mark.parametrize("mode", NO_CUDA_GRAPHS)
def test_modes_of_graphs_are_left_out_on_a_host_with_the_reason(catalogue, mode):
    known = catalogue(devices=facts_of("cpu", **NO_CUDA_GRAPHS))
    grid = expand(planned(modes=("eager", mode)), known)
    assert [(cell.mode, reason) for cell, reason in grid.skipped] == [(mode, NO_CUDA_GRAPHS[mode])]


@pytest.mark.parametrize("fields", [{"modes": (mode,)} for mode in ARGUMENTS] + [{"implementations": (COMPILED,)}])
def test_without_a_compiler_nothing_is_compiled(catalogue, fields):
    with pytest.raises(BenchError, match="nothing to measure: there is no g"):
        expand(planned(**fields), catalogue(devices=facts_of("cpu", compile="there is no g++")))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"optimizers": ("lbfgs",)}, "lbfgs evaluates the model in its step"),
        ({"optimizers": ("adafactor",)}, "makes no graph of adafactor's step"),
        ({"optimizers": ("soap",)}, "soap improves its bases in every tenth step alone"),
        ({"schedules": ("cosine",)}, "each new learning rate"),
        ({"modes": ("cuda_graph",), "devices": ("cuda",)}, "a graph replays what torch launches"),
        ({"world_sizes": (2,)}, "several ranks are timed in eager mode alone, not with a compiled update"),
    ],
)
def test_an_update_that_cannot_be_compiled_is_left_out(catalogue, fields, reason):
    optimizers = catalogue().optimizers
    others = dict.fromkeys(("adafactor", "soap"), optimizers["sgd"])
    known = catalogue(devices=facts_of("cpu", "cuda:0"), optimizers={**optimizers, **others})
    with pytest.raises(BenchError, match=reason):
        expand(planned(implementations=(COMPILED,), **fields), known)


def test_every_optimizer_without_a_closure_may_have_its_update_compiled(catalogue):
    grid = expand(planned(optimizers=("sgd", "muon"), implementations=(COMPILED,)), catalogue())
    assert [cell.optimizer for cell in grid.cells] == ["sgd", "muon"]


@pytest.mark.parametrize(("cell", "asked"), [(Cell("mlp", mode="compile"), True), (UPDATE, True), (Cell("mlp"), False)])
def test_compiled_cells_alone_are_started_again(catalogue, cell, asked):
    assert task_of(cell, planned(starts=True), 0, catalogue().devices).starts is asked
    assert not task_of(cell, planned(), 0, catalogue().devices).starts


def test_starts_take_their_time(catalogue):
    cells = [Cell("mlp", mode="compile")]
    plain, with_starts = (expected_seconds(cells, planned(starts=starts), catalogue()) for starts in (False, True))
    assert with_starts > plain + 10
