"""Grid: every combination once, in the order asked for; what cannot be measured is left out with its reason."""

from dataclasses import fields, replace

import pytest

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.grid import AXES, CROSSED, expand, task_of
from bench.plan.plan import SETTINGS, Plan
from bench.plan.task import request_of
from tests.plan.conftest import facts_of


def names(grid):
    return [cell.architecture for cell in grid.cells]


def test_every_field_of_a_cell_has_its_list_in_the_plan():
    assert [*AXES, "origins"] == [field.name for field in fields(Cell)]
    assert set(AXES.values()) <= set(SETTINGS)


def test_every_combination_is_there_once_in_the_order_asked_for(catalogue):
    plan = Plan(architectures=("vgg4", "mlp"), batch_sizes=(64, 16), seeds=(0, 1), threads=(1,))
    axes = [(cell.architecture, cell.batch_size, cell.seed) for cell in expand(plan, catalogue()).cells]
    assert axes == [(name, size, seed) for name in ("vgg4", "mlp") for size in (64, 16) for seed in (0, 1)]


@pytest.mark.parametrize("field", [name for name in AXES if name not in ("architecture", "device")])
def test_each_value_of_an_axis_reaches_a_cell(catalogue, field):
    values = {
        "optimizer": ("sgd", "adam"),
        "dataset": ("mnist", "synthetic:3x32x32"),
        "dtype": ("float32", "bfloat16"),
        "fp32_precision": ("default", "ieee"),
        "denormals": ("keep", "flush"),
        "memory_format": ("contiguous", "channels_last"),
        "mode": ("eager", "compile"),
        "engine": ("none", "eager"),
        "loader": ("resident", "dataloader"),
        "implementation": ("default", "fused"),
        "loss": ("cross_entropy", "nll_loss"),
        "learning_rate": (0.1, 1e-5),
        "split": ("test", "validation"),
        "augmentation": ("none", "shift+crop"),
        "test_augmentation": ("none", "flip"),
        "average": ("none", "swa"),
        "clip_norm": (0.0, 2.0),
        "initialization": ("default", "orthogonal"),
        "normalization": ("half", "raw"),
    }.get(field, (1, 2))
    plan = Plan(architectures=("mlp",), scaling=("strong",), **{AXES[field]: values})  # of the batch as it is given
    assert [getattr(cell, field) for cell in expand(plan, catalogue()).cells] == list(values)


def test_globs_match_in_the_order_given(catalogue):
    assert names(expand(Plan(architectures=("vgg*", "resnet*")), catalogue())) == ["vgg4", "resnet8", "resnet18"]


def test_a_glob_matches_optimizers_and_normalizations_too(catalogue):
    plan = Plan(architectures=("mlp",), optimizers=("*d*",), normalizations=("*a*d*", "r*"))
    axes = [(cell.optimizer, cell.normalization) for cell in expand(plan, catalogue()).cells]
    assert axes == [("sgd", "standard"), ("sgd", "raw"), ("adam", "standard"), ("adam", "raw")]


def test_what_is_asked_for_twice_is_measured_once(catalogue):
    plan = Plan(architectures=("resnet8", "resnet*", "resnet8"), batch_sizes=(64, 64), devices=("cpu", "cpu"))
    assert names(expand(plan, catalogue())) == ["resnet8", "resnet18"]


def test_threads_default_to_every_usable_core(catalogue):
    assert [cell.threads for cell in expand(Plan(architectures=("mlp",)), catalogue(usable_cores=7)).cells] == [7]


def test_learning_rates_default_to_the_optimizers_own(catalogue):
    assert [cell.learning_rate for cell in expand(Plan(architectures=("mlp",)), catalogue()).cells] == [None]


@pytest.mark.parametrize("device", ["cpu", "cuda:0"])
@pytest.mark.parametrize(("optimizer", "expected"), [("adam", "fused"), ("muon", "default")])
def test_auto_is_fused_where_torch_has_it(catalogue, device, optimizer, expected):
    devices = facts_of("cpu", "cuda:0")
    plan = Plan(architectures=("mlp",), optimizers=(optimizer,), devices=(device,), implementations=("auto", expected))
    assert [cell.implementation for cell in expand(plan, catalogue(devices=devices)).cells] == [expected]


