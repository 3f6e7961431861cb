"""SGD by Nesterov's momentum whose biases of batch norm learn faster than all else: that of a speed record."""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import SGD

# Published as 10 and 0.0153 by the 1 + 1 / (1 - 0.85) steps that a gradient counts for with this momentum.
MOMENTUM, RATE, DECAY = 0.85, 1.3043, 0.0019957


def nesterov(
    model: nn.Module,
    lr: float = RATE,
    momentum: float = MOMENTUM,
    decay: float = DECAY,
    factor: float = 64.0,
    *,
    foreach: bool | None = None,
    fused: bool | None = None,
) -> SGD:
    """SGD of all that is learnt, as airbench94 is trained (Jordan 2024, arXiv:2404.00498).

    Args:
        model: whose weights; its biases of batch norm are a group of their own.
        lr: of the mean of a batch's losses.
        momentum: of Nesterov's kind.
        decay: share that each weight loses in a step at that rate, whatever the rate is; for biases too.
        factor: by which the rate of batch norm's biases is higher.
        foreach: as torch's.
        fused: as torch's.

    """
    norms = [layer.bias for layer in model.modules() if isinstance(layer, _BatchNorm) and layer.bias is not None]
    ids = {id(bias) for bias in norms}
    others = [weight for weight in model.parameters() if id(weight) not in ids]
    groups = [
        {"params": weights, "lr": rate, "weight_decay": decay / rate}
        for weights, rate in ((others, lr), (norms, lr * factor))
        if weights
    ]
    return SGD(groups, lr=lr, momentum=momentum, nesterov=True, foreach=foreach, fused=fused)
