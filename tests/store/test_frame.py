"""Frame: one row per cell and metric, processes pooled with their t interval; what is unknown is absent, never 0."""

import json
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bench.plan.cell import Cell
from bench.store.fingerprint import machine_of
from bench.store.frame import by_machine, configurations, flagged_cells, frame, status_of
from bench.store.readings import COLUMNS
from bench.store.result import Measurement, Result
from bench.store.run import create, load
from bench.store.spread import Spread
from bench.store.summary import summaries
from bench.store.warning import Warning


def row(table, metric, architecture="mlp"):
    (found,) = table[(table["architecture"] == architecture) & (table["metric"] == metric)].to_dict("records")
    return found


def kept(run, *results):
    for result in results:
        run.append(result)
    return frame(run)


def test_a_row_per_cell_and_metric(run, result):
    table = kept(run, *(result(seed, Cell(name), repeat=seed) for seed in range(3) for name in ("mlp", "vgg4")))
    metrics = ["step", "relative_cost", "accuracy", "parameters"]
    assert list(zip(table["architecture"], table["metric"], strict=True)) == [
        (name, metric) for name in ("mlp", "vgg4") for metric in metrics
    ]


def test_every_field_of_the_cell_is_a_column(run, result):
    table = kept(run, result(cell=Cell("mlp", batch_size=16, seed=3)))
    of_cells = ["id", *(field.name for field in fields(Cell)), "status", "reason", "flags"]
    of_cells += ["seeds", "lost", "fingerprint", "machine"]
    assert list(table.columns) == [*of_cells, *COLUMNS]
    assert set(table["id"]) == {"mlp-sgd-mnist-b16-cpu-t1-seed3"}
    assert set(table["batch_size"]) == {16}


def test_an_empty_run_has_the_columns_of_any_other(run, result):
    empty = frame(run)
    assert list(empty.columns) == list(kept(run, result()).columns)
    assert len(empty) == 0


@pytest.mark.parametrize("processes", [2, 3, 7])
@pytest.mark.parametrize("metric", ["step", "relative_cost"])
def test_times_and_ratios_are_pooled_on_the_log_scale_with_the_interval_of_scipy(run, result, metric, processes):
    results = [result(seed, repeat=seed) for seed in range(processes)]
    logs = np.log([one.value for each in results for one in each.measurements if one.metric == metric])
    found = row(kept(run, *results), metric)
    low, high = stats.t.interval(0.95, processes - 1, logs.mean(), stats.sem(logs))
    assert (found["value"], found["low"], found["high"]) == pytest.approx(tuple(np.exp([logs.mean(), low, high])))
    assert found["n"] == processes


def test_shares_are_pooled_as_they_are(run, result):
    results = [result(seed, repeat=seed) for seed in range(4)]
    values = np.array([each.measurements[2].value for each in results])
    found = row(kept(run, *results), "accuracy")
    low, high = stats.t.interval(0.95, 3, values.mean(), stats.sem(values))
    assert (found["value"], found["low"], found["high"]) == pytest.approx((values.mean(), low, high))


def test_one_process_gives_no_interval(run, result):
    table = kept(run, result())
    assert table["low"].isna().all()
    assert table["high"].isna().all()
    assert set(table["n"]) == {1}


def test_an_exact_count_has_no_interval(run, result):
    found = row(kept(run, result(0), result(1, repeat=1)), "parameters")
    assert (found["value"], pd.isna(found["low"]), pd.isna(found["high"])) == (1234.0, True, True)


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_the_numbers_follow_from_the_stored_samples(run, result, processes):
    table = kept(run, *(result(seed, repeat=seed) for seed in range(processes)))
    samples = [one.samples for each in run.results() for one in each.measurements if one.metric == "step"]
    found = row(table, "step")
    assert found["value"] == pytest.approx(stats.gmean([np.quantile(each, 0.25) for each in samples]), rel=1e-6)
    assert found["median"] == pytest.approx(stats.gmean([np.median(each) for each in samples]), rel=1e-6)
    assert found["samples"] == sum(map(len, samples))


def test_a_metric_without_samples_has_no_median(run, result):
    assert pd.isna(row(kept(run, result()), "parameters")["median"])


