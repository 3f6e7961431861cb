"""Errors of the first step against float64: of the size that each arithmetic has, and none where none can be known."""

from pathlib import Path

import pytest
import torch
from torch import nn

from bench.measure.first_steps import compute, in_float64, relative_error, without_dropout
from bench.measure.numerics import first_step_errors, measure_numerics, too_large

FLOAT32 = 2.0**-23


def test_the_errors_of_float32_are_a_few_epsilons_and_those_of_narrower_types_as_much_larger(workload):
    wide, narrow, half = (
        first_step_errors(workload("lenet5", dtype=dtype)) for dtype in ("float32", "bfloat16", "float16")
    )
    assert 0 < wide["gradient"] < 16 * FLOAT32
    assert 0 < wide["loss"] < 16 * FLOAT32
    assert 2**-9 < narrow["gradient"] < 0.1
    assert 2**-12 < half["gradient"] < narrow["gradient"]
    assert narrow["output"] > 1000 * wide["output"]
    assert {wide.keys() == errors.keys() for errors in (narrow, half)} == {True}
    assert narrow["update"] < 1e-4  # the weights, and the optimizer, are in float32


def test_the_error_of_the_update_is_that_of_the_optimizer_alone(workload):
    """Hand-made: an optimizer whose step is 1 % too long has an update 1 % off, and gradients as exact as before."""
    plain = first_step_errors(workload("debug", optimizer="sgd"))
    work = workload("debug", optimizer="sgd")
    step = work.optimizer.step
    rate = work.optimizer.param_groups[0]["lr"]

    def longer():
        work.optimizer.param_groups[0]["lr"] = 1.01 * rate
        step()

    work.optimizer.step = longer
    wrong = first_step_errors(work)
    assert plain["update"] < 1e-4
    assert wrong["update"] == pytest.approx(0.01, rel=0.01)
    assert wrong["gradient"] == plain["gradient"]


@pytest.mark.parametrize("implementation", ["forloop", "foreach", "fused"])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_every_implementation_is_close(workload, optimizer, implementation):
    errors = first_step_errors(workload("debug", optimizer=optimizer, implementation=implementation))
    assert errors["update"] < 1e-4


@pytest.mark.parametrize("optimizer", ["adafactor", "adagrad", "muon", "rprop", "asgd"])
def test_every_optimizer_has_its_float64(workload, optimizer):
    assert first_step_errors(workload("debug", optimizer=optimizer))["update"] < 1e-3


def test_an_optimizer_that_asks_for_gradients_itself_has_no_error_of_its_update(workload):
    errors = first_step_errors(workload("debug", optimizer="lbfgs"))
    assert errors.keys() == {"output", "loss", "gradient"}
    assert errors["gradient"] < 16 * FLOAT32


def test_an_optimizer_that_sets_gradients_to_zero_where_they_lie_changes_no_error(workload):
    """Gradients that were kept until the optimizer had them would all be zero by then."""
    text = f"{Path(__file__).parents[1] / 'optimizers' / 'chosen.py'}:Zeroing"
    own = first_step_errors(workload("debug", optimizer="Zeroing", origins=(f"optimizer={text}",), learning_rate=0.1))
    assert own == first_step_errors(workload("debug", optimizer="sgd", learning_rate=0.1))
    assert 0 < own["gradient"] < 16 * FLOAT32


def test_dropout_is_put_aside_and_batch_normalization_takes_part(workload):
    assert first_step_errors(workload("mlp"))["gradient"] < 16 * FLOAT32
    work = workload("mlp_bn")
    assert first_step_errors(work)["gradient"] < 1e-4
    assert all(module.training for module in work.model.modules() if isinstance(module, nn.BatchNorm1d))


class Noise(nn.Module):
    def forward(self, images):
        return images + 1e-3 * torch.randn_like(images)


class Narrow(nn.Module):
    def forward(self, images):
        return images.float()


@pytest.mark.parametrize(("layer", "reason"), [(Noise, "draws random numbers"), (Narrow, "does not run in float64")])
def test_what_cannot_be_known_is_a_warning(workload, layer, reason, monkeypatch):
    from bench import models

    build = models.build
    monkeypatch.setattr(models, "build", lambda *words: nn.Sequential(layer(), build(*words)))
    measurements, [warning] = measure_numerics(workload("debug"))
    assert measurements == []
    assert (warning.part, warning.kind) == ("numerics", "error not known")
    assert reason in warning.text


def test_a_layer_that_computes_in_a_narrower_type_shows(workload, monkeypatch):
    """Autocast within the net passes float64 by, so that its truth is that of the net without it."""
    from bench import models

    class Hidden(nn.Module):
        def __init__(self, net):
            super().__init__()
            self.net = net

        def forward(self, images):
            with torch.autocast("cpu", torch.bfloat16):
                return self.net(images)

    honest = first_step_errors(workload("lenet5"))
    build = models.build
    monkeypatch.setattr(models, "build", lambda *words: Hidden(build(*words)))
    assert first_step_errors(workload("lenet5"))["output"] > 1000 * honest["output"]


def test_a_graph_says_nothing(workload):
    work = workload("debug")
    work.cell = work.cell.__class__(**{**work.cell.to_dict(), "mode": "cuda_graph"})
    assert measure_numerics(work) == ([], [])


def test_the_truth_starts_from_the_same_weights(workload):
    work = workload("lenet5")
    truth = in_float64(work, work.images, work.labels)
    for weight, exact in zip(work.model.parameters(), truth.model.parameters(), strict=True):
        assert exact.dtype == torch.float64
        assert torch.equal(weight.double(), exact)


@pytest.mark.parametrize(
    ("counts", "room", "words"),
    [
        ({"activation_bytes": 1e6, "parameter_bytes": 1e6, "flops": 1e9}, 1e9, ""),
        ({"activation_bytes": 1e6, "parameter_bytes": 1e6, "flops": 1e9}, None, ""),
        ({"activation_bytes": 1e9, "parameter_bytes": 1e6}, 4e9, "would take 3.01 GB where 4.00 GB are free"),
        ({"activation_bytes": 1e6, "flops": 1e12}, None, "1.00 TFLOP takes too long"),
    ],
)
def test_what_is_too_large_for_float64_is_left_out(counts, room, words):
    reason = too_large(counts, room)
    assert (words in reason) if words else not reason


def test_first_steps_repeat_and_a_step_left_out_is_made_again(workload):
    first, second = (compute(workload("mlp", dtype="float16"), 3) for _ in range(2))
    assert torch.equal(first.losses, second.losses)
    assert all(bool(gradient.isfinite().all()) for gradient in first.gradients)
    large = workload("debug", dtype="float16", optimizer="sgd")
    large.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**40)
    found = compute(large)
    assert large.scaler.get_scale() < 2.0**40
    assert relative_error(found.gradients, compute(workload("debug", optimizer="sgd")).gradients) < 0.05
    assert max(float(change.abs().max()) for change in found.update) > 0


def test_only_dropout_is_put_aside(workload):
    model = nn.Sequential(nn.Dropout(0.5), nn.BatchNorm1d(3), nn.Sequential(nn.Dropout2d(0.5)))
    without_dropout(model)
    assert [module.training for module in model] == [False, True, True]
    assert not model[2][0].training
