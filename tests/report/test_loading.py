"""What the page says of loading: how many times as long as a resident one a step takes."""

from dataclasses import replace

from bench.plan.cell import Cell
from bench.report import load as page
from bench.report.loading import loading
from bench.store.result import Measurement, Result
from bench.store.run import create
from bench.store.warning import Warning

RESIDENT = Cell("mlp", threads=1)
NEIGHBOUR = Warning("phases", "contended", 0.5, "other work took its cores")


def record(folder, *, warnings=(), **steps):
    """The record of a run in which steps took so long by their loaders, in three processes with `warnings`."""
    run = create("mine", {}, folder)
    for loader, seconds in steps.items():
        for repeat, more in enumerate((1.0, 1.01, 0.99)):
            taken = {"step": 1e-3 * more, "fetch": (seconds - 1e-3) * more, "step_wall": seconds * more}
            measurements = tuple(Measurement.of_value(metric, value, "p25", 1) for metric, value in taken.items())
            cell = replace(RESIDENT, loader=loader)
            run.append(Result(cell, "ok", repeat=repeat, measurements=measurements, warnings=warnings))
    return page.read(run)


def test_it_names_the_dearest_and_the_cheapest_with_their_fetches(tmp_path):
    sentence = loading(record(tmp_path, resident=1.1e-3, transforms_2=4.4e-3, dataloader=2.2e-3))
    assert sentence.claim.startswith(
        "Fetched by mlp · transforms, 2 workers, a step takes 4.00 times a resident step ("
    )
    assert "; by mlp · dataloader, 2.00 times a resident step (" in sentence.claim
    assert "fetch 1.20\N{NO-BREAK SPACE}ms" in sentence.evidence


def test_it_says_nothing_of_what_is_resident(tmp_path):
    assert loading(record(tmp_path, resident=1.1e-3)) is None


def test_what_other_work_disturbed_keeps_its_interval_and_is_marked(tmp_path):
    quiet = loading(record(tmp_path / "quiet", resident=1.1e-3, dataloader=2.2e-3))
    sentence = loading(record(tmp_path / "loud", resident=1.1e-3, dataloader=2.2e-3, warnings=(NEIGHBOUR,)))
    words = "; other work took its cores each time it was measured)"
    assert sentence.claim == quiet.claim.replace(").", f"{words}.")
    assert words in sentence.evidence
    assert "one process" not in sentence.claim
