"""Baselines on disk: lines that a person can review, and what becomes of damage."""

import json
import subprocess
from dataclasses import replace
from math import log

import pytest

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.store import baseline
from bench.store.fingerprint import Fingerprint, definition, fingerprint
from bench.store.result import Measurement
from bench.store.summary import CellSummary, summaries


@pytest.fixture
def summary():
    return CellSummary(
        cell=Cell("lenet5", optimizer="adam", learning_rate=0.01),
        run="first",
        revision="c0ffee" * 6,
        started="2026-01-01T00:00:00+00:00",
        machine=Fingerprint({"cpu": "made up", "threads": 1}),
        definition="d1",
        log_cost=0.8371234567,
        processes=6,
        step=0.00123456789,
        accuracy={0: 0.98, 1: 0.985},
        epochs=3,
        peak_memory=1234567.0,
        counts={"flops": 1e6, "operators_backward": 51.0},
    )


def rounded(summary):
    """What six significant digits leave of it."""
    return replace(summary, log_cost=0.837123, step=0.00123457)


def test_what_is_saved_is_read_again(summary, tmp_path):
    path, added = baseline.save("main", [summary], tmp_path)
    found = baseline.load("main", tmp_path)
    assert (path.name, added, found.problem) == ("main.jsonl", 1, "")
    assert found.summaries == (rounded(summary),)


def test_a_cost_of_exactly_the_references_is_kept(summary, tmp_path):
    baseline.save("main", [replace(summary, log_cost=0.0, accuracy={0: 0.0})], tmp_path)
    (found,) = baseline.load("main", tmp_path).summaries
    assert (found.log_cost, found.accuracy) == (0.0, {0: 0.0})


def test_what_is_unknown_stays_absent(tmp_path):
    bare = CellSummary(cell=Cell("lenet5"), run="bare")
    baseline.save("main", [bare], tmp_path)
    (found,) = baseline.load("main", tmp_path).summaries
    assert found == bare
    line = (tmp_path / "main.jsonl").read_text().splitlines()[-1]
    assert "null" not in line
    assert "memory" not in line


def test_a_further_run_adds_one_short_line_and_changes_none(summary, tmp_path):
    baseline.save("main", [summary], tmp_path)
    before = (tmp_path / "main.jsonl").read_text().splitlines()
    baseline.save("main", [replace(summary, run="second", log_cost=0.84)], tmp_path)
    after = (tmp_path / "main.jsonl").read_text().splitlines()
    assert after[: len(before)] == before
    assert len(after) == len(before) + 1
    assert len(after[-1]) < 500
    stored = json.loads(after[-1])
    assert list(stored) == sorted(stored)
    assert stored["cell"] == {"architecture": "lenet5", "learning_rate": 0.01, "optimizer": "adam"}
    assert (stored["log_cost"], stored["processes"], stored["peak_memory"]) == (0.84, 6, 1234567)


def test_counts_and_machines_stand_once_until_they_change(summary, tmp_path):
    other = replace(summary, run="third", counts={**summary.counts, "flops": 2e6})
    baseline.save("main", [summary, replace(summary, run="second"), other], tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "main.jsonl").read_text().splitlines()]
    assert sum("facts" in line for line in lines) == 1
    assert [line["exact"]["flops"] for line in lines if "exact" in line] == [1000000, 2000000]


def test_the_same_run_twice_adds_nothing(summary, tmp_path):
    baseline.save("main", [summary], tmp_path)
    before = (tmp_path / "main.jsonl").read_bytes()
    _, added = baseline.save("main", [summary], tmp_path)
    assert added == 0
    assert (tmp_path / "main.jsonl").read_bytes() == before


def test_a_half_written_last_line_is_told_and_the_rest_is_used(summary, tmp_path):
    baseline.save("main", [summary, replace(summary, run="second")], tmp_path)
    path = tmp_path / "main.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    found = baseline.load("main", tmp_path)
    assert "the last line was cut off" in found.problem
    assert found.runs() == ["first"]
    baseline.save("main", [replace(summary, run="third")], tmp_path)
    found = baseline.load("main", tmp_path)
    assert (found.problem, found.runs()) == ("", ["first", "third"])


def test_lines_that_a_merge_repeats_do_no_harm(summary, tmp_path):
    baseline.save("main", [summary], tmp_path)
    path = tmp_path / "main.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, *lines[1:3], lines[-1].replace('"first"', '"second"')]) + "\n")
    assert baseline.load("main", tmp_path).runs() == ["first", "second"]


