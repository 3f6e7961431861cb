"""The contract of every metric: measured somewhere, pooled and shown as its row says, held to limits or refused."""

import ast
import json
from dataclasses import replace
from math import inf
from pathlib import Path
from time import perf_counter
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bench
from bench.cli.render.tables import overview
from bench.compare.sides import Comparison, Side, SideFacts
from bench.errors import BenchError
from bench.metrics import (
    COUNTS,
    FLOPS_OF,
    LAUNCHES_OF,
    METRICS,
    OPERATORS_OF,
    Metric,
    named,
    registered,
    row_of,
    symbol_of,
)
from bench.plan.cell import Cell
from bench.regression.direct import judge_budgets, judge_counts
from bench.regression.screening import Terms, compare
from bench.regression.tolerances import Tolerances, tolerances
from bench.report import load as page
from bench.report.table import columns, entries, in_words
from bench.report.units import quantity
from bench.store.frame import frame_of
from bench.store.result import Measurement, Result
from bench.store.run import create
from bench.store.stored import parse_line
from bench.store.summary import CellSummary
from bench.vocabulary import DIRECTIONS, GATES, METRIC_KINDS, POOLINGS, PairMetric
from tests.conftest import hasty

SOURCE = Path(bench.__file__).parent
CELL = Cell("debug")
# Measured only with a GPU or a C++ compiler: by its name, the module that spells it.
ELSEWHERE = {
    "compile_time": "worker/cell.py",
    "held_memory": "worker/cell.py",
    "compile_time_warm": "session/starts.py",
    "compile_time_restored": "session/starts.py",
    "compile_memory": "worker/cell.py",
    "compiled_graphs": "measure/compiled.py",
    "graph_breaks": "measure/compiled.py",
    "recompiles": "measure/compiled.py",
    "launching": "measure/speed.py",
    "mark_overhead": "measure/speed.py",
    "loader_cpu": "training/loading.py",
    "peak_memory_reserved": "devices/accelerator.py",
}
# Measured where several ranks train together, which a launch of theirs shows (tests/worker/test_ranks.py).
OF_RANKS = {"communication": "worker/ranks.py", "communication_exposed": "worker/ranks.py"}
UNITS = {"s": "s", "B": "B", "1/s": "images/s"}
# Which metrics a place takes, by the field of a row that says so.
TAKEN = {
    "shown": "relative_cost accuracy time_to_accuracy throughput step step_median forward backward optimizer "
    "peak_memory energy_per_image energy_per_step energy_to_accuracy idle_power parameters flops "
    "robust_accuracy_10 calibration_error call",
    "once_a_seed": "accuracy time_to_accuracy energy_to_accuracy training_throughput train_accuracy test_loss "
    "robust_accuracy_2 robust_accuracy_5 robust_accuracy_10 robust_accuracy_20 robust_accuracy_30 calibration_error "
    "reached training_step steps_to_accuracy accuracy_lost answers_differ answer_accuracy answers_lost answers_gained "
    "answers_scored",
    "signed": "accuracy_lost",
    "bounded": "loading_time latency latency_p90 latency_p99",
    "to_target": "time_to_accuracy energy_to_accuracy steps_to_accuracy",
    "imported": "parameters flops call step_wall inference_wall flops_forward",
    "followed": "relative_cost accuracy step call step_wall inference_wall",
    "changes": "relative_cost call step_wall inference_wall",
    "tradeoff": "relative_cost throughput peak_memory energy_per_image parameters",
    "tensorboard": "accuracy throughput step test_loss",
    "on_request": "energy_per_image energy_per_step energy_to_accuracy idle_power robust_accuracy_2 robust_accuracy_5 "
    "robust_accuracy_10 robust_accuracy_20 robust_accuracy_30 calibration_error compile_time_warm "
    "compile_time_restored",
    "derived": "step_median seconds_per_image weak_efficiency strong_efficiency accumulation_time accumulation_memory "
    "recompute_time recompute_held recompute_memory loading_time pays_after_steps pays_after_seconds",
}
every_metric = pytest.mark.parametrize("row", METRICS.values(), ids=METRICS)


