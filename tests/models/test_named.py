"""Networks that users name: built, tried before they are measured, and their first output kept."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import torch

from architectures import ShapeError
from bench import models
from bench.devices import CpuDevice
from bench.errors import BenchError
from bench.measure.workload import Workload
from bench.origins import resolve
from bench.plan.cell import Cell
from bench.plan.grid import expand
from bench.plan.plan import plan_from
from bench.plan.task import CatalogueRequest
from bench.worker.catalogue import catalogue_of
from tests.origins import own_nets

building = import_module("bench.models.build")  # whose name in its room is that of its function
ROOT = Path(__file__).parents[2]
DIGITS, COLOURS = (1, 28, 28), (3, 32, 32)
WORKING = (
    *("Plain", "Lazy", "Lazy(width=8)", "Alone", "Branching", "Numpy", "Made", "Printing", "Normed", "Keywords"),
    *("Strict", "KeywordOnly", "built", "placed", "Doubled"),
)
SEVERAL = {
    "Pair": "tuple of 2 tensors",
    "Mapped": "dict of 2 tensors",
    "Described": "Output of 3 tensors",
    "WhileTraining": "tuple of 2 tensors",
}


@pytest.fixture(autouse=True)
def folder(monkeypatch):
    """Names start from the folder of the users' nets, and nothing is remembered."""
    monkeypatch.setenv("BENCH_BASE", str(ROOT / "tests/origins"))
    for cached in (building._named, building._trial, building.own, resolve):
        cached.cache_clear()


def named(net):
    return f"own_nets.py:{net}"


def workload(net, images=8, **fields):
    cell = Cell("a label", origins=(f"architecture={named(net)}",), batch_size=4, **fields)
    return Workload(cell, CpuDevice(), torch.rand(images, *DIGITS), torch.arange(images) % 10, 10)


@pytest.mark.parametrize("net", WORKING)
def test_what_works_is_stepped_as_any_other(net):
    work = workload(net)
    before = [parameter.detach().clone() for parameter in work.model.parameters()]
    assert torch.isfinite(work.step())
    assert any((new != old).any() for new, old in zip(work.model.parameters(), before, strict=True))
    assert work.outputs == ""


@pytest.mark.parametrize(("net", "words"), SEVERAL.items())
def test_of_several_outputs_the_first_is_kept(net, words):
    work = workload(net)
    assert work.outputs == words
    assert torch.isfinite(work.step())
    assert work.forward(work.images).shape == (8, 10)
    assert work.model.eval()(work.images).shape == (8, 10)


def test_lazy_layers_have_their_sizes_before_the_optimizer_is_made():
    work = workload("Lazy", optimizer="adam")
    (group,) = work.optimizer.param_groups
    assert [tuple(parameter.shape) for parameter in group["params"]] == [
        (16, 784),
        (16,),
        (16,),
        (16,),
        (10, 16),
        (10,),
    ]
    assert work.model.training


def test_the_trial_draws_no_random_number_of_the_weights():
    """The seed of a cell decides its weights, however often the net was tried before."""
    first, second = workload("Lazy"), workload("Lazy")
    for cached in (building._trial, building._named, resolve):
        cached.cache_clear()
    third = workload("Lazy")
    for other in (second, third):
        for mine, theirs in zip(first.model.parameters(), other.model.parameters(), strict=True):
            assert torch.equal(mine, theirs)


def test_the_net_is_the_one_that_its_author_builds():
    torch.manual_seed(0)
    expected = own_nets.Plain().state_dict()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in workload("Plain").model.state_dict().items())


@pytest.mark.parametrize(("net", "shape", "classes"), [("Coloured", COLOURS, 7), ("Plain", DIGITS, 10)])
def test_what_a_net_is_made_for_is_found_out(net, shape, classes):
    entry = models.own(named(net))
    assert (entry.input_shape, entry.num_classes) == (shape, classes)


def test_a_net_that_takes_none_of_the_usual_images_says_so():
    with pytest.raises(ShapeError, match="return logits"):
        models.own(named("Wrong"))


def test_no_gradient_is_needed_around_a_trial():
    with torch.no_grad():
        assert models.outputs_of(named("Pair"), DIGITS, 10) == "tuple of 2 tensors"
    with torch.inference_mode():
        assert models.outputs_of(named("Mapped"), DIGITS, 10) == "dict of 2 tensors"


