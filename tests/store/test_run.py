"""A run's folder: what was kept is read back whatever ended the run, and what is damaged is named."""

import json
import os
import shutil
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.store.result import SCHEMA, Result
from bench.store.run import create, latest, load, load_each, load_latest, run_names


def again(run):
    """The run as another command finds it."""
    return load(run.name, run.folder.parent)


def ids(run):
    return [line["id"] for line in again(run).lines()]


@pytest.fixture
def three(run):
    """A run of three results, and the bytes of its file."""
    for name in ("mlp", "lenet5", "vgg4"):
        run.append(Result(Cell(name), "ok"))
    return run, (run.folder / "results.jsonl").read_bytes()


def test_a_new_run_has_its_facts_and_no_results(run):
    assert json.loads((run.folder / "run.json").read_text()) == {"schema": SCHEMA, "run": "mine", "plan": {"epochs": 1}}
    assert list(run.lines()) == []
    assert load("mine", run.folder.parent).stored == run.stored


def test_results_come_back_in_the_order_they_were_kept(three):
    run, _ = three
    assert [result.cell.architecture for result in load("mine", run.folder.parent).results()] == [
        "mlp",
        "lenet5",
        "vgg4",
    ]


def test_a_result_is_on_the_disk_when_append_returns(run, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append((run.folder / "results.jsonl").read_text()))
    run.append(Result(Cell("mlp"), "ok"))
    assert [json.loads(text)["id"] for text in synced] == [Cell("mlp").id]


def test_a_last_line_that_was_cut_off_anywhere_is_passed_over(three):
    run, whole = three
    second = whole.index(b"\n", whole.index(b"\n") + 1) + 1
    for length in (second, second + 1, second + 40, len(whole) - 1):
        (run.folder / "results.jsonl").write_bytes(whole[:length])
        assert len(ids(run)) == 2, length


def test_reopening_cuts_away_what_was_never_finished(three):
    run, whole = three
    (run.folder / "results.jsonl").write_bytes(whole[:-5])
    run.reopen()
    run.append(Result(Cell("resnet8"), "ok"))
    assert ids(run) == [Cell(name).id for name in ("mlp", "lenet5", "resnet8")]


def test_reopening_takes_out_the_cells_that_were_left_out(three):
    run, whole = three
    run.append(Result(Cell("resnet8"), "skipped", "the budget ended"))
    run.reopen()
    assert (run.folder / "results.jsonl").read_bytes() == whole


def test_reopening_takes_out_what_shall_be_tried_again(three):
    run, whole = three
    run.append(Result(Cell("resnet8"), "timeout", "no end in time"))
    run.reopen(("skipped", "timeout"))
    assert (run.folder / "results.jsonl").read_bytes() == whole


@pytest.mark.parametrize("lines", [0, 1, 3])
def test_reopening_leaves_whole_lines_as_they_are(three, lines):
    run, whole = three
    expected = b"".join(whole.splitlines(keepends=True)[:lines])
    (run.folder / "results.jsonl").write_bytes(expected)
    run.reopen()
    assert (run.folder / "results.jsonl").read_bytes() == expected


@pytest.mark.parametrize("damage", [b"{", b"\x00\xff", b"", b"null", b"[]", b"3", b'{"id": "mlp"}'])
def test_a_damaged_line_in_the_middle_is_named(three, damage):
    run, whole = three
    first, _, third = whole.splitlines()
    (run.folder / "results.jsonl").write_bytes(b"\n".join([first, damage, third, b""]))
    with pytest.raises(BenchError, match=r"results\.jsonl line 2 is damaged .*: remove that line"):
        ids(run)


def test_a_process_that_stands_there_twice_counts_once_and_its_last_line_does(three):
    run, whole = three
    later = whole.replace(b'"seconds":0.0', b'"seconds":9.0')
    (run.folder / "results.jsonl").write_bytes(whole + later)
    lines = list(again(run).lines())
    assert [line["id"] for line in lines] == ids(run)
    assert {line["seconds"] for line in lines} == {9.0}
    assert [head["seconds"] for head in again(run).heads()] == [9.0] * len(lines)


@pytest.mark.parametrize("schema", [SCHEMA - 1, SCHEMA + 1])
def test_a_line_of_another_version_is_refused(three, schema):
    run, whole = three
    (run.folder / "results.jsonl").write_bytes(whole.replace(b'"schema":%d' % SCHEMA, b'"schema":%d' % schema))
    with pytest.raises(BenchError, match=rf"line 1 has schema {schema}, this version reads {SCHEMA}: [^\n]*$"):
        ids(run)


