"""Entries: each name leads to a function that a worker can call, which sends what its row says and nothing else."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

import bench
from bench.process import entries
from bench.process.channel import Channel
from bench.process.entries import MESSAGES
from bench.process.worker_main import PRELOAD

ROOT = Path(bench.__file__).parent
NAMES = {name: value for name, value in vars(entries).items() if name.isupper() and isinstance(value, str)}
# the functions that an entry hands its channel to
SENDING_TOO = {
    entries.MEASURE_CELL: ("bench.training.record",),
    **dict.fromkeys(
        (
            *(entries.AB_CAPABILITIES, entries.AB_COUNTS, entries.AB_BLOCKS, entries.AB_SAME),
            *(entries.AB_STEP_FACTS, entries.AB_STEP_BLOCKS, entries.STEP_TIMES, entries.COMPILE_START),
        ),
        ("bench.worker.failure",),
    ),
}


def module_of(entry):
    return entry.partition(":")[0]


def kinds_sent(module):
    """Every kind that a module hands to `send`, from its text; a kind that is no literal counts as None."""
    tree = ast.parse((ROOT.parent / f"{module.replace('.', '/')}.py").read_text("utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    handed = [call.args for call in calls if is_send(call.func)]
    handed += [call.args[1:] for call in calls if call.args and is_send(call.args[0])]  # partial(channel.send, kind)
    return {first.value if isinstance(first := arguments[0], ast.Constant) else None for arguments in handed}


def is_send(node):
    return isinstance(node, ast.Attribute) and node.attr == "send"


@pytest.mark.parametrize("entry", NAMES.values(), ids=NAMES)
def test_an_entry_is_a_function_of_a_task_and_a_channel(entry):
    module, _, name = entry.partition(":")
    function = getattr(importlib.import_module(module), name)
    parameters = list(inspect.signature(function).parameters.values())
    assert len(parameters) == 2
    assert parameters[1].annotation is Channel


def test_each_entry_has_its_messages():
    assert list(MESSAGES) == list(NAMES.values())


@pytest.mark.parametrize("entry", NAMES.values(), ids=NAMES)
def test_an_entry_is_told_what_its_row_says(entry):
    module, _, name = entry.partition(":")
    function = getattr(importlib.import_module(module), name)
    annotation = next(iter(inspect.signature(function).parameters.values())).annotation
    assert annotation == MESSAGES[entry].task


@pytest.mark.parametrize("module", sorted({module_of(entry) for entry in NAMES.values()}))
def test_a_module_sends_the_kinds_that_its_entries_promise(module):
    own = [entry for entry in NAMES.values() if module_of(entry) == module]
    promised = {kind for entry in own for kind in MESSAGES[entry].sends}
    others = [other for entry in own for other in SENDING_TOO.get(entry, ())]
    assert set().union(*map(kinds_sent, (module, *others))) == promised


def test_no_other_place_names_an_entry():
    literal = re.compile(r"""["']bench\.[\w.]+:\w+["']""")
    naming = {
        path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py") if literal.search(path.read_text("utf-8"))
    }
    assert naming == {"process/entries.py"}


def test_what_is_imported_before_any_worker_holds_entries():
    ours = {name for name in PRELOAD if name.startswith("bench.")}
    assert ours <= {module_of(entry) for entry in NAMES.values()}
    assert module_of(entries.MEASURE_CELL) in ours
