"""Naming a file runs it, and nothing else does: results that name code are read by every command, and run by none."""

import json
import shlex
from hashlib import sha256
from textwrap import dedent
from types import SimpleNamespace

import numpy as np
import pytest

from bench.compare.facts import ComparisonFacts, SideFacts
from bench.compare.log import ComparisonLog
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.store.named_code import remember
from bench.store.result import Measurement, Result
from bench.store.run import create
from bench.verdict.verdict import Decision

LABEL = '<script>alert(1)</script>";touch pwned;$(touch pwned)'
FILE, SHELL = "architecture=evil.py:Net", 'optimizer=os:system("touch pwned")'
CELLS = (
    Cell("Net", origins=(FILE, SHELL)),
    Cell("evil.py:Net"),  # what names code without saying so
    Cell("lenet5", optimizer='os:system("touch pwned")', loss="evil.py:loss"),
    Cell("lenet5", dataset="evil.py:load", origins=("dataset=evil.py:load",)),
    Cell(LABEL, origins=("architecture=../../evil.py:Net", "other=no origin at all", "loss=evil.py:", "x=evil:a(b(")),
)
MACHINE = {"cpu": "made up", "torch": "2.14"}


@pytest.fixture
def evil(tmp_path, monkeypatch):
    """A file of code in the working directory; what it leaves behind when it is run."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # nothing was ever named
    source = f"""
        from pathlib import Path

        Path({str(tmp_path / "pwned")!r}).write_text("it was run")
        Net = load = loss = print
        """
    (tmp_path / "evil.py").write_text(dedent(source))
    return tmp_path / "pwned"


@pytest.fixture
def plant(evil, tmp_path):
    """Writes a run whose run.json and results name the file, with the log of its relative cost."""

    def write(name, cost=0.0, digest="", revision="a" * 40, **plan):
        given = {"architectures": ("evil.py:Net",), "epochs": 0, "threads": (1,), **plan}
        right = sha256((tmp_path / "evil.py").read_bytes()).hexdigest()
        file = {"text": "evil.py:Net", "file": str(tmp_path / "evil.py"), "sha256": digest or right}
        facts = {
            "status": "interrupted",
            "command": "python -m bench run --architectures evil.py:Net",
            "plan": Plan(**given).to_dict(),
            "git": {"revision": revision},
            "origins": {FILE: file},
            "started": f"2026-01-01T00:00:{len(list(tmp_path.glob('results/*'))):02}+00:00",
        }
        run = create(name, facts, tmp_path / "results")
        for cell in CELLS:
            measured = (
                Measurement.of_samples("step", np.full(20, 0.004), threads=1),
                Measurement("relative_cost", "1", "lower", float(np.exp(cost)), "p10", 1),
            )
            entry = {"epoch": 1, "steps": 9, "seconds": 1.0, "train_loss": 1.0, "test_loss": 1.0, "test_accuracy": 0.5}
            training = {"epochs": [entry], "seed": 0}
            run.append(Result(cell, "ok", measurements=measured, system=MACHINE, training=training))
        return run

    return write


def log_of(tmp_path):
    """Writes a comparison log whose cells name code."""
    facts = ComparisonFacts(
        before=SideFacts("evil.py:Net", origin={"text": "evil.py:Net"}),
        after=SideFacts("evil.py:Net"),
        cells={cell.id: (cell, cell) for cell in CELLS},
        metric="step",
        tolerance=0.05,
        blocks=3,
        order_seed=0,
        machine=MACHINE,
        system=MACHINE,
    )
    ComparisonLog(tmp_path / "log.jsonl", facts)


READING = [
    "show planted",
    "show planted --json",
    "show planted --csv",
    "list runs",
    "list runs --json",
    "report planted",
    "history",
    "explain planted planted",
    "baseline save planted",
    "baseline show main",
    "check planted --no-ab",
    "ab --recompute log.jsonl",
]


def test_no_command_that_reads_results_runs_what_they_name(plant, evil, typed, tmp_path):
    for number in range(6):
        plant(f"run{number}", 0.002 * number)
        assert typed("baseline", "save", f"run{number}").returncode == 0
    plant("planted", 0.5, revision="b" * 40)
    log_of(tmp_path)
    for command in READING:
        done = typed(*command.split())
        assert "Traceback" not in done.stderr, command
        assert done.returncode in (0, 1, 2, 3, 4), command
        assert not evil.exists(), command
    page = (tmp_path / "reports/planted.html").read_text("utf-8")
    assert LABEL not in page
    assert "&lt;script&gt;alert(1)" in page
    assert not [path for path in tmp_path.parent.iterdir() if path.name == "pwned"]


def test_what_looks_slower_is_measured_again_only_if_its_code_was_named(plant, evil, typed):
    for number in range(6):
        plant(f"run{number}", 0.002 * number)
        assert typed("baseline", "save", f"run{number}").returncode == 0
    plant("slower", 0.5, revision="b" * 40)
    done = typed("check", "slower", "--json")
    notes = json.loads(done.stdout)["notes"]
    refused = [note for note in notes if "not measured again" in note]
    assert len(refused) >= len(CELLS) - 1, notes
    assert any("would run 'evil.py:Net'" in note and "add --allow-code" in note for note in refused)
    assert not evil.exists()


def test_nor_is_it_trained_again(plant, evil, typed):
    from bench.cli.commands import check
    from bench.cli.parser.main import build_parser

    run = plant("less")
    new = SimpleNamespace(cell=CELLS[0], id="less", epochs=1, revision="b" * 40, dirty=False)
    fallen = SimpleNamespace(new=new, latest=SimpleNamespace(revision="a" * 40, dirty=False), seeds=(0,))
    args = build_parser().parse_args(["check", "less"])
    stored = Decision(kind="check", before="main", after="less", verdicts=())
    decision = check._trained_again(args, run, SimpleNamespace(falls=[fallen]), stored)
    (note,) = decision.notes
    assert note.startswith("less not trained again: run 'less' would run 'evil.py:Net'")
    assert not evil.exists()
    assert typed("run", "--allow-code").stderr.startswith("bench: --allow-code goes with --resume RUN")


@pytest.mark.parametrize(
    ("planted", "message"),
    [
        ({}, "evil.py), which you have not named in this folder: look at it, then add --allow-code"),
        ({"digest": "0" * 64}, "has changed since run 'planted' used it"),
        ({"architectures": ("os:getcwd",)}, "'os:getcwd' has version None here and None in run 'planted'"),
        ({"optimizers": ("torch.optim:Adam",)}, "would run 'evil.py:Net'"),
        ({"datasets": ("evil.py:load",)}, "would run 'evil.py:Net'"),
        ({"architectures": ("lenet5",), "losses": ("evil.py:loss",)}, "evil.py has changed since"),  # nothing recorded
        ({"architectures": ("python:Net#12345678",)}, "'python:Net#12345678' has version"),
        ({"architectures": ("evil.py:Net(",)}, "names nothing that can be imported"),
    ],
)
def test_a_run_that_names_code_is_not_resumed_by_that_alone(plant, evil, typed, planted, message):
    plant("planted", **planted)
    done = typed("run", "--resume", "planted", "--dry-run")
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not evil.exists()


@pytest.mark.slow
def test_a_run_goes_on_where_its_code_was_named_or_is_allowed(plant, evil, typed, tmp_path):
    plant("planted")
    assert "would run" in typed("run", "--resume", "planted", "--dry-run").stderr
    remember(["evil.py:Net"])
    done = typed("run", "--resume", "planted", "--dry-run")
    assert evil.exists()  # it was run, and turned out to be no net
    assert "no torch.nn.Module" in done.stderr
    evil.unlink()
    (tmp_path / "cache/torch-architecture-bench/named.jsonl").unlink()
    typed("run", "--resume", "planted", "--dry-run", "--allow-code")
    assert evil.exists()
    evil.unlink()
    (tmp_path / "evil.py").write_text("open('pwned', 'w')\n")
    done = typed("run", "--resume", "planted", "--dry-run", "--allow-code")
    assert "has changed since run 'planted' used it: start a new run, or put the file back" in done.stderr
    assert not evil.exists()


@pytest.mark.slow
def test_no_worker_that_reads_results_runs_what_they_name(plant, evil, typed, tmp_path):
    import torch

    from bench.process.executor import open_executor
    from bench.session.curves import curves_of, write_curves

    run = plant("planted")
    for cell in CELLS:
        stored = {"format": 1, "cell": cell.to_dict(), "input_shape": [1, 28, 28], "num_classes": 10, "weights": {}}
        torch.save(stored, tmp_path / "planted.pt")
        done = typed("show", "checkpoint", "planted.pt")
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    with open_executor() as executor:
        write_curves(executor, curves_of(run), tmp_path / "curves")
    assert len(list((tmp_path / "curves").iterdir())) == len(CELLS)
    assert not evil.exists()


def test_what_was_named_is_kept_for_its_folder_alone(tmp_path, monkeypatch, evil):
    from bench.store.named_code import check_code
    from bench.store.run import Run

    origin = {"text": "evil.py:Net", "sha256": sha256((tmp_path / "evil.py").read_bytes()).hexdigest()}
    run = Run(tmp_path, {"origins": {FILE: origin}})
    monkeypatch.chdir(tmp_path)
    remember(["evil.py:Net", "evil.py:Net"])
    check_code(run, ["evil.py:Net"])
    names = tmp_path / "cache/torch-architecture-bench/named.jsonl"
    assert names.read_text().count("evil.py:Net") == 1
    assert names.parent.stat().st_mode & 0o777 == 0o700
    names.write_text("damaged\n" + names.read_text() + "[]\n")
    check_code(run, ["evil.py:Net"])  # lines that say nothing are passed over
    (tmp_path / "other").mkdir()
    (tmp_path / "other/evil.py").write_bytes((tmp_path / "evil.py").read_bytes())
    monkeypatch.chdir(tmp_path / "other")
    with pytest.raises(Exception, match="have not named in this folder"):
        check_code(run, ["evil.py:Net"])
    names.parent.chmod(0o777)  # whoever may write there may name things
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Exception, match="have not named in this folder"):
        check_code(run, ["evil.py:Net"])


def test_no_text_of_a_result_gets_out_of_the_command_that_repeats_it():
    from bench.plan.command import command_of

    for text in ('a.py:Net(x="; touch pwned; $(touch pwned) `id`\n#")', "--output=x:Net", "$(id).py:Net"):
        command = command_of(Cell("Net", origins=(f"architecture={text}",)), Plan().to_dict())
        words = shlex.split(command)
        given = [word.removeprefix("--architectures=") for word in words]
        assert text in given
        assert "pwned;" not in words
