"""The commands `baseline` and `check` on recorded runs: exit codes, files for CI, the page, and each mistake."""

import json
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from bench.plan.cell import Cell
from bench.store.result import Measurement, Result
from bench.store.run import create
from bench.store.warning import Warning


@pytest.fixture
def record(tmp_path):
    """Writes a run of lenet5 with that log cost; seven of them are no two alike."""
    number = iter(range(100))

    def write(name, cost, *, status="ok", cpu="made up", operators=51.0, contended=()):
        index = next(number)
        started = f"2026-01-01T00:00:{index:02}+00:00"
        facts = {"plan": {"epochs": 0, "precision": 0.03}, "git": {}, "status": "finished", "started": started}
        run = create(name, facts, tmp_path / "results")
        found = (
            Measurement.of_samples("step", np.full(20, 0.004), threads=1),
            Measurement("relative_cost", "1", "lower", float(np.exp(cost)), "p10", 1),
            Measurement("operators_backward", "1", "lower", operators, "exact"),
        )
        measured = found if status == "ok" else ()
        reason = None if status == "ok" else "made to fail"
        system, warnings = (
            {"cpu": cpu, "torch": "2.14"},
            tuple(Warning(part, "contended", 0.5, "-") for part in contended),
        )
        run.append(Result(Cell("lenet5"), status, reason, measurements=measured, system=system, warnings=warnings))

    return write


@pytest.fixture
def accepted(record, typed):
    """A baseline `main` of six runs."""
    for index, cost in enumerate((0.0, 0.005, -0.005, 0.01, -0.01, 0.002)):
        record(f"run{index}", cost)
        assert typed("baseline", "save", f"run{index}").returncode == 0


def test_runs_are_accepted_listed_shown_and_dropped(record, typed, tmp_path):
    record("first", 0.0)
    record("second", 0.01)
    done = typed("baseline", "save", "first")
    assert (done.returncode, done.stderr) == (0, "")
    assert "accepted into results/baselines/main.jsonl" in done.stdout
    assert "already: nothing to do" in typed("baseline", "save", "first").stdout
    typed("baseline", "save")  # the latest
    typed("baseline", "save", "second", "--name", "other")
    assert [one["name"] for one in json.loads(typed("baseline", "list", "--json").stdout)] == ["main", "other"]
    assert json.loads(typed("baseline", "list", "--json").stdout)[0]["runs"] == 2
    shown = typed("baseline", "show", "main").stdout
    assert "first" in shown
    assert "second" in shown
    assert len(json.loads(typed("baseline", "show", "--json").stdout)["summaries"]) == 2
    assert typed("baseline", "drop", "main", "--run", "first").returncode == 0
    assert "first" not in typed("baseline", "show", "main").stdout
    assert typed("baseline", "drop", "other").returncode == 0
    assert not (tmp_path / "results" / "baselines" / "other.jsonl").exists()


def test_a_run_without_a_good_cell_is_not_accepted(record, typed):
    record("bad", 0.0, status="failed")
    done = typed("baseline", "save", "bad")
    assert done.returncode == 2
    assert "lenet5-sgd-mnist-b64-cpu-t1 is failed: made to fail" in done.stderr
    assert "no cell that is ok" in done.stderr


@pytest.mark.parametrize("part", ["phases", "relative cost"])
def test_a_contended_cell_is_accepted_only_where_one_insists(record, typed, part):
    record("busy", 0.0, contended=[part])
    done = typed("baseline", "save", "busy")
    assert done.returncode == 2
    assert "left out: other work took the cores of lenet5-sgd-mnist-b64-cpu-t1 in every process" in done.stderr
    assert "every cell of run 'busy' was contended" in done.stderr
    done = typed("baseline", "save", "busy", "--contended", "--name", "../x")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)  # nothing is called accepted that is not
    done = typed("baseline", "save", "busy", "--contended")
    assert done.returncode == 0
    assert "accepted although flagged: lenet5" in done.stderr