@pytest.mark.parametrize("damage", ["<<<<", "[]", "3", '{"run": "x"}', '{"cell": {"architecture": "a"}}'])
def test_a_damaged_line_in_the_middle_is_refused_with_its_number(summary, tmp_path, damage):
    baseline.save("main", [summary], tmp_path)
    path = tmp_path / "main.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], damage, *lines[3:]]) + "\n")
    with pytest.raises(BenchError, match=r"main\.jsonl line 4 is damaged"):
        baseline.load("main", tmp_path)
    before = path.read_bytes()
    with pytest.raises(BenchError):
        baseline.save("main", [replace(summary, run="second")], tmp_path)
    assert path.read_bytes() == before


def test_another_schema_is_not_comparable(summary, tmp_path):
    baseline.save("main", [summary], tmp_path)
    path = tmp_path / "main.jsonl"
    path.write_text(path.read_text().replace('{"schema":2}', '{"schema":1}', 1))
    with pytest.raises(BenchError, match="has schema 1, this version reads 2") as raised:
        baseline.load("main", tmp_path)
    assert raised.value.exit_code == 4


def test_an_empty_file_is_a_baseline_without_runs(tmp_path):
    (tmp_path / "main.jsonl").touch()
    assert baseline.load("main", tmp_path).summaries == ()


def test_an_unknown_name_is_told_with_the_nearest(summary, tmp_path):
    with pytest.raises(BenchError, match="baseline save --name main"):
        baseline.load("main", tmp_path)
    baseline.save("main", [summary], tmp_path)
    with pytest.raises(BenchError, match="unknown baseline 'mian': did you mean 'main'"):
        baseline.load("mian", tmp_path)


@pytest.mark.parametrize("name", ["", "../main", "a/b", ".hidden"])
def test_a_name_that_is_no_file_name_is_refused(summary, tmp_path, name):
    with pytest.raises(BenchError, match="cannot name a baseline"):
        baseline.save(name, [summary], tmp_path)


def test_drop_removes_one_run_or_all(summary, tmp_path):
    baseline.save("main", [summary, replace(summary, run="second")], tmp_path)
    with pytest.raises(BenchError, match="did you mean 'second'"):
        baseline.drop("main", "secnd", tmp_path)
    assert baseline.drop("main", "first", tmp_path) == 1
    assert baseline.load("main", tmp_path).runs() == ["second"]
    assert baseline.drop("main", None, tmp_path) == 1
    assert baseline.names(tmp_path) == []


def test_a_run_gives_one_reading_a_cell_with_its_seeds_pooled(run, result):
    cell = Cell("lenet5", batch_size=32)
    for repeat, seed in ((0, 0), (1, 0), (0, 1)):
        run.append(result(seed=10 * seed + repeat, cell=replace(cell, seed=seed), repeat=repeat))
    run.append(result(cell=Cell("mlp"), measurements=()))
    lenet, mlp = summaries(run)
    stored = [one for line in run.results() if line.cell.architecture == "lenet5" for one in line.measurements]
    assert lenet.id == cell.id
    assert lenet.processes == 3
    assert set(lenet.accuracy) == {0, 1}
    assert lenet.counts == {"parameters": 1234.0}
    costs = [one.value for one in stored if one.metric == "relative_cost"]
    assert lenet.log_cost == pytest.approx(sum(map(log, costs)) / 3)
    assert (mlp.log_cost, mlp.step, mlp.peak_memory, mlp.accuracy) == (None, None, None, {})


def test_a_mark_is_kept_and_can_be_put_on_a_run_that_is_in_it_already(summary, tmp_path):
    other = replace(summary, run="second")
    baseline.save("main", [summary, other], tmp_path)
    before = (tmp_path / "main.jsonl").read_text().splitlines()
    assert "begins" not in before[-1]
    _, changed = baseline.save("main", [replace(other, begins="reset")], tmp_path)
    after = (tmp_path / "main.jsonl").read_text().splitlines()
    assert (changed, after[:-1]) == (1, before[:-1])
    assert json.loads(after[-1])["begins"] == "reset"
    assert [kept.begins for kept in baseline.load("main", tmp_path).summaries] == ["", "reset"]
    assert baseline.save("main", [other], tmp_path)[1] == 0  # a mark stays
    assert baseline.load("main", tmp_path).summaries[1].begins == "reset"


