from dataclasses import replace
from pathlib import Path

from bench.report.load import read
from bench.report.provenance import flat, trust
from bench.store.warning import Warning
from tests.report import report_sample as sample


def test_nested_facts_become_paths():
    nested = {"cores_usable": 2, "precision": {"tf32": False}, "gpu": None, "memory": 8_000_000_000, "isa": ["avx2"]}
    assert dict(flat(nested)) == {
        "cores usable": "2", "precision, tf32": "no", "gpu": "none", "memory": "8.00\u00a0GB", "isa": "avx2",
    }  # fmt: skip


def test_warnings_of_one_kind_are_told_once_with_the_span_of_their_amounts(tmp_path: Path):
    shares = (0.71, 0.83, 0.79)
    noted = [
        (Warning("phases", "contended", share, f"the process had {share * 100:.0f} % of its core"),) for share in shares
    ]
    noted[1] += (sample.NOT_STEADY,)
    plain = sample.results(("mlp",), repeats=3)
    results = [replace(result, warnings=warnings) for result, warnings in zip(plain, noted, strict=True)]
    cell = results[0].cell.id
    assert trust(read(sample.recorded(tmp_path, results))).warnings == (
        (
            "phases: contended, the process had 71 % of its core; 3 such, from 71 % of a core to 83 % of a core",
            f"{cell} (3 processes)",
        ),
        ("phases: not steady, no steady state within the longest warm-up", f"{cell} (1 process)"),
    )


def test_facts_that_differ_between_processes_are_told(tmp_path: Path):
    results = sample.results(("mlp",), repeats=2)
    results[1] = replace(results[1], system={**sample.SYSTEM, "cpu": "another", "load": 0.9})
    machine = dict(trust(read(sample.recorded(tmp_path, results))).machine)
    assert machine["cpu"] == "differs between processes: AMD EPYC 7B13 and another"
    assert machine["load"] == "0.3 to 0.9 over the processes"


def test_what_nobody_registered_is_told_once(tmp_path: Path):
    origins = {
        "architecture=nets.py:Net": {"text": "nets.py:Net", "file": "/home/me/nets.py", "sha256": "1" * 64},
        "architecture=python:Net#01234567": {"text": "python:Net#01234567", "pickle": "2" * 64},
        "optimizer=lion": {"text": "mine:Lion", "package": "mine", "version": "1.0"},
    }
    run = trust(read(sample.recorded(tmp_path, sample.results(("mlp",)), origins=origins))).run
    assert [row for row in run if any(word in " ".join(row) for word in ("nets.py", "python:Net", "lion", "mine"))] == [
        ("Architecture nets.py:Net", "nets.py, SHA-256 111111111111, in /home/me"),
        ("Architecture python:Net#01234567", "an object of a Python program, SHA-256 222222222222"),
        ("Optimizer lion", "mine 1.0"),
    ]


def test_every_cell_has_its_command_and_every_loss_its_reason(tmp_path: Path):
    shown = trust(read(sample.recorded(tmp_path, sample.troubled())))
    assert len(shown.commands) == 10
    assert ("resnet20-sgd-mnist-b64-cpu-t2, repeat 1", "timeout", "no answer within 600 s") in shown.lost


def test_an_unfinished_run_says_so(tmp_path: Path):
    shown = trust(read(sample.recorded(tmp_path, sample.results(("mlp",)), status="interrupted")))
    assert shown.caveats[0].startswith("The run is interrupted")