def test_what_stands_beside_a_number_comes_along(run, result):
    table = kept(run, result(0), result(1, repeat=1))
    step, cost = row(table, "step"), row(table, "relative_cost")
    assert [step[name] for name in ("unit", "direction", "statistic", "threads_used")] == ["s", "lower", "p25", 2]
    assert [cost[name] for name in ("unit", "direction", "statistic", "threads_used")] == ["1", "lower", "p25", 1]
    assert pd.isna(row(table, "accuracy")["threads_used"])


@pytest.mark.parametrize("status", ["skipped", "failed", "oom", "timeout"])
def test_a_cell_without_numbers_has_one_row_and_not_one_zero(run, result, status):
    table = kept(run, result(), Result(Cell("vgg4"), status, "for a reason"))
    (found,) = table[table["architecture"] == "vgg4"].to_dict("records")
    assert (found["status"], found["reason"]) == (status, "for a reason")
    assert [name for name in COLUMNS if not pd.isna(found[name])] == []


def test_a_number_that_was_none_is_absent(run, result):
    nothing = Measurement("test_loss", "1", "lower", float("nan"), "final")
    table = kept(run, result(measurements=(nothing,)), result(1, repeat=1))
    assert "test_loss" not in set(table["metric"])
    assert not table["value"].isna().any()


def test_a_metric_of_some_processes_is_pooled_over_those(run, result):
    once = result(0)
    table = kept(run, once, result(1, measurements=once.measurements[:1], repeat=1))
    assert dict(zip(table["metric"], table["n"], strict=True)) == {
        "step": 2,
        "relative_cost": 1,
        "accuracy": 1,
        "parameters": 1,
    }


def test_a_cell_that_failed_once_keeps_its_numbers_and_is_not_ok(run, result):
    failure = Result(Cell("mlp"), "oom", "no room", repeat=1)
    table = kept(run, result(), failure)
    assert set(table["status"]) == {"oom"}
    assert set(table["reason"]) == {"no room"}
    assert row(table, "step")["n"] == 1


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["ok"], "ok"),
        (["ok", "ok"], "ok"),
        (["ok", "oom"], "oom"),
        (["timeout", "ok"], "timeout"),
        ([], "ok"),
        (["skipped"], "skipped"),
        (["skipped", "ok"], "ok"),
        (["ok", "skipped"], "ok"),
        (["skipped", "oom"], "oom"),
        (["skipped", "skipped"], "skipped"),
    ],
)
def test_the_status_of_a_cell_is_the_first_that_went_wrong_and_skipped_where_nothing_was_measured(statuses, expected):
    assert status_of(statuses) == expected


def test_a_zero_is_pooled_too(run, result):
    zero = Measurement("backward", "s", "lower", 0.0, "p25")
    table = kept(run, result(measurements=(zero,)), result(1, measurements=(zero,), repeat=1))
    assert row(table, "backward")["value"] == 0


def trained(seed, time, accuracy=0.9, reached=True):
    """A result that was trained towards a target: what it gave."""
    found = [
        Measurement("accuracy", "1", "higher", accuracy, "final"),
        Measurement("reached", "1", "higher", float(reached), "share"),
    ]
    if reached:
        found += [
            Measurement("training_step", "s", "lower", time / (100 + seed), "mean"),
            Measurement("time_to_accuracy", "s", "lower", time, "at target"),
            Measurement("steps_to_accuracy", "1", "lower", 100.0 + seed, "at target"),
        ]
    return Result(Cell("mlp", seed=seed), "ok", measurements=tuple(found))


def test_the_seeds_of_a_configuration_are_pooled_and_a_lone_seed_gives_no_other_id(run):
    for seed, accuracy in enumerate((0.9, 0.92, 0.97)):
        run.append(trained(seed, 1.0, accuracy))
    run.append(Result(Cell("vgg4", seed=3), "failed", "for a reason"))
    table = configurations(run)
    found = row(table, "accuracy")
    low, high = stats.t.interval(0.95, 2, np.mean([0.9, 0.92, 0.97]), stats.sem([0.9, 0.92, 0.97]))

    assert list(dict.fromkeys(table["id"])) == ["mlp-sgd-mnist-b64-cpu-t1", "vgg4-sgd-mnist-b64-cpu-t1"]
    assert (found["value"], found["low"], found["high"], found["n"]) == pytest.approx((0.93, low, high, 3))
    assert len(set(frame(run)["id"])) == 4


