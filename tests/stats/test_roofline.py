import pandas as pd
import pytest

from bench.stats.roofline import Bound, bound, bounds, in_full, refusal, told, usable

CEILING = {
    "device": "cpu",
    "dtype": "float32",
    "threads": 1,
    "flops_per_second": 1e11,
    "bytes_per_second": 1e10,
    "operator_seconds": 1e-6,
}


def rows(mode="eager", **values):
    cell = {"id": "net", "device": "cpu", "dtype": "float32", "threads": 1, "mode": mode}
    found = {"step": 0.01, "flops": 4e8, "bytes_moved": 2e7, "operators_forward": 400.0, "operators_backward": 600.0}
    return pd.DataFrame([{**cell, "metric": name, "value": value} for name, value in {**found, **values}.items()])


@pytest.mark.parametrize(
    ("flops", "moved", "operators", "by", "words"),
    [
        (8e8, 2e7, 1000, "compute", "compute 80 %"),
        (1e8, 1e7, 6000, "launches", "launches 60 %"),
        (6e8, 8e7, 1000, "compute", "compute 60 %"),  # it takes that at least, memory 80 % at most
        (1e8, 9e7, 1000, "bandwidth", "bandwidth at most 90 %"),
        (3.4e8, 2e7, 1000, "", "none of the three explains it (largest: compute 34 %)"),
        (1e8, 4e7, 1000, "", "none of the three explains it (largest: bandwidth at most 40 %)"),
        (5e8, 2e7, 5000, "", "none of the three explains it (largest: compute 50 %)"),  # half is not most
        (1e8, 2e8, 3000, "", "none of the three explains it (largest: launches 30 %)"),  # caches served the bytes
    ],
)
def test_a_limit_is_named_where_it_explains_most_of_the_step(flops, moved, operators, by, words):
    found = bound(0.01, flops, moved, operators, CEILING)

    assert (found.by, told(found)) == (by, words)
    assert found.intensity == pytest.approx(flops / moved)
    assert in_full(found).startswith(
        {"": f"none of the three explains it (largest: {found.largest})", "bandwidth": "bandwidth may explain"}.get(
            by, f"bound by {by}: "
        )
    )


@pytest.mark.parametrize("disturbed", [(), ("compute", "bandwidth", "launches")])
@pytest.mark.parametrize("name", ["compute", "bandwidth", "launches"])
def test_no_share_above_all_of_a_step_stands_without_its_reason(name, disturbed):
    found = Bound(**{"compute": 0.1, "bandwidth": 0.1, "launches": 0.1, name: 2.97}, intensity=1.0, disturbed=disturbed)
    reason = {"compute": "too low", "bandwidth": "caches", "launches": "operators cost less"}[name]

    for words in (told(found), in_full(found)):
        _, number, after = words.partition("297 %")
        assert (reason in after.partition(")")[0]) == bool(number)
        assert number or name == "bandwidth"
        assert ("contention" in words) == bool(disturbed)
    assert "297 %" in in_full(found)
    # a ceiling that other work held down says how large the share may be, and not that it is
    assert found.by == ("" if name == "bandwidth" or disturbed else name)


def test_a_ceiling_too_low_hides_no_limit_that_was_measured_well():
    found = Bound(compute=28.7, bandwidth=0.2, launches=0.6, intensity=1.0, disturbed=("compute",))
    assert (found.by, told(found)) == ("launches", "launches 60 %")


def test_in_full_the_three_shares_are_said_for_what_they_are():
    assert in_full(bound(0.01, 3.4e8, 2e7, 1200, CEILING)) == (
        "none of the three explains it (largest: compute): reaches 34 % of the rate of matrix products; calls of "
        "operators take 12 %; bytes moved, as if there were no caches, 20 %"
    )


OLD = {name: value for name, value in CEILING.items() if name != "operator_seconds"} | {"dispatch_seconds": 1e-6}


@pytest.mark.parametrize(
    "other", [OLD, *({**CEILING, "operator_seconds": bad} for bad in (0, -1.0, None, "1", True, float("nan"), [1.0]))]
)
def test_ceilings_of_another_version_or_of_no_sense_are_refused_plainly(other):
    assert bounds(rows(), [other]) is None
    assert usable([other]) == []
    assert (
        refusal([other]) == "bound by: not told, for this run's ceilings were measured by another version; run it again"
    )
    assert bounds(rows(), [other, CEILING]).compute == pytest.approx(0.4)
    assert refusal([]) == refusal([other, CEILING]) == ""


def test_what_a_step_costs_around_its_operators_is_the_optimizer_s():
    costs = {"adam fused": 4e-3, "sgd default": 2e-3}

    def launches(stored, mode="eager", **fields):
        return bounds(rows(mode).assign(**fields), [{**CEILING, "step_seconds": stored}]).launches

    assert launches(costs, optimizer="adam", implementation="fused") == pytest.approx(0.5)
    assert launches(costs, optimizer="lbfgs", implementation="default") == pytest.approx(0.3)  # the cheapest
    assert launches(costs, "compile", optimizer="adam", implementation="fused") == 0
    for damaged in (None, 3, ["adam fused"], {"adam fused": "long"}, {"adam fused": float("nan")}):
        assert launches(damaged, optimizer="adam", implementation="fused") == pytest.approx(0.1)


@pytest.mark.parametrize("disturbed", [None, 5, {}, ["flops_per_second"]])
def test_what_was_disturbed_is_read_with_care(disturbed):
    found = bounds(rows(), [{**CEILING, "disturbed": disturbed}])
    assert found.disturbed == (("compute",) if isinstance(disturbed, list) else ())


def test_shares_are_of_the_step_s_time():
    found = bound(0.01, 4e8, 2e7, 1000, CEILING)

    assert (found.compute, found.bandwidth, found.launches) == pytest.approx((0.4, 0.2, 0.1))


def test_a_step_that_caches_serve_passes_the_bandwidth_of_memory():
    assert bound(0.01, 0, 2e8, 0, CEILING).bandwidth == pytest.approx(2.0)


def test_a_cell_s_rows_give_its_bound():
    found = bounds(rows(), [CEILING])

    assert (found.by, found.largest, found.compute) == ("", "compute", pytest.approx(0.4))
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


@pytest.mark.parametrize(
    ("precision", "has"), [("default", True), ("ieee", True), ("bf16", False), ("conv_tf32", False)]
)
def test_products_of_fewer_digits_are_held_against_no_ceiling_of_ieee_s(precision, has):
    """Beside it such a step reaches a share of a rate that is not its own."""
    assert (bounds(rows().assign(fp32_precision=precision), [CEILING]) is not None) is has


@pytest.mark.parametrize("missing", ["step", "flops", "bytes_moved"])
def test_without_times_or_counts_a_cell_has_no_bound(missing):
    table = rows()

    assert bounds(table[table["metric"] != missing], [CEILING]) is None


def test_a_cell_that_gave_nothing_has_no_bound():
    table = rows().head(1).assign(metric=None, value=None)

    assert bounds(table, [CEILING]) is None


def test_all_of_a_step_is_not_more_than_all():
    whole = Bound(compute=1.0, bandwidth=0.1, launches=0.1, intensity=1.0, disturbed=("compute",))
    assert (whole.by, whole.is_refuted("compute")) == ("compute", False)
    assert "too low" not in in_full(whole)
    above = Bound(compute=1.2, bandwidth=0.1, launches=0.1, intensity=1.0, disturbed=("compute",))
    assert (above.by, above.is_refuted("compute")) == ("", True)
    assert "120 % of the rate of matrix products (faster than the ceiling measured, which is too low" in in_full(above)
