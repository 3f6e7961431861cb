"""Machines compared: every number of the page is one that can be worked out by hand from what was planted."""

import json
import re
from dataclasses import replace
from math import exp, log

import numpy as np
import pytest
from scipy import stats

from bench.cli import run_command_line
from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.report.across import across
from bench.report.crossover import crossovers
from bench.report.machine_order import cheaper, pairs_of
from bench.report.runs_document import document
from bench.report.runs_page import page, write
from bench.store.merge import merge
from bench.store.warning import Warning
from tests.store.planted import measured, recorded

PLAN = Plan(architectures=("mlp", "lenet5", "vgg4"), repeats=3)
SPREAD = (0.99, 1.0, 1.01)  # of three processes
# Seconds a step, and the cost relative to the reference, by machine and net. lenet5 and vgg4 turn round.
TIMES = {
    "xeon": {"mlp": (0.010, 1.0), "lenet5": (0.020, 2.0), "vgg4": (0.040, 4.0)},
    "epyc": {"mlp": (0.005, 1.0), "lenet5": (0.025, 5.0), "vgg4": (0.015, 3.0)},
}


def results(host, cells=None, seeds=(0,), accuracy=None):
    threads = {"xeon": 2, "epyc": 4}[host]
    return [
        measured(
            Cell(name, threads=threads, seed=seed),
            *(host, repeat),
            step=step * by,
            forward=step * by / 4,
            relative_cost=cost * by,
            **({"accuracy": accuracy[seed]} if accuracy and not repeat else {}),
        )
        for name, (step, cost) in (cells or TIMES[host]).items()
        for seed in seeds
        for repeat, by in enumerate(SPREAD)
    ]


@pytest.fixture
def runs(tmp_path):
    return [recorded(tmp_path, host, results(host), plan=PLAN) for host in TIMES]


def mean(step):
    return step * (SPREAD[0] * SPREAD[1] * SPREAD[2]) ** (1 / 3)


def net(compared, name):
    (known,) = (each for each in compared.nets if each.cell.architecture == name)
    return known


def swept(tmp_path, cpu, gpu, spread=0.01):
    """A run on a CPU and one on a GPU of one net with these seconds a step by batch."""
    by = (1 - spread, 1.0, 1 + spread)
    made = {"xeon": ("cpu", cpu), "h100": ("cuda:0", gpu)}
    return [
        recorded(
            *(tmp_path, host),
            [
                measured(Cell("mlp", batch_size=size, device=device, threads=2), host, repeat, step=step * factor)
                for size, step in steps.items()
                for repeat, factor in enumerate(by)
            ],
        )
        for host, (device, steps) in made.items()
    ]


def test_times_are_those_of_each_machine(runs):
    compared = across(runs)
    assert [machine.name for machine in compared.machines] == ["Xeon E5", "EPYC 7B13"]
    for machine, host in zip(compared.machines, TIMES, strict=True):
        for name, (step, cost) in TIMES[host].items():
            figures = net(compared, name).by_machine[machine.key]
            assert figures["step"].interval.value == pytest.approx(mean(step))
            assert figures["forward"].interval.value == pytest.approx(mean(step) / 4)
            assert figures["relative_cost"].interval.value == pytest.approx(mean(cost))
            logs = np.log(np.array(SPREAD) * step)
            expected = np.exp(stats.t.interval(0.95, 2, logs.mean(), stats.sem(logs)))
            assert (figures["step"].interval.low, figures["step"].interval.high) == pytest.approx(tuple(expected))


def test_a_merged_run_says_what_its_parts_say(runs, tmp_path):
    whole = merge(runs, "whole", root=tmp_path)
    alone, together = document(across(runs)), document(across([whole]))
    assert together == alone


def test_what_a_net_learns_is_over_all_machines_and_n_counts_seeds(tmp_path):
    learnt = {"xeon": {0: 0.90, 1: 0.96}, "epyc": {0: 0.92, 1: 0.94}}
    runs = [
        recorded(tmp_path, host, results(host, seeds=(0, 1), accuracy=values), plan=PLAN)
        for host, values in learnt.items()
    ]
    figure = net(across(runs), "mlp").learnt["accuracy"].interval
    assert (figure.value, figure.n) == (pytest.approx((0.91 + 0.95) / 2), 2)