def test_the_seeds_that_were_run_stand_beside_a_configuration(run):
    for cell in (Cell("mlp", seed=4), Cell("mlp", seed=1), Cell("vgg4", seed=3)):
        run.append(replace(trained(cell.seed, 1.0), cell=cell))
    run.append(Result(Cell("mlp", seed=5), "skipped", "the budget was spent"))
    table = configurations(run)
    assert {row["id"].split("-")[0]: row["seeds_run"] for row in table.to_dict("records")} == {
        "mlp": [1, 4],
        "vgg4": [3],
    }
    assert "seed" not in table


def test_time_to_accuracy_stays_the_product_when_seeds_are_pooled(run):
    for seed, time in enumerate((1.0, 2.0, 9.0)):
        run.append(trained(seed, time))
    table = configurations(run)
    time, step, steps = (
        row(table, metric)["value"] for metric in ("time_to_accuracy", "training_step", "steps_to_accuracy")
    )
    assert time == pytest.approx(step * steps)


def test_the_share_of_seeds_that_reached_the_target_has_the_exact_interval(run):
    for seed in range(4):
        run.append(trained(seed, 1.0, reached=seed > 0))
    found = row(configurations(run), "reached")
    assert (found["value"], found["n"]) == (0.75, 4)
    assert (found["low"], found["high"]) == pytest.approx((0.1941, 0.9937), abs=1e-4)


@pytest.mark.parametrize("status", ["diverged", "failed", "timeout", "oom", "skipped"])
def test_a_seed_that_ended_early_reached_nothing_and_takes_the_time_of_all_with_it(run, status):
    for seed in range(4):
        run.append(trained(seed, 1.0))
    run.append(Result(Cell("mlp", seed=4), status, "for a reason"))
    table = configurations(run)
    reached, accuracy = row(table, "reached"), row(table, "accuracy")
    words = {"timeout": "timed out", "oom": "out of memory"}
    assert (reached["value"], reached["n"]) == (0.8, 5)
    assert (accuracy["n"], accuracy["seeds"], accuracy["lost"]) == (4, 5, f"1 {words.get(status, status)}")
    assert not {"time_to_accuracy", "steps_to_accuracy"} & set(table["metric"])


def test_there_is_no_time_where_a_seed_fell_short(run):
    for seed in range(3):
        run.append(trained(seed, 1.0, reached=seed > 0))
    assert set(configurations(run)["metric"]) == {"accuracy", "reached", "training_step"}
    alone = frame(run)
    assert len(alone[alone["metric"] == "time_to_accuracy"]) == 2  # each seed by itself has its own


def test_a_seed_that_diverged_reached_nothing_by_itself_either(run):
    run.append(trained(0, 1.0))
    run.append(Result(Cell("mlp", seed=1), "diverged", "the loss is nan"))
    run.stored["plan"] = {"seeds": [0, 1], "until": 0.99, "epochs": 3}
    table = frame(run)
    reached = table[table["metric"] == "reached"]
    assert dict(zip(reached["seed"], reached["value"], strict=True)) == {0: 1.0, 1: 0.0}


def test_seeds_that_were_never_measured_count_as_asked_for(run):
    run.stored["plan"] = {"seeds": [0, 1, 2], "until": 0.99, "epochs": 3}
    run.append(trained(0, 1.0))
    found = row(configurations(run), "reached")
    assert (found["id"], found["n"], found["lost"]) == ("mlp-sgd-mnist-b64-cpu-t1", 3, "2 not measured")
    assert found["value"] == pytest.approx(1 / 3)


def test_a_configuration_that_was_left_out_altogether_aimed_at_nothing(run):
    run.stored["plan"] = {"seeds": [0, 1], "until": 0.99, "epochs": 3}
    for seed in range(2):
        run.append(Result(Cell("mlp", seed=seed), "skipped", "no CUDA device"))
    assert configurations(run)["metric"].isna().all()


CONTENDED = (Warning("phases", "contended", 0.5, "made to be"),)


def test_contended_processes_are_left_out_where_others_were_not_and_counted(run, result):
    clean = [result(seed, repeat=seed) for seed in range(3)]
    alone = row(kept(run, *clean), "step")
    slow = tuple(replace(one, value=one.value * 200) for one in result(9).measurements)
    run.append(result(9, repeat=3, measurements=slow, warnings=CONTENDED))
    step, cost = (row(frame(run), metric) for metric in ("step", "relative_cost"))
    for name in ("value", "low", "high", "n", "median", "samples"):
        assert step[name] == alone[name]
    assert (step["left_out"], step["contended"]) == (1, False)
    assert (cost["n"], cost["left_out"], cost["contended"]) == (4, 0, False)  # another part, which nobody disturbed


