"""A goal's verdict in the document of a run: the numbers of which `show` says the words."""

import json
from dataclasses import replace

import pytest

from bench.cli import run_command_line
from bench.cli.render.outcome import print_outcome
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.report.conclusions import conclusions
from bench.report.load import read
from bench.report.provenance import trust
from bench.store.result import Measurement, Result
from bench.store.run import create, load

ACCURACIES = (0.9910, 0.9906, 0.9904, 0.9908)


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """Makes a run of four seeds of one net, which looks at 98.5 % and at the end."""
    monkeypatch.chdir(tmp_path)

    def build(*cpus, goal=0.99, split="test"):
        plan = replace(Plan(architectures=("lenet5",), seeds=(0, 1, 2, 3), epochs=1), goal=goal)
        run = create("mine", {"status": "finished", "plan": plan.to_dict()})
        for number, cpu in enumerate(cpus or ("Fast",)):
            for seed, accuracy in enumerate(ACCURACIES):
                looks = [(number + 1.0, 0.985), (number + 2.0, accuracy)]
                epochs = [{"seconds": spent, "steps": 1, "epoch": 1, "test_accuracy": seen} for spent, seen in looks]
                taken = (Measurement.of_value("accuracy", accuracy, "final"),)
                cell, system = Cell("lenet5", seed=seed, split=split), {"cpu": cpu}
                run.append(Result(cell, "ok", measurements=taken, training={"epochs": epochs}, system=system))
        return load("mine")

    return build


def verdicts(capsys):
    assert run_command_line(["show", "mine", "--json"]) == 0
    return json.loads(capsys.readouterr().out)["goals"]


def test_the_document_of_a_run_has_its_verdict_in_numbers(recorded, capsys):
    recorded()
    (verdict,) = verdicts(capsys)
    assert verdict.pop("accuracy") == pytest.approx(
        {"value": 0.9907, "low": 0.99029, "high": 0.99111, "n": 4}, abs=1e-5
    )
    assert verdict.pop("p") == pytest.approx(0.00614, rel=0.01)
    (time,) = verdict.pop("times")
    assert (time["machine"], time["training"]["value"], time["training"]["n"]) == ("", pytest.approx(2.0), 4)
    assert time["first_look"]["value"] == pytest.approx(2.0)
    assert verdict == {
        "configuration": Cell("lenet5").id,
        "goal": 0.99,
        "split": "test",
        "passed": True,
        "seeds": 4,
        "lost": "",
        "seen": 4,
        "contended": False,
    }


def test_times_of_several_machines_have_their_digests_as_rows_do(recorded, capsys):
    run = recorded("Fast", "Slow", goal=0.98)
    (verdict,) = verdicts(capsys)
    assert [time["machine"] for time in verdict["times"]] == [*dict.fromkeys(line["machine"] for line in run.heads())]
    assert [time["first_look"]["value"] for time in verdict["times"]] == pytest.approx([1.0, 2.0])


def test_a_goal_that_nobody_was_seen_at_has_no_first_look(recorded, capsys):
    recorded(goal=0.995)
    (verdict,) = verdicts(capsys)
    assert (verdict["passed"], verdict["seen"], verdict["times"][0]["first_look"]) == (False, 0, None)


def test_a_run_without_a_goal_has_no_verdict(recorded, capsys):
    recorded(goal=0.0)
    assert verdicts(capsys) == []


def test_a_run_says_its_verdict_once_though_its_page_says_it_too(recorded, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "1000")
    run = recorded()
    print_outcome(run, report=True, as_json=False)
    assert capsys.readouterr().out.count("is above 99.00 %") == 1
    assert "is above 99.00 %" in run.folder.joinpath("../../reports/mine.html").read_text("utf-8").replace(
        "\u00a0", " "
    )


@pytest.mark.parametrize(
    ("split", "images", "other"), [("test", "test", "held-out"), ("validation", "held-out", "test")]
)
def test_the_page_names_the_images_that_judge(recorded, split, images, other):
    run = recorded(split=split)
    record = read(run)
    sentences = " ".join(f"{each.topic} {each.claim} {each.evidence}" for each in conclusions(record))
    assert f"since the {images} images choose it" in sentences
    assert f"{other} images" not in sentences
    assert any("of held-out images" in caveat for caveat in trust(record).caveats) == (split == "validation")