@pytest.mark.parametrize(("cost", "word"), [(0.01, "inconclusive"), (-0.5, "inconclusive"), (0.5, "suspect")])
def test_a_contended_run_is_neither_cleared_nor_improved_and_a_suspect_stays_one(accepted, record, typed, cost, word):
    record("busy", cost, contended=["relative cost"])
    done = typed("check", "busy", "--no-ab", "--json")
    (verdict,) = [each for each in json.loads(done.stdout)["verdicts"] if each["metric"] == "relative_cost"]
    assert (done.returncode, verdict["verdict"]) == (3, "inconclusive")
    assert ("other work took its cores" in verdict["reason"]) == (word == "inconclusive")


@pytest.mark.usefixtures("accepted")
@pytest.mark.parametrize(("contended", "code"), [([], 1), (["phases"], 3)])
def test_a_budget_that_a_contended_step_breaks_is_undecided(record, typed, tmp_path, contended, code):
    (tmp_path / "bench.toml").write_text("[budgets]\nstep = 0.001\n")
    record("busy", 0.01, contended=contended)
    assert typed("check", "busy", "--no-ab").returncode == code


def test_a_pass_is_exit_0_and_is_shown_on_the_page_and_in_the_index(accepted, record, typed, tmp_path):
    record("new", 0.01)
    typed("report", "new")
    assert "No regression" not in (tmp_path / "reports" / "new.html").read_text("utf-8")
    done = typed("check", "new")
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "reports" / "new.html").read_text("utf-8")
    assert 'id="check"' in page
    assert "baseline main (6 runs)" in page
    index = (tmp_path / "reports" / "index.html").read_text("utf-8")
    assert "pass</span> baseline main (6 runs)" in index


def test_a_suspect_without_a_revision_to_measure_again_is_exit_3(accepted, record, typed):
    record("slow", 0.3)
    done = typed("check", "slow")
    assert done.returncode == 3
    assert "suspect: 3" in done.stdout
    assert "the baseline does not know the revision" in done.stdout
    assert typed("check", "slow", "--no-ab").returncode == 3


def test_a_regression_is_exit_1_and_every_form_says_so(accepted, record, typed, tmp_path):
    record("worse", 0.0, operators=60.0)
    done = typed("check", "worse", "--junit", "out/c.xml", "--markdown", "out/c.md", "--json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert (document["overall"], document["exit_code"], document["kind"]) == ("regression", 1, "check")
    suite = ET.parse(tmp_path / "out" / "c.xml").getroot().find("testsuite")
    assert suite.get("failures") == "1"
    text = (tmp_path / "out" / "c.md").read_text("utf-8")
    assert text.startswith("### Regression: run worse against baseline main")
    assert "operators\\_backward 51 -\\> 60" in text
    stored = json.loads((tmp_path / "results" / "worse" / "check.json").read_text())
    assert stored == document


def test_another_machine_is_exit_4_and_names_the_field(accepted, record, typed):
    record("elsewhere", 0.0, cpu="another")
    done = typed("check", "elsewhere")
    assert done.returncode == 4
    assert "cpu made up -> another" in done.stdout


def test_tolerances_are_read_from_the_folder(accepted, record, typed, tmp_path):
    record("worse", 0.0, operators=60.0)
    (tmp_path / "bench.toml").write_text('[tolerances]\noperators_backward = "20 %"\n')
    assert typed("check", "worse").returncode == 0
    (tmp_path / "mine.toml").write_text("[tolerances\n")
    done = typed("check", "worse", "--tolerances", "mine.toml")
    assert done.returncode == 2
    assert done.stderr.startswith("bench: mine.toml is not valid TOML")


@pytest.mark.parametrize("metric", ["accuracy", "peak_memory"])
def test_a_tolerance_that_has_nothing_to_judge_is_refused_in_one_line(accepted, record, typed, tmp_path, metric):
    record("new", 0.0)
    (tmp_path / "bench.toml").write_text(f"[tolerances]\n{metric} = 0.002\n")
    done = typed("check", "new")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"bench: bench.toml: there is no '{metric}' in this run or the baseline that the tolerance")
    assert "only relative_cost and 1 exact count" in line
    assert line.endswith("or remove the line")