@pytest.mark.parametrize("schema", [SCHEMA - 1, SCHEMA + 1, None])
def test_a_run_of_another_version_is_refused(run, schema):
    run.note(schema=schema)
    with pytest.raises(BenchError, match=rf"run\.json has schema {schema}, this version reads {SCHEMA}: [^\n]*$"):
        load("mine", run.folder.parent)


def test_a_run_that_cannot_be_read_hides_no_other(run):
    create("old", {}, run.folder.parent).note(schema=SCHEMA - 1)
    runs, errors = load_each(run.folder.parent)
    assert [other.name for other in runs] == ["mine"]
    (error,) = map(str, errors)
    assert error.startswith(f"{run.folder.parent}/old/run.json has schema {SCHEMA - 1}, this version reads {SCHEMA}: ")


def reads(monkeypatch):
    """How often the results are opened to be read, in a list that grows."""
    opened, whole = [], Path.open

    def counted(self, mode="r", *rest, **more):
        if self.name == "results.jsonl" and "a" not in mode:
            opened.append(self)
        return whole(self, mode, *rest, **more)

    monkeypatch.setattr(Path, "open", counted)
    return opened


def test_results_are_read_once_and_what_is_appended_is_there_too(three, monkeypatch):
    run, opened = again(three[0]), reads(monkeypatch)
    assert len(list(run.heads())) == len(list(run.lines())) == len(run.results()) == 3
    run.append(Result(Cell("resnet8"), "skipped", "the budget ended"))
    assert [line["id"] for line in run.heads()] == [line["id"] for line in run.lines()]
    assert [result.cell.architecture for result in run.results()] == ["mlp", "lenet5", "vgg4", "resnet8"]
    run.reopen()
    assert len(list(run.heads())) == len(list(run.lines())) == 3
    assert len(opened) == 1


def test_each_reader_of_whole_lines_may_change_what_it_gets(three):
    run, _ = three
    for line in run.lines():
        line.clear()
    assert [line["status"] for line in run.lines()] == ["ok"] * 3


def test_a_run_without_its_results_is_named(run):
    (run.folder / "results.jsonl").unlink()
    with pytest.raises(BenchError, match=r"cannot read .*results\.jsonl"):
        ids(run)


@pytest.mark.parametrize("name", ["a", "A-1", "0", "quick-20260131-120000", "a.b_c", "x" * 100])
def test_a_name_that_can_be_a_folders(tmp_path, name):
    assert create(name, {}, tmp_path).name == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "/tmp/x", "a/b", ".hidden", "-x", "a b", "a\n", "é", "x" * 101, "baselines", "a\0b"]
)
def test_a_name_that_cannot(tmp_path, name):
    with pytest.raises(BenchError, match=r"cannot name a run: .*--run NAME"):
        create(name, {}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_exists_is_left_alone(three):
    run, whole = three
    with pytest.raises(BenchError, match=r"mine exists already: choose another name with --run NAME"):
        create("mine", {}, run.folder.parent)
    assert (run.folder / "results.jsonl").read_bytes() == whole


def test_a_file_in_the_place_of_the_folder(tmp_path):
    (tmp_path / "results").write_text("not a folder")
    with pytest.raises(BenchError, match=r"cannot write to .*results/mine: Not a directory"):
        create("mine", {}, tmp_path / "results")
    assert (tmp_path / "results").read_text() == "not a folder"


def test_facts_are_added_to_those_there_are(run):
    run.note(status="finished")
    assert load("mine", run.folder.parent).stored == {**run.stored, "plan": {"epochs": 1}, "status": "finished"}


def test_facts_are_never_seen_half_written(run, monkeypatch):
    path, seen = run.folder / "run.json", []
    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda _: seen.append(path.read_bytes()))
    run.note(status="finished")
    assert seen == [before, path.read_bytes()]  # the new file, and then its name
    assert json.loads(path.read_bytes())["status"] == "finished"
    assert sorted(one.name for one in run.folder.iterdir()) == ["results.jsonl", "run.json"]


@pytest.mark.parametrize("write", [lambda run: run.note(status="finished"), lambda run: run.reopen()])
def test_a_folder_that_went_away_is_told_in_one_line(run, write):
    shutil.rmtree(run.folder)
    with pytest.raises(
        BenchError, match=r"cannot read .*: No such file or directory; |was removed while the run went on"
    ):
        write(run)
    assert not run.folder.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told_in_one_line(run):
    (run.folder / "results.jsonl").unlink()
    (run.folder / "results.jsonl").symlink_to("/dev/full")
    with pytest.raises(BenchError, match=r"cannot write .*results\.jsonl: No space left on device"):
        run.append(Result(Cell("mlp"), "ok"))


def test_a_run_is_found_by_the_path_of_its_folder_too(run):
    assert load(str(run.folder), run.folder / "elsewhere").stored == run.stored


