"""Energy on the page: its columns, what it took to reach any target, and what it is of."""

from dataclasses import replace

import pytest

from bench.report.load import read
from bench.report.provenance import trust
from bench.report.table import columns, entries
from bench.store.result import Measurement
from tests.report import report_sample as sample


def counted(watts=(10.0, 14.0), *, whole=True):
    """Results of two nets whose device drew 50 W; the system names the counters."""
    for result, idle in zip(sample.results(("mlp", "lenet5"), repeats=1), watts, strict=True):
        values = {"energy_per_step": 0.2, "energy_per_image": 0.2 / 64, "idle_power": idle}
        measured = tuple(Measurement.of_value(name, value, "mean") for name, value in values.items())
        training = result.training
        if training and whole:
            epochs = [{**entry, "joules": 50 * entry["seconds"]} for entry in training["epochs"]]
            training = {**training, "epochs": epochs}
        system = {**result.system, "energy": ["package-0", "package-0 dram"]}
        yield replace(result, measurements=result.measurements + measured, training=training, system=system)


def test_the_energy_to_a_target_is_by_the_evaluation_that_its_time_is_of(tmp_path):
    record = read(sample.recorded(tmp_path, [*counted()]))
    rows = record.having("time_to_accuracy")

    assert rows
    for row in rows:
        energy, time = (row.values[name].value for name in ("energy_to_accuracy", "time_to_accuracy"))
        assert energy == pytest.approx(50 * time)


def test_an_energy_that_some_training_lacks_is_not_told(tmp_path):
    record = read(sample.recorded(tmp_path, [*counted(whole=False)]))

    assert record.having("time_to_accuracy")
    assert record.having("energy_to_accuracy") == []


def test_the_page_says_what_was_counted_and_what_an_idle_machine_draws(tmp_path):
    record = read(sample.recorded(tmp_path, [*counted()]))
    (caveat,) = [text for text in trust(record).caveats if text.startswith("Energy")]
    shown = {column.metric: column for column in columns(record)}

    assert "package-0 and package-0 dram counted around the blocks, whoever drew it" in caveat
    assert "they counted 10.0\u00a0W to 14.0\u00a0W, which is in it" in caveat
    assert (shown["energy_per_step"].unit, shown["idle_power"].unit) == ("mJ", "W")
    assert {entry.text for entry in entries(record, shown["energy_per_step"]).values()} == {"200"}


def test_a_page_without_energy_says_nothing_of_it(tmp_path):
    record = read(sample.recorded(tmp_path, sample.results(("mlp",))))

    assert [text for text in trust(record).caveats if text.startswith("Energy")] == []
    assert not any("energy" in column.metric for column in columns(record))
