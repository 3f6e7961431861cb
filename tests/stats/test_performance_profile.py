"""Performance profiles: Dolan and More's definition, AlgoPerf's score and its held-out rule, computed by hand."""

import numpy as np
import pytest
from scipy.integrate import trapezoid

from bench.stats.performance_profile import TAU, held_to, median, profiles, ratios_of, scores_of, shares_of

INF = np.inf
# Three solvers on four problems: the best is 10, 2, 5 and nobody.
TIMES = np.array([[10.0, 4.0, 5.0, INF], [20.0, 2.0, INF, INF], [40.0, 9.0, 5.0, INF]])
RATIOS = np.array([[1.0, 2.0, 1.0, INF], [2.0, 1.0, INF, INF], [4.0, 4.5, 1.0, INF]])


def test_a_ratio_is_over_the_best_and_infinite_where_nobody_gets_there():
    np.testing.assert_array_equal(ratios_of(TIMES), RATIOS)


def test_a_share_counts_the_problems_within_a_factor():
    shares = shares_of(RATIOS, np.array([1.0, 1.99, 2.0, 4.0, 5.0]))
    np.testing.assert_array_equal(
        shares, [[0.5, 0.5, 0.75, 0.75, 0.75], [0.25, 0.25, 0.5, 0.5, 0.5], [0.25, 0.25, 0.25, 0.5, 0.75]]
    )


def test_the_score_is_the_area_below_the_profile():
    # solver 1: 3 + 2 + 3 thirds of four problems; solver 2: 2 + 3; solver 3: 0 + none beyond 4 + 3
    np.testing.assert_allclose(scores_of(RATIOS), [8 / 12, 5 / 12, 3 / 12])


def test_the_score_is_what_fine_trapezoids_give():
    taus = np.linspace(1, TAU, 3001)
    np.testing.assert_allclose(scores_of(RATIOS), trapezoid(shares_of(RATIOS, taus), taus) / (TAU - 1), atol=1e-3)


def test_one_that_is_held_out_takes_away_where_it_is_failed():
    times = np.array([[1.0, 1.0], [2.0, 5.0], [3.0, 2.0]])
    # solver 2 is too slow on the second problem, so that its fast held-out time sets no pace there
    held_out = np.array([[1.0, 8.0], [4.1, 1.0], [3.0, 33.0]])
    np.testing.assert_array_equal(held_to(times, held_out), [[1.0, 1.0], [INF, INF], [3.0, INF]])


def test_a_problem_without_one_that_is_held_out_counts_as_it_is():
    times = np.array([[1.0, 1.0], [2.0, 3.0]])
    held_out = np.array([[1.0, np.nan], [INF, np.nan]])
    np.testing.assert_array_equal(held_to(times, held_out), [[1.0, 1.0], [INF, 3.0]])


@pytest.mark.parametrize(
    ("values", "middle"), [([3.0, INF, 1.0], 3.0), ([1.0, INF, INF], INF), ([1.0, 2.0], 1.5), ([1.0, INF], INF)]
)
def test_a_median_knows_infinity(values, middle):
    assert median(np.array(values)) == middle


def test_an_interval_holds_what_was_measured_and_needs_seeds_that_differ():
    same = [[np.array([1.0, 1.0, 1.0])], [np.array([3.0, 3.0, 3.0])]]
    found = profiles(same, [[None], [None]], np.array([1.0, 3.0]))
    np.testing.assert_allclose([found.scores, *found.score_ends], [[1.0, 1 / 3]] * 3)
    wide = [[np.array([1.0, 1.1, 0.9])], [np.array([2.0, 1.0, 3.5])]]
    found = profiles(wide, [[None], [None]], np.array([1.0, 3.0]))
    low, high = found.score_ends[:, 1]
    assert low < found.scores[1] < high
    assert ((found.share_ends[0] <= found.shares) & (found.shares <= found.share_ends[1])).all()


@pytest.mark.parametrize(
    ("seeds", "held_out"),
    [(([1.0], [2.0, 2.5]), (None, None)), (([1.0, 1.5], [2.0, 2.5]), ([1.0], [1.0, 1.0]))],
    ids=["of a problem", "of one that is held out"],
)
def test_a_time_of_one_seed_leaves_all_without_an_interval(seeds, held_out):
    """Drawn again it is the same, so that an interval would be a point and every other lie outside."""
    beside = [[None if values is None else np.array(values)] for values in held_out]
    drawn = profiles([[np.array(values)] for values in seeds], beside, np.array([1.0, 3.0]))
    assert (drawn.score_ends, drawn.share_ends) == (None, None)
    assert drawn.scores[0] == 1.0 > drawn.scores[1]
    np.testing.assert_array_equal(drawn.shares, [[1.0, 1.0], [0.0, 1.0]])


def test_the_interval_covers_the_true_score():
    """The truth is the score of the medians of lognormal times; 5 seeds each, 6 problems, 3 solvers."""
    generator = np.random.default_rng(1)
    truth = np.exp(generator.normal(0, 0.4, (3, 6)))
    target, hits = scores_of(ratios_of(truth)), []
    for _ in range(40):
        drawn = truth[..., None] * np.exp(generator.normal(0, 0.2, (3, 6, 5)))
        low, high = profiles(list(map(list, drawn)), [[None] * 6] * 3, np.array([1.0])).score_ends
        hits.append((low <= target) & (target <= high))
    assert np.mean(hits) > 0.85