def test_auto_passes_over_a_fused_implementation_that_does_not_run_here(catalogue):
    known = catalogue()
    adam = {**known.optimizers["adam"], "unsupported": {"cpu": {"fused": "not on this build"}}}
    plan = Plan(architectures=("mlp",), optimizers=("adam",), implementations=("auto",))
    (cell,) = expand(plan, catalogue(optimizers={"adam": adam})).cells
    assert cell.implementation == "default"


def test_a_gpu_has_no_denormals_to_flush(catalogue):
    devices = facts_of("cpu", "cuda:0")
    plan = Plan(architectures=("mlp",), devices=("cpu", "cuda:0"), denormals=("keep", "flush"))
    axes = [(cell.denormals, cell.device) for cell in expand(plan, catalogue(devices=devices)).cells]
    assert sorted(axes) == [("flush", "cpu"), ("keep", "cpu"), ("keep", "cuda:0")]


def test_a_suite_that_flushes_them_runs_where_the_processor_cannot(catalogue):
    devices = facts_of("cpu", flush="this processor cannot")
    (cell,) = expand(Plan(architectures=("mlp",), denormals=("flush",)), catalogue(devices=devices)).cells
    assert cell.denormals == "keep"


def test_cuda_is_the_first_cuda_device(catalogue):
    devices = facts_of("cpu", "cuda:0", "cuda:1")
    plan = Plan(architectures=("mlp",), devices=("cuda", "cuda:0", "cuda:1"))
    assert [cell.device for cell in expand(plan, catalogue(devices=devices)).cells] == ["cuda:0", "cuda:1"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"architectures": ("resnt18",)}, ["architecture 'resnt18'", "'resnet18'?", "list architectures"]),
        ({"architectures": ("mlp", "q*")}, ["architecture 'q*'", "list architectures"]),
        ({"optimizers": ("adm",)}, ["optimizer 'adm'", "'adam'?", "list optimizers"]),
        ({"datasets": ("mnits",)}, ["data set 'mnits'", "'mnist'?", "list datasets"]),
        ({"normalizations": ("units",)}, ["normalization 'units'", "'unit'?", "run --help"]),
        ({"devices": ("cuda",)}, ["no device 'cuda' here", "cpu", "--devices"]),
        ({"devices": ("gpu",)}, ["no device 'gpu' here", "cpu", "--devices"]),
        ({"threads": (3,)}, ["--threads 3", "2 cores"]),
        ({"architectures": ()}, ["nothing to measure", "architecture", "--architectures"]),
        ({"batch_sizes": ()}, ["nothing to measure", "batch size", "--batch-sizes"]),
        (
            {"optimizers": ("lbfgs",), "implementations": ("fused",), "seeds": (0, 1)},
            ["nothing to measure", "lbfgs", "all 2 cells are left out"],
        ),
    ],
)
def test_a_mistake_is_one_line_with_its_remedy(catalogue, changes, words):
    with pytest.raises(BenchError) as caught:
        expand(Plan(**{"architectures": ("mlp",), **changes}), catalogue())
    message = str(caught.value)
    assert [word for word in words if word not in message] == []
    assert "\n" not in message


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"optimizers": ("sgd", "lbfgs"), "implementations": ("fused",)}, "lbfgs has no fused implementation"),
        (
            {"optimizers": ("lbfgs",), "dtypes": ("float32", "float16")},
            "lbfgs evaluates the model as often as it finds need in a step, which the gradient scaler of",
        ),
        ({"optimizers": ("sgd", "muon"), "implementations": ("fused",)}, "muon has no fused implementation"),
        ({"implementations": ("default", "foreach")}, "sgd has no foreach implementation on cpu: it has no gain there"),
        ({"modes": ("eager", "cuda_graph")}, "a CUDA graph needs a CUDA device"),
        (
            {"batch_sizes": (66,), "accumulate": (1, 4)},
            "a batch of 66 cannot be taken in 4 equal parts (--batch-sizes)",
        ),
        ({"optimizers": ("lbfgs",), "clip_norms": (0.0, 1.0)}, "lbfgs follows gradients along a line, which clipping"),
        ({"optimizers": ("lbfgs",), "accumulate": (1, 4)}, "lbfgs evaluates the model itself, each time on the whole"),
        (
            {"datasets": ("mnist", "synthetic"), "batch_sizes": (5000,)},
            "a batch of 5000 is more than the 4,096 training images of synthetic: ask for 4096 at most (--batch-sizes)",
        ),
    ],
)
def test_what_cannot_be_measured_is_left_out_with_its_reason(catalogue, changes, reason):
    grid = expand(Plan(architectures=("mlp",), **changes), catalogue())
    assert len(grid.cells) == 1
    ((cell, why),) = grid.skipped
    assert reason in why
    assert cell not in grid.cells


