"""Tables: the main figures of a run, one row a cell."""

import json

import pandas as pd
import pytest

from bench.cli import run_command_line
from bench.cli.render.columns import print_table, table_text
from bench.cli.render.paint import plain
from bench.cli.render.summary import summary
from bench.cli.render.tables import legend, overview
from bench.plan.cell import Cell
from bench.report.load import read
from bench.report.page import page
from bench.report.table import in_words
from bench.store.frame import configurations
from bench.store.result import Measurement, Result
from bench.store.run import create
from bench.store.warning import Warning
from bench.text import TIMES


def test_numbers_stand_to_the_right_and_text_to_the_left(capsys):
    print_table([{"name": "a", "step": "1.5 ms"}, {"name": "longer", "step": "-"}, {"name": "b", "step": "12 ms"}])
    assert capsys.readouterr().out == "name      step\na       1.5 ms\nlonger       -\nb        12 ms\n"


def test_a_table_without_rows_prints_nothing(capsys):
    print_table([])
    assert capsys.readouterr().out == ""


def test_with_the_machine_s_ceilings_the_overview_says_what_bounds_a_step():
    cell = {
        "id": "net",
        "machine": None,
        "status": "ok",
        "device": "cpu",
        "dtype": "float32",
        "threads": 1,
        "mode": "eager",
    }
    counts = {"step": 0.01, "flops": 4.3e8, "bytes_moved": 1e7, "operators_forward": 100.0}
    table = pd.DataFrame([{**cell, "metric": name, "value": value, "median": 0.01} for name, value in counts.items()])
    ceiling = {"device": "cpu", "dtype": "float32", "threads": 1, "flops_per_second": 1e11, "bytes_per_second": 1e10}
    known, other = {**ceiling, "operator_seconds": 1e-6}, {**ceiling, "operator_seconds": 1e-6, "threads": 2}

    assert [row["bound by"] for row in overview(table, None, [known])] == [
        "none of the three explains it (largest: compute 43 %)"
    ]
    faster = table.assign(value=table["value"].mask(table["metric"] == "step", 0.006))
    assert [row["bound by"] for row in overview(faster, None, [known])] == ["compute 72 %"]
    assert [row["bound by"] for row in overview(table, None, [other])] == ["-"]
    assert "bound by" not in overview(table)[0]


def test_contended_numbers_have_a_mark_and_processes_left_out_are_counted(tmp_path):
    run = create("mine", {"plan": {}}, tmp_path)
    for repeat, (net, part) in enumerate([("mlp", "phases"), ("vgg4", "phases"), ("vgg4", None), ("lenet5", None)]):
        measured = (Measurement.of_value("step", 0.002, "p25", 2), Measurement.of_value("inference", 0.001, "p25", 2))
        warnings = (Warning(part, "contended", 0.5, "-"),) if part else ()
        run.append(Result(Cell(net), "ok", repeat=repeat, measurements=measured, warnings=warnings))
    rows = {row["cell"].partition("-")[0]: row for row in overview(configurations(run))}
    assert {net: row["contended"] for net, row in rows.items()} == {
        "mlp": "phases",
        "vgg4": "phases in 1 of 2 processes, left out",
        "lenet5": "-",
    }
    assert rows["mlp"]["step"].endswith("!")
    assert not any("!" in figure for net in ("vgg4", "lenet5") for figure in rows[net].values())
    assert "! other work took its cores" in "\n".join(map(plain, summary(run, width=1000)))
    record = read(run)
    values = {row.cell["architecture"]: row.values for row in record.rows}
    assert in_words(values["mlp"]["step"]).partition(" (")[2].startswith("1 process, contended")
    assert "1 more left out: contended" in in_words(values["vgg4"]["step"])
    document = page(record)
    assert "What is marked contended was measured while other work took the cores" in document
    assert (
        "Left out of the numbers, since other work took their cores, but kept in the file: vgg4 (1 process)" in document
    )


