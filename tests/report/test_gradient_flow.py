import pytest

from bench.plan.cell import Cell
from bench.report import svg
from bench.report.gradient_flow import depth, layers
from bench.report.learning_curves import curve_of
from bench.report.load import read
from bench.store.result import Result
from tests.report import report_sample as sample

NOTED = {
    "names": ["a.weight", "a.bias", "b.weight", "n.weight", "c.weight"],
    "shapes": [[4, 1, 3, 3], [4], [4, 4, 3, 3], [4], [10, 4]],
    "steps": [1, 9],
    "norms": [[0.1, 9.0, 0.2, 9.0, 0.4], [1.0, 9.0, 0.0, 9.0, 3.0]],
}


def trained(name, norms=None, seed=0, epochs=2, stopped=None):
    entries = [
        {"epoch": at, "steps": 10 * at, "seconds": at * (1.0 + seed), "test_accuracy": 0.5 + 0.1 * at, "test_loss": 1.0}
        for at in range(1, epochs + 1)
    ]
    training = {"seed": seed, "epochs": entries, "gradients": {**NOTED, "norms": norms or NOTED["norms"]}}
    return Result(Cell(name, seed=seed), "ok", training=training)


def test_layers_are_the_weights_of_two_dimensions_or_more_in_order():
    names, norms = layers({"gradients": NOTED}, 0)
    assert names == ["a.weight", "b.weight", "c.weight"]
    assert norms.tolist() == [0.1, 0.2, 0.4]


@pytest.mark.parametrize("noted", [None, {}, {"norms": []}, {**NOTED, "norms": [[1.0]]}, {**NOTED, "shapes": []}])
def test_without_gradients_there_are_no_layers(noted):
    assert layers({"gradients": noted}, 0) is None


def drawn(root, results):
    with svg.style():
        return {one.name: one for one in depth(read(sample.recorded(root, results)))}


def test_a_plain_net_stands_beside_the_residual_one_of_its_depth(tmp_path):
    plain = [[0.001, 1.0, 0.01, 1.0, 1.0]] * 2
    found = drawn(tmp_path, [trained("plain8", plain), trained("resnet8"), trained("resnet14")])
    caption = found["learning-gradients-first"].caption
    assert "First layer over last: 0.00100 in plain8, 0.250 in resnet8." in caption
    told = [text for _, text in found["learning-gradients-first"].numbers]
    assert (
        "plain8: gradient norm 0.00100 in the first layer (a.weight), 1.00 in the last of 3 (c.weight), n = 1 seed"
        in told
    )


def test_a_gradient_that_is_0_is_told_as_that(tmp_path):
    gone = [[0.0, 1.0, 0.01, 1.0, 1.0]] * 2
    found = drawn(tmp_path, [trained("plain8", gone), trained("resnet8")])["learning-gradients-first"]
    assert "First layer over last: 0 in plain8, 0.250 in resnet8." in found.caption
    told = [text for _, text in found.numbers]
    assert "plain8: gradient norm 0 in the first layer (a.weight), 1.00 in the last of 3 (c.weight), n = 1 seed" in told


def test_seeds_make_a_band_and_their_geometric_mean_a_line(tmp_path):
    double = [[0.4, 1.0, 0.8, 1.0, 1.6]] * 2
    found = drawn(tmp_path, [trained("mlp"), trained("mlp", double, seed=1)])
    (_, told), *_ = found["learning-gradients-first"].numbers
    assert told.startswith("mlp: gradient norm 0.200 in the first layer")
    assert told.endswith("n = 2 seeds")


def test_a_curve_ends_with_the_first_seed_that_stopped(tmp_path):
    results = [trained("mlp", seed=seed, epochs=epochs) for seed, epochs in ((0, 4), (1, 2))]
    (row,) = read(sample.recorded(tmp_path, results)).rows
    curve = curve_of(row, "test_accuracy")
    assert curve.epochs.tolist() == [1, 2]
    assert curve.seconds.tolist() == [1.5, 3.0]
    assert curve.values.shape == (2, 2)
