"""Learning curves as event files: made by a real worker elsewhere, put in place of older ones."""

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.process.worker import WorkerError
from bench.session.collector import folder_of
from bench.session.curves import curves_of, write_curves
from bench.store.result import Result
from bench.store.run import create
from tests.process.elsewhere import Elsewhere

EPOCHS = [{"steps": 8 * epoch, "seconds": float(epoch), "train_loss": 1 / epoch} for epoch in (1, 2)]


def curves(name):
    parameters = Cell(name).to_dict()
    return {"name": name, "epochs": EPOCHS, "parameters": parameters, "metrics": {"accuracy": 0.5}}


class Failing:
    """Starts no worker."""

    def start(self, entry, task):
        raise WorkerError("failed", "no worker today")


@pytest.fixture
def old(tmp_path):
    """The event file of an earlier call."""
    path = tmp_path / "mlp" / "events.out.tfevents.1.host.2.0"
    path.parent.mkdir()
    path.write_bytes(b"old")
    return path


def test_a_worker_that_shares_no_folder_makes_them_and_they_replace_older_ones(tmp_path, old, monkeypatch):
    (old.parent / "mine.txt").write_text("no event file")
    monkeypatch.chdir(tmp_path)
    write_curves(Elsewhere(), [curves("mlp"), curves("debug")], tmp_path)
    assert not old.exists()
    assert (old.parent / "mine.txt").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["debug", "mlp"]
    for name in ("mlp", "debug"):
        events = EventAccumulator(str(tmp_path / name)).Reload()
        assert [(point.step, point.value) for point in events.Scalars("loss/train")] == [(8, 1.0), (16, 0.5)]
        assert [point.value for point in events.Scalars("final/accuracy")] == [0.5]


def test_a_cell_that_was_trained_twice_is_drawn_once_as_the_last_time(tmp_path):
    run = create("mine", {}, tmp_path)
    for epochs in (EPOCHS[:1], EPOCHS):
        run.append(Result(Cell("mlp"), "ok", training={"epochs": epochs}))
    run.append(Result(Cell("debug"), "ok"))
    (curve,) = curves_of(run)
    assert (curve["name"], curve["epochs"]) == (folder_of(Cell("mlp")), EPOCHS)


def test_older_ones_stay_where_the_worker_fails(tmp_path, old):
    with pytest.raises(BenchError, match="no worker today"):
        write_curves(Failing(), [curves("mlp")], tmp_path)
    assert old.read_bytes() == b"old"