def test_a_part_of_one_image_is_skipped_where_a_net_cannot_train_on_one(catalogue):
    nets = {"mlp": {"family": "made up", "flops_forward": 1.0, "more_than_one": {"mnist": "it normalizes"}}}
    plan = Plan(architectures=("mlp",), batch_sizes=(4,), accumulate=(2, 4))
    grid = expand(plan, catalogue(architectures=nets))
    assert [(cell.accumulate, why) for cell, why in grid.skipped] == [(4, "it normalizes")]
    assert 1 in request_of(plan).batch_sizes  # so that it is looked at


def test_an_architecture_is_left_out_for_the_data_sets_whose_images_it_cannot_take(catalogue):
    known = catalogue().architectures
    too_small = {**known["vgg4"], "incompatible": {"mnist": "'vgg4' cannot be built: too small"}}
    plan = Plan(architectures=("vgg4", "mlp"), datasets=("mnist", "synthetic"))
    grid = expand(plan, catalogue(architectures={**known, "vgg4": too_small}))
    assert len(grid.cells) == 3
    ((cell, reason),) = grid.skipped
    assert (cell.architecture, cell.dataset, reason) == ("vgg4", "mnist", "'vgg4' cannot be built: too small")


def task_with(catalogue, repeat=0, **changes):
    plan = Plan(**{"architectures": ("mlp",), "epochs": 4, **changes})
    (cell,) = expand(plan, catalogue(devices=facts_of("cpu", "cuda:0"))).cells
    return task_of(cell, plan, repeat, facts_of("cpu", "cuda:0"))


def test_only_the_first_repeat_trains_and_counts_costs(catalogue):
    assert [(task.epochs, task.costs) for task in (task_with(catalogue, repeat) for repeat in range(3))] == [
        (4, True),
        (0, False),
        (0, False),
    ]


@pytest.mark.parametrize(
    ("repeat", "changes", "looked"),
    [
        (0, {}, True),
        (1, {}, False),
        (0, {"splits": ("validation",)}, False),
        (0, {"epochs": 0}, False),
        (0, {"insight": False}, False),
    ],
)
def test_a_net_is_looked_into_once_where_it_was_trained_and_test_images_judge_it(catalogue, repeat, changes, looked):
    assert task_with(catalogue, repeat, **{"insight": True, **changes}).insight is looked


@pytest.mark.parametrize(
    ("changes", "threads"), [({}, 1), ({"threads": (2,)}, 2), ({"threads": (1,)}, 1), ({"devices": ("cuda",)}, 2)]
)
def test_cell_and_reference_are_compared_with_one_thread_unless_asked_otherwise(catalogue, changes, threads):
    task = task_with(catalogue, **changes)
    assert task.relative_threads == threads


def test_a_task_carries_what_the_plan_says(catalogue):
    task = task_with(catalogue, blocks=9, timeout=7.0, data_dir="here", order_seed=3)
    assert (task.blocks, task.timeout, task.data_dir, task.order_seed) == (9, 7.0, "here", 3)


def test_a_validation_split_holds_out_one_image_of_a_few_at_least(catalogue):
    few = {"synthetic": {"train": 8, "test": 8}}
    plan = Plan(architectures=("mlp",), datasets=("synthetic",), batch_sizes=(8,), splits=("test", "validation"))
    grid = expand(plan, catalogue(datasets=few))
    assert [cell.split for cell in grid.cells] == ["test"]
    assert "more than the 7 training images" in grid.skipped[0][1]


def of_a_user(catalogue, **cannot):
    """The catalogue of an optimizer of a user's, which cannot do what is named here."""
    reasons = {what.replace("__", " "): f"Mine {reason}" for what, reason in cannot.items()}
    mine = {**catalogue().optimizers["sgd"], "learning_rate": None, "cannot": reasons}
    return catalogue(optimizers={"Mine": mine})


def planned(**fields):
    return Plan(architectures=("mlp",), optimizers=("Mine",), **fields)


