"""The race on the page: a line with a band for each optimizer, tied to its rows, and a sentence that is true."""

import re

import pytest

from bench.plan.cell import Cell
from bench.report import svg
from bench.report.conclusions import conclusions
from bench.report.load import read
from bench.report.race import racing
from bench.store.result import Measurement, Result
from bench.store.warning import Warning
from tests.explain import made

SECONDS = {("mlp", "adam"): 1.0, ("mlp", "sgd"): 2.0, ("lenet1", "adam"): 3.0, ("lenet1", "sgd"): 1.0}


def entry(seconds):
    return {"epoch": 1, "steps": 10, "seconds": seconds, "train_loss": 1.0, "test_loss": 1.0, "test_accuracy": 0.95}


def results_of_a_race(warnings=(), seeds=(0, 1, 2)):
    results = []
    for (net, optimizer), seconds in SECONDS.items():
        for seed in seeds:
            taken = [("time_to_accuracy", seconds + seed / 10), ("steps_to_accuracy", 10.0), ("reached", 1.0)]
            measurements = tuple(Measurement.of_value(name, value, "at target") for name, value in taken)
            training = {"epochs": [entry(seconds + seed / 10)], "seed": seed}
            kept = {"measurements": measurements, "training": training, "warnings": warnings}
            results.append(Result(Cell(net, optimizer, seed=seed), "ok", **kept))
    return results


def record(tmp_path, plan, warnings=()):
    return read(made.run(tmp_path, "mine", results_of_a_race(warnings), plan=plan, started="2026-01-01"))


@pytest.fixture
def raced(tmp_path):
    return record(tmp_path, {"targets": ["mlp=90%", "lenet1=95%"], "seeds": [0, 1, 2], "epochs": 1})


def test_a_line_for_each_optimizer_with_its_numbers(raced):
    with svg.style():
        (picture,) = racing(raced)
    keys = {row.cell["optimizer"]: row.key for row in raced.rows}
    words = {text.partition(":")[0]: (rows.split(), text) for rows, text in picture.numbers}
    assert set(words) == {"adam", "sgd"}
    for name, (rows, text) in words.items():
        assert len(rows) == 2
        assert keys[name] in rows
        assert re.search(r"score 0\.\d+ \(0\.\d+ to [01]\.\d+\), n = 3 seeds; of 2 workloads 50.* within 1", text)
    assert "sgd" in picture.caption
    assert "fill-opacity" in picture.svg  # of bands
    assert "cannot be told apart" in picture.caption or "no other interval" in picture.caption


def test_the_sentence_has_who_is_first_on_each_workload(raced):
    (sentence,) = (each for each in conclusions(raced) if each.topic == "Optimizers")
    assert "sgd has the highest score" in sentence.claim
    assert "lenet1 to 95.00 %: sgd first, 1.10 s. mlp to 90.00 %: adam first, 1.10 s." in sentence.evidence


def test_rows_have_times_to_their_own_targets(raced):
    times = {(row.cell["architecture"], row.cell["optimizer"]): row.values["time_to_accuracy"] for row in raced.rows}
    assert times["mlp", "adam"].value == pytest.approx(1.1, rel=0.01)
    assert raced.target is None
    assert raced.aimed


def test_a_race_beside_other_work_is_drawn_by_steps(tmp_path):
    busy = Warning("training", "contended", 0.5, "other work took its cores")
    raced = record(tmp_path, {"until": 0.9, "seeds": [0, 1, 2], "epochs": 1}, warnings=(busy,))
    with svg.style():
        (picture,) = racing(raced)
    assert "By steps, since 12 trainings ran beside other work" in picture.caption
    assert "score 1.00 (1.00 to 1.00)" in picture.numbers[0][1]  # all take as many steps
    (sentence,) = (each for each in conclusions(raced) if each.topic == "Optimizers")
    assert "mlp to 90.00 %: adam and sgd first, 10 steps" in sentence.evidence


def test_one_seed_has_no_band_and_no_claim(tmp_path):
    plan = {"until": 0.9, "seeds": [0], "epochs": 1}
    alone = read(made.run(tmp_path, "mine", results_of_a_race(seeds=(0,)), plan=plan, started="2026-01-01"))
    with svg.style():
        (picture,) = racing(alone)
    assert "Bands" not in picture.caption
    assert "fill-opacity" not in picture.svg
    assert "(" not in picture.numbers[0][1]
    (sentence,) = (each for each in conclusions(alone) if each.topic == "Optimizers")
    assert sentence.claim.endswith("but from one seed: no interval, so no claim about the order.")


def test_a_rate_at_the_edge_is_part_of_the_evidence(tmp_path):
    trials = [{"learning_rate": rate, "status": "ok", "accuracy": rate, "loss": 1.0} for rate in (0.1, 0.2)]
    tuned = [{"id": "", "cell": Cell("mlp", "sgd").to_dict(), "learning_rate": 0.2, "trials": trials}]
    plan = {"until": 0.9, "seeds": [0, 1, 2], "epochs": 1, "tune": 2}
    run = made.run(tmp_path, "mine", results_of_a_race(), plan=plan, tuned=tuned, started="2026-01-01")
    (sentence,) = (each for each in conclusions(read(run)) if each.topic == "Optimizers")
    assert sentence.evidence.endswith("so that a better rate may lie beyond: sgd on mlp (0.2).")


def test_no_race_without_targets(tmp_path):
    plain = record(tmp_path, {"seeds": [0, 1, 2]})
    assert racing(plain) == []
    assert not [each for each in conclusions(plain) if each.topic == "Optimizers"]
