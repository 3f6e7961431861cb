"""Elementwise operations: one for each element of the largest tensor of what is neither product nor copy."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from bench.measure.costs import _OperatorCounter, measure_costs

X = torch.rand(2, 3, 4, 4)  # 96 elements
KERNEL, WORDS = torch.rand(3, 3, 3, 3), torch.rand(3, 4)
INDEX = torch.tensor([1, 0])


def counted(operation, backward=False):
    with _OperatorCounter() as counter:
        for _ in range(3):
            counter.mark()  # into forward
        outputs = operation()
        for _ in range(2 * backward):
            counter.mark()  # into backward
        if backward:
            outputs.sum().backward()
    return counter.elementwise


@pytest.mark.parametrize(
    ("operation", "elements"),
    [
        (lambda: X + X, 96),
        (lambda: X + X[:1, :1, :1, :1], 96),  # what is repeated is worked on each time
        (lambda: X.clone().add_(1.0), 96),
        (lambda: torch.relu(X), 96),
        (lambda: F.gelu(X), 96),
        (lambda: torch.tan(X), 96),
        (X.sum, 96),
        (lambda: X.mean(dim=(2, 3)), 96),
        (lambda: F.max_pool2d(X, 2), 96),
        (lambda: F.batch_norm(X, None, None, training=True), 96),
        (lambda: F.layer_norm(X, (4, 4)), 96),
        (lambda: F.group_norm(X, 3), 96),
        (lambda: F.interpolate(X, scale_factor=2), 4 * 96),
        (lambda: F.log_softmax(X, dim=1), 96),
        (lambda: X.transpose(0, 1).contiguous().view(-1), 0),
        (lambda: X.to(torch.float64), 0),
        (lambda: torch.cat([X, X]), 0),
        (lambda: torch.zeros(5).fill_(1.0), 0),
        (lambda: F.embedding(INDEX, WORDS), 0),
        (lambda: F.conv2d(X, KERNEL), 0),
        (lambda: X @ X, 0),
    ],
)
def test_an_operator_counts_the_elements_of_its_largest_tensor(operation, elements):
    assert counted(operation) == elements


def test_a_step_counts_its_passes_and_not_the_update(workload):
    net = nn.Sequential(nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 5))
    # forward: the count of batches, 96 normalized, 96 rectified; the sum of 10 outputs
    # backward: 96 each of activation and normalization, 10 summed for the bias
    assert counted(lambda: net(X), backward=True) == 1 + 96 + 96 + 10 + 96 + 96 + 10
    sgd, adam = (
        {one.metric: one.value for one in measure_costs(workload("lenet5", optimizer=name))}["elementwise_operations"]
        for name in ("sgd", "adam")
    )
    assert sgd == adam > 0
