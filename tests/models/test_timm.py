"""Networks of timm: twenty are tried, ten of as many kinds timed and counted on small images; skipped without timm."""

import json
from importlib.metadata import version
from importlib.util import find_spec

import pytest
import torch

from architectures import ShapeError
from bench import models
from bench.cli import run_command_line
from bench.origins import OriginError
from bench.plan.cell import Cell
from bench.plan.origin import parse
from bench.plan.task import Task
from bench.store.run import load
from bench.worker.cell import measure
from tests.measure.recording import Heard

# Looked for, and imported in a test alone: whoever collects the quick tests would wait for it.
pytestmark = [pytest.mark.slow, pytest.mark.skipif(find_spec("timm") is None, reason="timm is not installed")]

# Small images keep it to a minute; those that want patches or windows of theirs are given a size that fits.
NETS = (
    *("resnet10t", "resnet18", "resnetv2_50", "seresnet18", "regnetx_002", "densenet121", "repvgg_a0", "inception_v3"),
    *("mobilenetv2_050", "mobilenetv3_small_050", "efficientnet_lite0", "ghostnet_050", "lcnet_050", "mnasnet_050"),
    *("convnext_atto", "convnextv2_atto", "vit_tiny_patch16_224", "deit_tiny_patch16_224", "mixer_s32_224"),
    "poolformer_s12",
)
TIMED = (
    *("resnet10t", "seresnet18", "regnetx_002", "densenet121", "inception_v3", "mobilenetv2_050", "ghostnet_050"),
    *("convnextv2_atto", "vit_tiny_patch16_224", "mixer_s32_224"),
)
SHAPE, CLASSES = (3, 96, 96), 10
DATA = "synthetic:3x96x96:10"


def test_there_are_twenty_that_timm_has():
    assert len(set(NETS)) == 20
    assert set(TIMED) < set(NETS)
    from timm import is_model

    assert [net for net in NETS if not is_model(net)] == []


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("net", TIMED)
def test_each_is_timed_and_counted(net):
    text = f"timm:{net}"
    heard, cell = Heard(), Cell(net, dataset=DATA, batch_size=2, origins=(f"architecture={text}",))
    measure(Task(cell, blocks=2, epochs=0), heard)
    assert heard.of("status") == [("ok", None)]
    values = {read["metric"]: read["value"] for part in heard.of("measurements") for read in part}
    with torch.device("meta"):
        expected = sum(parameter.numel() for parameter in models.build(text, SHAPE, CLASSES).parameters())
    assert values["parameters"] == expected
    assert values["step"] > 0
    assert values["flops"] > values["flops_forward"] > 0


@pytest.mark.usefixtures("in_haste")
def test_a_run_of_them_says_which_timm_it_was(tmp_path, monkeypatch, capsys):
    """All are tried on such images before anything is measured; two are."""
    monkeypatch.chdir(tmp_path)
    few = f"--datasets {DATA} --batch-sizes 2 --epochs 0 --repeats 1 --again 0 --blocks 2 --threads 1 --concurrent"
    words = ["run", "--suite", "tiny", *few.split(), "--no-report", "--architectures"]
    assert run_command_line([*words, *(f"timm:{net}" for net in NETS), "--dry-run", "--json"]) == 0, (
        capsys.readouterr().err
    )
    cells = json.loads(capsys.readouterr().out)["cells"]
    assert [cell["architecture"].removeprefix("timm.") for cell in cells] == list(NETS)

    some = ("resnet18", "vit_tiny_patch16_224")
    assert run_command_line([*words, *(f"timm:{net}" for net in some), "--run", "nets"]) == 0
    run = load(str(tmp_path / "results/nets"))
    assert {(result.cell.source("architecture"), result.status) for result in run.results()} == {
        (f"timm:{net}", "ok") for net in some
    }
    assert len(run.facts.origins) == len(some)
    assert {(facts["package"], facts["version"]) for facts in run.facts.origins.values()} == {("timm", version("timm"))}


def test_arguments_are_timms_own():
    text = "timm:vit_tiny_patch16_224(img_size=64, depth=2, num_classes=7)"
    entry = models.own(text)
    assert (entry.input_shape, entry.num_classes) == ((3, 64, 64), 7)
    with torch.device("meta"):
        net = models.build(text)
    assert len(net.blocks) == 2
    with pytest.raises(ShapeError, match=r"images of 3x96x96"):
        models.build(text, (3, 96, 96), 7)
    with pytest.raises(ShapeError, match=r"unexpected keyword argument 'depht'"):
        models.build("timm:vit_tiny_patch16_224(depht=2)", (3, 224, 224), 7)


def test_one_channel_and_a_tag_of_weights():
    with torch.device("meta"):
        assert models.build("timm:resnet18.a1_in1k", (1, 28, 28), 10)(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


def test_what_timm_has_not_is_refused_with_the_nearest():
    with pytest.raises(OriginError, match=r"timm has no network of that name .*: did you mean 'timm:resnet1"):
        models.get("timm:resnet17")
    with pytest.raises(OriginError, match="arguments by name"):
        models.get("timm:resnet18(3)")
    assert parse("timm:resnet18").label == "resnet18"
