"""The promises of the sequential comparison, on a planted machine: pairs share servers, starts and whole rounds matter.

The machine draws anew what a renewal draws, and nothing else: what is common to all pairs until the next one stays.
"""

from dataclasses import dataclass, field
from math import exp
from types import SimpleNamespace

import numpy as np
import pytest

from bench.compare import sequential as module
from bench.compare.ab import facts_of
from bench.compare.facts import SideFacts
from bench.compare.log import ComparisonLog
from bench.compare.outcome import outcomes_of
from bench.compare.pair_clock import PairClock
from bench.compare.pairs import Side
from bench.compare.sequential import SequentialComparison
from bench.compare.sides import Comparison
from bench.compare.verdicts import decide
from bench.plan.cell import Cell
from bench.plan.plan import Plan


@dataclass(frozen=True)
class Quick:
    """A pair of one step a side, without the quantiles that take most of a simulation's time."""

    log: float
    started_first: int
    phases: dict = field(default_factory=dict)
    statistic: str = "p10"
    faults: int = 0
    steady: bool = True
    busy: float | None = None
    layouts: tuple = ({}, {})
    clocks: tuple | None = None
    dropped: int = 0

    def seconds(self, statistic=None):
        return 0.004, 0.004 * exp(self.log)


class Planted:
    """Log ratios with this spread, `icc` of whose variance is the servers' own, the same for all cells.

    Args:
        slowdown: the true one, as a share.
        spread: standard deviation of a log ratio at a given start.
        icc: the servers' share of the variance.
        effect: by how much a pair is slower that its second side has started.
        cells: how many are compared.
        seed: of all that is drawn.

    """

    def __init__(self, *, slowdown=0.0, spread=0.025, icc=0.0, effect=0.0, cells=1, seed=0):
        self.mean, self.effect = float(np.log1p(slowdown)), effect
        self.servers, self.own = spread * icc**0.5, spread * (1 - icc) ** 0.5
        self.cells = [f"net{at}" for at in range(cells)]
        self.draw = np.random.default_rng(seed)
        self.renew()

    def renew(self):
        self.now = self.draw.normal(0, self.servers)

    def wait_until_ready(self):
        """As a client of servers has it."""

    def measure_pair(self, first, second, blocks, order, start=None):
        start = order.choice([0, 1]) if start is None else start
        log = self.mean + self.now + self.draw.normal(0, self.own) + self.effect * (start - 0.5)
        return Quick(float(log), start)

    def compared(self, monkeypatch, told, tolerance, order_seed):
        """The log of a whole comparison."""
        monkeypatch.setattr(module, "measure_pair", self.measure_pair)
        monkeypatch.setattr(module, "count_both", lambda *_: ({}, {}))
        monkeypatch.setattr(PairClock, "_read", lambda _: (0.0, 0.0))  # how long it will take, which decides nothing
        sides = {name: (Side(None, Cell(name)), Side(None, Cell(name))) for name in self.cells}
        log = ComparisonLog(None, told.facts(*sides, tolerance=tolerance, order_seed=order_seed))
        comparison = Comparison(SideFacts("a"), SideFacts("b"), sides, {}, hosts=(self,))
        SequentialComparison(comparison, log, None, lambda *_: None).run()
        return log


@pytest.fixture
def shares(monkeypatch, told):
    """Over many comparisons: how single runs of the first cell and the mean end, and what their intervals cover."""

    def run(count, tolerance, **planted):
        logs = [
            Planted(**planted, seed=seed).compared(monkeypatch, told, tolerance, order_seed=1000 + seed)
            for seed in range(count)
        ]
        truth = np.log1p(planted.get("slowdown", 0.0))
        both = [outcomes_of(log) for log in logs]
        firsts = [next(iter(cells.values())).first for cells, _ in both]
        means = [mean.first for _, mean in both if mean is not None]
        return SimpleNamespace(
            fail=np.mean([look.outcome == "fail" for look in firsts]),
            passed=np.mean([look.outcome == "pass" for look in firsts]),
            covered=np.mean([abs(look.mean - truth) <= look.half for look in firsts]),
            mean_fails=np.mean([look.outcome == "fail" for look in means]) if means else None,
            mean_covered=np.mean([abs(look.mean - truth) <= look.half for look in means]) if means else None,
            codes=[decide(log).exit_code for log in logs] if len(logs) <= 50 else None,
        )

    return run


# Of so few, a share of 1 % comes out above 3 % once in five hundred times; as it was, 8 % and more were.
FEW, ALLOWED = 200, 0.03


def test_equal_sides_whose_servers_differ_seldom_fail(shares):
    found = shares(FEW, 0.03, icc=0.75)
    assert found.fail <= ALLOWED
    assert found.covered >= 0.97


def test_a_loss_as_large_as_the_tolerance_seldom_passes_where_servers_differ(shares):
    assert shares(FEW, 0.03, icc=0.75, slowdown=0.03).passed <= ALLOWED


@pytest.mark.parametrize("effect", [-0.03, 0.03])
def test_who_starts_first_decides_nothing(shares, effect):
    equal, slower = (shares(FEW, 0.03, effect=effect, spread=0.01, slowdown=loss) for loss in (0.0, 0.03))
    assert equal.fail <= ALLOWED
    assert slower.passed <= ALLOWED
    assert equal.passed >= 0.95  # it costs no power either
    assert slower.fail >= 0.9


def test_what_all_cells_share_makes_no_loss_of_their_mean(shares):
    found = shares(25, 0.05, icc=0.5, cells=10)
    assert found.mean_fails <= 0.05
    assert found.mean_covered >= 0.95
    assert 1 not in found.codes


def test_the_seed_is_drawn_and_recorded_unless_one_is_asked_for():
    comparison = Comparison(SideFacts("a"), SideFacts("b"), {"mlp": (Side(None, Cell("mlp")),) * 2}, {})
    drawn = {facts_of(comparison, Plan(), 0.05).order_seed for _ in range(5)}
    assert len(drawn) == 5
    assert facts_of(comparison, Plan(order_seed=7), 0.05).order_seed == 7


@pytest.mark.slow
@pytest.mark.parametrize(
    ("icc", "effect", "tolerance"),
    [(0.0, 0.0, 0.03), (0.25, -0.03, 0.05), (0.5, 0.0, 0.05), (0.75, 0.0, 0.03), (0.75, 0.03, 0.03)],
)
def test_a_run_keeps_its_promises(shares, icc, effect, tolerance):
    equal, slower = (shares(500, tolerance, icc=icc, effect=effect, slowdown=loss) for loss in (0.0, tolerance))
    assert equal.fail <= 0.01
    assert slower.passed <= 0.02
    assert equal.covered >= 0.98
    assert slower.covered >= 0.98


@pytest.mark.slow
@pytest.mark.parametrize("icc", [0.0, 0.25, 0.5])
@pytest.mark.parametrize("cells", [2, 10])
def test_the_mean_over_cells_keeps_its_promises(shares, cells, icc):
    found = shares(600 // cells, 0.05, icc=icc, cells=cells)
    assert found.mean_fails <= 0.01
    assert found.mean_covered >= 0.98
