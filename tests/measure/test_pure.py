"""A whole model in bfloat16: weights, state and products of it; loss in float32; errors against the rounded nothing."""

import pytest
import torch

from bench.measure.numerics import first_step_errors
from bench.training.evaluate import judge, scores_of


@pytest.mark.parametrize("net", ["lenet5", "resnet8"])
def test_weights_gradients_and_state_are_of_the_type_and_the_loss_is_of_float32(workload, net):
    work = workload(net, dtype="pure_bfloat16", batch_size=16)
    loss = work.step()
    floats = [tensor for tensor in work.model.state_dict().values() if tensor.is_floating_point()]
    assert {tensor.dtype for tensor in floats} == {torch.bfloat16}
    assert {parameter.grad.dtype for parameter in work.model.parameters()} == {torch.bfloat16}
    state = [value for each in work.optimizer.state.values() for name, value in each.items() if name != "step"]
    assert {value.dtype for value in state} == {torch.bfloat16}
    assert (loss.dtype, bool(loss.isfinite())) == (torch.float32, True)
    assert judge(work, scores_of(work, work.images), work.labels)[1] >= 0.0


def test_its_errors_are_those_of_narrow_products_and_its_update_is_as_coarse_as_its_weights(workload):
    pure, cast = (first_step_errors(workload("lenet5", dtype=name)) for name in ("pure_bfloat16", "bfloat16"))
    assert pure.keys() == cast.keys()
    assert 2**-9 < pure["gradient"] < 0.2
    assert 2**-9 < pure["output"] < 0.2
    assert pure["update"] > 100 * cast["update"]  # autocast leaves weights and optimizer in float32
