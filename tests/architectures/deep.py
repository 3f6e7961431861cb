"""Deep nets: what is done with each of their many layers takes long, so that their tests of it are slow ones."""

from collections.abc import Iterable

import pytest

DEEP = {"resnet14", "resnet20", "plain14", "plain20", "resnet20_preactivation", "resnet20_bottleneck"}


def slow_if(names: Iterable[str], those: Iterable[str] = DEEP) -> list:
    """Parameters of a test: those of `those` are marked slow."""
    return [pytest.param(name, marks=pytest.mark.slow) if name in set(those) else name for name in names]