@pytest.fixture(scope="module")
def of_task():
    """The names of what a real task hands over that trains towards a target."""
    from bench.counters import energy
    from bench.plan.task import Task
    from bench.worker import cell
    from tests.counters.doubles import FakeCounter
    from tests.measure.recording import Heard

    heard = Heard()
    task = Task(CELL, blocks=1, epochs=1, until=0.3, checkpoint=True, insight=True, energy=True)
    counter = FakeCounter(wraps_at=inf, clock=perf_counter, watts=1.0)
    with pytest.MonkeyPatch.context() as patched, hasty():  # the counter for machines without one
        patched.setattr(cell, "meter_of", lambda _: energy.EnergyMeter([counter]))
        patched.setattr(energy, "IDLE_SECONDS", 0.05)
        cell.measure(task, heard)
    assert heard.of("status") == [("ok", None)]
    assert {kind for kind, _, _ in heard.of("file")} == {"checkpoint"}
    return {one["metric"] for found in heard.of("measurements") for one in found}


def of_profile():
    """By the function that makes metrics of a profile, as if every phase had launched a kernel."""
    from bench.measure.profile import profile_metrics

    summary = {"phases": {"forward": 2.0}, "launches": dict.fromkeys(LAUNCHES_OF, 3)}
    return {one.metric for one in profile_metrics(summary, 1.0, 1)}


def of_flops():
    """By the category of each operator that has a formula; no cell of the catalogue has attention."""
    from bench.measure.flops import FORMULAS
    from bench.trace.categories import category_of

    kinds = {category_of([f"aten::{operator.__name__}"]) for operator in FORMULAS}
    return {FLOPS_OF.get(kind, FLOPS_OF["other"]) for kind in kinds}


def of_closure():
    """By the timed steps of an optimizer that evaluates the model itself."""
    from bench.devices import CpuDevice
    from bench.measure.speed import measure_phases

    work = workload_of(replace(CELL, optimizer="lbfgs"), CpuDevice())
    return {one.metric for one in measure_phases(work, 1, 1)[1]}


def of_answers():
    """By a task whose net answers by an engine, all in this process."""
    from bench.plan.task import Task
    from bench.worker.engine import EngineTask
    from tests.engines.inprocess import asked_here
    from tests.measure.recording import Heard

    heard = Heard()
    with asked_here(), hasty():
        EngineTask(Task(replace(CELL, batch_size=512, engine="eager"), epochs=1), heard).measure()
    return {one["metric"] for found in heard.of("measurements") for one in found}


def of_copy():
    """By the block that times a copy, on a device that has one to make."""
    from bench.devices import CpuDevice
    from bench.measure.speed import measure_copy

    class Apart(CpuDevice):
        def copy_of(self, images, labels):
            def step(mark):
                mark()
                images.clone()
                mark()

            return step

    return {one.metric for one in measure_copy(workload_of(CELL, Apart()))}


def workload_of(cell, device):
    import torch

    from bench.measure.workload import Workload

    return Workload(cell, device, torch.rand(64, 1, 28, 28), torch.arange(64) % 10, 10)


def of_import(folder):
    """By the reader of pytest-benchmark's files."""
    from bench.store.pytest_benchmark import read

    noted = [{"bench_cell": CELL.to_dict(), "bench_part": part} for part in ("train", "inference")]
    benchmarks = [{"name": "it", "stats": {"median": 0.1}, "extra_info": extra} for extra in ({}, *noted)]
    path = folder / "imported.json"
    path.write_text(json.dumps({"machine_info": {}, "benchmarks": benchmarks, "version": "5.1.0"}))
    return {one.metric for result in read(path)[1] for one in result.measurements}


def of_page(folder):
    """By the page, from the samples of another metric, or beside another cell."""
    run = create("mine", {}, folder)
    run.append(Result(CELL, "ok", measurements=(Measurement.of_samples("step", np.full(9, 0.1)),)))
    rate = (Measurement.of_value("throughput", 1.0, "p25"),)
    for size, ranks in ((64, 1), (128, 1), (128, 2)):  # weak scaling of the first, strong scaling of the second
        run.append(Result(replace(CELL, batch_size=size, world_size=ranks), "ok", repeat=1, measurements=rate))
    for parts, metric in ((parts, metric) for parts in (1, 4) for metric in ("step", "peak_memory")):
        taken = (Measurement.of_value(metric, 1.0, "p25"),)
        run.append(
            Result(replace(CELL, batch_size=256, accumulate=parts), "ok", repeat=len(metric), measurements=taken)
        )
    for at, metric in enumerate(("step", "peak_memory", "held_memory")):
        for mode in ("eager", "recompute"):
            taken = (Measurement.of_value(metric, 1.0, "p25"),)
            run.append(Result(replace(CELL, batch_size=512, mode=mode), "ok", repeat=at, measurements=taken))
    wall = (Measurement.of_value("step_wall", 1.0, "p25"),)
    for loader in ("resident", "dataloader"):
        run.append(Result(replace(CELL, batch_size=2048, loader=loader), "ok", repeat=3, measurements=wall))
    for mode, seconds in (("eager", 1.0), ("compile", 0.5)):
        taken = tuple(Measurement.of_value(metric, seconds, "p25") for metric in ("step", "compile_time"))
        for repeat in (0, 1):
            run.append(Result(replace(CELL, batch_size=1024, mode=mode), "ok", repeat=repeat, measurements=taken))
    return {name for row in page.read(run).rows for name in row.values} - {*ELSEWHERE}


