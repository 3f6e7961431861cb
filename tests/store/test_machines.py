"""Machines: times are pooled within a class, what a net learns over all; a line of no class is of its run's."""

from dataclasses import replace

import numpy as np
import pytest

from bench.metrics import METRICS
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.store.fingerprint import fingerprint, machine_of
from bench.store.frame import by_machine, configurations, frame
from bench.store.machines import Place, classes_of, is_learnt, over_machines, places_of
from bench.store.merge import merge
from bench.store.result import Result
from bench.store.summary import summaries
from tests.store.planted import HOSTS, measured, recorded

CELL = Cell("mlp", threads=2)
PLAN = Plan(architectures=("mlp",), repeats=2, seeds=(0, 1))


def run_of(root, host, accuracy, scale=1.0):
    """Two seeds, two processes each: the second takes 2 % longer."""
    return recorded(
        root,
        host,
        [
            measured(
                replace(CELL, seed=seed),
                *(host, repeat),
                step=0.01 * scale * (1 + 0.02 * repeat),
                relative_cost=2.0 * scale * (1 + 0.02 * repeat),
                parameters=100.0,
                **({} if repeat else {"accuracy": accuracy[seed]}),
            )
            for seed in (0, 1)
            for repeat in (0, 1)
        ],
        plan=PLAN,
    )


@pytest.fixture
def merged(tmp_path):
    parts = [
        run_of(tmp_path, "xeon", {0: 0.90, 1: 0.96}),
        run_of(tmp_path, "epyc", {0: 0.92, 1: 0.94}, scale=3.0),
    ]
    return merge(parts, "whole", root=tmp_path)


def rows(table, metric):
    return table[table["metric"] == metric].to_dict("records")


def test_a_time_has_a_row_for_each_machine(merged):
    steps = rows(configurations(merged), "step")
    assert [(row["machine"], row["n"]) for row in steps] == [
        (machine_of(HOSTS["xeon"]), 4),
        (machine_of(HOSTS["epyc"]), 4),
    ]
    assert [row["value"] for row in steps] == pytest.approx([0.01 * 1.02**0.5, 0.03 * 1.02**0.5])


def test_what_is_learnt_has_one_row_and_n_counts_seeds(merged):
    (row,) = rows(configurations(merged), "accuracy")
    assert (row["value"], row["n"]) == (pytest.approx((0.91 + 0.95) / 2), 2)
    assert row["machine"] is None or np.isnan(row["machine"])


def test_each_machine_has_the_rows_of_its_own_and_those_of_all(merged):
    parts = list(by_machine(configurations(merged)))
    assert [machine for _, machine, _ in parts] == [machine_of(HOSTS["xeon"]), machine_of(HOSTS["epyc"])]
    assert [sorted(part["metric"]) for *_, part in parts] == [["accuracy", "parameters", "relative_cost", "step"]] * 2


def test_on_one_machine_all_rows_are_its_own(tmp_path):
    table = frame(run_of(tmp_path, "xeon", {0: 0.9, 1: 0.9}))
    assert set(table["machine"]) == {machine_of(HOSTS["xeon"])}
    assert len(rows(table, "accuracy")) == 2


def test_a_summary_for_each_machine_has_its_times_and_what_all_learnt(merged):
    made = summaries(merged)
    assert [summary.machine_class for summary in made] == [machine_of(HOSTS["xeon"]), machine_of(HOSTS["epyc"])]
    assert [summary.processes for summary in made] == [4, 4]
    assert [summary.step for summary in made] == pytest.approx([0.01 * 1.02**0.5, 0.03 * 1.02**0.5])
    assert [summary.accuracy for summary in made] == [{0: pytest.approx(0.91), 1: pytest.approx(0.95)}] * 2


def test_a_machine_is_told_whatever_the_threads():
    one, two = (fingerprint(HOSTS["xeon"], threads) for threads in (1, 2))
    assert one.digest != two.digest
    assert one.machine == two.machine == machine_of(HOSTS["xeon"]) != machine_of(HOSTS["epyc"])
    assert machine_of({}) == fingerprint({}, 2).machine == ""