@pytest.mark.parametrize("costs", [(0.0, 0.0), (0.0, 0.5)])
def test_a_cost_of_nothing_is_too_noisy_and_no_error(tmp_path, costs):
    run = create("mine", {"plan": {}}, tmp_path)
    for repeat, cost in enumerate(costs):
        run.append(
            Result(Cell("mlp"), "ok", repeat=repeat, measurements=(Measurement.of_value("relative_cost", cost, "p10"),))
        )
    assert overview(configurations(run), 0.03)[0]["relative cost"].endswith(": too noisy)")


def trained(reached, n=3, asked=None, lost=""):
    """The pooled rows of a configuration trained towards a target; `n` seeds tell, of as many as were asked for."""
    interval = {"low": 0.5, "high": 2.0} if n > 1 else {"low": None, "high": None}
    rows = [
        {"metric": "accuracy", "value": 0.97, "low": 0.96, "high": 0.98},
        {"metric": "reached", "value": reached, **({"low": 0.09, "high": 0.99} if n > 1 else {})},
        {"metric": "training_step", "value": 0.003, "low": 0.0015, "high": 0.006},
    ]
    if reached == 1:
        rows += [
            {"metric": "time_to_accuracy", "value": 1.2, **interval},
            {"metric": "steps_to_accuracy", "value": 400.0, **interval},
        ]
    row = {
        "id": "net",
        "machine": None,
        "status": "ok",
        "n": n,
        "seeds": asked or n,
        "lost": lost,
        "threads_used": None,
    }
    return pd.DataFrame([{**row, "seeds_run": list(range(n)), **figures} for figures in rows])


def test_accuracy_over_seeds_comes_with_its_interval_and_their_number():
    (row,) = overview(trained(1.0))
    assert row["accuracy"] == "97.0 ± 1.0 % (3 seeds)"
    assert "t interval over seeds" in legend(trained(1.0), {})


def test_accuracy_over_fewer_seeds_than_were_asked_for_says_so():
    (row,) = overview(trained(0.5, 4, 5, "1 diverged"))
    assert row["accuracy"] == "97.0 ± 1.0 % (4 of 5 seeds, 1 diverged)"
    (alone,) = overview(trained(0.5, 1, 3, "1 diverged, 1 failed"))
    assert alone["accuracy"] == "97.00 % (1 of 3 seeds, 1 diverged, 1 failed)"


@pytest.fixture
def mixed(tmp_path):
    """A run of which one of three seeds diverged and the others reached the target."""
    run = create("mine", {"plan": {"seeds": [0, 1, 2], "until": 0.9, "epochs": 1}}, tmp_path)
    for seed in range(2):
        found = (
            Measurement("accuracy", "1", "higher", 0.97, "final"),
            Measurement("reached", "1", "higher", 1, "share"),
        )
        run.append(Result(Cell("net", seed=seed), "ok", measurements=found))
    run.append(Result(Cell("net", seed=2), "diverged", "the loss is nan"))
    return run


def test_a_seed_that_diverged_did_not_reach_the_target(mixed):
    (row,) = overview(configurations(mixed))
    assert row["time to accuracy"] == "reached by 2 of 3 seeds, 1 diverged (9 % to 99 % of seeds)"
    assert (row["accuracy"], row["status"]) == ("97.00 ± 0.00 % (2 of 3 seeds, 1 diverged)", "diverged")


