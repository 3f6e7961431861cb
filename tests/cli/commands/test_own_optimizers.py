"""Optimizers and losses of a user's own from the command line: refused in one line, or measured, trained and kept."""

import json
import shutil
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
FLAGS = ("--suite", "tiny", "--architectures", "debug", "--datasets", "synthetic", "--threads", "1", "--concurrent")

MISTAKES = {
    "no optimizer": (("--optimizers", "chosen.py:nothing"), ["gives nothing, no torch.optim.Optimizer: return one"]),
    "no step": (("--optimizers", "chosen.py:Silent"), ["without a closure", "needs_closure"]),
    "no rate": (
        ("--optimizers", "chosen.py:Plain"),
        ["no learning rate of its own", "Plain(lr=...)", "--learning-rates"],
    ),
    "no rate to tune": (
        ("--optimizers", "chosen.py:Plain", "--tune", "3", "--epochs", "1"),
        ["no learning rate of its own to look around", "Plain(lr=...)", "(--tune)"],
    ),
    "a rate that it cannot take": (
        ("--optimizers", "chosen.py:Rateless", "--learning-rates", "0.1"),
        ["nothing to measure: Rateless takes no learning rate (leave out --learning-rates)"],
    ),
    "no loss": (("--losses", "own_losses.py:each"), ["gives a tensor of 8, no scalar: end it with .mean()"]),
    "a loss of another arity": (("--losses", "own_losses.py:three"), ["missing 1 required positional argument"]),
}


@pytest.fixture
def files(tmp_path):
    shutil.copy(TESTS / "optimizers" / "chosen.py", tmp_path)
    shutil.copy(TESTS / "losses" / "chosen.py", tmp_path / "own_losses.py")


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_before_anything_is_measured(typed, files, tmp_path, mistake):
    flags, words = MISTAKES[mistake]
    done = typed("run", *FLAGS, *flags)
    lines = [line for line in done.stderr.splitlines() if line.startswith("bench: ")]
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert len(lines) == 1, done.stderr
    assert [word for word in words if word not in lines[0]] == [], lines[0]
    assert not (tmp_path / "results").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("in_haste")
def test_they_are_timed_trained_profiled_and_kept(typed, files, tmp_path):
    done = typed(
        *("run", *FLAGS, "--run", "own", "--optimizers", "chosen.py:Sharpness", "chosen.py:ScheduleFree(lr=0.25)"),
        *("--losses", "own_losses.py:Weighted", "--repeats", "1", "--again", "0", "--blocks", "2", "--epochs", "2"),
        *("--until", "99%", "--checkpoint", "--profile", "--learning-rates", "0.05"),
    )
    assert done.returncode == 0, done.stderr
    assert "the loss Weighted has weights of its own, which are not trained: temperature" in done.stderr
    folder = tmp_path / "results" / "own"
    results = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    assert [(result["status"], result["reason"]) for result in results] == [("ok", None)] * 2
    assert {result["cell"]["optimizer"] for result in results} == {"Sharpness", "ScheduleFree(lr=0.25)"}
    assert all(result["profile"] and result["training"] for result in results)
    origins = json.loads((folder / "run.json").read_text())["origins"]
    assert origins.keys() == {
        "optimizer=chosen.py:Sharpness",
        "optimizer=chosen.py:ScheduleFree(lr=0.25)",
        "loss=own_losses.py:Weighted",
    }
    assert (tmp_path / "reports" / "own.html").is_file()

    for name in ("chosen.py", "own_losses.py"):  # weights of a registered net are read back without them
        (tmp_path / name).unlink()
    for path in folder.glob("checkpoints/*/*.pt"):
        seen = typed("show", "checkpoint", str(path))
        assert seen.returncode == 0, seen.stderr
        assert "now on" in seen.stdout


@pytest.mark.slow
def test_the_listings_tell_of_them(typed, files):
    done = typed("list", "optimizers", "chosen.py:ScheduleFree", "--json")
    (entry,) = json.loads(done.stdout)
    assert (entry["name"], entry["learning_rate"], entry["implementations"]) == ("ScheduleFree", 0.5, ["default"])
    assert entry["origin"]["text"] == "chosen.py:ScheduleFree"
    names = [entry["name"] for entry in json.loads(typed("list", "losses", "--json").stdout)]
    assert names == ["cross_entropy", "nll_loss"]
