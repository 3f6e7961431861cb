"""Vocabulary: the phases of a step are the same in each room, and written out in one alone."""

import ast
from pathlib import Path

import bench
from bench.report import speed
from bench.stats.attribution import Part, kind_of
from bench.trace.categories import CATEGORIES
from bench.trace.tree import PHASES as MARKED
from bench.vocabulary import FETCH, PHASE_PURPOSES, PHASES, STEP_PHASES, WHOLE_STEP

ROOT = Path(bench.__file__).parent


def lists_of_phases(path):
    """The literal tuples, lists and sets of a module that hold three phases or more."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            texts = {item.value for item in node.elts if isinstance(item, ast.Constant)}
            if len(texts & set(PHASES)) >= 3:
                yield node


def test_no_other_module_lists_the_phases():
    listing = {path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py") if any(lists_of_phases(path))}
    assert listing == {"vocabulary.py"}


def test_a_step_is_timed_without_its_fetch():
    assert (FETCH, *STEP_PHASES) == PHASES


def test_a_trace_marks_each_phase_or_the_step_as_a_whole():
    assert (*PHASES, WHOLE_STEP) == MARKED


def test_the_page_has_a_look_for_each_phase():
    assert set(speed._LOOK) == set(PHASES)


def test_a_phase_of_one_purpose_counts_as_a_category_and_is_not_told_twice():
    assert set(PHASE_PURPOSES) <= set(PHASES)
    assert set(PHASE_PURPOSES.values()) <= set(CATEGORIES)
    for phase, purpose in PHASE_PURPOSES.items():
        assert kind_of(Part(phase, purpose, "", "", 1.0, 0.0)) == purpose
