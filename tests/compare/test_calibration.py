"""Calibration: what was shown is stored per machine, and decides which tolerance is believed."""

import json
from math import inf

import numpy as np
import pytest

from bench.compare.calibration import (
    UNKNOWN,
    Calibration,
    RunCounts,
    checked_tolerance,
    path_of,
    save,
    shown_on,
    uncalibrated_note,
)
from bench.errors import BenchError
from bench.stats.operating_characteristics import noise_of, rates
from bench.stats.sequential_test import TOLERANCE
from bench.store.fingerprint import fingerprint

MACHINE = fingerprint({"cpu": "x", "torch": "2.14.1"}, threads=1)
OTHER = fingerprint({"cpu": "x", "torch": "2.14.1"}, threads=2)


@pytest.fixture
def calibrated(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def store(smallest, **others):
        pool = tuple(float(one) for one in np.random.default_rng(0).normal(0, 0.01, 12))
        counts = RunCounts(slowdown=0.1, tolerance=0.05, fail=1, passed=0, inconclusive=0, seconds=(80.0,))
        made = Calibration(
            fingerprint=MACHINE.fields,
            log_ratios={"lenet5": pool},
            smallest_tolerance=smallest,
            tolerances={"lenet5": smallest, **others},
            rates={"lenet5": (rates(noise_of(pool), 0.05),)},
            runs=(counts,),
        )
        return save(made)

    return store


def test_it_is_kept_by_fingerprint(calibrated):
    path = calibrated(0.03)
    assert path == path_of(MACHINE)
    stored = json.loads(path.read_text())
    assert stored["schema"] == 3
    assert stored["runs"][0]["fail"] == 1
    assert shown_on(MACHINE) == (0.03, {"lenet5": 0.03})
    assert shown_on(OTHER) is None


def test_without_a_calibration_the_default_is_used_and_who_measures_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert checked_tolerance(None, [MACHINE], uncalibrated=False) == (TOLERANCE, [])  # no note for each comment
    assert uncalibrated_note([MACHINE]) == UNKNOWN
    assert checked_tolerance(0.01, [MACHINE], uncalibrated=False) == (0.01, [])


def test_what_was_shown_is_believed(calibrated):
    calibrated(0.03)
    assert checked_tolerance(None, [MACHINE], uncalibrated=False) == (TOLERANCE, [])
    assert checked_tolerance(0.03, [MACHINE], uncalibrated=False) == (0.03, [])
    assert uncalibrated_note([MACHINE]) == ""
    assert uncalibrated_note([MACHINE, OTHER]) == UNKNOWN


def test_a_smaller_tolerance_is_refused_unless_forced(calibrated):
    calibrated(0.03)
    with pytest.raises(BenchError, match=r"3 % to be the smallest that works: allow more than 2 %") as told:
        checked_tolerance(0.02, [MACHINE], uncalibrated=False)
    assert told.value.exit_code == 2
    tolerance, notes = checked_tolerance(0.02, [MACHINE], uncalibrated=True)
    assert tolerance == 0.02
    assert "forced" in notes[0]


def test_a_noisier_machine_raises_the_default(calibrated):
    calibrated(0.08)
    tolerance, [note] = checked_tolerance(None, [MACHINE], uncalibrated=False)
    assert tolerance == 0.08
    assert note.startswith("the tolerance is 8 %")


def test_where_no_tolerance_works_only_force_goes_on(calibrated):
    calibrated(None)
    assert shown_on(MACHINE).smallest == inf
    for wanted in (None, 0.05):
        with pytest.raises(BenchError, match="no tolerance works"):
            checked_tolerance(wanted, [MACHINE], uncalibrated=False)
    with pytest.raises(BenchError, match="no tolerance works"):
        checked_tolerance(None, [MACHINE], uncalibrated=True)
    assert checked_tolerance(0.05, [MACHINE], uncalibrated=True)[0] == 0.05


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": 3}'])
def test_a_damaged_file_is_told(calibrated, text):
    calibrated(0.03).write_text(text)
    with pytest.raises(BenchError, match=r"is damaged .*calibrate again"):
        shown_on(MACHINE)


def test_a_file_of_another_schema_is_refused(calibrated):
    path = calibrated(0.03)
    path.write_text(path.read_text().replace('"schema": 3', '"schema": 2', 1))
    with pytest.raises(BenchError, match="has schema 2, this version reads 3: calibrate again") as refusal:
        checked_tolerance(None, [MACHINE], uncalibrated=False)
    assert "\n" not in str(refusal.value)


def test_cells_that_were_not_calibrated_are_told(calibrated):
    """Their noise may be larger than that of the cells that the smallest tolerance comes from."""
    calibrated(0.03)
    assert checked_tolerance(None, [MACHINE], uncalibrated=False, cells=["lenet5"]) == (TOLERANCE, [])
    tolerance, [note] = checked_tolerance(None, [MACHINE], uncalibrated=False, cells=["lenet5", "vgg4", "vgg4"])
    assert tolerance == TOLERANCE
    assert note.endswith("not with vgg4")


def test_each_cell_is_held_to_its_own_tolerance(calibrated):
    """A quiet cell beside a noisy one keeps its own; what was not calibrated may be as noisy as any."""
    calibrated(0.08, mlp=0.015)
    assert checked_tolerance(None, [MACHINE], uncalibrated=False, cells=["mlp", "mlp"]) == (TOLERANCE, [])
    assert checked_tolerance(0.02, [MACHINE], uncalibrated=False, cells=["mlp"]) == (0.02, [])
    for cells in (["lenet5"], ["mlp", "lenet5"], ["vgg4"], ["mlp", "vgg4"]):
        assert checked_tolerance(None, [MACHINE], uncalibrated=False, cells=cells)[0] == 0.08
        with pytest.raises(BenchError, match=r"8 % to be the smallest that works"):
            checked_tolerance(0.02, [MACHINE], uncalibrated=False, cells=cells)


def test_where_real_slowdowns_were_missed_no_cell_has_a_tolerance(calibrated):
    calibrated(None, mlp=0.015)
    with pytest.raises(BenchError, match="no tolerance works"):
        checked_tolerance(None, [MACHINE], uncalibrated=False, cells=["mlp"])


def test_a_stored_tolerance_that_is_no_share_is_damage(calibrated):
    path = calibrated(0.03)
    stored = json.loads(path.read_text())
    for wrong in (True, "0.05", 0, -0.02, 1, 1.5, [0.05]):
        for changed in ({"smallest_tolerance": wrong}, {"tolerances": {"lenet5": wrong}}):
            path.write_text(json.dumps({**stored, **changed}))
            with pytest.raises(BenchError, match=r"is damaged .*is no tolerance: a share between 0 and 1"):
                shown_on(MACHINE)
