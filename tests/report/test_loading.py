"""What the page says of loading: how many times as long as a resident one a step takes."""

from dataclasses import replace

from bench.plan.cell import Cell
from bench.report import load as page
from bench.report.loading import loading
from bench.store.result import Measurement, Result
from bench.store.run import create

RESIDENT = Cell("mlp", threads=1)


def record(folder, **steps):
    """The record of a run in which steps took so long by their loaders, in three processes each."""
    run = create("mine", {}, folder)
    for loader, seconds in steps.items():
        for repeat, more in enumerate((1.0, 1.01, 0.99)):
            taken = {"step": 1e-3 * more, "fetch": (seconds - 1e-3) * more, "step_wall": seconds * more}
            measurements = tuple(Measurement.of_value(metric, value, "p25", 1) for metric, value in taken.items())
            run.append(Result(replace(RESIDENT, loader=loader), "ok", repeat=repeat, measurements=measurements))
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