def of_ab():
    """By a comparison, of sides whose batch sizes are equal and of sides whose differ."""
    before, sizes = Side(None, CELL), (CELL.batch_size, 2 * CELL.batch_size)
    afters = [Side(None, replace(CELL, batch_size=size)) for size in sizes]
    facts = {"before": SideFacts("a"), "after": SideFacts("b"), "system": {}}
    return {Comparison(sides={"net": (before, after)}, **facts).metric for after in afters}


def test_every_row_is_measured_somewhere_and_all_that_is_measured_has_a_row(of_task, tmp_path):
    measured = of_task | of_profile() | of_flops() | of_closure() | of_copy() | of_answers() | of_import(tmp_path)
    for name, module in (ELSEWHERE | OF_RANKS).items():
        assert name not in measured, f"{name} is measured here: take it out of ELSEWHERE"
        assert f'"{name}"' in (SOURCE / module).read_text("utf-8")
    stored = set(named(lambda row: not row.derived))
    assert measured | set(ELSEWHERE) | set(OF_RANKS) == stored
    assert (of_page(tmp_path / "results") | of_ab()) - measured - set(ELSEWHERE) == set(METRICS) - stored


def test_no_measurement_is_made_past_the_rows():
    """Only `of_value`, `of_samples` and the reader of files may call the constructor."""
    calls = [
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Measurement"
    ]
    assert calls == []
    with pytest.raises(ValueError, match=r"no metric is called 'speed': give it a row in bench/metrics\.py"):
        Measurement.of_value("speed", 1.0, "exact")
    with pytest.raises(ValueError, match="no metric is called 'speed'"):
        Measurement.of_samples("speed", np.ones(3))


@pytest.mark.parametrize("place", TAKEN)
def test_a_place_takes_these_metrics_and_no_other(place):
    assert [row.name for row in METRICS.values() if getattr(row, place)] == TAKEN[place].split()


@every_metric
def test_a_row_uses_the_closed_words_and_says_what_the_metric_is(row):
    assert (row.direction in DIRECTIONS, row.kind in METRIC_KINDS, row.pooled in POOLINGS) == (True, True, True)
    assert row.judged_by in (None, *GATES)
    assert row.heading
    assert row.note
    assert [other.name for other in METRICS.values() if other.heading == row.heading] == [row.name]
    assert (row.kind == "exact") == (row.judged_by == "exact counts") == (row.pooled == "once")


def lines_of(row: Metric, *values):
    """Stored lines of one cell, a process each."""
    statistic = {"once": "exact", "proportion": "share"}.get(row.pooled, "mean")
    for repeat, value in enumerate(values):
        taken = (Measurement.of_value(row.name, value, statistic),)
        yield parse_line(Result(CELL, "ok", repeat=repeat, measurements=taken).to_line().encode())


@every_metric
def test_processes_are_pooled_as_the_row_says(row):
    values = {"once": [8.0] * 3, "proportion": [0.0, 1.0, 1.0]}.get(row.pooled, [0.1, 0.2, 0.9])
    (pooled,) = frame_of(lines_of(row, *values)).to_dict("records")
    assert (pooled["unit"], pooled["direction"], pooled["n"]) == (row.unit, row.direction, 3)
    mean = {"log_mean": stats.gmean, "mean": np.mean, "proportion": np.mean, "once": np.mean}[row.pooled]
    assert pooled["value"] == pytest.approx(mean(values))
    if row.pooled == "once":
        assert pd.isna(pooled["low"])
    elif row.pooled == "proportion":
        ends = stats.binomtest(2, 3).proportion_ci(method="exact")
        assert (pooled["low"], pooled["high"]) == pytest.approx((ends.low, ends.high))
    else:
        scale, back = (np.log, np.exp) if row.pooled == "log_mean" else (np.asarray, float)
        low, high = stats.t.interval(0.95, 2, scale(values).mean(), stats.sem(scale(values)))
        assert (pooled["low"], pooled["high"]) == pytest.approx((back(low), back(high)))


