"""Contract: every name that CONTRACT.md relies on is there, and every name that a host needs of a tree is in it."""

import ast
import importlib
import re
from pathlib import Path

import pytest

import bench
from bench.process import tree_client

TEXT = Path(tree_client.__file__).with_name("CONTRACT.md").read_text("utf-8")
NAMES = sorted(set(re.findall(r"`(bench(?:\.\w+)+)`", TEXT)))
ROOT = Path(bench.__file__).parents[1]


def resolved(name):
    """The module, or what a module holds under that name."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        place, _, last = name.rpartition(".")
        return getattr(importlib.import_module(place), last)


@pytest.mark.parametrize("name", NAMES)
def test_each_name_of_the_contract_resolves(name):
    resolved(name)


def test_each_file_of_the_contract_is_there():
    paths = re.findall(r"`((?:bench|tests)/[\w/.]+)`", TEXT)
    assert paths
    assert [path for path in paths if not (ROOT / path).is_file()] == []


def test_a_host_imports_nothing_that_the_contract_does_not_name():
    tree = ast.parse(tree_client.PROGRAM.read_text("utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    modules = {text for text in texts if re.fullmatch(r"bench(\.\w+)+", text)}
    assert modules
    unnamed = {module for module in modules if not any(name.startswith(module) for name in NAMES)}
    assert unnamed == {"bench.channel"}  # where the version of revisions before these rooms stands


@pytest.mark.parametrize(
    "module",
    [
        "bench.process.channel",
        "bench.process.worker_main",
        "bench.process.worker",
        "bench.worker.ab_side",
        "bench.plan.timing",
        "bench.plan.reference",
        "bench.measure.reference",
        "bench.plan.cell",
        "bench.process.entries",
        "bench.process.messages",
    ],
)
def test_whoever_would_break_it_is_told_at_the_place(module):
    assert module in " ".join(NAMES)
    path = Path(importlib.import_module(module).__file__)
    assert "CONTRACT.md" in path.read_text("utf-8")
