"""Learning-rate schedules: the rate over a training, as a factor of the optimizer's own rate."""

import math
from collections.abc import Callable

from torch.optim import Optimizer

WARM_UP = 0.1  # share of the training in which the rate rises
TIP = 0.2  # of the triangle: the factor that it begins with, and the share of the training that leads to its top
PEAK, RISE = 3.0, 0.3  # of the one-cycle: the factor at its top, and the share of the training that leads there


def _constant(_: float) -> float:
    return 1.0


def _step(progress: float) -> float:
    """A tenth after half of the training, a hundredth after three quarters (He et al. 2015, section 4.2)."""
    return 1.0 if progress < 0.5 else 0.1 if progress < 0.75 else 0.01


def _cosine(progress: float) -> float:
    """Half a cosine down to zero (Loshchilov & Hutter 2017)."""
    return 0.5 * (1 + math.cos(math.pi * progress))


def _one_cycle(progress: float) -> float:
    """Up to a multiple of the rate, then down to zero, in half cosines (Smith & Topin 2018)."""
    if progress < RISE:
        return PEAK * 0.5 * (1 - math.cos(math.pi * (0.1 + 0.9 * progress / RISE)))
    return PEAK * _cosine((progress - RISE) / (1 - RISE))


def _triangular(progress: float) -> float:
    """A straight line up to the rate, and another down to zero (Jordan 2024, arXiv:2404.00498)."""
    return TIP + (1 - TIP) * progress / TIP if progress < TIP else (1 - progress) / (1 - TIP)


def _warmup(progress: float) -> float:
    """A straight line up to the rate, which then stays (Goyal et al. 2017, section 2.2); not 0 in the first step."""
    return min(1.0, 0.1 + 0.9 * progress / WARM_UP)


def _warmup_cosine(progress: float) -> float:
    """The same rise, then half a cosine down to zero."""
    return _warmup(progress) if progress < WARM_UP else _cosine((progress - WARM_UP) / (1 - WARM_UP))


# Name to factor; the argument is the share of the training that is done, from 0 to 1.
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": _constant,
    "step": _step,
    "cosine": _cosine,
    "one_cycle": _one_cycle,
    "triangular": _triangular,
    "warmup": _warmup,
    "warmup_cosine": _warmup_cosine,
}


class LearningRates:
    """An optimizer's learning rates over a training, each group's own rate times the factor.

    A constant one leaves them alone, since some optimizers change them as they go, and some have none.
    """

    def __init__(self, optimizer: Optimizer, name: str) -> None:
        self._factor = SCHEDULES[name]
        self._groups = [] if name == "constant" else [(group, group["lr"]) for group in optimizer.param_groups]

    def advance(self, progress: float) -> None:
        """Set the rates for the step that begins when this share of the training is done, from 0 to 1."""
        for group, rate in self._groups:
            group["lr"] = rate * self._factor(progress)
