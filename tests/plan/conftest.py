import pytest

from bench.plan.catalogue import Catalogue

FACTS = {
    "architectures": {
        name: {"family": "made up", "parameters": 10, "flops_forward": flops}
        for name, flops in (("mlp", 1e6), ("resnet8", 1e7), ("resnet18", 1e9), ("vgg4", 1e7))
    },
    "optimizers": {
        "sgd": {"implementations": ["forloop", "foreach", "fused"], "needs_closure": False},
        "adam": {"implementations": ["forloop", "foreach", "fused"], "needs_closure": False},
        "muon": {"implementations": [], "needs_closure": False},
        "lbfgs": {"implementations": [], "needs_closure": True},
    },
    "datasets": {"mnist": {"train": 60_000, "test": 10_000}, "synthetic": {"train": 4096, "test": 1024}},
    "normalizations": ("raw", "unit", "half", "standard"),
    "devices": {"cpu": {}},
    "usable_cores": 2,
}


@pytest.fixture
def catalogue():
    """The catalogue of a small machine, made up by hand: two cores and no CUDA device; any part may be given."""

    def build(**changes):
        return Catalogue(**{**FACTS, **changes})

    return build