def test_a_line_of_no_class_is_of_the_only_machine_of_its_run():
    lines = [{"run": "a", "machine": "x"}, {"run": "a"}, {"run": "b", "machine": "y"}, {"run": "b", "machine": ""}]
    assert classes_of(lines) == ["x", "x", "y", "y"]
    assert classes_of([*lines, {"run": "a", "machine": "z"}]) == ["x", "", "y", "y", "z"]
    assert classes_of([{}, {}]) == ["", ""]


def test_a_cell_that_one_machine_left_out_says_so_there_alone(tmp_path):
    done = run_of(tmp_path, "xeon", {0: 0.9, 1: 0.9})
    left = recorded(
        *(tmp_path, "epyc"),
        [measured(Cell("vgg4"), "epyc", step=0.1), *(Result(replace(CELL, seed=at), "skipped", "no") for at in (0, 1))],
        plan=PLAN,
    )
    table = configurations(merge([done, left], "whole", root=tmp_path))
    states = {(name.partition("-")[0], machine): part.iloc[0]["status"] for name, machine, part in by_machine(table)}
    assert states[("mlp", machine_of(HOSTS["xeon"]))] == "ok"
    assert states[("mlp", machine_of(HOSTS["epyc"]))] == "skipped"


def test_hosts_of_one_class_do_not_disturb_each_other(tmp_path):
    """A host that is slower all the time is no neighbour that came and went."""
    parts = [
        recorded(
            tmp_path,
            f"s{at}",
            [measured(Cell(net), "xeon", repeat, relative_cost=2.0, relative_reference=slow) for repeat in (0, 1, 2)],
            plan=replace(PLAN, shard=f"{at}/2"),
        )
        for at, (net, slow) in enumerate((("mlp", 0.001), ("vgg4", 0.0015)), 1)
    ]
    table = frame(merge(parts, "whole", root=tmp_path))
    assert table["flags"].isna().all()


@pytest.mark.parametrize(
    ("metric", "values", "expected"),
    [
        ("accuracy", [0.9, 0.8], 0.85),
        ("reached", [1.0, 0.0], 0.0),
        ("reached", [1.0, 1.0], 1.0),
        ("steps_to_accuracy", [100.0, 400.0], 200.0),
        ("steps_to_accuracy", [0.5, 2.0], 1.0),
        ("steps_to_accuracy", [0.0, 4.0], 2.0),
        ("test_loss", [1.0, 2.0], 1.5),
    ],
)
def test_a_seed_has_one_value_over_machines(metric, values, expected):
    assert over_machines(values, METRICS[metric]) == pytest.approx(expected)


def test_what_is_learnt_is_no_time_and_no_rate():
    learnt = {name for name, row in METRICS.items() if is_learnt(row)}
    assert learnt >= {"accuracy", "train_accuracy", "test_loss", "reached", "steps_to_accuracy", "robust_accuracy_10"}
    assert learnt == {row.name for row in METRICS.values() if row.once_a_seed and row.unit == "1"}


def test_a_cell_that_failed_on_the_first_machine_is_ok_on_the_second(tmp_path):
    failed = [Result(replace(CELL, seed=at), "oom", "too large", system=HOSTS["epyc"]) for at in (0, 1)]
    parts = [recorded(tmp_path, "epyc", failed, plan=PLAN), run_of(tmp_path, "xeon", {0: 0.9, 1: 0.9})]
    table = configurations(merge(parts, "whole", root=tmp_path))
    states = {machine: part.iloc[0]["status"] for _, machine, part in by_machine(table)}
    assert states == {machine_of(HOSTS["epyc"]): "oom", machine_of(HOSTS["xeon"]): "ok"}


def test_what_was_learnt_on_several_machines_alone_stands_for_all(merged):
    pairs = list(places_of(list(merged.every_head())))
    assert len({timed.machine for timed, _ in pairs}) == 2
    assert not any(timed.of_all for timed, _ in pairs)
    assert all(learnt == Place(timed.id, of_several=True) for timed, learnt in pairs)
