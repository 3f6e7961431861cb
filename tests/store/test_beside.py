"""Imported figures beside a run's own: chosen by name and image size, told where they are from, and never judged."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.store.beside import beside, figures_near, published_of
from bench.store.elsewhere import Figure, FigureFile, load_each, save
from bench.store.result import Measurement, Result
from bench.store.run import create
from bench.store.timm_csv import read

INFER, TRAIN = (read(Path(__file__).parent / f"timm_{part}.csv") for part in ("infer", "train"))
NET = Cell("resnet18", dataset="synthetic:3x224x224:1000", batch_size=16)


def line(cell=NET, **values):
    readings = [{"metric": metric, "value": value} for metric, value in values.items()]
    return {"cell": cell.to_dict(), "measurements": readings}


def test_inference_and_training_stand_beside_ours_with_the_file_and_its_digest():
    ours = {"inference_throughput": 52.0, "inference": 0.307, "throughput": 15.0, "step": 1.07, "parameters": 11689512}
    inference, training = beside([line(**ours), line(**ours)], [INFER, TRAIN])
    assert inference.published == "13,537.15 images/s, 75.6 ms a batch of 1,024"
    assert inference.ours == "52.0 images/s ± 0 %, 307 ms a batch of 16 (2 processes)"
    assert training.published == "3,481.78 images/s, 147 ms a batch of 512"
    for comparison, source in ((inference, INFER), (training, TRAIN)):
        assert comparison.sha256 == source.sha256
        assert comparison.source == f"resnet18 in {source.file}, by timm's benchmark.py"
        assert comparison.verdict == "another machine's: not compared"
        assert comparison.differs[0] == "the file does not say its device, precision and version of torch"
        assert comparison.differs[1].startswith("batch size 16 instead of ")
        assert len(comparison.differs) == 2  # the same images, and the same net by its parameters


def test_what_the_run_did_not_measure_is_not_set_beside_anything():
    assert beside([line(throughput=15.0)], [INFER]) == []
    assert [one.what for one in beside([line(throughput=15.0)], [INFER, TRAIN])] == ["training, images a second"]
    assert beside([line(Cell("mlp"), throughput=15.0)], [INFER, TRAIN]) == []
    assert beside([line(throughput=15.0)], []) == []


@pytest.mark.parametrize(
    ("edge", "chosen"), [(160, "26,266.23"), (224, "13,537.15"), (300, "8,261.03"), (32, "26,266.23")]
)
def test_of_several_image_sizes_the_nearest_stands_there(edge, chosen):
    cell = Cell("resnet18", dataset=f"synthetic:3x{edge}x{edge}:1000", batch_size=1024)
    (comparison,) = beside([line(cell, inference_throughput=1.0)], [INFER])
    assert comparison.published.startswith(f"{chosen} images/s")
    differs = [text for text in comparison.differs if text.startswith("images of")]
    assert len(differs) == (edge not in (160, 224))


def test_another_net_of_the_same_name_is_told_by_its_parameters():
    (comparison,) = beside([line(inference_throughput=1.0, parameters=11181642)], [INFER])
    assert (
        "11.18 million parameters instead of 11.69 million: another net, or another number of classes"
        in comparison.differs
    )


@pytest.mark.parametrize(
    ("architecture", "text", "count"),
    [
        ("resnet18", "timm:resnet18", 1),
        ("resnet18.a1_in1k", "timm:resnet18.a1_in1k", 1),
        ("resnet18(num_classes=10)", "torchvision:resnet18(num_classes=10)", 1),
        ("resnet18", "my_nets.py:resnet18", 0),
        ("resnet18(width=2)", "my.nets:resnet18(width=2)", 0),
    ],
)
def test_a_net_is_known_by_its_collection_and_never_by_a_file_of_somebody_s_own(architecture, text, count):
    cell = replace(NET, architecture=architecture, origins=(f"architecture={text}",))
    assert len(beside([line(cell, inference_throughput=1.0)], [INFER])) == count


def test_a_device_that_the_file_says_is_told():
    figure = Figure(model="resnet18", part="training", images_per_second=20.0, device="cuda:0", passes={"forward": 0.2})
    source = FigureFile(file="a.csv", sha256="0" * 64, tool="timm's benchmark.py", figures=(figure,))
    (comparison,) = beside([line(throughput=15.0)], [source])
    assert comparison.published == "20.0 images/s, a batch of unknown size"
    assert comparison.differs[0] == "on cuda:0 instead of this host's cpu"
    assert comparison.differs[-1] == "theirs by parts: forward 200 ms"


def test_figures_are_kept_and_found_beside_the_runs(tmp_path):
    save("mine", INFER, tmp_path / "results" / "published")
    assert load_each(tmp_path / "results" / "published") == ({"mine": INFER}, [])
    run = create("run", {}, tmp_path / "results")
    run.append(Result(NET, "ok", measurements=(Measurement.of_value("inference_throughput", 52.0, "p25", 1),)))
    assert [comparison.sha256 for comparison in published_of(run)] == [INFER.sha256]
    with pytest.raises(BenchError, match="exists already: choose another name"):
        save("mine", TRAIN, tmp_path / "results" / "published")


OF_ANOTHER_TYPE = {
    "schema": 1,
    "file": "a.csv",
    "sha256": "0",
    "tool": "timm",
    "figures": [{"model": "resnet18", "part": "training", "images_per_second": "fast"}],
}


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"schema": 2}', '{"schema": 1}', '{"schema": 1, "file": "a"}', json.dumps(OF_ANOTHER_TYPE)]
)
def test_a_damaged_file_of_figures_is_named_and_hides_no_other(tmp_path, text):
    folder = tmp_path / "published"
    save("good", INFER, folder)
    (folder / "bad.json").write_text(text)
    (good,), (error,) = figures_near(tmp_path / "run")
    assert good == INFER
    wrong = "has schema 2, this version reads 1" if text == '{"schema": 2}' else r"is damaged .*"
    assert re.search(rf"bad\.json {wrong}: remove it, and import the file again", str(error))
