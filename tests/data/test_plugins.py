"""Data sets of installed packages, by the group of entry points `bench.datasets`."""

import sys
from importlib.metadata import EntryPoint

import pytest

from bench import data
from bench.data import registry
from bench.errors import BenchError
from bench.origins import plugins

MODULE = """
import numpy as np

def load(data_dir):
    '''Noise of a package.'''
    images = np.random.default_rng(0).integers(0, 256, (30, 4, 4), dtype=np.uint8)
    return images, np.arange(30) % 3, images[:6], np.arange(6) % 3

def broken():
    raise RuntimeError("no luck")
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package that enters two data sets, of which one fails, and one under a name that is taken."""
    (tmp_path / "noisy_package.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "noisy_package", raising=False)  # that of the test before, whose file is gone
    entered = [
        EntryPoint("noise", "noisy_package:load", "bench.datasets"),
        EntryPoint("broken", "noisy_package:broken", "bench.datasets"),
        EntryPoint("mnist", "noisy_package:load", "bench.datasets"),
    ]
    monkeypatch.setattr(plugins, "entry_points", lambda group: entered)
    monkeypatch.setattr(registry, "_plugins", registry.plugins_of("bench.datasets"))


def test_a_data_set_of_a_package_is_known_by_its_name(installed):
    assert data.names()[-2:] == ["noise", "broken"]
    data.check("noise")
    dataset = data.load("noise")
    assert (dataset.name, dataset.input_shape, len(dataset.test_images)) == ("noise", (1, 4, 4), 6)
    facts = data.facts_of("noise")
    assert (facts["name"], facts["train"], facts["description"]) == ("noise", 30, "Noise of a package.")
    assert (facts["plugin"]["text"], "origin" in facts) == ("noisy_package:load", False)


def test_a_listing_reads_none_of_them(installed):
    noise, broken = data.describe()[-2:]
    assert (noise["name"], noise["input_shape"], broken["name"]) == ("noise", None, "broken")
    assert "noisy_package:load" in noise["description"]


def test_faults_are_told_where_it_is_used(installed):
    with pytest.raises(BenchError, match="'noisy_package:broken' cannot be called: RuntimeError: no luck"):
        data.check("broken")
    assert "plug-in 'mnist'" in data.plugin_problems()[0]
