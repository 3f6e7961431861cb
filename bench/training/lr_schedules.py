"""Learning-rate schedules: the rate over a training, as a factor of the optimizer's own rate."""

import math
from collections.abc import Callable

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


# Name to factor; the argument is the share of the training that is done, from 0 to 1.
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": _constant,
    "step": _step,
    "cosine": _cosine,
    "one_cycle": _one_cycle,
}
