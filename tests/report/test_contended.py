"""What neighbours disturbed carries no claim on the page, and says why; planted results."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.report.conclusions import conclusions
from bench.report.load import read
from bench.report.page import page
from bench.report.provenance import trust
from bench.report.table import in_words, placed
from bench.store.warning import Warning
from tests.report import report_sample as sample

NAMES = ("mlp", "lenet5", "convnet")
PARTS = ("phases", "relative cost", "training")
LIMIT = Warning("training", "time limit", 2.0, "stopped after 2 s")


def contended(results: list, *names: str, parts: tuple = PARTS, more: tuple = ()) -> list:
    """The results, those of these nets disturbed by a neighbour."""
    warnings = (*(Warning(part, "contended", 0.5, "-") for part in parts), *more)
    return [replace(result, warnings=warnings) if result.cell.architecture in names else result for result in results]


def claims(tmp_path: Path, results: list) -> tuple:
    record = read(sample.recorded(tmp_path, results))
    return record, {sentence.topic: sentence.claim.replace("\u00a0", " ") for sentence in conclusions(record)}


def test_a_contended_leader_leads_nothing_and_has_no_rank(tmp_path: Path):
    record, said = claims(tmp_path, contended(sample.results(NAMES, seeds=3, repeats=1), "mlp"))
    claim = "mlp came out ahead, but it was measured while other work took its cores, so no claim about the order."
    assert said["Cheapest step"] == said["Highest throughput of a step"] == claim
    assert "mlp" not in {row.label for row in record.rows if row.key in placed(record)}


def test_one_that_was_contended_is_never_called_one_without_an_interval(tmp_path: Path):
    _, said = claims(tmp_path, contended(sample.results(NAMES, seeds=3, repeats=1), "lenet5", "convnet"))
    assert said["Cheapest step"] == "mlp came out ahead; lenet5 and convnet were contended, so no comparison holds."


def test_a_contended_training_makes_no_claim_about_times_to_the_target(tmp_path: Path):
    record, said = claims(tmp_path, contended(sample.results(NAMES, seeds=3, repeats=1), "lenet5"))
    times = {row.label: row.values.get("time_to_accuracy") for row in record.rows}
    assert (times["lenet5"].contended, times["convnet"].contended) == (True, False)
    assert said["To 98 %"] == (
        "lenet5 was seen at 98 % test accuracy first with each of 3 seeds, but it was measured while other work took "
        "its cores: no claim about the order."
    )


@pytest.mark.parametrize(("more", "marked"), [((LIMIT,), True), ((), False)], ids=["cut by time", "all epochs"])
def test_an_accuracy_is_contended_only_where_time_cut_its_training(tmp_path: Path, more, marked):
    results = contended(sample.results(NAMES, seeds=3, repeats=1), *NAMES, parts=("training",), more=more)
    record, said = claims(tmp_path, results)
    assert {row.values["accuracy"].contended for row in record.rows} == {marked}
    assert ("no claim" in said["Most accurate"]) == marked
    assert ("Small and close" in said) == (not marked)
    assert any("fewer steps" in caveat for caveat in trust(record).caveats) == marked


def test_what_is_left_out_is_told_beside_how_many_are_left(tmp_path: Path):
    results = sample.results(("mlp", "lenet5"), repeats=3)
    results = [replace(result, warnings=()) if result.repeat == 2 else replace(
        result, warnings=(Warning("relative cost", "contended", 0.5, "-"),)) for result in results]  # fmt: skip
    record = read(sample.recorded(tmp_path, results))
    (words,) = {in_words(row.values["relative_cost"]).partition("(")[2].partition(")")[0] for row in record.rows}
    assert words == "one process: no interval; 2 more left out: contended"
    assert "contended</span>" not in page(record).split('id="rows"')[1].split("</table>")[0]