@every_metric
def test_a_number_is_shown_by_its_kind_on_the_page(row, tmp_path):
    run = create("mine", {}, tmp_path)
    taken = (Measurement.of_value(row.name, 0.25, "mean"),)
    run.append(Result(CELL, "ok", measurements=taken))
    record = page.read(run)
    (column,) = [column for column in columns(record) if column.metric == row.name] or [None]
    if row.to_target:  # the page tells it for any target, from the record of training
        assert column is None
        return
    (entry,) = entries(record, column).values()
    expected = {
        "share": ("%", "25.00"), "ratio": ("\u00d7", "0.250"), "time": ("ms", "250"),
        "rate": (row.symbol or "images/s", "0.250"), "energy": (f"m{row.symbol}", "250"),
    }.get(row.kind, (row.symbol, "0.250"))  # fmt: skip
    unit = f"{column.unit.split()[0]}" if column.unit else ""
    assert (column.heading, column.shown, unit, entry.text) == (row.heading, row.shown, *expected)
    assert column.note.startswith(row.note)
    assert in_words(record.rows[0].values[row.name]).startswith(row.words)
    assert ("seed" in entry.words) == row.once_a_seed


@pytest.mark.parametrize("axis", ["dtype", "mode", "implementation", "memory_format"])
def test_an_error_of_the_arithmetic_stands_on_the_page_where_cells_differ_in_it(axis, tmp_path):
    run = create("mine", {}, tmp_path)
    taken = (Measurement.of_value("gradient_error", 2.5e-7, "single"),)
    run.append(Result(CELL, "ok", measurements=taken))
    assert [column.shown for column in columns(page.read(run))] == [False]
    run.append(Result(replace(CELL, **{axis: "another"}), "ok", measurements=taken))
    record = page.read(run)
    (column,) = columns(record)
    assert column.shown
    assert {entry.text for entry in entries(record, column).values()} == {"2.5e-07"}


@every_metric
def test_a_number_in_a_sentence_has_its_unit(row):
    text = quantity(row.name, row.unit, 0.5).replace("\u00a0", " ")
    kinds = {"share": "50.00 %", "ratio": "0.500\u00d7", "rate": "0.500 images/s", "time": "500 ms"}
    kinds |= {"rate": f"0.500 {row.symbol}"} if row.symbol else {}
    kinds["energy"] = f"500 m{row.symbol}"
    assert text == kinds.get(row.kind, f"0.500 {row.symbol}".strip())


@every_metric
def test_a_number_has_its_column_on_the_terminal_or_none(row):
    others = {
        "id": "net",
        "machine": None,
        "status": "ok",
        "n": 1,
        "seeds": 1,
        "lost": "",
        "low": None,
        "high": None,
        "median": 0.25,
    }
    also = "step" if row.name == "step_median" else "reached" if row.to_target and row.terminal else row.name
    names = {row.name, also} | ({"time_to_accuracy", "training_step", "steps_to_accuracy"} if row.to_target else set())
    values = {name: float(row.to_target) if name == "reached" else 0.25 for name in names}
    table = pd.DataFrame([{**others, "metric": name, "value": value} for name, value in values.items()])
    if row.axes:  # its column stands where cells differ in one of them
        assert row.terminal not in overview(table)[0]
        table = pd.concat([table.assign(**{row.axes[0]: word}, id=word) for word in ("a", "b")])
    line, *_ = overview(table)
    own = {title: text for title, text in line.items() if title not in ("cell", "status") and text != "-"}
    assert (row.terminal in own) == bool(row.terminal)
    if row.terminal:
        figure = {"share": "25.00 %", "ratio": "0.250 (one process: no interval)", "time": "250 ms"}
        figure["energy"] = f"250 m{row.symbol}"
        expected = figure.get(row.kind, "0.250")
        assert own[row.terminal].startswith(expected)


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "mine.toml"
        path.write_text(text)
        return tolerances(path)

    return write


