"""A batch in parts: loss and update are those of the whole batch, but for batch normalization; it keeps less."""

import pytest

from bench.measure.blocks import GAP
from bench.measure.costs import measure_costs
from bench.measure.first_steps import compute, in_float64, relative_error, without_dropout
from bench.measure.numerics import first_step_errors, too_large
from bench.measure.speed import timed_block
from bench.vocabulary import PHASES

FLOAT32 = 2.0**-23
PLAIN = ("debug", "mlp", "lenet5")
NORMALIZED = "resnet8"


def exactly(workload, **fields):
    """Two steps in float64, on batches of 16, and without dropout, whose draws hang on how many images there are."""
    work = workload(batch_size=16, images=32, **fields)
    truth = in_float64(work, work.images, work.labels)
    without_dropout(truth.model)
    return compute(truth, 2)


def apart(first, second):
    pairs = ((first.losses, second.losses), (first.outputs, second.outputs))
    lists = ((first.gradients, second.gradients), (first.update, second.update))
    return [relative_error([a], [b]) for a, b in pairs] + [relative_error(a, b) for a, b in lists]


@pytest.mark.parametrize(("net", "optimizer"), [*zip(PLAIN, ("adam", "sgd", "adam"), strict=True)])
def test_loss_outputs_gradients_and_update_are_those_of_the_whole_batch(workload, net, optimizer):
    whole = exactly(workload, architecture=net, optimizer=optimizer)
    for parts in (2, 16):
        assert max(apart(exactly(workload, architecture=net, optimizer=optimizer, accumulate=parts), whole)) < 1e-10


def test_batch_normalization_is_the_exception_and_its_layers_are_named(workload):
    whole = exactly(workload, architecture=NORMALIZED)
    assert min(apart(exactly(workload, architecture=NORMALIZED, accumulate=4), whole)) > 1e-3
    assert len(workload(NORMALIZED).batch_norms) == 7
    assert [workload(net).batch_norms for net in PLAIN] == [[]] * len(PLAIN)


def test_the_errors_of_the_first_step_are_against_the_whole_batch(workload):
    plain = first_step_errors(workload("lenet5", accumulate=4))
    normalized = first_step_errors(workload(NORMALIZED, batch_size=16, accumulate=4))
    assert max(plain[name] for name in ("output", "loss", "gradient")) < 16 * FLOAT32
    assert min(normalized[name] for name in ("output", "loss", "gradient")) > 1e-3


@pytest.mark.parametrize("fields", [{"dtype": "float16"}, {"dtype": "bfloat16"}, {"memory_format": "channels_last"}])
def test_it_goes_with_narrower_types_and_other_layouts(workload, fields):
    whole, parts = (compute(workload("lenet5", accumulate=parts, **fields)) for parts in (1, 4))
    assert relative_error(parts.gradients, whole.gradients) < 0.02
    assert float(parts.losses) == pytest.approx(float(whole.losses), rel=0.01)


def test_phases_come_once_a_part_and_are_summed(workload):
    work = workload(accumulate=4)
    marks = []
    work.step(lambda: marks.append(None))
    entered = work.phase_log.entered

    assert len(entered) == len(marks)
    assert entered == ["fetch", "zero_grad", *["forward", "loss", "backward"] * 4, "loss", "optimizer", GAP]

    block = timed_block("train", work, 3)
    assert block.intervals.shape == (3, len(PHASES) + 1)
    assert (block.intervals[:, :-1] > 0).all()


def test_it_computes_as_much_as_the_whole_and_keeps_as_much_as_a_part(workload):
    whole, parts, small = (
        {count.metric: count.value for count in measure_costs(workload("lenet5", **fields))}
        for fields in ({}, {"accumulate": 4}, {"batch_size": 16})
    )
    assert parts["flops"] == whole["flops"]
    assert parts["parameters"] == whole["parameters"]
    rest = 48 * (28 * 28 * 4 + 8)  # images and labels of the other parts, which lie in the memory of the batch
    assert parts["activation_bytes"] == small["activation_bytes"] + rest < whole["activation_bytes"] / 3
    assert parts["operators_forward"] == 4 * whole["operators_forward"]
    detached = whole["operators_optimizer"] - parts["operators_optimizer"]
    assert detached in (1, 2)  # of the loss, which is done before: two operators by torch 2.9


def test_float64_needs_the_room_of_the_whole_batch():
    assert not too_large({"activation_bytes": 100.0}, 1000.0)
    assert "1.20 kB where 1.00 kB" in too_large({"activation_bytes": 100.0}, 1000.0, 4)
