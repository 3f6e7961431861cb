import json

import pytest

from bench.cli import run_command_line
from bench.cli.commands import doctor
from bench.doctor.rules import STATES
from tests.doctor.test_rules import SERVER


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """The doctor sees these facts and starts no worker."""
    facts = dict(SERVER)
    monkeypatch.setattr(doctor, "examine", lambda _, pairs: facts | {"asked": pairs})
    monkeypatch.setattr(doctor.Workers, "prepare", lambda _: None)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))  # where the machine's lock lies
    return facts


def test_a_fit_machine_exits_0_with_a_line_for_each_finding(machine, capsys):
    assert run_command_line(["doctor"]) == 0
    printed = capsys.readouterr().out

    assert "remedy" not in printed
    assert all(line.startswith("good") for line in printed.splitlines()[:-2])
    assert printed.splitlines()[-1].startswith("fit to measure on")


def test_a_doubtful_machine_exits_3_and_says_what_it_costs_and_what_helps(machine, capsys):
    machine["openmp"] = {"OMP_WAIT_POLICY": "passive"}

    assert run_command_line(["doctor"]) == 3
    printed = capsys.readouterr().out
    assert "1.6 times" in printed
    assert "remedy: unset OMP_WAIT_POLICY" in printed
    assert printed.splitlines()[-1].startswith("doubtful")


def test_json_is_one_document_with_findings_and_facts(machine, capsys):
    assert run_command_line(["doctor", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)

    assert document["fit"] is True
    assert document["facts"] == machine | {"asked": 4}
    assert {"name", "state", "seen", "cost", "remedy"} == set(document["findings"][0])


@pytest.mark.slow
def test_this_machine_is_examined(bench):
    done = bench("doctor", "--json", "--pairs", "2", haste=True)
    document = json.loads(done.stdout)

    assert done.returncode == (0 if document["fit"] else 3)
    assert {"A/A pairs", "steal", "threads", "torch build"} <= {one["name"] for one in document["findings"]}
    for one in document["findings"]:
        assert one["state"] in STATES
        assert one["cost"]
        assert one["remedy"]
    assert document["facts"]["aa_log_ratios"]
    assert document["facts"]["alike_log_ratios"]
    assert "memory layout" in {finding["name"] for finding in document["findings"]}