@every_metric
def test_a_budget_holds_in_the_direction_of_the_metric_or_is_refused(row, file):
    text = f"[budgets]\n{row.name} = 0.5\n"
    if row.direction == "none" or row.derived:
        with pytest.raises(BenchError, match=rf"mine\.toml: budgets\.{row.name}: .*list metrics"):
            file(text)
        return
    verdicts = {}
    for value in (0.4, 0.5, 0.6):
        (verdict,) = judge_budgets(CellSummary(cell=CELL, run="mine"), file(text), {row.name: value})
        assert (verdict.direction, verdict.unit) == (row.direction, row.unit)
        verdicts[value] = verdict.verdict
    worse, better = (0.4, 0.6) if row.direction == "higher" else (0.6, 0.4)
    assert verdicts == {worse: "regressed", 0.5: "unchanged", better: "unchanged"}


def reading_of(row: Metric, factor, run="new", noise=0.0):
    """What a run says of a cell: the metric, `factor` times what it is in the baseline."""
    fields = {
        "screening": {"log_cost": float(np.log(factor)) + noise, "processes": 3},
        "memory": {"peak_memory": 1e9 * factor},
        "accuracy": {"accuracy": dict.fromkeys(range(3), 0.5 * factor) | {0: 0.5 * factor + noise}, "epochs": 1},
        "exact counts": {"counts": {row.name: 1000 * factor}},
    }
    return CellSummary(cell=CELL, run=run, **fields[row.judged_by])


@pytest.mark.parametrize("form", ["[tolerances]", '[cells."debug-*".tolerances]'])
@every_metric
def test_a_tolerance_holds_in_the_direction_of_the_metric_or_is_refused(row, form, file):
    text = f"{form}\n{row.name} = 0.1\n"
    if not row.judged_by:
        with pytest.raises(BenchError, match=rf"tolerances\.{row.name}: nothing judges this metric.*list metrics"):
            file(text)
        return
    allowed = file(text)
    stored = [reading_of(row, 1.0, f"old{at}", noise=1e-4 * at) for at in range(8)]
    worse = -1 if row.direction == "higher" else 1
    outcomes = {}
    for change in (0.05, 0.5, -0.5):
        new = reading_of(row, 1 + worse * change)
        share = allowed.share(CELL.id, row.name)
        compared = compare([new], stored, Terms(allowed, {CELL.id: share}, {}))
        name = COUNTS if row.judged_by == "exact counts" else row.name
        (verdict,) = [verdict for verdict in compared.verdicts if verdict.metric == name]
        outcomes[change] = "suspect" if compared.suspects or compared.falls else verdict.verdict
    again = row.judged_by in ("screening", "accuracy")  # measured or trained again before it fails
    bad = "suspect" if again else "regressed"
    assert outcomes == {0.05: "unchanged", 0.5: bad, -0.5: "improved"}


@every_metric
def test_a_reading_says_which_metric_a_gate_can_judge(row):
    if row.judged_by:
        assert reading_of(row, 1.0).judgeable == {row.name}
    assert CellSummary(cell=CELL, run="none").judgeable == set()


def test_a_verdict_is_about_a_metric_with_a_row_or_about_the_counts():
    assert set(get_args(PairMetric)) == of_ab() <= set(METRICS)
    assert COUNTS not in METRICS
    assert (METRICS["seconds_per_image"].direction, symbol_of("seconds_per_image", "s")) == ("lower", "s")
    before, after = (CellSummary(cell=CELL, run=run, counts={"flops": 1.0}) for run in ("old", "new"))
    (verdict,) = judge_counts(after, before, Tolerances())
    assert (verdict.metric, verdict.before, verdict.after) == (COUNTS, None, None)


def test_a_family_has_a_row_for_each_of_its_words():
    assert {*OPERATORS_OF.values(), *LAUNCHES_OF.values(), *FLOPS_OF.values()} <= set(METRICS)


def test_a_metric_of_another_version_is_known_by_its_unit():
    rows = [row_of("later", unit, "lower") for unit in ("s", "B", "1/s", "1")]
    assert [row.kind for row in rows] == ["time", "size", "rate", "count"]
    assert (row_of("step", "s"), rows[0].heading, rows[0].judged_by) == (registered("step"), "Later", None)
