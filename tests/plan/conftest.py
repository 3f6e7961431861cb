import pytest

from bench.plan.catalogue import Catalogue, DeviceFacts


def facts_of(*names, **unsupported):
    """The facts of devices as their kinds state them, all with the same reasons why something is unsupported."""
    return {
        name: DeviceFacts(
            name.partition(":")[0], on_host=name == "cpu", slow_denormals=name == "cpu", unsupported=unsupported
        )
        for name in names
    }


NO_REASON = {"cpu": {}, "cuda:0": {}, "cuda:1": {}}
TORCHS_OWN = {
    "learning_rate": 0.1,
    "implementations": ["default", "forloop", "foreach", "fused"],
    "needs_closure": False,
    "unsupported": {**NO_REASON, "cpu": {"foreach": "it has no gain there"}},
}
ONE_WAY = {"implementations": ["default"], "needs_closure": False, "unsupported": NO_REASON}
FACTS = {
    "architectures": {
        name: {"family": "made up", "parameters": 10, "flops_forward": flops}
        for name, flops in (("mlp", 1e6), ("resnet8", 1e7), ("resnet18", 1e9), ("vgg4", 1e7))
    },
    "optimizers": {
        "sgd": TORCHS_OWN,
        "adam": TORCHS_OWN,
        "muon": {
            "learning_rate": 0.005,
            "implementations": ["default"],
            "needs_closure": False,
            "unsupported": NO_REASON,
        },
        "lbfgs": {
            "learning_rate": 1.0,
            "implementations": ["default"],
            "needs_closure": True,
            "unsupported": NO_REASON,
        },
    },
    "datasets": {"mnist": {"train": 60_000, "test": 10_000}, "synthetic": {"train": 4096, "test": 1024}},
    "normalizations": ("raw", "unit", "half", "standard"),
    "devices": facts_of("cpu", cuda_graph="a CUDA graph needs a CUDA device"),
    "usable_cores": 2,
    "engines": {
        "eager": {"unsupported": {}},
        "compile": {"unsupported": {}},
        "static_int8": {"unsupported": {"cpu": "static_int8 needs torchao"}},
    },
}


@pytest.fixture
def catalogue():
    """The catalogue of a small machine, made up by hand: two cores and no CUDA device; any part may be given."""

    def build(**changes):
        return Catalogue(**{**FACTS, **changes})

    return build
