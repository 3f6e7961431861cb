import ast
from dataclasses import replace

import pytest

from bench.plan import reference as frozen
from bench.plan import timing
from bench.plan.cell import Cell
from bench.store.fingerprint import definition, fingerprint, of_result, protocol, redefined
from bench.store.result import Measurement, Result

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
    before = protocol()
    monkeypatch.setattr(timing, "ADDED_LATER", 7, raising=False)
    for name in timing.DECIDE_NO_TIME:
        value = getattr(timing, name)
        monkeypatch.setattr(timing, name, (*value, 0.9) if isinstance(value, tuple) else value + 1)
    assert protocol() == before


@pytest.mark.parametrize("name", timing.DECIDE_A_TIME)
def test_a_constant_of_the_protocol_that_decides_a_time_changes_the_definition(name, monkeypatch):
    before = definition(CELL, protocol(), 15)
    monkeypatch.setattr(timing, name, getattr(timing, name) * 2)
    after = definition(CELL, protocol(), 15)
    assert [text.split()[0] for text in redefined(before, after)] == (
        ["the", "the"] if name == "RELATIVE_STATISTIC" else ["the"]
    )


def test_a_definition_is_the_one_that_baselines_were_stored_with():
    # whoever changes it, by the protocol or the reference, makes stored baselines incomparable: a decision, not a slip
    assert definition(CELL, protocol(), 15) == (
        "cell=77a39253c72c reference=a98995394394 timing=66d5bd998fbd estimator=p10 blocks=15"
    )


def test_a_definition_is_of_the_cell_and_stays_the_same():
    cell = Cell("lenet5", threads=1)
    by = protocol()
    assert definition(cell, by, 15) == definition(replace(cell), by, 15)
    assert definition(cell, by, 15) != definition(replace(cell, batch_size=65), by, 15)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"estimator": "p25"}, "the estimator of the relative cost p10 -> p25"),
        ({"blocks": 3}, "blocks a process 15 -> 3"),
        ({"reference": "0" * 12}, f"the code of the reference {protocol()['reference']} -> 000000000000"),
    ],
)
def test_what_else_decides_a_relative_cost_changes_the_definition_and_is_named(change, words):
    blocks = change.pop("blocks", 15)
    assert redefined(definition(CELL, protocol(), 15), definition(CELL, {**protocol(), **change}, blocks)) == (words,)


def test_any_character_of_the_frozen_code_changes_its_digest(tmp_path):
    copy = tmp_path / "reference.py"
    copy.write_text(frozen.SOURCE.read_text("utf-8") + "#", "utf-8")
    assert frozen.source_digest(copy) != frozen.source_digest()


def test_the_frozen_code_uses_torch_alone():
    tree = ast.parse(frozen.SOURCE.read_text("utf-8"))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert {module.partition(".")[0] for module in modules} == {"torch", "collections"}


def test_the_fingerprint_of_a_result_has_the_threads_of_its_relative_cost():
    cost = Measurement.of_value("relative_cost", 2.0, "p10", 1)
    result = Result(replace(CELL, threads=2), "ok", measurements=(cost,), system=SYSTEM)
    assert of_result(result) == fingerprint(SYSTEM, 1).digest
    assert of_result(replace(result, measurements=())) == fingerprint(SYSTEM, 2).digest
    assert of_result(replace(result, system={})) == ""
