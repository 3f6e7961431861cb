import pandas as pd
import pytest

from bench.stats.roofline import bound, bounds

CEILING = {
    "device": "cpu",
    "dtype": "float32",
    "threads": 1,
    "flops_per_second": 1e11,
    "bytes_per_second": 1e10,
    "dispatch_seconds": 1e-6,
}


def rows(mode="eager", **values):
    cell = {"id": "net", "device": "cpu", "dtype": "float32", "threads": 1, "mode": mode}
    found = {"step": 0.01, "flops": 4e8, "bytes_moved": 2e7, "operators_forward": 400.0, "operators_backward": 600.0}
    return pd.DataFrame([{**cell, "metric": name, "value": value} for name, value in {**found, **values}.items()])


@pytest.mark.parametrize(
    ("flops", "moved", "operators", "by", "explained"),
    [
        (8e8, 2e7, 1000, "compute", 0.8),
        (1e8, 9e7, 1000, "bandwidth", 0.9),
        (1e8, 1e7, 5000, "launches", 0.5),
    ],
)
def test_the_largest_of_the_three_bounds_is_the_verdict(flops, moved, operators, by, explained):
    found = bound(0.01, flops, moved, operators, CEILING)

    assert found.by == by
    assert found.explained == pytest.approx(explained)
    assert found.intensity == pytest.approx(flops / moved)


def test_shares_are_of_the_step_s_time():
    found = bound(0.01, 4e8, 2e7, 1000, CEILING)

    assert (found.compute, found.bandwidth, found.launches) == pytest.approx((0.4, 0.2, 0.1))


def test_a_step_that_caches_serve_passes_the_bandwidth_of_memory():
    assert bound(0.01, 0, 2e8, 0, CEILING).bandwidth == pytest.approx(2.0)


def test_a_cell_s_rows_give_its_bound():
    found = bounds(rows(), [CEILING])

    assert (found.by, found.explained) == ("compute", pytest.approx(0.4))
    assert found.launches == pytest.approx(0.1)


def test_the_fetch_of_a_batch_is_not_of_the_step():
    assert bounds(rows(operators_fetch=9000.0), [CEILING]).launches == pytest.approx(0.1)


@pytest.mark.parametrize("mode", ["compile", "cuda_graph"])
def test_operators_that_are_not_called_one_by_one_bound_nothing(mode):
    assert bounds(rows(mode), [CEILING]).launches == 0


@pytest.mark.parametrize("other", [{"threads": 2}, {"dtype": "bfloat16"}, {"device": "cuda:0"}])
def test_without_the_ceilings_of_its_kind_a_cell_has_no_bound(other):
    assert bounds(rows(), [{**CEILING, **other}]) is None
    assert bounds(rows(), []) is None


@pytest.mark.parametrize("missing", ["step", "flops", "bytes_moved"])
def test_without_times_or_counts_a_cell_has_no_bound(missing):
    table = rows()

    assert bounds(table[table["metric"] != missing], [CEILING]) is None


def test_a_cell_that_gave_nothing_has_no_bound():
    table = rows().head(1).assign(metric=None, value=None)

    assert bounds(table, [CEILING]) is None