def test_a_tolerance_below_what_the_calibration_has_shown_is_refused_unless_forced(accepted, record, typed, tmp_path):
    from bench.compare.calibration import Calibration, save
    from bench.store import baseline

    machine = baseline.load("main").summaries[0].machine
    save(Calibration(fingerprint=machine.fields, log_ratios={}, smallest_tolerance=0.12, rates=()))
    record("new", 0.0)
    (tmp_path / "bench.toml").write_text('[tolerances]\nrelative_cost = "4 %"\n')
    done = typed("check", "new")
    assert done.returncode == 2
    assert "12" in done.stderr
    assert typed("check", "new", "--uncalibrated").returncode == 0
    (tmp_path / "bench.toml").unlink()
    found = json.loads(typed("check", "new", "--json").stdout)
    cost = next(one for one in found["verdicts"] if one["metric"] == "relative_cost")
    assert cost["tolerance"] == pytest.approx(0.12)  # what nobody chose follows the calibration


def test_a_half_written_line_is_told_and_the_rest_is_used(accepted, record, typed, tmp_path):
    path = tmp_path / "results" / "baselines" / "main.jsonl"
    path.write_bytes(path.read_bytes()[:-30])
    record("new", 0.0)
    done = typed("check", "new")
    assert done.returncode == 0, done.stdout
    assert "the last line was cut off" in done.stdout
    assert "the last line was cut off" in typed("baseline", "show").stderr


