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
from bench.store.machines import class_of
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
    inference, training = beside([line(**ours), line(**ours)], [INFER, TRAIN], {})
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


def test_rates_of_several_machines_stand_apart_and_name_them():
    """A rate over two machines would be of neither."""
    lines = [
        {**line(inference_throughput=rate), "system": {"cpu": cpu}}
        for cpu, rate in (("Fast", 60.0), ("Fast", 60.0), ("Slow", 15.0))
    ]
    names = {class_of(each): each["system"]["cpu"] for each in lines}
    fast, slow = beside(lines, [INFER], names)
    assert fast.ours == "60.0 images/s ± 0 %, a batch of 16 (2 processes on Fast)"
    assert slow.ours == "15.0 images/s, a batch of 16 (1 process on Slow)"
    told = replace(INFER, figures=tuple(replace(each, device="a GPU") for each in INFER.figures))
    assert beside(lines, [told], names)[1].differs[0] == "on a GPU instead of the cpu of Slow"


def test_rates_beside_other_work_count_only_where_there_are_no_others_and_say_so():
    busy = [{"part": "inference", "kind": "contended", "amount": 0.4, "text": "other work took its cores"}]
    slow = {**line(inference_throughput=10.0, inference=1.6), "warnings": busy}
    (both,) = beside([line(inference_throughput=52.0, inference=0.307), slow], [INFER], {})
    assert both.ours == "52.0 images/s, 307 ms a batch of 16 (1 process)"
    (alone,) = beside([slow], [INFER], {})
    words = "(1 process; other work took its cores each time it was measured)"
    assert alone.ours == f"10.0 images/s, 1.60 s a batch of 16 {words}"
    elsewhere = [{**busy[0], "part": "phases"}]
    (other,) = beside([{**slow, "warnings": elsewhere}], [INFER], {})
    assert other.ours == "10.0 images/s, 1.60 s a batch of 16 (1 process)"


def test_what_the_run_did_not_measure_is_not_set_beside_anything():
    assert beside([line(throughput=15.0)], [INFER], {}) == []
    assert [one.what for one in beside([line(throughput=15.0)], [INFER, TRAIN], {})] == ["training, images a second"]
    assert beside([line(Cell("mlp"), throughput=15.0)], [INFER, TRAIN], {}) == []
    assert beside([line(throughput=15.0)], [], {}) == []


@pytest.mark.parametrize(
    ("edge", "chosen"), [(160, "26,266.23"), (224, "13,537.15"), (300, "8,261.03"), (32, "26,266.23")]
)
def test_of_several_image_sizes_the_nearest_stands_there(edge, chosen):
    cell = Cell("resnet18", dataset=f"synthetic:3x{edge}x{edge}:1000", batch_size=1024)
    (comparison,) = beside([line(cell, inference_throughput=1.0)], [INFER], {})
    assert comparison.published.startswith(f"{chosen} images/s")
    differs = [text for text in comparison.differs if text.startswith("images of")]
    assert len(differs) == (edge not in (160, 224))


def test_another_net_of_the_same_name_is_told_by_its_parameters():
    (comparison,) = beside([line(inference_throughput=1.0, parameters=11181642)], [INFER], {})
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
    assert len(beside([line(cell, inference_throughput=1.0)], [INFER], {})) == count


def test_a_device_that_the_file_says_is_told():
    figure = Figure(model="resnet18", part="training", images_per_second=20.0, device="cuda:0", passes={"forward": 0.2})
    source = FigureFile(file="a.csv", sha256="0" * 64, tool="timm's benchmark.py", figures=(figure,))
    (comparison,) = beside([line(throughput=15.0)], [source], {})
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


def read_from(*figures, **fields):
    """A file of these figures, or of one that says only how fast its inference was and what is asked for."""
    figures = figures or (fields,)
    rates = tuple(
        Figure(**{"model": "resnet18", "part": "inference", "images_per_second": 20.0, **figure}) for figure in figures
    )
    return FigureFile(file="a.csv", sha256="0" * 64, tool="timm's benchmark.py", figures=rates)


def test_a_single_process_has_no_interval_and_what_nobody_says_is_called_unknown():
    (comparison,) = beside([line(inference_throughput=52.0)], [read_from()], {})
    assert comparison.ours == "52.0 images/s, a batch of 16 (1 process)"
    assert comparison.differs == (
        "the file does not say its device, precision and version of torch",
        "batch size 16 instead of an unknown one",
        "images of 224 pixels an edge instead of an unknown size",
    )
    own = replace(NET, dataset="mnist")
    (comparison,) = beside([line(own, inference_throughput=52.0)], [read_from(batch_size=16, image_size=224)], {})
    assert comparison.differs[1:] == ("images of mnist instead of 224 pixels an edge",)


@pytest.mark.parametrize(("count", "differs"), [(11_685_000, 0), (11_695_000, 0), (11_684_999, 1), (11_695_001, 1)])
def test_parameters_are_alike_as_far_as_millions_with_two_places_tell(count, differs):
    (comparison,) = beside([line(inference_throughput=1.0, parameters=count)], [read_from(parameters=11_690_000.0)], {})
    assert sum("another net" in text for text in comparison.differs) == differs


@pytest.mark.parametrize(("count", "millions"), [(11_184_995, "11.18"), (11_185_005, "11.19")])
def test_parameters_are_told_in_millions(count, millions):
    (comparison,) = beside([line(inference_throughput=1.0, parameters=count)], [read_from(parameters=2e7)], {})
    assert comparison.differs[-1].startswith(f"{millions} million parameters instead of 20.00 million: another net")


def test_a_figure_of_unknown_size_is_as_near_as_one_of_our_size():
    source = read_from(
        *({"image_size": size, "images_per_second": rate} for size, rate in ((None, 1), (224, 2), (160, 3)))
    )
    assert [each.published.split()[0] for each in beside([line(inference_throughput=1.0)], [source], {})] == ["1", "2"]


@pytest.mark.parametrize(("rate", "fits"), [(0.5, True), (1e18, True), (0, False), (-0.5, False), (2e18, False)])
def test_a_rate_is_above_0_and_no_more_than_anything_has(tmp_path, rate, fits):
    figure = {"model": "resnet18", "part": "training", "images_per_second": rate}
    (tmp_path / "a.json").write_text(json.dumps({**OF_ANOTHER_TYPE, "figures": [figure]}))
    kept, errors = load_each(tmp_path)
    assert ([each.figures[0].images_per_second for each in kept.values()], len(errors)) == (
        ([rate], 0) if fits else ([], 1)
    )
