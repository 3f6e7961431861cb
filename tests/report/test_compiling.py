"""What the page says of compiling: for which configurations it pays."""

from dataclasses import replace

import pytest

from bench.plan.cell import Cell
from bench.report import load as page
from bench.report.compiling import compiling
from bench.store.result import Measurement, Result
from bench.store.run import create
from bench.store.warning import Warning

EAGER = Cell("mlp", threads=1)
COMPILE = replace(EAGER, mode="compile")


@pytest.fixture
def record(tmp_path):
    """The record of a run in which cells took so long a step, and ten seconds to compile, in three processes each."""

    def build(warnings=(), **steps):
        run = create("mine", {}, tmp_path)
        for mode, seconds in steps.items():
            for repeat, more in enumerate((1.0, 1.01, 0.99)):
                taken = {"step": seconds * more, "compile_time": 10.0 * more}
                measurements = tuple(Measurement.of_value(metric, value, "p25", 1) for metric, value in taken.items())
                cell = replace(EAGER, mode=mode)
                run.append(Result(cell, "ok", repeat=repeat, measurements=measurements, warnings=warnings))
        return page.read(run)

    return build


def test_it_names_what_compiling_pays_for(record):
    sentence = compiling(record(eager=2e-3, compile=1e-3, compile_dynamic=3e-3))
    assert sentence.claim == "Compiling certainly pays for mlp · compile."
    assert "mlp · compile: pays after 10,000 steps" in sentence.evidence
    assert "mlp · compile_dynamic: does not pay; a step takes 1.50 times" in sentence.evidence


def test_it_claims_nothing_that_is_not_certain(record):
    assert compiling(record(eager=1e-3, compile=0.999e-3)).claim == "Compiling pays for none with certainty."


@pytest.mark.parametrize("steps", [{"eager": 1e-3}, {"compile": 1e-3}])
def test_without_both_there_is_no_such_sentence(record, steps):
    assert compiling(record(**steps)) is None


def test_what_other_work_disturbed_is_certain_of_nothing_and_says_so(record):
    neighbour = Warning("phases", "contended", 0.5, "other work took its cores")
    sentence = compiling(record(eager=2e-3, compile=1e-3, warnings=(neighbour,)))
    assert sentence.claim == "Compiling pays for none with certainty."
    assert "mlp · compile: pays after 10,000 steps" in sentence.evidence
    assert "; other work took its cores each time it was measured." in sentence.evidence
