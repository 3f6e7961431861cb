"""Published figures: matched by architecture, reproduced only where the set-up is the same, else what differs."""

from dataclasses import replace

import pytest

from bench.plan.cell import Cell
from bench.store import published
from bench.store.published import comparisons, figures

KERAS = Cell("mlp", optimizer="rmsprop", batch_size=128, learning_rate=0.001)
NET = Cell("vgg16", dataset="synthetic:3x224x224:1000", batch_size=16, threads=2)
FACTS = {"optimizers": {"rmsprop": {"learning_rate": 0.001}, "adadelta": {"learning_rate": 1.0}}}


def line(cell, epochs=20, **values):
    return {
        "cell": cell.to_dict(),
        "measurements": [{"metric": metric, "value": value} for metric, value in values.items()],
        "training": {"epochs": [{"epoch": 1}, {"epoch": epochs}]} if "accuracy" in values else None,
    }


def keras(*accuracies, cell=KERAS, epochs=20, facts=FACTS):
    lines = [line(replace(cell, seed=seed), epochs, accuracy=value) for seed, value in enumerate(accuracies)]
    (found,) = [one for one in comparisons(lines, facts) if "mnist_mlp" in one.source]
    return found


def test_the_same_set_up_within_the_tolerance_is_reproduced_but_for_what_is_known_to_differ():
    found = keras(0.9854, 0.9847, 0.9829)
    assert found.verdict == "reproduced, but for what differs: 0.03 percentage points above"
    assert found.published == "98.40% ± 0.20%"
    assert found.ours == "98.43% ± 0.32% (3 seeds)"
    assert len(found.differs) == 1
    assert "smoothing" in found.differs[0]


def test_the_same_set_up_outside_the_tolerance_is_not():
    assert keras(0.9700).verdict == "not reproduced: 1.40 percentage points below"
    assert keras(0.9700).ours == "97.00% (one seed)"


@pytest.mark.parametrize(
    ("changes", "epochs", "told"),
    [
        ({"optimizer": "adam"}, 20, "optimizer adam instead of rmsprop"),
        ({"learning_rate": 0.01}, 20, "learning rate 0.01 instead of 0.001"),
        ({"batch_size": 64}, 20, "batch size 64 instead of 128"),
        ({"normalization": "half"}, 20, "normalization half instead of unit"),
        ({"schedule": "cosine"}, 20, "schedule cosine instead of constant"),
        ({"dtype": "bfloat16"}, 20, "dtype bfloat16 instead of float32"),
        ({"split": "validation"}, 20, "split validation instead of test"),
        ({}, 2, "2 of 20 epochs"),
        ({}, 1.25, "1.25 of 20 epochs"),
        ({}, 30, "30 epochs instead of 20"),
    ],
)
def test_whatever_differs_is_named_and_nothing_is_reproduced(changes, epochs, told):
    found = keras(0.9840, cell=replace(KERAS, **changes), epochs=epochs)
    assert found.verdict.startswith("not the same set-up; 0.00 percentage points above, within the tolerance")
    assert told in found.differs


def test_the_optimizers_own_rate_is_looked_up_in_the_run():
    own = replace(KERAS, learning_rate=None)
    assert keras(0.984, cell=own).verdict.startswith("reproduced")
    unknown = keras(0.984, cell=own, facts={})
    assert "learning rate unknown instead of 0.001" in unknown.differs


def test_a_net_of_other_make_never_counts_as_reproduced():
    (found,) = comparisons([line(Cell("lenet5_1998", optimizer="sgd"), accuracy=0.9905)], FACTS)
    assert found.verdict.startswith("not the same set-up")
    assert any("Levenberg" in one for one in found.differs)
    assert any("radial basis" in one for one in found.differs)


def test_times_stand_beside_those_of_other_hardware_with_the_error_on_imagenet():
    found = comparisons([line(NET, forward=2.0, backward=4.0)], FACTS)
    gpu, cpu = found
    assert gpu.published == "41.23 / 86.91 / 128.14 ms; top-1 error on ImageNet 27.00 %"
    assert cpu.published.startswith("3101.76 / 5393.72 / 8495.48 ms")
    assert gpu.ours == cpu.ours == "2000.00 / 4000.00 / 6000.00 ms"
    assert gpu.verdict == "other hardware: 47 times as long"
    assert cpu.verdict == "other hardware: 0.71 times as long"
    assert gpu.differs == ("this host's cpu with 2 threads instead of GTX 1080 Ti, cuDNN 5.1, Torch7, 2017",)


@pytest.mark.parametrize(
    "cell",
    [
        replace(NET, batch_size=32),
        replace(NET, dataset="synthetic:3x64x64:1000"),
        Cell("vgg4"),
        Cell("mlp", dataset="fashion_mnist"),
    ],
)
def test_what_nothing_published_speaks_of_is_left_alone(cell):
    assert comparisons([line(cell, accuracy=0.9, forward=1.0, backward=2.0)], FACTS) == []


def test_a_cell_that_was_not_trained_has_no_accuracy_to_compare():
    assert comparisons([line(KERAS, forward=1.0)], FACTS) == []


def test_every_figure_names_its_source_and_only_fields_of_a_cell():
    fields = {*KERAS.to_dict(), "epochs"}
    for figure in figures("accuracy"):
        assert figure["source"]
        assert set(figure["setup"]) <= fields
        assert 0 < figure["tolerance"] < 0.01
    for table in figures("times"):
        assert table["source"]
        assert table["hardware"]


def test_the_catalogues_figures_are_there():
    gpu, cpu = figures("times")
    assert gpu["alexnet"] == [4.31, 9.58]
    assert gpu["googlenet"] == [11.50, 25.37]
    assert cpu["vgg19"] == [3609.78, 6239.45]
    assert [figure["value"] for figure in figures("accuracy")] == [0.9840, 0.9810, 0.9925, 0.9905]
    assert published._published()["top1_error"]["resnet152"] == 22.16
