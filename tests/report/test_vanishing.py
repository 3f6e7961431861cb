"""The vanishing gradient: each net by layer and time in one scale, and what the sentence says of its first layer."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from bench.plan.cell import Cell
from bench.report import svg
from bench.report.load import read
from bench.report.svg import SVG
from bench.report.vanishing import MOST, flows_of, vanishing, vanishing_sentence
from bench.store.result import Result
from tests.report import report_sample as sample

STEPS = [1, 10, 20, 30]
LAYERS = 6


def trained(name, ratio=1.0, seed=0, steps=STEPS, layers=LAYERS, **changes):
    """A net whose gradient falls by a ratio from its last layer to its first, and doubles with each moment."""
    one = [float(f"{norm:.3g}") for norm in np.geomspace(ratio, 1.0, layers)]
    noted = {
        "names": [f"{at}.weight" for at in range(layers)],
        "shapes": [[4, 4]] * layers,
        "steps": steps,
        "norms": [[norm * 2**at for norm in one] for at in range(len(steps))],
    }
    entries = [{"epoch": 1, "steps": 30, "seconds": 1.0, "test_accuracy": 0.5, "test_loss": 1.0}]
    return Result(Cell(name, seed=seed), "ok", training={"epochs": entries, "gradients": {**noted, **changes}})


def recorded(root, *results):
    return read(sample.recorded(root, list(results)))


def drawn(root, *results):
    with svg.style():
        return vanishing(recorded(root, *results))


def test_each_net_is_a_panel_in_one_scale_and_its_ratios_are_told(tmp_path):
    picture = drawn(tmp_path, trained("mlp", 1e-6), trained("lenet5", 0.5))
    assert picture.name == "learning-vanishing"
    assert "mlp 1.0e-06 to 1.0e-06" in picture.caption
    assert "lenet5 0.500 to 0.500" in picture.caption
    root = ET.fromstring(picture.svg)
    assert len(list(root.iter(SVG + "image"))) == 2
    texts = [element.text for element in root.iter(SVG + "text")]
    assert texts[-3:] == ["1.0e-06", "0.00283", "8.00"]  # the least norm of all and the greatest, and the middle
    told = [text for _, text in picture.numbers]
    assert (
        "mlp: gradient norm 1.0e-06 to 8.0e-06 in the first layer (0.weight), 1.00 to 8.00 in the last of 6 "
        "(5.weight), from step 1 to 30, n = 1 seed" in told
    )


def test_seeds_are_one_net_by_their_geometric_mean(tmp_path):
    (flow,) = flows_of(recorded(tmp_path, trained("mlp", 1e-2), trained("mlp", 1e-4, seed=1)))
    assert flow.left(0) == pytest.approx(1e-3)
    assert flow.norms.shape == (LAYERS, len(STEPS))


def test_a_norm_of_0_is_no_number_and_has_vanished(tmp_path):
    dead = trained("mlp", norms=[[0.0, 1, 1, 1, 1, 2.0]] * 4)
    assert "mlp 0 to 0" in drawn(tmp_path, dead).caption
    assert "has 0 of the norm of its last" in vanishing_sentence(recorded(tmp_path / "more", dead)).claim


def test_the_sentence_names_the_nets_whose_first_layer_gets_nothing(tmp_path):
    record = recorded(tmp_path, trained("mlp", 1e-6), trained("lenet5", 0.5), trained("vgg8", 1e-4))
    sentence = vanishing_sentence(record)
    assert sentence.claim == (
        "The gradient vanishes on its way to the input of mlp and vgg8: as training begins, the first layer of mlp has "
        "1.0e-06 of the norm of its last."
    )
    assert "lenet5 0.500" in sentence.evidence
    assert vanishing_sentence(recorded(tmp_path / "fine", trained("lenet5", 0.5))) is None


@pytest.mark.parametrize(
    "result",
    [
        trained("mlp", layers=5),
        trained("mlp", steps=[1, 10]),
        trained("mlp", steps=[1, 10, 20, "x"]),
        trained("mlp", shapes=[]),
        trained("mlp", norms=[]),
        trained("mlp", norms=[[1.0] * LAYERS] * 4),
    ],
)
def test_a_shallow_net_and_odd_records_have_no_picture(result, tmp_path):
    assert drawn(tmp_path, result) is None


def test_of_many_nets_those_with_least_and_most_left_are_shown(tmp_path):
    names = ["mlp", "lenet5", "vgg8", "vgg6", "resnet8", "resnet14", "resnet20", "plain8"]
    results = [trained(name, 10.0 ** -(at + 1)) for at, name in enumerate(names)]
    picture = drawn(tmp_path, *results)
    assert len(picture.numbers) == MOST
    assert not any(text.startswith(("vgg6:", "resnet8:")) for _, text in picture.numbers)


def without(name, step, layers):
    """A net of whose gradients some are 0 at a step, by its number from 0."""
    result = trained(name)
    for layer in layers:
        result.training["gradients"]["norms"][step][layer] = 0.0
    return result


def test_a_last_layer_that_begins_at_0_is_no_gradient_that_vanishes(tmp_path):
    """Nothing gets beyond it at the first step; at the next one it tells as much as any."""
    results = [without("mlp", 0, range(LAYERS - 1)), trained("lenet5", 0.5)]
    assert vanishing_sentence(recorded(tmp_path / "a", *results)) is None
    caption = drawn(tmp_path / "b", *results).caption
    assert "mlp 1.00 (from step 10: until then the last layer alone had a gradient) to 1.00" in caption
    assert caption.endswith(" Grey is a norm of 0, or none.")


def test_one_that_vanishes_behind_such_a_layer_is_told_by_the_same_step(tmp_path):
    result = trained("mlp", 1e-4)
    result.training["gradients"]["norms"][0][:-1] = [0.0] * (LAYERS - 1)
    sentence = vanishing_sentence(recorded(tmp_path, result))
    assert "the first layer of mlp has 1.0e-04 of the norm of its last (from step 10: " in sentence.claim
    assert "mlp 1.0e-04 (from step 10: " in sentence.evidence


@pytest.mark.parametrize("odd", [None, float("nan"), float("inf")])
def test_a_norm_that_is_no_number_is_no_gradient_that_vanishes(tmp_path, odd):
    result = trained("mlp", 0.5)
    result.training["gradients"]["norms"][0][0] = odd
    assert vanishing_sentence(recorded(tmp_path, result)) is None


def test_a_gradient_that_is_0_in_the_first_layers_has_vanished(tmp_path):
    sentence = vanishing_sentence(recorded(tmp_path, without("mlp", 0, range(2)), trained("lenet5", 0.5)))
    assert "of mlp: as training begins, the first layer of mlp has 0 of the norm of its last" in sentence.claim


def test_names_of_one_net_differ_in_their_second_line(tmp_path):
    results = []
    for loss in ("cross_entropy", "nll_loss"):
        made = trained("mlp12_residual", 0.5)
        results.append(replace(made, cell=replace(made.cell, loss=loss)))
    root = ET.fromstring(drawn(tmp_path, *results).svg)
    texts = [element.text for element in root.iter(SVG + "text")]
    assert texts.count("mlp12_residual") == 2
    assert {"cross_entropy", "nll_loss"} <= set(texts)
