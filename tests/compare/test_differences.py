from dataclasses import replace

from bench.compare.differences import counted, timed
from bench.compare.log import CellLog
from bench.compare.records import CountsRecord


def log_of(told, *phases, run=1):
    """A cell's log with a pair for each mapping of phases."""
    pairs = [replace(told.pair(0.0), phases=each) for each in phases]
    return CellLog("mlp", {1: pairs, 2: []} if run == 1 else {1: [], 2: pairs})


def test_the_phase_that_changed_most_in_seconds_stands_first(told):
    log = log_of(
        told,
        {"forward": (0.001, 0.004), "backward": (0.010, 0.012), "loss": (1e-5, 0.5e-5), "fetch": (0.001, 0.5)},
    )
    assert timed(log) == (
        "forward 1.00 ms -> 4.00 ms (+300.0 %)",
        "backward 10.0 ms -> 12.0 ms (+20.0 %)",
        "loss 10.0 µs -> 5.00 µs (-50.0 %)",
    )


def test_a_phase_that_hardly_changed_is_left_out(told):
    at, beyond = (0.100, 0.102), (0.100, 0.10201)
    assert timed(log_of(told, {"forward": at, "backward": (0.1, 0.0981)})) == ()
    assert [line.split()[0] for line in timed(log_of(told, {"forward": at, "backward": beyond}))] == ["backward"]


def test_phases_are_the_medians_over_the_pairs_of_both_runs_that_have_them(told):
    first = log_of(told, {"forward": (1.0, 2.0)}, {"forward": (1.0, 9.0), "loss": (1.0, 3.0)})
    second = log_of(told, {"forward": (1.0, 4.0)}, run=2)
    both = CellLog("mlp", {1: first.pairs[1], 2: second.pairs[2]})
    assert timed(both) == ("forward 1.00 s -> 4.00 s (+300.0 %)", "loss 1.00 s -> 3.00 s (+200.0 %)")
    assert timed(CellLog("mlp")) == ()


def test_counts_that_differ_are_listed_in_their_order():
    before, after = {"flops": 5.0, "parameters": 1.0, "old": 2.0}, {"new": 3.0, "parameters": 1.0, "flops": 6.0}
    log = CellLog("mlp", counts=CountsRecord("mlp", before, after))
    assert counted(log) == ("flops 5 -> 6", "old 2 -> absent", "new absent -> 3")
    assert counted(CellLog("mlp")) == ()