def test_another_schema_is_exit_4(accepted, record, typed, tmp_path):
    path = tmp_path / "results" / "baselines" / "main.jsonl"
    path.write_text(path.read_text().replace('{"schema":2}', '{"schema":9}', 1))
    record("new", 0.0)
    done = typed("check", "new")
    assert done.returncode == 4
    assert "has schema 9, this version reads 2" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "nwe"], "no run 'nwe'"),
        (["check", "run0", "--baseline", "mian"], "unknown baseline 'mian': did you mean 'main'"),
        (["check", "run0", "--cells", "vgg*"], "no cell that matches vgg*"),
        (["check", "run0", "--tolerances", "none.toml"], "cannot read none.toml"),
        (["baseline", "show", "mian"], "did you mean 'main'"),
        (["baseline", "drop", "main", "--run", "run9"], "unknown run of the baseline 'main' 'run9'"),
        (["baseline", "save", "run0", "--name", "../x"], "cannot name a baseline"),
        (["baseline", "save", "nwe"], "no run 'nwe'"),
        (["check", "--budget", "soon"], "a duration such as 90s"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(accepted, typed, arguments, words):
    done = typed(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_an_empty_baseline_says_what_to_do(record, typed, tmp_path):
    record("new", 0.0)
    assert "baseline save --name main" in typed("check", "new").stderr
    (tmp_path / "results" / "baselines").mkdir()
    (tmp_path / "results" / "baselines" / "main.jsonl").touch()
    done = typed("check", "new")
    assert done.returncode == 2
    assert "is empty" in done.stderr


def test_a_file_that_cannot_be_written_is_told_before_anything_is_judged(accepted, record, typed, tmp_path):
    record("new", 0.0)
    (tmp_path / "taken").touch()
    done = typed("check", "new", "--junit", "taken/c.xml")
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot write taken/c.xml" in done.stderr


def test_two_forms_do_not_share_a_file(accepted, record, typed):
    record("new", 0.0)
    done = typed("check", "new", "--junit", "out/c", "--markdown", "out/../out/c")
    assert done.returncode == 2
    assert "--junit and --markdown both name out/c: name two files" in done.stderr
    assert typed("check", "new", "--junit", "/dev/null", "--markdown", "/dev/null").returncode == 0


def test_an_import_that_ctrl_c_ends_is_an_interrupt(tmp_path):
    """An extension module amid which it comes raises an ImportError because of it."""
    from bench.cli.render.decision import Outputs

    outputs = Outputs(junit_file=str(tmp_path / "c.xml"))
    with pytest.raises(ImportError), outputs.kept("check", "bench check"):
        raise ImportError("numpy") from KeyboardInterrupt()
    assert "it was interrupted" in (tmp_path / "c.xml").read_text("utf-8")


def test_a_file_that_cannot_be_written_any_more_does_not_cost_the_decision(accepted, record, typed, monkeypatch):
    from pathlib import Path

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    record("new", 0.0)
    monkeypatch.setattr(Path, "write_text", full)
    done = typed("check", "new", "--junit", "c.xml")
    assert done.returncode == 0
    assert "baseline main" in done.stdout
    assert "cannot write c.xml: No space left on device" in done.stderr


def test_a_suspect_waits_where_another_run_has_the_machine(accepted, record, typed, tmp_path, monkeypatch):
    from bench.process.lock import measuring

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = tmp_path / "results" / "baselines" / "main.jsonl"
    path.write_text(path.read_text().replace('"run":', '"revision":"c0ffee","run":'))
    record("slow", 0.3)
    with measuring("another", concurrent=False):
        done = typed("check", "slow")
    assert done.returncode == 3  # the decision stands, undecided
    assert "not measured again: run 'another'" in done.stdout


def test_a_revision_that_is_not_at_hand_leaves_a_suspect_undecided(accepted, record, typed, tmp_path):
    path = tmp_path / "results" / "baselines" / "main.jsonl"
    path.write_text(path.read_text().replace('"run":', '"revision":"c0ffee","run":'))
    record("slow", 0.3)
    done = typed("check", "slow", "--concurrent")
    assert done.returncode == 3
    assert "not measured again: . is in no git repository" in done.stdout


def test_every_form_tells_the_change_since_the_anchor(accepted, record, typed, tmp_path):
    record("new", 0.01)
    done = typed("check", "new", "--markdown", "c.md", "--junit", "c.xml")
    assert "since anchor" in done.stdout
    assert ", run0" in done.stdout  # the anchor's name, after the interval
    assert "since anchor |" in (tmp_path / "c.md").read_text("utf-8")
    assert "since the anchor run0" in (tmp_path / "c.xml").read_text("utf-8")
    document = json.loads(typed("check", "new", "--json").stdout)
    (cost,) = [verdict for verdict in document["verdicts"] if verdict["metric"] == "relative_cost"]
    assert (cost["anchor"]["run"], cost["anchor"]["runs"]) == ("run0", 6)
    assert set(cost["anchor"]["ratio"]) == {"value", "low", "high", "n"}


def test_a_comment_that_leaves_out_an_unchanged_cell_tells_its_change_since_the_anchor(
    accepted, record, typed, tmp_path
):
    record("worse", 0.0, operators=60.0)
    typed("check", "worse", "--markdown", "c.md")
    assert "Since the anchor, unchanged: lenet5-" in (tmp_path / "c.md").read_text("utf-8")


def test_a_reset_holds_later_runs_to_that_one(accepted, record, typed):
    record("slower", 0.04)
    done = typed("baseline", "save", "slower", "--reset")
    assert "later runs are held to this one, as asked: lenet5-" in done.stdout
    assert "reset" in typed("baseline", "show").stdout
    record("new", 0.042)
    document = json.loads(typed("check", "new", "--json").stdout)
    assert document["verdicts"][0]["anchor"]["run"] == "slower"
    assert document["verdicts"][0]["verdict"] == "unchanged"


@pytest.mark.parametrize(
    ("metric", "against", "begins"),
    [("step", "main", "regressed"), ("relative_cost", "main", ""), ("step", "other", "")],
)
def test_a_loss_that_was_measured_and_is_accepted_begins_a_segment(mark_of, metric, against, begins):
    assert mark_of(metric, against) == begins


@pytest.fixture
def mark_of(accepted, record, typed, tmp_path):
    """Accepts a run whose check says that this metric regressed against that baseline; the mark of its line."""

    def mark(metric, against):
        record("worse", 0.2)
        typed("check", "worse")
        path = tmp_path / "results" / "worse" / "check.json"
        check = json.loads(path.read_text())
        check["verdicts"][0] |= {"metric": metric, "verdict": "regressed"}  # as after measuring it side by side
        path.write_text(json.dumps(check | {"before": f"baseline {against} (6 runs)"}))
        done = typed("baseline", "save", "worse")
        begins = json.loads(typed("baseline", "show", "--json").stdout)["summaries"][-1]["begins"]
        assert ("slower and accepted" in done.stdout) == bool(begins)
        return begins

    return mark
