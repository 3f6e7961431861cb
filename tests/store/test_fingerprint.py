from dataclasses import replace

import pytest

from bench.plan import timing
from bench.plan.cell import Cell
from bench.store.fingerprint import definition, fingerprint

CELL = Cell("lenet5", optimizer="adam")
SYSTEM = {
    "cpu": "AMD EPYC",
    "isa": "AVX2",
    "cores": 8,
    "cores_usable": 2,
    "os": "Linux-6.1.0-x86_64-with-glibc2.36",
    "arch": "x86_64",
    "python": "3.11.7",
    "torch": "2.14.1+cu130",
    "allocator": "glibc, pinned",
    "load": 0.3,
    "memory": 25_000_000_000,
    "precision": {"matmul": "highest", "tf32": True},
}


def test_what_decides_a_time_is_in_it_and_what_wanders_is_not():
    fields = fingerprint(SYSTEM, threads=1).fields
    assert fields["os"] == "Linux"
    assert fields["python"] == "3.11"
    assert fields["threads"] == 1
    assert fields["precision"] == {"matmul": "highest", "tf32": True}
    assert not {"load", "memory", "cores", "gpu"} & set(fields)


@pytest.mark.parametrize(
    "change", [{"load": 9.0}, {"memory": 1}, {"python": "3.11.9"}, {"os": "Linux-6.9.1"}, {"gpu_clock_mhz": 1200}]
)
def test_what_changes_without_a_change_of_machine_leaves_it(change):
    one, other = fingerprint(SYSTEM, 1), fingerprint({**SYSTEM, **change}, 1)
    assert one.digest == other.digest
    assert one.differences(other) == ()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"torch": "2.15.0"}, "torch 2.14.1+cu130 -> 2.15.0"),
        ({"python": "3.12.1"}, "python 3.11 -> 3.12"),
        ({"gpu": "H100", "identity": ["gpu"]}, "gpu unknown -> H100"),
        ({"npu": 7, "npu_clock": 900, "identity": ["npu"]}, "npu unknown -> 7"),
        ({"precision": {"matmul": "high"}}, "precision matmul=highest, tf32=True -> matmul=high"),
    ],
)
def test_a_hard_field_changes_it_and_the_difference_is_named(change, told):
    one, other = fingerprint(SYSTEM, 1), fingerprint({**SYSTEM, **change}, 1)
    assert one.digest != other.digest
    assert one.differences(other) == (told,)


def test_threads_are_part_of_it():
    assert fingerprint(SYSTEM, 1).differences(fingerprint(SYSTEM, 2)) == ("threads 1 -> 2",)


def test_a_constant_of_the_protocol_that_decides_no_time_leaves_the_definition(monkeypatch):
    before = definition(CELL)
    monkeypatch.setattr(timing, "ADDED_LATER", 7, raising=False)
    for name in timing.DECIDE_NO_TIME:
        monkeypatch.setattr(timing, name, getattr(timing, name) + 1)
    assert definition(CELL) == before


@pytest.mark.parametrize("name", timing.DECIDE_A_TIME)
def test_a_constant_of_the_protocol_that_decides_a_time_changes_the_definition(name, monkeypatch):
    before = definition(CELL)
    monkeypatch.setattr(timing, name, getattr(timing, name) * 2)
    assert definition(CELL) != before


def test_a_definition_is_the_one_that_baselines_were_stored_with():
    # whoever changes it, by the protocol or the reference, makes stored baselines incomparable: a decision, not a slip
    assert definition(CELL) == "ab3072f0683a"


def test_a_definition_is_of_the_cell_and_stays_the_same():
    cell = Cell("lenet5", threads=1)
    assert definition(cell) == definition(replace(cell))
    assert definition(cell) != definition(replace(cell, batch_size=65))