@pytest.mark.parametrize(
    ("seeds", "note"), [([3], "; seed 3"), ([4, 1, 2], "; seeds 1, 2 and 4"), ([0], ""), ([0, 1], "; seeds 0 and 1")]
)
def test_the_table_says_which_seeds_were_run_and_its_ids_do_not(tmp_path, seeds, note):
    run = create("mine", {"plan": {"seeds": seeds}}, tmp_path)
    for seed in seeds:
        run.append(Result(Cell("net", seed=seed), "ok", measurements=(Measurement("step", "s", "lower", 1.0, "p25"),)))
    heading, _, _, row, _, meaning = map(plain, summary(run, width=1000))
    assert (heading, row) == ("1 cell: sgd \u00b7 mnist \u00b7 batch 64 \u00b7 cpu \u00b7 1 thread", "net    1.00")
    assert meaning == f"times: 25th percentile of single steps{note}"
    assert overview(configurations(run))[0]["cell"] == "net-sgd-mnist-b64-cpu-t1"


def test_shown_as_json_each_seed_has_its_rows_and_their_configuration_the_pooled_ones(mixed, capsys):
    assert run_command_line(["show", str(mixed.folder), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    alone = {row["seed"]: (row["value"], row["status"]) for row in document["rows"] if row["metric"] == "reached"}
    assert alone == {0: (1.0, "ok"), 1: (1.0, "ok"), 2: (0.0, "diverged")}
    (pooled,) = [row for row in document["configurations"] if row["metric"] == "accuracy"]
    assert (pooled["n"], pooled["seeds"], pooled["seeds_run"], pooled["lost"]) == (2, 3, [0, 1, 2], "1 diverged")


@pytest.mark.parametrize(
    ("reached", "n", "told"),
    [
        (
            1.0,
            3,
            f"1.2 s {TIMES}/÷ 2.00 = 3.0 ms {TIMES}/÷ 2.00 x 400 {TIMES}/÷ 2.00, all 3 seeds (9 % to 99 % of seeds)",
        ),
        (2 / 3, 3, "reached by 2 of 3 seeds (9 % to 99 % of seeds)"),
        (0.0, 3, "reached by 0 of 3 seeds (9 % to 99 % of seeds)"),
        (0.0, 1, "not reached"),
    ],
)
def test_time_to_accuracy_is_split_or_said_to_be_missing(reached, n, told):
    (row,) = overview(trained(reached, n))
    assert row["time to accuracy"] == told
    assert "evaluation of 0.99 or more, 4 of them an epoch" in legend(trained(reached, n), {"until": 0.99})


def test_without_a_target_there_is_no_time_to_it():
    table = trained(1.0)
    (row,) = overview(table[table["metric"] == "accuracy"])
    assert "time to accuracy" not in row


def test_on_a_terminal_the_last_column_goes_on_below_itself():
    rows = [{"name": "a", "what": "one two three four five six"}, {"name": "longer", "what": "short"}]
    assert table_text(rows, 30) == ("name    what\na       one two three four\n        five six\nlonger  short")
    assert table_text(rows) == "name    what\na       one two three four five six\nlonger  short"
    assert table_text(rows, 20) == table_text(rows)


def test_energy_has_columns_where_it_was_counted_alone(tmp_path):
    plan = {"until": 0.9}
    plain, counted = create("plain", {"plan": plan}, tmp_path), create("counted", {"plan": plan}, tmp_path)
    times = {"step": 0.01, "reached": 1.0, "time_to_accuracy": 2.0, "training_step": 0.02, "steps_to_accuracy": 100.0}
    joules = {"energy_per_step": 0.25, "energy_per_image": 0.25 / 64, "idle_power": 12.5, "energy_to_accuracy": 52.0}
    for run, values in ((plain, times), (counted, times | joules)):
        measured = [Measurement.of_value(name, value, "mean") for name, value in values.items()]
        run.append(Result(Cell("mlp"), "ok", measurements=tuple(measured)))
    titles = {"energy an image", "energy a step", "energy to accuracy", "idle power"}
    (without,), (row,) = overview(configurations(plain)), overview(configurations(counted))

    assert titles & {*without} == set()
    assert [row[title] for title in sorted(titles)] == ["250 mJ", "3.91 mJ", "52.0 J", "12.5 W"]
    assert row["time to accuracy"] == "2.00 s = 20.0 ms x 100"
