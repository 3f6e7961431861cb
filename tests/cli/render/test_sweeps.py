import pandas as pd

from bench.cli.render.sweeps import sweeps
from bench.plan.cell import Cell


def table(*cells_and_seconds):
    rows = [
        {"id": cell.id, "machine": None, **cell.to_dict(), "metric": "step", "value": t}
        for cell, t in cells_and_seconds
    ]
    return pd.DataFrame(rows)


def line(*sizes, overhead=6.1e-4, marginal=4.1e-5, **fields):
    return [(Cell("lenet5", batch_size=size, **fields), overhead + marginal * size) for size in sizes]


def test_a_group_of_three_batch_sizes_has_a_line():
    assert sweeps(table(*line(64, 128, 256))) == [
        "batch sweep of lenet5-sgd-mnist-cpu-t1: t(B) = 610 µs + 41.0 µs x B, 90 % of the peak at B = 134"
    ]


def test_groups_differ_in_anything_but_the_batch_size():
    found = sweeps(table(*line(1, 8, 64), *line(1, 8, 64, threads=2), *line(1, 8, dtype="bfloat16")))

    assert [text.split(":")[0] for text in found] == [
        "batch sweep of lenet5-sgd-mnist-cpu-t1",
        "batch sweep of lenet5-sgd-mnist-cpu-t2",
    ]


def test_each_machine_has_a_line_of_its_own():
    one, other = (table(*line(64, 128, 256)).assign(machine=name) for name in ("aaaaaaaaaaaa", "bbbbbbbbbbbb"))
    both = pd.concat([one, other.assign(value=other["value"] * 2)])
    assert [text.split(":")[0] for text in sweeps(both)] == [
        "batch sweep of lenet5-sgd-mnist-cpu-t1 on aaaaaa",
        "batch sweep of lenet5-sgd-mnist-cpu-t1 on bbbbbb",
    ]


def test_a_sweep_without_overhead_says_so():
    assert sweeps(table(*line(64, 128, 256, overhead=-1e-5)))[0].endswith("no overhead to be seen")


def test_a_bend_is_told():
    bent = [(Cell("lenet5", batch_size=size), t) for size, t in ((1, 1e-3), (8, 1e-3), (64, 4e-3), (512, 9e-3))]

    assert "poor fit" in sweeps(table(*bent))[0]
