"""Merge: shards and machines become one run, whose lines are those of the parts; what is no part of it is refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.store.fingerprint import machine_of
from bench.store.merge import merge, missing_shards
from bench.store.result import Result
from bench.store.run import Run, create, load
from tests.store.planted import CODE, HOSTS, measured, recorded

NETS = ("mlp", "lenet5", "vgg4", "convnet")
PLAN = Plan(architectures=NETS, repeats=2)


def results(names, host, repeats=2):
    return [
        measured(Cell(name), host, repeat, relative_cost=2.0, step=0.01) for name in names for repeat in range(repeats)
    ]


@pytest.fixture
def shards(tmp_path):
    """Two shards of a plan, of two nets each, on one class of machines."""
    return [
        recorded(tmp_path, f"s{at}", results(names, "xeon"), plan=replace(PLAN, shard=f"{at}/2"))
        for at, names in ((1, NETS[:2]), (2, NETS[2:]))
    ]


def raw(run):
    return [json.loads(line) for line in (run.folder / "results.jsonl").read_text().splitlines()]


def refused(runs, tmp_path, match):
    with pytest.raises(BenchError, match=match) as caught:
        merge(runs, "whole", root=tmp_path)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "whole").exists()


def test_the_lines_are_those_of_the_parts_each_with_its_run(shards, tmp_path):
    merged = merge(shards, "whole", root=tmp_path)
    lines = raw(load("whole", tmp_path))
    assert [line.pop("run") for line in lines] == ["s1"] * 4 + ["s2"] * 4
    assert lines == [line for run in shards for line in raw(run)]
    assert merged.facts == load("whole", tmp_path).facts


def test_the_system_that_each_process_saw_is_kept(tmp_path):
    runs = [recorded(tmp_path, host, results(NETS, host), plan=PLAN) for host in ("xeon", "epyc")]
    lines = list(load(merge(runs, "whole", root=tmp_path).name, tmp_path).lines())
    assert {(line["run"], line["system"]["cpu"]) for line in lines} == {("xeon", "Xeon E5"), ("epyc", "EPYC 7B13")}
    assert len(lines) == 16
    assert {line["machine"] for line in lines} == {machine_of(HOSTS["xeon"]), machine_of(HOSTS["epyc"])}


def test_what_each_part_was_is_recorded(shards, tmp_path):
    facts = merge(shards, "whole", "bench merge s1 s2", tmp_path).facts
    assert [(part["run"], part["shard"], part["nodes"]) for part in facts.merged] == [
        ("s1", "1/2", ["s1"]),
        ("s2", "2/2", ["s2"]),
    ]
    assert (facts.status, facts.plan["shard"], facts.command) == ("finished", "", "bench merge s1 s2")
    assert (facts.git.revision, facts.source, facts.protocol) == (
        CODE["git"]["revision"],
        CODE["source"],
        CODE["protocol"],
    )


def test_what_was_merged_can_be_merged_further(shards, tmp_path):
    first = merge(shards, "both", root=tmp_path)
    other = recorded(tmp_path, "epyc", results(NETS, "epyc"), plan=PLAN)
    whole = merge([first, other], "whole", root=tmp_path)
    assert {line["run"] for line in whole.lines()} == {"s1", "s2", "epyc"}
    assert [part["run"] for part in whole.facts.merged] == ["s1", "s2", "epyc"]


def test_trials_of_learning_rates_come_along(tmp_path):
    plan = replace(PLAN, tune=3)
    trial = Cell("mlp", learning_rate=0.1, split="validation", seed=1)
    runs = [
        recorded(tmp_path, f"s{at}", [measured(cell, "xeon", accuracy=0.9)], plan=replace(plan, shard=f"{at}/2"))
        for at, cell in ((1, trial), (2, replace(trial, architecture="vgg4")))
    ]
    merged = merge(runs, "whole", root=tmp_path)
    assert len(raw(merged)) == 2
    assert list(merged.lines()) == []


def test_profiles_and_weights_come_along(shards, tmp_path):
    for run in shards:
        (run.folder / "traces" / "cell").mkdir(parents=True)
        (run.folder / "traces" / "cell" / f"{run.name}.pt.trace.json").write_text(run.name)
    merged = merge(shards, "whole", root=tmp_path)
    assert [path.read_text() for path in merged.traces()] == ["s1", "s2"]


def test_what_all_shards_left_out_stands_there_once(tmp_path):
    left_out = Result(Cell("mlp", dtype="float16"), "skipped", "not on this device")
    runs = [
        recorded(tmp_path, f"s{at}", [left_out, *results([name], "xeon")], plan=replace(PLAN, shard=f"{at}/2"))
        for at, name in ((1, "mlp"), (2, "vgg4"))
    ]
    lines = raw(merge(runs, "whole", root=tmp_path))
    assert [line["status"] for line in lines].count("skipped") == 1
    assert len(lines) == 5


def test_a_run_that_ended_early_makes_the_whole_end_early(shards, tmp_path):
    shards[1].note(status="out of time")
    assert merge(shards, "whole", root=tmp_path).facts.status == "out of time"


def test_ceilings_are_kept_where_there_is_one_class_of_machines(tmp_path):
    ceilings = [{"device": "cpu", "dtype": "float32", "threads": 1, "flops_per_second": 1e10}]
    same = [
        recorded(tmp_path, f"s{at}", results([name], "xeon"), plan=replace(PLAN, shard=f"{at}/2"), ceilings=ceilings)
        for at, name in ((1, "mlp"), (2, "vgg4"))
    ]
    assert merge(same, "one", root=tmp_path).facts.ceilings == tuple(ceilings)
    unlike = [recorded(tmp_path, host, results(NETS, host), plan=PLAN, ceilings=ceilings) for host in ("xeon", "epyc")]
    whole = merge(unlike, "two", root=tmp_path).facts
    assert whole.ceilings is None
    assert [part["ceilings"] for part in whole.merged] == [ceilings, ceilings]


@given(st.permutations([1, 2, 3, 4]), st.integers(1, 4))
def test_shards_that_are_missing_are_known(order, kept):
    runs = [Run(Path(f"s{at}"), {"plan": {"shard": f"{at}/4"}}) for at in order[:kept]]
    assert missing_shards(runs) == [f"{at}/4" for at in sorted(order[kept:])]


def test_one_run_is_refused(shards, tmp_path):
    refused(shards[:1], tmp_path, "merge joins two runs or more")


def test_the_same_run_twice_is_refused(shards, tmp_path):
    refused([shards[0], shards[0]], tmp_path, "run 's1' is named twice")


@pytest.mark.parametrize("status", ["running", "unknown"])
def test_a_run_that_goes_on_is_refused(shards, tmp_path, status):
    shards[1].note(status=status)
    refused(shards, tmp_path, f"run 's2' is {status}, not finished: .*--resume s2")


def test_an_imported_run_is_refused(shards, tmp_path):
    shards[1].note(imported="file.json")
    refused(shards, tmp_path, r"run 's2' was imported from file\.json")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("batch_sizes", (128,), "--batch-sizes 128 instead of 64"),
        ("epochs", 5, "--epochs 5 instead of 1"),
        ("devices", ("cuda",), "--devices cuda instead of cpu"),
        ("blocks", 7, "--blocks 7 instead of 15"),
        ("repeats", 9, "--repeats 9 instead of 2"),
        ("threads", (2,), "--threads 2 instead of nothing"),
        ("tune", 3, "--tune 3 instead of 0"),
        ("profile", True, "--profile True instead of False"),
    ],
)
def test_another_plan_is_refused_and_the_field_is_named_with_both_values(tmp_path, field, value, words):
    first = recorded(tmp_path, "a", results(NETS[:2], "xeon"), plan=PLAN)
    other = recorded(tmp_path, "b", results(NETS[2:], "xeon"), plan=replace(PLAN, **{field: value}))
    refused([first, other], tmp_path, f"run 'b' is of another plan than 'a' .{words}.")


@pytest.mark.parametrize(
    "free",
    [{"budget": 60.0}, {"timeout": 9.0}, {"order_seed": 3}, {"data_dir": "/d"}, {"report": False}, {"suite": "x"}],
)
def test_what_decides_no_number_may_differ(tmp_path, free):
    first = recorded(tmp_path, "a", results(NETS, "xeon"), plan=PLAN)
    other = recorded(tmp_path, "b", results(NETS, "epyc"), plan=replace(PLAN, **free))
    assert merge([first, other], "whole", root=tmp_path).facts.order_seed is None


@pytest.mark.parametrize("shard", ["", "1/3", "2/3"])
def test_another_division_is_refused(tmp_path, shard):
    first = recorded(tmp_path, "a", results(NETS[:2], "xeon"), plan=replace(PLAN, shard="1/2"))
    other = recorded(tmp_path, "b", results(NETS[2:], "xeon"), plan=replace(PLAN, shard=shard))
    refused([first, other], tmp_path, r"run 'b' is (no shard|shard ./3) and 'a' is shard 1/2")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"source": "ba9876543210"}, "sources ba9876543210, not 0123456789ab"),
        ({"protocol": {**CODE["protocol"], "timing": "cccccccccccc"}}, "timing cccccccccccc, not bbbbbbbbbbbb"),
        ({"source": "", "git": {"revision": "ffff", "dirty": False}}, "revision ffff, not 8ea945230f"),
    ],
)
def test_other_code_is_refused(tmp_path, facts, words):
    first = recorded(tmp_path, "a", results(NETS[:2], "xeon"), plan=PLAN)
    other = recorded(tmp_path, "b", results(NETS[2:], "xeon"), plan=PLAN, **facts)
    refused([first, other], tmp_path, f"run 'b' is of other code than 'a' .{words}.")


def test_another_file_of_the_same_name_is_other_code(tmp_path):
    runs = [
        recorded(
            *(tmp_path, name, results(nets, "xeon")),
            plan=PLAN,
            origins={"architecture=n.py:Net": {"text": "n.py:Net", "file": "n.py", "sha256": digest * 64}},
        )
        for name, nets, digest in (("a", NETS[:2], "1"), ("b", NETS[2:], "2"))
    ]
    refused(runs, tmp_path, r"run 'b' is of other code than 'a' \(architecture=n\.py:Net n\.py, SHA-256 2+, not n\.py")


@pytest.mark.parametrize("git", [{}, {"revision": "8ea945230f6c1d00", "dirty": True}])
def test_code_that_nobody_can_tell_is_refused(tmp_path, git):
    runs = [
        recorded(tmp_path, name, results(nets, "xeon"), plan=PLAN, git=git, source="")
        for name, nets in (("a", NETS[:2]), ("b", NETS[2:]))
    ]
    refused(runs, tmp_path, "whether 'a' and 'b' are of one code is not known")


def test_two_runs_of_one_class_of_machines_overlap(tmp_path):
    runs = [recorded(tmp_path, name, results(NETS, "xeon"), plan=PLAN) for name in ("a", "b")]
    refused(runs, tmp_path, r"'a' and 'b' both have 8 processes of .* on machines of one class")


def test_one_process_twice_is_an_overlap(tmp_path):
    first = recorded(tmp_path, "a", results(NETS[:2], "xeon"), plan=PLAN)
    other = recorded(tmp_path, "b", results(NETS[1:2], "xeon", repeats=1), plan=PLAN)
    refused([first, other], tmp_path, f"'a' and 'b' both have 1 process of {Cell(NETS[1]).id}")


def test_a_cell_in_two_shards_is_an_overlap_on_whatever_machines(tmp_path):
    runs = [
        recorded(tmp_path, host, results(NETS[:2], host), plan=replace(PLAN, shard=f"{at}/2"))
        for at, host in ((1, "xeon"), (2, "epyc"))
    ]
    refused(runs, tmp_path, "their shards are of unlike grids")


def test_a_process_that_told_no_system_is_of_its_runs_machine(tmp_path):
    silent = Result(Cell("mlp"), "timeout", "it took too long", repeat=2)
    runs = [recorded(tmp_path, host, [*results(NETS, host), silent], plan=PLAN) for host in ("xeon", "epyc")]
    assert len(list(merge(runs, "whole", root=tmp_path).lines())) == 18


def test_a_damaged_line_is_named(shards, tmp_path):
    path = shards[1].folder / "results.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"samples":{}', b'"samples":{', 1))
    again = [load(run.name, tmp_path) for run in shards]
    refused(again, tmp_path, r"s2/results\.jsonl line 1 is damaged")


def test_a_name_that_is_taken_is_refused_and_what_is_there_stays(shards, tmp_path):
    there = create("whole", {}, tmp_path)
    with pytest.raises(BenchError, match="exists already"):
        merge(shards, "whole", root=tmp_path)
    assert there.folder.exists()


def test_runs_of_no_division_lack_no_shard():
    assert missing_shards([Run(Path("a"), {"plan": {"shard": ""}}), Run(Path("b"), {})]) == []


def test_facts_of_the_parts_are_shared_joined_or_counted(tmp_path):
    left_out = Result(Cell("convnet"), "skipped", "not on this device")
    parts = [
        recorded(
            *(tmp_path, f"s{at}", [*results([name], "xeon"), left_out]),
            plan=replace(PLAN, shard=f"{at}/2"),
            versions={"torch": "2.14.1", "numpy": f"2.{at}"},
            architectures={name: at, "both": at},
            endings={name: f"ending {at}", "both": f"ending {at}"},
            tuned=[{"id": name}],
            started=f"2026-01-31T09:05:1{at}+00:00",
            finished=f"2026-01-31T09:08:0{at}+00:00",
        )
        for at, name in ((2, "vgg4"), (1, "mlp"))
    ]
    stored = merge(parts, "whole", root=tmp_path).stored
    assert stored["versions"] == {"torch": "2.14.1"}
    assert stored["architectures"] == {"vgg4": 2, "both": 1, "mlp": 1}
    assert stored["endings"] == {"mlp": "ending 1", "both": "ending 2", "vgg4": "ending 2"}
    assert (stored["cells"], stored["nodes"], stored["tuned"]) == (2, ["s2", "s1"], [{"id": "vgg4"}, {"id": "mlp"}])
    assert (stored["started"], stored["finished"]) == ("2026-01-31T09:05:11+00:00", "2026-01-31T09:08:02+00:00")


def test_a_digest_of_sources_that_one_run_lacks_leaves_it_to_the_revision(tmp_path):
    runs = [
        recorded(tmp_path, name, results(nets, "xeon"), plan=PLAN, source=source)
        for name, nets, source in (("a", NETS[:2], CODE["source"]), ("b", NETS[2:], ""))
    ]
    assert merge(runs, "whole", root=tmp_path).facts.source == CODE["source"]


@pytest.mark.parametrize("unsure", ["a", "b"])
def test_uncommitted_changes_of_one_run_are_enough_to_refuse(tmp_path, unsure):
    runs = [
        recorded(
            *(tmp_path, name, results(nets, "xeon")),
            plan=PLAN,
            source="",
            git={"revision": CODE["git"]["revision"], "dirty": name == unsure},
        )
        for name, nets in (("a", NETS[:2]), ("b", NETS[2:]))
    ]
    refused(runs, tmp_path, f"whether 'a' and 'b' are of one code is not known .'{unsure}' had uncommitted changes")


def test_a_message_names_ten_digits_of_a_revision(tmp_path):
    runs = [
        recorded(
            tmp_path, name, results(nets, "xeon"), plan=PLAN, source="", git={"revision": revision, "dirty": False}
        )
        for name, nets, revision in (("a", NETS[:2], "0123456789abcdef"), ("b", NETS[2:], "fedcba9876543210"))
    ]
    refused(runs, tmp_path, r"\(revision fedcba9876, not 0123456789\): merge runs of one code")


def test_of_many_cells_that_overlap_two_are_named(tmp_path):
    runs = [recorded(tmp_path, name, results(NETS, "xeon"), plan=PLAN) for name in ("a", "b")]
    first, second, *_ = sorted(Cell(name).id for name in NETS)
    refused(runs, tmp_path, rf"both have 8 processes of {first}, {second} and 2 more, on machines of one class")


def test_of_several_runs_that_are_named_twice_the_first_is_told(shards, tmp_path):
    refused([*shards, *reversed(shards)], tmp_path, "run 's1' is named twice")


def test_of_two_files_of_one_name_the_first_part_s_is_kept(shards, tmp_path):
    for run in shards:
        (run.folder / "checkpoints" / "cell").mkdir(parents=True)
        (run.folder / "checkpoints" / "cell" / "same.pt").write_text(run.name)
    merged = merge(shards, "whole", root=tmp_path)
    assert (merged.folder / "checkpoints" / "cell" / "same.pt").read_text() == "s1"