def test_an_unknown_mark_is_damage(summary, tmp_path):
    baseline.save("main", [replace(summary, begins="reset")], tmp_path)
    path = tmp_path / "main.jsonl"
    path.write_text(path.read_text().replace('"reset"', '"rest"'))
    with pytest.raises(BenchError, match="is damaged"):
        baseline.load("main", tmp_path)


@pytest.mark.parametrize("at", [0, 2, 99])
def test_a_conflict_that_git_left_is_called_so_with_what_helps(summary, tmp_path, at):
    baseline.save("main", [summary, replace(summary, run="second")], tmp_path)
    path = tmp_path / "main.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:at], "<<<<<<< HEAD\n", *lines[at:], "=======\n", ">>>>>>> theirs\n"]))
    number = min(at, len(lines)) + 1
    with pytest.raises(
        BenchError, match=rf"main.jsonl line {number} is a conflict .*keep the lines of both.*merge=union"
    ):
        baseline.load("main", tmp_path)


def test_git_joins_what_two_branches_accepted(summary, tmp_path):
    """With the line that the error gives, and that stands in this repository."""

    def git(*words):
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", "-C", tmp_path, *identity, *words], check=True, capture_output=True)

    folder = tmp_path / "results" / "baselines"
    git("init", "--quiet", "--initial-branch=main")
    (tmp_path / ".gitattributes").write_text("results/baselines/*.jsonl merge=union\n")
    baseline.save("main", [summary], folder)
    git("add", "--all")
    git("commit", "--quiet", "--message", "first")
    for branch in ("one", "other"):
        git("checkout", "--quiet", "-b", branch, "main")
        baseline.save("main", [replace(summary, run=branch)], folder)
        git("commit", "--quiet", "--all", "--message", branch)
    git("merge", "--quiet", "one")
    assert sorted(baseline.load("main", folder).runs()) == sorted(["first", "one", "other"])


def test_counts_stand_as_whole_numbers_where_they_are_whole(summary, tmp_path):
    path, _ = baseline.save("main", [replace(summary, counts={"flops": 1e6, "share": 0.5})], tmp_path)
    assert '"exact":{"flops":1000000,"share":0.5}' in path.read_text()


def test_a_file_of_an_odd_name_that_is_there_is_read(summary, tmp_path):
    path, _ = baseline.save("main", [summary], tmp_path)
    path.rename(tmp_path / "our main.jsonl")
    assert baseline.load("our main", tmp_path).runs() == ["first"]


@pytest.mark.parametrize(("log_cost", "fits"), [(-50.0, True), (50.0, True), (-50.5, False), (50.5, False)])
def test_a_cost_that_could_not_be_read_again_is_not_saved(summary, tmp_path, log_cost, fits):
    costly = replace(summary, log_cost=log_cost)
    if fits:
        baseline.save("main", [costly], tmp_path)
        assert baseline.load("main", tmp_path).summaries[0].log_cost == log_cost
        return
    with pytest.raises(BenchError, match=r"^what run 'first' says is damaged .*: measure it again$"):
        baseline.save("main", [costly], tmp_path)
    assert not (tmp_path / "main.jsonl").exists()


def test_only_what_was_measured_can_be_judged(summary):
    assert summary.judgeable == {"relative_cost", "peak_memory", "accuracy", "flops", "operators_backward"}
    bare = CellSummary(cell=Cell("lenet5"), run="bare")
    assert (bare.judgeable, bare.dirty, bare.processes, bare.machine_class) == (frozenset(), False, 0, "")
    assert replace(bare, log_cost=0.0).judgeable == {"relative_cost"}


def test_a_time_limit_leaves_open_what_a_cell_was_trained_for(run, result):
    run.append(result(training={"epochs": []}))
    assert [each.epochs for each in summaries(run)] == [1]
    run.append(result(repeat=1, training={"epochs": [], "limit": 60.0}))
    assert [each.epochs for each in summaries(run)] == [None]


@pytest.mark.parametrize(("cost", "log_cost"), [(0.5, log(0.5)), (1.0, 0.0), (0.0, None)])
def test_a_cost_has_a_logarithm_unless_it_is_0(run, result, cost, log_cost):
    run.append(result(measurements=(Measurement("relative_cost", "1", "lower", cost, "p25", 3),)))
    (only,) = summaries(run)
    assert only.log_cost == (None if log_cost is None else pytest.approx(log_cost))
    assert only.machine == fingerprint({"cpu": "made up"}, 3)
    assert only.definition == definition(Cell("mlp"), {}, 0)