def test_where_every_process_was_contended_all_count_and_are_marked(run, result):
    table = kept(run, *(result(seed, repeat=seed, warnings=CONTENDED) for seed in range(2)))
    step = row(table, "step")
    assert (step["n"], step["left_out"], step["contended"]) == (2, 0, True)
    assert not row(table, "accuracy")["contended"]


def test_a_summary_prefers_undisturbed_processes_and_names_what_has_none(run, result):
    disturbed = (*CONTENDED, Warning("relative cost", "contended", 0.5, "made to be"))
    clean = result(0)
    run.append(clean)
    run.append(result(1, repeat=1, warnings=disturbed))
    (summary,) = summaries(run)
    cost = next(one.value for one in clean.measurements if one.metric == "relative_cost")
    assert (summary.log_cost, summary.processes) == (pytest.approx(np.log(cost)), 1)
    assert summary.contended == ()
    worse = create("worse", {"plan": {}}, run.folder.parent)
    worse.append(result(1, warnings=disturbed))
    assert set(summaries(worse)[0].contended) == {"step", "relative_cost"}


def test_a_table_of_one_class_of_machines_or_of_none_keeps_its_cells_as_they_came(run, result):
    table = kept(run, result(cell=Cell("vgg4")), result(cell=Cell("mlp")))
    ids = [Cell("vgg4").id, Cell("mlp").id]
    for known, machine in ((table, machine_of({"cpu": "made up"})), (table.assign(machine=None), "")):
        assert [(name, of) for name, of, _ in by_machine(known)] == [(name, machine) for name in ids]
        assert [len(part) for *_, part in by_machine(known)] == [4, 4]


def test_cells_that_something_speaks_against_are_named_with_it(run, result):
    table = kept(run, result(warnings=CONTENDED), result(cell=Cell("vgg4")))
    names = [Cell("vgg4").id, Cell("mlp").id, "none"]
    assert flagged_cells(table, names) == [f"{Cell('mlp').id} (contended 1 of 1)"]


def test_a_line_that_leaves_its_seed_out_is_of_seed_0(run):
    run.append(trained(0, 1.0))
    path = run.folder / "results.jsonl"
    stored = json.loads(path.read_text())
    del stored["cell"]["seed"]
    path.write_text(json.dumps(stored, separators=(",", ":")) + "\n")
    assert list(configurations(load("mine", run.folder.parent))["seeds_run"][0]) == [0]


@pytest.mark.parametrize("limited", [False, True])
def test_a_neighbour_makes_an_accuracy_doubtful_where_a_time_limit_cut_training(run, limited):
    warnings = [Warning("training", "contended", 0.5, "made to be"), Warning("training", "time limit", 60.0, "cut")]
    run.append(replace(trained(0, 1.0), warnings=tuple(warnings[: 1 + limited])))
    run.append(trained(1, 1.0))
    accuracy = row(configurations(run), "accuracy")
    assert (accuracy["contended"], accuracy["n"], accuracy["left_out"]) == (limited, 2, 0)


def test_a_count_that_was_not_exact_has_the_mean_and_an_exact_one_the_first(run):
    for repeat, value in enumerate((10.0, 14.0)):
        counts = (
            Measurement("flops", "1", "lower", value, "maximum"),
            Measurement.of_value("parameters", value, "exact"),
        )
        run.append(Result(Cell("mlp"), "ok", repeat=repeat, measurements=counts))
    flops, parameters = (row(frame(run), metric) for metric in ("flops", "parameters"))
    assert (flops["value"], parameters["value"]) == (12.0, 10.0)
    assert (flops["samples"], flops["n"]) == (0, 2)


def test_each_metric_has_its_own_spread(run):
    spreads = {"call": Spread(rounds=3, min=1.0), "step_wall": Spread(rounds=5, min=2.0)}
    kept(run, Result(Cell("mlp"), "ok", measurements=tuple(
        Measurement.of_value(metric, 4.0, "median", spread=spread) for metric, spread in spreads.items()
    )))  # fmt: skip
    rows = frame(run).set_index("metric")
    assert rows.loc["call", ["rounds", "min"]].tolist() == [3, 1.0]
    assert rows.loc["step_wall", ["rounds", "min"]].tolist() == [5, 2.0]
