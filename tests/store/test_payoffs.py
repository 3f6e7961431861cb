"""Payoffs in the frame: beside which cell, in which unit, and that they are of one machine and run."""

from dataclasses import replace

import pytest

from bench.plan.cell import Cell
from bench.store.payoffs import payoffs
from tests.store.test_accumulation import frame

EAGER = Cell("mlp", threads=1)
COMPILE = replace(EAGER, mode="compile")
SPENT = (9.0, 10.0, 11.0)


def rows(table):
    chosen = table[table["metric"].str.startswith("pays_after", na=False)]
    return {(row["metric"], row["id"]): row for row in chosen.to_dict("records")}


def test_compiling_pays_beside_the_eager_cell():
    known = rows(
        frame(
            (EAGER, "step", (2e-3, 2.01e-3, 1.99e-3)),
            (COMPILE, "step", (1e-3, 1.01e-3, 0.99e-3)),
            (COMPILE, "compile_time", SPENT),
        )
    )
    steps, seconds = (known[metric, COMPILE.id] for metric in ("pays_after_steps", "pays_after_seconds"))
    assert set(known) == {("pays_after_steps", COMPILE.id), ("pays_after_seconds", COMPILE.id)}
    assert (steps["value"], steps["unit"]) == (pytest.approx(9967, rel=0.01), "1")
    assert (seconds["value"], seconds["unit"]) == (pytest.approx(19.93, rel=0.01), "s")
    assert steps["low"] < steps["value"] < steps["high"]


@pytest.mark.parametrize(
    ("cell", "plain", "other"),
    [
        (replace(EAGER, implementation="compiled"), EAGER, replace(EAGER, implementation="fused")),
        (replace(COMPILE, implementation="compiled"), EAGER, replace(EAGER, implementation="fused")),
        (replace(COMPILE, implementation="fused"), replace(EAGER, implementation="fused"), EAGER),
        (replace(COMPILE, mode="compile_dynamic"), EAGER, replace(EAGER, threads=2)),
    ],
)
def test_the_plain_cell_is_as_torch_has_it(cell, plain, other):
    taken = [(cell, "step", (1.0, 1.01)), (cell, "compile_time", SPENT)]
    assert [row["id"] for row, _ in payoffs(frame(*taken, (plain, "step", (2.0, 2.01))))] == [cell.id]
    assert list(payoffs(frame(*taken, (other, "step", (2.0, 2.01))))) == []


def test_what_does_not_pay_has_no_row_and_says_so():
    table = frame((EAGER, "step", (1.0, 1.01)), (COMPILE, "step", (2.0, 2.01)), (COMPILE, "compile_time", SPENT))
    ((row, paid),) = payoffs(table)
    assert (row["id"], paid.pays, rows(table)) == (COMPILE.id, "no", {})


def test_seeds_may_be_pooled():
    table = frame((EAGER, "step", (2.0, 2.01)), (COMPILE, "step", (1.0, 1.01)), (COMPILE, "compile_time", SPENT))
    assert [paid.pays for _, paid in payoffs(table.rename(columns={"seed": "seeds_run"}))] == ["yes"]


def test_a_run_that_compiles_nothing_has_none():
    assert list(payoffs(frame((EAGER, "step", (1.0, 1.01))))) == []
