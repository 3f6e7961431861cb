import numpy as np
import pytest

from bench.stats.batch_scaling import fit_sweep

SIZES = np.array([1, 8, 32, 64, 128, 256])


def test_points_on_a_line_give_that_line():
    found = fit_sweep(SIZES, 6.1e-4 + 4.1e-5 * SIZES)

    assert found.overhead.value == pytest.approx(6.1e-4)
    assert found.marginal.value == pytest.approx(4.1e-5)
    assert found.residual == pytest.approx(0, abs=1e-9)
    assert found.seconds(100) == pytest.approx(6.1e-4 + 4.1e-3)


def test_at_its_batch_the_throughput_is_90_percent_of_the_peak():
    found = fit_sweep(SIZES, 6.1e-4 + 4.1e-5 * SIZES)
    batch = found.batch_at_90

    assert batch == pytest.approx(9 * 6.1e-4 / 4.1e-5)
    assert batch / found.seconds(batch) == pytest.approx(0.9 / found.marginal.value)


def test_three_points_agree_with_weighted_least_squares_by_hand():
    sizes, times = np.array([1.0, 2.0, 4.0]), np.array([2.0, 3.0, 4.0])
    weights = 1 / times**2
    sw, swx, swxx = weights.sum(), (weights * sizes).sum(), (weights * sizes**2).sum()
    swy, swxy = (weights * times).sum(), (weights * sizes * times).sum()
    slope = (sw * swxy - swx * swy) / (sw * swxx - swx**2)
    found = fit_sweep(sizes, times)

    assert found.marginal.value == pytest.approx(slope)
    assert found.overhead.value == pytest.approx((swy - slope * swx) / sw)


def test_intervals_agree_with_polyfit_s_covariance():
    times = (6.1e-4 + 4.1e-5 * SIZES) * np.random.default_rng(0).normal(1, 0.03, SIZES.size)
    _, covariance = np.polyfit(SIZES, times, 1, w=1 / times, cov=True)
    found = fit_sweep(SIZES, times)
    halves = 2.776445 * np.sqrt(np.diag(covariance))  # t_{.975, 4}

    assert (found.marginal.high - found.marginal.low) / 2 == pytest.approx(halves[0], rel=1e-5)
    assert (found.overhead.high - found.overhead.low) / 2 == pytest.approx(halves[1], rel=1e-5)


def test_nominal_95_percent_intervals_hold_the_truth_95_percent_of_the_time():
    random, held = np.random.default_rng(1), np.zeros(2)
    for _ in range(1000):
        found = fit_sweep(SIZES, (6.1e-4 + 4.1e-5 * SIZES) * random.normal(1, 0.03, SIZES.size))
        held += [
            found.overhead.low <= 6.1e-4 <= found.overhead.high,
            found.marginal.low <= 4.1e-5 <= found.marginal.high,
        ]

    assert held.min() >= 930
    assert held.max() <= 970


def test_large_batches_do_not_outweigh_small_ones():
    """With equal relative errors, the overhead is known from the small batches within a few percent."""
    random = np.random.default_rng(2)
    found = [
        fit_sweep(SIZES, (6.1e-4 + 4.1e-5 * SIZES) * random.normal(1, 0.01, SIZES.size)).overhead.value
        for _ in range(100)
    ]

    assert np.std(found) < 0.02 * 6.1e-4


@pytest.mark.parametrize(("overhead", "slope"), [(-1e-6, 4e-5), (1e-3, -1e-6)])
def test_without_overhead_or_growth_there_is_no_such_batch(overhead, slope):
    sizes = np.array([64, 128, 256])

    assert fit_sweep(sizes, overhead + slope * sizes).batch_at_90 is None


def test_a_bend_shows_in_the_residual():
    bent = np.where(SIZES > 64, 8e-5, 4e-5) * SIZES + 1e-3

    assert fit_sweep(SIZES, bent).residual > 0.05


@pytest.mark.parametrize("sizes", [[64], [64, 128], [64, 64, 128, 128]])
def test_fewer_than_three_batch_sizes_are_refused(sizes):
    with pytest.raises(ValueError, match="batch sizes says nothing"):
        fit_sweep(sizes, [1.0] * len(sizes))


def test_what_is_not_positive_is_refused():
    with pytest.raises(ValueError, match="positive"):
        fit_sweep([1, 2, 3], [1.0, 0.0, 2.0])
