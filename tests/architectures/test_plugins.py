"""Plug-ins: a real package, really installed, joins the registry; one that fails is left out with its reason."""

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

import architectures
from tests.packages import project, skip_without_pip

ENTRIES = {
    "a_module": "far_away.nets",
    "b_callable": "far_away.called:enter",
    "c_builder": "far_away.builder:third_net",
    "d_broken": "far_away.broken",
    "e_duplicate": "far_away.duplicate",
    "f_exits": "far_away.exits",
    "g_class": "far_away.direct:Wide",
    "h_function": "far_away.direct:narrow",
    "i_without_arguments": "far_away.direct:small",
    "j_instance": "far_away.direct:BUILT",
    "k_needs_more": "far_away.direct:Configured",
    "l_number": "far_away.direct:NUMBER",
    "lenet5": "far_away.direct:Wide",
}
FILES = {
    "pyproject.toml": project("far-away-nets", ENTRIES, packages=["far_away"]),
    "far_away/__init__.py": "",
    "far_away/nets.py": """
        from architectures import names, register
        from torch import nn

        names()  # a plug-in may ask questions of its own

        @register(family="far")
        def first_net(input_shape, num_classes):
            "The first net of the plug-in."
            channels, height, width = input_shape
            return nn.Sequential(nn.Flatten(), nn.Linear(channels * height * width, num_classes))
        """,
    "far_away/called.py": """
        from architectures import register
        from far_away.nets import first_net

        def enter():
            def second_net(input_shape, num_classes):
                return first_net(input_shape, num_classes)
            register(family="far")(second_net)
        """,
    "far_away/builder.py": """
        from architectures import register
        from far_away.nets import first_net

        @register(family="far")
        def third_net(input_shape, num_classes):
            return first_net(input_shape, num_classes)
        """,
    "far_away/broken.py": "import a_module_that_is_nowhere",
    "far_away/duplicate.py": """
        from architectures import register

        @register(family="far")
        def fourth_net(input_shape, num_classes):
            raise AssertionError

        @register(family="far")
        def lenet5(input_shape, num_classes):
            raise AssertionError
        """,
    "far_away/direct.py": """
        from torch import nn

        class Wide(nn.Sequential):
            "A net by its class."
            def __init__(self, num_classes, in_channels=3, **more):
                super().__init__(nn.Conv2d(in_channels, 4, 3), nn.Flatten(), nn.LazyLinear(num_classes))

        def narrow(shape, count):
            return nn.Sequential(nn.Flatten(), nn.Linear(shape[0] * shape[1] * shape[2], count))

        def small():
            return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))

        class Configured(nn.Module):
            def __init__(self, config):
                super().__init__()

        BUILT, NUMBER = small(), 5
        """,
    "far_away/exits.py": "raise SystemExit('the plug-in\\nleaves')",
}

ASK = """
import json, sys
import architectures
loaded = [name for name in ("torchvision", "bench") if name in sys.modules]
first = "far_away" in sys.modules
names = architectures.names()
def refusal(name):
    try:
        architectures.build(name)
    except architectures.ShapeError as error:
        return str(error)
print(json.dumps({
    "lazy": not first,
    "loaded": loaded,
    "own": [name for name in names if architectures.get(name).family == "far"],
    "last": names[-3:],
    "lenet5": architectures.get("lenet5").family,
    "description": architectures.get("first_net").description,
    "outputs": architectures.build("second_net", (1, 2, 2), 3)[1].out_features,
    "problems": [str(problem) for problem in architectures.plugins_left_out()],
    "direct": [
        [entry.name, entry.family, entry.description, entry.module]
        for entry in map(architectures.get, names) if entry.module == "far_away.direct"
    ],
    "built": [len(list(architectures.build(name, (1, 28, 28), 10))) for name in ("h_function", "i_without_arguments")],
    "class": [type(layer).__name__ for layer in architectures.build("g_class", (2, 8, 8), 5)],
    "refused": refusal("k_needs_more"),
}))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What a fresh process says of the registry when the package is installed beside the suite."""
    skip_without_pip()
    source, site = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    for path, text in FILES.items():
        (source / path).parent.mkdir(exist_ok=True)
        (source / path).write_text(dedent(text))
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, "--target", site, source], check=True)
    root = Path(architectures.__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(root)])}
    done = subprocess.run([sys.executable, "-c", ASK], env=environment, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def test_a_module_a_callable_and_a_builder_join_after_the_suites_own(answers):
    assert answers["own"] == ["first_net", "second_net", "third_net"]
    assert answers["last"] == ["h_function", "i_without_arguments", "k_needs_more"]
    assert answers["description"] == "The first net of the plug-in."
    assert answers["outputs"] == 3


def test_one_that_fails_is_left_out_whole_and_the_others_go_on(answers):
    assert answers["lenet5"] == "lenet"
    left_out = [problem.split(" of far-away-nets is left out: ") for problem in answers["problems"]]
    taken = "architecture 'lenet5' of far_away.duplicate is already registered by architectures.lenet"
    built = "it is a network that is built already: name its class, or a function that builds it"
    assert left_out == [
        [
            "plug-in 'd_broken'",
            "ModuleNotFoundError: No module named 'a_module_that_is_nowhere' (far_away/broken.py, line 1)",
        ],
        ["plug-in 'e_duplicate'", f"RegistryError: {taken} (far_away/duplicate.py, line 8)"],
        ["plug-in 'f_exits'", "SystemExit: the plug-in leaves (far_away/exits.py, line 1)"],
        ["plug-in 'j_instance'", f"RegistryError: {built}"],
        ["plug-in 'lenet5'", f"RegistryError: {taken.replace('far_away.duplicate', 'far_away.direct')}"],
    ]


def test_a_class_or_a_builder_joins_under_the_entry_points_name(answers):
    family, module = "far-away-nets", "far_away.direct"
    assert answers["direct"] == [
        ["g_class", family, "A net by its class.", module],
        ["h_function", family, "", module],
        ["i_without_arguments", family, "", module],
        ["k_needs_more", family, "", module],
    ]
    assert answers["built"] == [2, 2]
    assert answers["class"] == ["Conv2d", "Flatten", "Linear"]
    assert answers["refused"] == "'k_needs_more' cannot be built: it needs arguments: config"


def test_plug_ins_and_torchvision_wait_until_they_are_needed(answers):
    assert answers["lazy"]
    assert answers["loaded"] == []


def test_without_plug_ins_there_are_no_problems():
    assert architectures.plugins_left_out() == []