def test_an_optimizer_without_a_rate_is_refused_unless_one_is_given(catalogue):
    known = of_a_user(catalogue, default__rate="has no rate", tune="has none to look around")
    with pytest.raises(BenchError, match=r"^Mine has no rate, or give --learning-rates$"):
        expand(planned(), known)
    with pytest.raises(BenchError, match=r"^Mine has none to look around \(--tune\)$"):
        expand(planned(tune=3), known)
    (cell,) = expand(planned(learning_rates=(0.1,)), known).cells
    assert cell.learning_rate == 0.1


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ("learning__rate", {"learning_rates": (0.1,)}),
        ("schedule", {"schedules": ("cosine",)}),
        ("cuda_graph", {"modes": ("cuda_graph",)}),
    ],
)
def test_what_an_optimizer_cannot_is_said_and_the_rest_is_measured(catalogue, what, fields):
    known = of_a_user(catalogue, **{what: "cannot"})
    assert len(expand(planned(), known).cells) == 1
    with pytest.raises(BenchError, match=r"^nothing to measure: Mine cannot"):
        expand(planned(**fields), known)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"optimizers": ("adafactor",)}, "adafactor reads back from the device"),
        ({"schedules": ("cosine",)}, "keeps the learning rate that it was captured with"),
    ],
)
def test_what_a_captured_step_cannot_is_left_out_beforehand(catalogue, fields, reason):
    sgd = catalogue().optimizers["sgd"]
    known = catalogue(devices=facts_of("cuda:0"), optimizers={"sgd": sgd, "adafactor": sgd})
    plan = Plan(**{"architectures": ("mlp",), "modes": ("cuda_graph",), "devices": ("cuda",), **fields})
    with pytest.raises(BenchError, match=reason):
        expand(plan, known)


def test_a_net_without_parts_is_left_out_of_activation_checkpointing_alone(catalogue):
    nets = {"mlp": {"family": "made up", "flops_forward": 1.0, "cannot": {"recompute": "'mlp' has no blocks"}}}
    grid = expand(Plan(architectures=("mlp",), modes=("eager", "recompute")), catalogue(architectures=nets))
    assert [cell.mode for cell in grid.cells] == ["eager"]
    assert [(cell.mode, why) for cell, why in grid.skipped] == [("recompute", "'mlp' has no blocks")]


def test_initial_weights_that_a_net_cannot_have_are_left_out(catalogue):
    nets = {"mlp": {"family": "made up", "flops_forward": 1.0, "cannot": {"whitened": "'mlp' has no convolution"}}}
    grid = expand(Plan(architectures=("mlp",), initializations=("default", "whitened")), catalogue(architectures=nets))
    assert [cell.initialization for cell in grid.cells] == ["default"]
    assert [(cell.initialization, why) for cell, why in grid.skipped] == [("whitened", "'mlp' has no convolution")]


@pytest.mark.parametrize(
    ("axes", "peaks"),
    [({}, (False, False)), ({"modes": ("recompute",)}, (False, True)), ({"accumulate": (4,)}, (False, True))],
)
def test_every_process_tells_its_peak_where_memory_is_traded(catalogue, axes, peaks):
    plan = Plan(architectures=("mlp",), **axes)
    (cell,) = expand(plan, catalogue()).cells
    tasks = [task_of(cell, plan, repeat, catalogue().devices) for repeat in (0, 1)]
    assert tuple(task.peak for task in tasks) == peaks
    assert [task.costs for task in tasks] == [True, False]


def test_one_thing_changes_at_a_time_in_each_data_set_and_seed(catalogue):
    plan = Plan(
        architectures=("vgg4", "mlp"),
        datasets=("mnist", "synthetic"),
        schedules=("constant", "cosine", "step"),
        clip_norms=(0.0, 1.0),
        seeds=(3, 4),
        one_at_a_time=True,
    )
    cells = expand(plan, catalogue()).cells
    base = Cell("vgg4", threads=cells[0].threads, seed=3)
    assert cells[0] == base  # the first values
    changed = [
        tuple(name for name in AXES if getattr(cell, name) != getattr(base, name) and name not in CROSSED)
        for cell in cells
        if cell.seed == 3 and cell.dataset == "mnist"
    ]
    assert changed == [(), ("architecture",), ("schedule",), ("schedule",), ("clip_norm",)]
    assert len(set(cells)) == len(cells) == 4 * len(changed)
    assert len(expand(replace(plan, one_at_a_time=False), catalogue()).cells) == 2 * 2 * 3 * 2 * 2
