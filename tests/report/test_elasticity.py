"""Elasticity on the page: from stored blocks and samples to the sentence, planted; and where relative costs hold."""

import re

import numpy as np
import pytest

from bench.plan.cell import Cell
from bench.report.elasticity import turns
from bench.report.load import read
from bench.report.page import page
from bench.report.provenance import trust
from bench.store.fingerprint import fingerprint
from bench.store.frame import frame
from bench.store.result import Measurement, Result
from bench.store.run import create
from bench.text import TIMES

STEPS, TURNS = 20, 8
SYSTEM = {"cpu": "made up", "torch": "2.14.1"}
FELT = {"follows": 1.0, "stands": 0.0}


@pytest.fixture
def run(tmp_path):
    """Three processes of two nets; blocks are disturbed, and one net feels all of it, the other none."""
    random = np.random.default_rng(3)
    run = create("mine", {"plan": {}, "reference": "a frozen mlp, SGD, batch 64"}, tmp_path / "results")
    for name, felt in FELT.items():
        for repeat in range(3):
            spells = random.normal(0, 0.15) + random.normal(0, 0.1, TURNS)
            run.append(_result(name, repeat, {"cell": spells * felt, "reference": spells}, random))
    return run


def _result(name, repeat, spells, random):
    times = {
        subject: 0.004 * np.exp(np.repeat(spell, STEPS) + np.abs(random.normal(0, 0.02, STEPS * TURNS)))
        for subject, spell in spells.items()
    }
    found = [
        Measurement.of_samples(f"relative_{subject}", seconds, statistic="p10", threads=1)
        for subject, seconds in times.items()
    ]
    cost = Measurement.of_value("relative_cost", found[0].value / found[1].value, "p10", 1)
    step = Measurement.of_samples("step", times["cell"], threads=2)
    blocks = [
        {"subject": subject, "started": 0.0, "wall": 9.9, "cpu": 9.9, "faults": 0, "preempted": 0, "steps": STEPS}
        for _ in range(TURNS)
        for subject in ("reference", "launch reference", "cell")
    ]
    return Result(
        Cell(name, threads=2),
        "ok",
        repeat=repeat,
        measurements=(step, *found, cost),
        blocks=tuple(blocks),
        system=SYSTEM,
    )


def test_the_page_says_how_much_of_a_disturbance_each_configuration_feels(run):
    (sentence,) = [text for text in trust(read(run)).caveats if "1 % longer" in text]
    slopes = {name: float(value) for name, value in re.findall(r"(follows|stands) (-?[\d.]+) \(", sentence)}
    assert slopes == pytest.approx(FELT, abs=0.06)


def test_blocks_that_do_not_say_how_many_steps_they_had_tell_nothing(run):
    line = next(run.lines())
    assert len(turns(line)) == TURNS
    for block in line["blocks"]:
        del block["steps"]
    assert len(turns(line)) == 0


def test_results_beside_a_disturbed_reference_are_warned_of(run):
    warnings = [text for text, _ in trust(read(run)).warnings]
    assert any("reference disturbed" in text and "longer than at its best" in text for text in warnings)


def test_the_page_says_where_relative_costs_compare(run):
    text, digest = page(read(run)), fingerprint(SYSTEM, 1).digest
    assert f"fingerprint {digest}</span>" in text.split("<main>")[0]
    assert "runs on one machine and software (fingerprint)" in text
    assert "13 to 24 %" in text
    assert "the reference (a frozen mlp, SGD, batch 64), as measured</option>" in text
    assert f'data-unit="{TIMES} the reference"' in text


def test_every_row_of_the_frame_has_the_fingerprint_of_its_relative_cost(run):
    assert set(frame(run)["fingerprint"]) == {fingerprint(SYSTEM, 1).digest}
