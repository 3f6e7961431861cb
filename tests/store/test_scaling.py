"""Scaling: efficiencies beside the cell of one rank of the same run, with intervals over launches."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from bench.plan.cell import Cell
from bench.store.frame import configurations, frame_of
from bench.store.result import Measurement, Result
from bench.store.run import create
from bench.store.stored import parse_line
from bench.store.warning import Warning

ALONE = Cell("mlp", batch_size=64, threads=1)
CONTENDED = (Warning("phases", "contended", 0.5, "half"),)


def results(cell, *rates, warnings=()):
    for repeat, rate in enumerate(rates):
        taken = (Measurement.of_value("throughput", rate, "p25", cell.threads),)
        yield Result(cell, "ok", repeat=repeat, measurements=taken, warnings=warnings)


def table(*given):
    return frame_of(parse_line(result.to_line().encode()) for each in given for result in each)


def efficiencies(frame):
    chosen = frame[frame["metric"].str.endswith("_efficiency", na=False)]
    return {(row["metric"].partition("_")[0], row["id"]): row for row in chosen.to_dict("records")}


def test_weak_and_strong_scaling_are_beside_their_own_single_rank():
    weak, strong = replace(ALONE, batch_size=128, world_size=2), replace(ALONE, world_size=2)
    known = efficiencies(
        table(results(ALONE, 100.0, 101.0), results(weak, 180.0, 182.0), results(strong, 150.0, 151.0))
    )
    assert set(known) == {("weak", weak.id), ("strong", strong.id)}
    assert known["weak", weak.id]["value"] == pytest.approx(stats.gmean([180, 182]) / stats.gmean([100, 101]) / 2)
    assert known["strong", strong.id]["value"] == pytest.approx(stats.gmean([150, 151]) / stats.gmean([100, 101]) / 2)
    for row in known.values():
        assert row["low"] < row["value"] < row["high"]
        assert (row["n"], row["unit"], row["direction"]) == (2, "1", "higher")


def test_a_cell_may_be_both():
    both = replace(ALONE, batch_size=128, world_size=2)
    large = replace(ALONE, batch_size=128)
    known = efficiencies(table(results(ALONE, 100.0), results(large, 120.0), results(both, 180.0)))
    values = {kind: row["value"] for (kind, _), row in known.items()}
    assert values == {"weak": pytest.approx(0.9), "strong": pytest.approx(0.75)}
    assert all(np.isnan(row["low"]) for row in known.values())  # one launch gives no interval


@pytest.mark.parametrize("change", [{"threads": 2}, {"optimizer": "adam"}, {"seed": 1}, {"dtype": "bfloat16"}])
def test_another_cell_of_one_rank_is_no_denominator(change):
    several = replace(ALONE, batch_size=128, world_size=2)
    assert efficiencies(table(results(replace(ALONE, **change), 100.0), results(several, 180.0))) == {}


def test_each_machine_has_its_own_denominator():
    both = replace(ALONE, batch_size=128, world_size=2)
    lines = [
        parse_line(result.to_line(machine=machine).encode())
        for machine, alone, several in (("a", 100.0, 180.0), ("b", 50.0, 60.0))
        for result in (*results(ALONE, alone), *results(both, several))
    ]
    rows = frame_of(lines)
    rows = rows[rows["metric"] == "weak_efficiency"]
    assert dict(zip(rows["machine"], rows["value"], strict=True)) == {"a": pytest.approx(0.9), "b": pytest.approx(0.6)}


def test_it_is_doubtful_where_either_was_contended():
    several = replace(ALONE, world_size=2)
    for ours, theirs in ((CONTENDED, ()), ((), CONTENDED)):
        frame = table(results(ALONE, 100.0, warnings=ours), results(several, 180.0, warnings=theirs))
        assert [row["contended"] for row in efficiencies(frame).values()] == [True]


def test_a_run_without_several_ranks_has_no_row_more():
    assert list(table(results(ALONE, 100.0))["metric"]) == ["throughput"]


def test_seeds_are_pooled_on_both_sides(tmp_path):
    run = create("mine", {}, tmp_path)
    for seed in (0, 1):
        for cell, rate in ((ALONE, 100.0), (replace(ALONE, world_size=2), 150.0)):
            for result in results(replace(cell, seed=seed), rate, rate * 1.01):
                run.append(result)
    (row,) = efficiencies(configurations(run)).values()
    assert (row["n"], row["value"]) == (4, pytest.approx(0.75))


def test_the_interval_is_welch_s_on_the_log_scale_and_nothing_else_of_the_row_stays():
    both = replace(ALONE, batch_size=128, world_size=2)
    ours, alone = (180.0, 182.0, 190.0), (100.0, 101.0)
    (row,) = efficiencies(table(results(ALONE, *alone), results(both, *ours))).values()
    ends = stats.ttest_ind(np.log(ours), np.log(alone), equal_var=False).confidence_interval(0.95)
    assert (row["low"], row["high"]) == pytest.approx((np.exp(ends.low) / 2, np.exp(ends.high) / 2))
    assert (row["samples"], row["left_out"], np.isnan(row["median"])) == (0, 0, True)
