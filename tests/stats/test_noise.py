import numpy as np
import pytest

from bench.stats.noise import noise


def test_it_is_the_scaled_median_of_the_differences():
    """Differences 1, -1, 1, -1 lie 1 from their median 0; 2, 4, 2, 4 lie 1 from their median 3."""
    assert noise(np.array([0.0, 1.0, 0.0, 1.0, 0.0])) == pytest.approx(1.4826 / np.sqrt(2))
    assert noise(np.array([0.0, 2.0, 6.0, 8.0, 12.0])) == pytest.approx(1.4826 / np.sqrt(2))


def test_of_normal_readings_it_is_the_standard_deviation_whatever_the_level_does():
    readings = np.random.default_rng(0).normal(0, 2.0, 20_000)
    assert noise(readings) == pytest.approx(2.0, rel=0.02)
    assert noise(readings + 100.0 * (np.arange(20_000) > 10_000)) == pytest.approx(2.0, rel=0.02)
