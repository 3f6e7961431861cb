"""Plug-ins of a group: those that work join under the names of their entry points, an odd one breaks nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from bench import origins
from bench.origins import OriginError, Plugins

ENTRIES = """
    [bench.architectures]
    wide = far_away:Wide

    [bench.optimizers]
    lynx = far_away:Lion
    adam = far_away:Lion
    twice = far_away:Lion
    broken = far_away_broken:Lion
    no optimizer = far_away:Lion
    module = far_away
    number = far_away:NUMBER
    gone = far_away:Gone
    still = far_away:Still

    [bench.losses]
    halved = far_away:halved
    vector = far_away:vector
    """
CODE = '''
    from torch import nn
    from torch.nn import functional as F
    from torch.optim import SGD

    NUMBER = 3

    class Lion(SGD):
        """Of far away."""
        def __init__(self, params, lr=0.25):
            super().__init__(params, lr=lr)

    class Still(SGD):
        def step(self, closure=None):
            pass

    class Wide(nn.Sequential):
        def __init__(self, num_classes):
            super().__init__(nn.Flatten(), nn.LazyLinear(num_classes))

    def halved(logits, labels):
        return F.cross_entropy(logits, labels) / 2

    def vector(logits, labels):
        return F.cross_entropy(logits, labels, reduction="none")
    '''
ASK = """
import json
from bench.plan.task import CatalogueRequest
from bench.worker.catalogue import catalogue_of
from bench import optimizers
listed = catalogue_of(CatalogueRequest())
print(json.dumps({
    "optimizers": list(listed.optimizers)[-2:], "losses": list(listed.losses), "problems": listed.problems,
    "wide": listed.architectures["wide"], "lenet5": listed.architectures["lenet5"],
    "lynx": listed.optimizers["lynx"], "halved": listed.losses["halved"],
    "names": optimizers.names("l*"),
}))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with an installed package of plug-ins."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "far_away.py").write_text(dedent(CODE))
    (folder / "far_away_broken.py").write_text("import a_module_that_is_nowhere")
    metadata = folder / "far_away-1.5.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: far-away\nVersion: 1.5\n")
    (metadata / "entry_points.txt").write_text(dedent(ENTRIES))
    return folder


def test_the_catalogue_has_those_that_work_and_tells_of_the_others_once(site):
    root = Path(origins.__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(root)]), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", ASK], env=environment, check=True, capture_output=True, text=True)
    answers = json.loads(done.stdout)
    assert answers["optimizers"] == ["lynx", "twice"]
    assert answers["names"] == ["lbfgs", "lion", "lynx"]
    assert answers["losses"] == ["cross_entropy", "nll_loss", "halved"]
    code = {"package": "far-away", "version": "1.5"}
    assert answers["lynx"]["plugin"] == {"text": "far_away:Lion", **code}
    assert answers["lynx"]["learning_rate"] == 0.25
    assert answers["lynx"]["description"] == "Of far away."
    assert answers["wide"]["plugin"] == {"text": "far_away:Wide", **code}
    assert "plugin" not in answers["lenet5"]
    assert answers["halved"]["plugin"] == {"text": "far_away:halved", **code}
    left_out = dict(problem.split(" of far-away is left out: ") for problem in answers["problems"])
    assert left_out.keys() == {
        f"plug-in '{name}'"
        for name in ("adam", "broken", "no optimizer", "module", "number", "gone", "still", "vector")
    }
    assert left_out["plug-in 'adam'"] == "the name is taken: give the entry point another"
    assert "a_module_that_is_nowhere" in left_out["plug-in 'broken'"]
    assert "package.module:NAME" in left_out["plug-in 'module'"]
    assert "changes no weight" in left_out["plug-in 'still'"]
    assert left_out["plug-in 'vector'"] == "'far_away:vector' gives a tensor of 8, no scalar: end it with .mean()"


def test_one_is_imported_where_it_is_asked_for_and_no_other(site, monkeypatch):
    monkeypatch.syspath_prepend(str(site))
    loaded = []
    plugins = Plugins("bench.optimizers", lambda name, text: loaded.append((name, text)) or name, ("adam",))
    assert plugins.get("lynx") == "lynx"
    assert plugins.get("lynx") == "lynx"
    assert loaded == [("lynx", "far_away:Lion")]
    assert plugins.get("adam") is None
    assert plugins.get("nobody") is None


def test_one_that_exits_or_fails_a_test_is_left_out_and_the_others_go_on(site, monkeypatch):
    monkeypatch.syspath_prepend(str(site))

    def load(name, text):
        if name == "gone":
            raise SystemExit("the plug-in\nleaves")
        return name

    def check(text, loaded):
        if loaded == "still" and text == "far_away:Still":
            raise OriginError("it stands still")

    plugins = Plugins("bench.optimizers", load, ())
    problems = plugins.problems(check)
    assert problems == plugins.problems(check)
    assert "plug-in 'gone' of far-away is left out: SystemExit: the plug-in leaves" in problems
    assert "plug-in 'still' of far-away is left out: it stands still" in problems
    assert plugins.names() == ["lynx", "adam", "twice", "broken", "number"]