def catalogued(*nets, datasets=("mnist",), **fields):
    plan = plan_from({"architectures": nets, "datasets": datasets, "suite": "tiny", **fields})
    request = CatalogueRequest(plan.architectures, plan.datasets, batch_sizes=plan.batch_sizes)
    return plan, catalogue_of(request)


def test_the_catalogue_has_counts_and_the_origin_of_a_net():
    plan, catalogue = catalogued(named("Plain"), named("Branching"))
    facts = catalogue.architectures["Plain"]
    assert (facts["parameters"], facts["flops_forward"]) == (7850, 2 * 7840)
    assert (facts["description"], facts["family"]) == ("A net of my own.", "named")
    assert facts["origin"]["file"] == str(ROOT / "tests/origins/own_nets.py")
    assert catalogue.architectures["Branching"]["parameters"] == 7850  # which the meta device cannot run
    assert [cell.architecture for cell in expand(plan, catalogue).cells] == ["Plain", "Branching"]


def test_training_of_several_outputs_is_refused_and_timing_is_not():
    plan, catalogue = catalogued(named("Pair"), "lenet5", epochs=1)
    grid = expand(plan, catalogue)
    assert [cell.architecture for cell in grid.cells] == ["lenet5"]
    ((cell, reason),) = grid.skipped
    assert cell.architecture == "Pair"
    assert "'own_nets.py:Pair' gives several outputs (tuple of 2 tensors)" in reason
    assert "--epochs 0" in reason

    assert [cell.architecture for cell in expand(*catalogued(named("Pair"), epochs=0)).cells] == ["Pair"]
    with pytest.raises(BenchError, match=r"nothing to measure: .* several outputs"):
        expand(*catalogued(named("Pair"), epochs=1))


def test_one_image_is_too_few_for_batch_norm():
    sizes = {"batch_sizes": (1, 2), "epochs": 0}
    plan, catalogue = catalogued(named("Normed"), "mlp_bn", named("Plain"), **sizes)
    grid = expand(plan, catalogue)
    kept = {(cell.architecture, cell.batch_size) for cell in grid.cells}
    assert kept == {("Normed", 2), ("mlp_bn", 2), ("Plain", 1), ("Plain", 2)}
    assert all(
        "cannot train on a batch of one image: Expected more than 1 value" in reason for _, reason in grid.skipped
    )
    assert all("--batch-sizes" in reason for _, reason in grid.skipped)
    wider = expand(plan, catalogue, untrainable=True)  # inference is timed all the same
    assert len(wider.cells) == len(grid.cells) + len(grid.skipped)
    assert wider.untrainable == grid.skipped


def test_a_net_is_left_out_where_it_does_not_fit_and_measured_where_it_does():
    grid = expand(*catalogued(named("Plain"), datasets=("mnist", "synthetic:3x8x8"), epochs=0))
    assert [cell.dataset for cell in grid.cells] == ["mnist"]
    assert "images of 3x8x8" in grid.skipped[0][1]


def test_torchvisions_nets_by_name_and_by_module():
    for text in ("torchvision:shufflenet_v2_x0_5", "torchvision.models:shufflenet_v2_x0_5"):
        with torch.device("meta"):
            net = models.build(text, COLOURS, 10).eval()
            assert net(torch.zeros(2, *COLOURS)).shape == (2, 10)
    assert models.origin_facts("torchvision:shufflenet_v2_x0_5")["package"] == "torchvision"


@pytest.mark.slow
def test_torchvisions_nets_of_one_size_and_of_several_outputs():
    with torch.device("meta"):
        assert models.build("torchvision:vit_b_16", COLOURS, 5)(torch.zeros(1, *COLOURS)).shape == (1, 5)
    text = "torchvision:googlenet(aux_logits=True)"
    assert models.outputs_of(text, (3, 224, 224), 10) == "GoogLeNetOutputs of 3 tensors"


@pytest.mark.slow
def test_nothing_of_this_is_imported_where_no_origin_is_named():
    ask = "import sys; import bench.models; print([name for name in ('timm', 'torchvision') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