def test_an_order_that_holds_is_told_from_one_that_turns_round(runs):
    pairs = pairs_of(across(runs))
    found = {(pair.first.cell.architecture, pair.second.cell.architecture): pair.holds for pair in pairs}
    assert found == {
        ("mlp", "lenet5"): "everywhere",
        ("mlp", "vgg4"): "everywhere",
        ("lenet5", "vgg4"): "turns round",
    }
    assert {name.partition("-")[0]: len(dearer) for name, dearer in cheaper(pairs).items()} == {"mlp": 2}


def test_the_ratio_of_a_pair_has_welchs_interval(runs):
    compared = across(runs)
    (pair,) = (pair for pair in pairs_of(compared) if pair.holds == "turns round")
    for machine, expected in zip(compared.machines, (2.0 / 4.0, 5.0 / 3.0), strict=True):
        known = pair.ratios[machine.key]
        half = stats.t.ppf(0.975, 4) * np.sqrt(2 * np.var(np.log(SPREAD), ddof=1) / 3)
        assert known.value == pytest.approx(expected)
        assert (log(known.low), log(known.high)) == pytest.approx((log(expected) - half, log(expected) + half))


def test_equal_nets_are_not_told_apart(tmp_path):
    equal = {"mlp": (0.010, 1.0), "lenet5": (0.010, 1.002)}
    runs = [recorded(tmp_path, host, results(host, equal), plan=PLAN) for host in TIMES]
    assert [pair.holds for pair in pairs_of(across(runs))] == ["not told apart"]


def test_one_machine_that_cannot_tell_keeps_an_order_from_holding(tmp_path):
    costs = {"xeon": {"mlp": (0.01, 1.0), "lenet5": (0.02, 2.0)}, "epyc": {"mlp": (0.01, 1.0), "lenet5": (0.01, 1.002)}}
    runs = [recorded(tmp_path, host, results(host, cells), plan=PLAN) for host, cells in costs.items()]
    assert [pair.holds for pair in pairs_of(across(runs))] == ["not told apart"]


def test_contended_costs_tell_nothing_apart(tmp_path):
    disturbed = (Warning("relative cost", "contended", 0.5, "other work took the core"),)
    runs = [
        recorded(tmp_path, host, [replace(result, warnings=disturbed) for result in results(host)], plan=PLAN)
        for host in TIMES
    ]
    assert {pair.holds for pair in pairs_of(across(runs))} == {"not told apart"}


def test_nets_of_other_data_are_not_compared(tmp_path):
    runs = []
    for host in TIMES:
        taken = results(host, {"mlp": (0.01, 1.0)})
        other = [replace(result, cell=replace(result.cell, dataset="cifar10")) for result in taken]
        runs.append(recorded(tmp_path, host, [*taken, *other], plan=PLAN))
    compared = across(runs)
    assert len(compared.nets) == 2
    assert pairs_of(compared) == []


def test_the_crossover_lies_between_the_batches_that_tell(tmp_path):
    runs = swept(tmp_path, {8: 0.001, 32: 0.002, 128: 0.008}, {8: 0.002, 32: 0.002, 128: 0.002})
    (crossover,) = crossovers(across(runs))
    assert (crossover.net, crossover.last_cpu, crossover.first_gpu) == ("mlp-sgd-mnist", 8, 128)
    assert crossover.batch == pytest.approx(32.0)
    assert [each.value for each in crossover.ratios.values()] == pytest.approx([2.0, 1.0, 0.25])
    assert (crossover.cpu.name, crossover.gpu.name) == ("Xeon E5", "NVIDIA H100")


def test_the_crossover_is_read_off_a_line_on_log_axes(tmp_path):
    runs = swept(tmp_path, {8: 0.001, 128: 0.016}, {8: 0.002, 128: 0.004})
    (crossover,) = crossovers(across(runs))
    assert crossover.batch == pytest.approx(exp(log(8) + log(16) * log(2) / (log(2) + log(4))))