def test_the_latest_run_is_the_one_that_was_recorded_last(tmp_path):
    with pytest.raises(BenchError, match=r"^no run is recorded in .*/ yet: python -m bench run$"):
        latest(tmp_path)
    for age, name in enumerate("cab"):
        create(name, {}, tmp_path)
        os.utime(tmp_path / name, (age, age))
    assert latest(tmp_path) == "b"


@pytest.mark.parametrize("read", [latest, load_latest, lambda: load("x")])
def test_who_finds_no_run_hears_of_a_folder_further_up_that_has_some(tmp_path, monkeypatch, read):
    create("a", {}, tmp_path / "results")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    with pytest.raises(BenchError, match=rf"; there are some in {tmp_path}/results/: stand in {tmp_path}$"):
        read()


def test_a_run_that_is_not_there_is_answered_with_the_latest(tmp_path):
    with pytest.raises(BenchError, match=r"no run 'x' in .*there is none yet: python -m bench run"):
        load("x", tmp_path)
    for name in "abcd":
        create(name, {}, tmp_path)
        os.utime(tmp_path / name, (ord(name), ord(name)))
    with pytest.raises(BenchError, match=r"no run 'x' in .*\(latest: b, c, d\)"):
        load("x", tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", "\udcff"])
def test_damaged_facts_are_named(run, text):
    (run.folder / "run.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(BenchError, match=r"run\.json is damaged"):
        load("mine", run.folder.parent)


def test_runs_are_named_oldest_first(tmp_path):
    for name, age in (("new", 3), ("old", 1), ("b", 2), ("a", 2)):
        create(name, {}, tmp_path)
        os.utime(tmp_path / name, (age, age))
    (tmp_path / "no-run").mkdir()
    (tmp_path / "file").write_text("")
    assert run_names(tmp_path) == ["old", "a", "b", "new"]


def test_there_are_no_runs_where_there_is_no_folder(tmp_path):
    assert run_names(tmp_path / "results") == []
    (tmp_path / "results").write_text("")
    assert run_names(tmp_path / "results") == []


def test_a_result_whose_file_went_away_makes_no_new_one(run):
    (run.folder / "results.jsonl").unlink()
    with pytest.raises(BenchError, match=r"results\.jsonl was removed while the run went on"):
        run.append(Result(Cell("mlp"), "ok"))
    assert not (run.folder / "results.jsonl").exists()


def test_a_line_that_is_appended_has_its_place(three):
    run = again(three[0])
    assert len(run.whole_lines()) == 3
    run.append(Result(Cell("resnet8"), "ok"))
    assert run.whole_lines()[-1].place == f"{run.folder}/results.jsonl line 4"
    assert run.whole_lines() == again(run).whole_lines()


def test_what_was_measured_on_the_validation_split_is_a_trial_only_where_rates_were_tried(run):
    for split in ("test", "validation"):
        run.append(Result(Cell("mlp", split=split), "ok"))
    assert [line["cell"]["split"] for line in run.lines()] == ["test", "validation"]
    run.note(plan={"tune": 3})
    assert [line["cell"]["split"] for line in run.lines()] == ["test"]
    assert len(run.results()) == len(run.every_head()) == 2


def test_a_glob_names_the_only_run_that_it_matches(run):
    root = run.folder.parent
    create("other", {}, root)
    assert load("m*", root).name == "mine"
    with pytest.raises(BenchError, match=r"^'\*' matches 2 runs, mine and other: name one of them$"):
        load("*", root)


def test_the_folder_that_one_stands_in_or_below_may_be_a_run(run, monkeypatch):
    (run.folder / "below").mkdir()
    for folder, name in ((run.folder, "."), (run.folder / "below", "..")):
        monkeypatch.chdir(folder)
        assert load(name, run.folder / "elsewhere").name == "mine"


@pytest.mark.parametrize("name", ["a\0b", "x" * 300])
def test_what_no_path_can_be_is_no_run(run, name):
    with pytest.raises(BenchError, match=r"^no run '.* in .*\(latest: mine\)$"):
        load(name, run.folder.parent)


def test_the_latest_that_can_be_read_is_given_or_why_the_very_last_cannot(tmp_path):
    for age, name in enumerate("abc"):
        create(name, {}, tmp_path)
        os.utime(tmp_path / name, (age, age))
    for name in "bc":
        (tmp_path / name / "run.json").write_text("{")
    run, errors = load_latest(tmp_path)
    assert run.name == "a"
    assert [str(error).partition(" ")[0] for error in errors] == [f"{tmp_path}/{name}/run.json" for name in "cb"]
    (tmp_path / "a" / "run.json").write_text("{")
    with pytest.raises(BenchError, match=r"/c/run\.json is damaged"):
        load_latest(tmp_path)