@pytest.mark.parametrize(
    ("cpu", "gpu", "words"),
    [
        ({8: 0.01, 32: 0.04}, {8: 0.001, 32: 0.001}, "the GPU is faster from the smallest batch on, 8"),
        ({8: 0.001, 32: 0.001}, {8: 0.01, 32: 0.01}, "the CPU is faster up to the largest batch, 32"),
        ({8: 0.001, 32: 0.008}, {8: 0.002, 32: 0.002}, "about 12.7: after 8, at 32 at the latest"),
    ],
)
def test_the_crossover_in_words(tmp_path, cpu, gpu, words):
    runs = swept(tmp_path, cpu, gpu)
    assert words in page(runs, across(runs))


def test_noise_widens_the_bracket(tmp_path):
    times = {8: 0.001, 32: 0.0022, 128: 0.016}, {8: 0.004, 32: 0.002, 128: 0.002}
    quiet, noisy = swept(tmp_path / "quiet", *times), swept(tmp_path / "noisy", *times, spread=0.2)
    ((sharp,), (wide,)) = (crossovers(across(runs)) for runs in (quiet, noisy))
    assert (sharp.last_cpu, sharp.first_gpu) == (8, 32)
    assert (wide.last_cpu, wide.first_gpu) == (8, 128)


def test_two_hosts_of_one_class_are_two_machines_named_by_their_runs(tmp_path):
    runs = [recorded(tmp_path, name, results("xeon"), plan=PLAN) for name in ("monday", "tuesday")]
    names = [machine.name for machine in across(runs).machines]
    assert names[0].endswith("in monday")
    assert names[1].endswith("in tuesday")


def test_shards_of_one_class_are_one_machine(tmp_path):
    parts = [{"mlp": TIMES["xeon"]["mlp"]}, {"vgg4": TIMES["xeon"]["vgg4"]}]
    runs = [recorded(tmp_path, f"s{at}", results("xeon", part), plan=PLAN) for at, part in enumerate(parts)]
    with pytest.raises(BenchError, match="1 machine measured"):
        across(runs)
    assert len(across([*runs, recorded(tmp_path, "epyc", results("epyc"), plan=PLAN)]).machines) == 2


def test_the_page_has_the_numbers(runs, tmp_path):
    path = write(runs, across(runs), tmp_path / "reports")
    text = re.sub(r"\s+", " ", path.read_text("utf-8").replace("\u00a0", " "))
    assert path.name == "xeon+epyc.html"
    assert "Of 3 pairs of nets, 2 have one order on every machine, 1 turn round" in text
    assert re.search(r"EPYC 7B13</th>.*?5\.00 ms \(± 2\.\d %\)", text)
    assert re.search(r"<td>2\.000?\S \(1\.9\d+ to 2\.0\d+\)</td>", text)
    assert "xeon+epyc.html" in (tmp_path / "reports" / "index.html").read_text("utf-8").replace("%2B", "+")


def test_a_page_shows_no_markup_of_a_name(tmp_path):
    cells = {"<script>alert(1)</script>": (0.01, 1.0)}
    runs = [recorded(tmp_path, host, results(host, cells), plan=PLAN) for host in TIMES]
    text = page(runs, across(runs))
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_the_command_compares_and_prints_plain_data(runs, tmp_path, monkeypatch, capfd):
    (tmp_path / "results").mkdir()
    for run in runs:
        run.folder.rename(tmp_path / "results" / run.name)
    monkeypatch.chdir(tmp_path)
    assert run_command_line(["report", "xeon", "epyc", "--json"]) == 0
    printed = json.loads(capfd.readouterr().out)
    assert printed["report"] == "reports/xeon+epyc.html"
    assert [machine["name"] for machine in printed["machines"]] == ["Xeon E5", "EPYC 7B13"]
    assert {order["holds"] for order in printed["orders"]} == {"everywhere", "turns round"}


def test_the_commands_merge_and_report_a_run_of_several_machines(runs, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert run_command_line(["merge", "xeon", "epyc", "--run", "whole", "--json"]) == 0
    printed = json.loads(capfd.readouterr().out)
    assert (printed["cells"], printed["merged"], printed["missing"]) == (6, ["xeon", "epyc"], [])
    assert run_command_line(["report", "whole"]) == 0
    assert capfd.readouterr().out.split() == ["reports/whole.html", "reports/whole+machines.html"]
    assert run_command_line(["merge", "xeon", "whole"]) == 2
    assert capfd.readouterr().err.count("\n") == 1
