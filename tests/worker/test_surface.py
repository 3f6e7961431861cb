"""A survey: paths from one start to the ends that the run recorded, planes that hold them, and why there is none."""

from dataclasses import asdict
from itertools import combinations

import pytest
import torch

from bench import files
from bench.plan.cell import Cell
from bench.plan.task import Descent, SurfaceTask, Task
from bench.store.surface import Surface, surfaces_of
from bench.worker.cell import measure
from bench.worker.surface import survey
from tests.measure.recording import Heard

CELL = Cell("debug", dataset="synthetic", batch_size=256, learning_rate=0.05)
CELLS = [CELL, Cell(**{**CELL.to_dict(), "optimizer": "momentum"}), Cell(**{**CELL.to_dict(), "optimizer": "adam"})]


@pytest.fixture(autouse=True)
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def recorded(cell):
    heard = Heard()
    measure(Task(cell, blocks=0, epochs=1), heard)
    last = heard.of("training")[-1]["epochs"][-1]
    return Descent(cell, last["steps"], last["test_accuracy"])


@pytest.fixture(scope="module")
def surface():
    heard = Heard()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bench.insight.surface.SIDE", 5)
        survey(SurfaceTask(tuple(map(recorded, CELLS)), epochs=1), heard)
    (sent,) = heard.of("surface")
    return files.shaped(sent, Surface)


def test_paths_start_together_and_end_where_the_run_ended(surface):
    assert surface.cells == tuple(cell.id for cell in CELLS)
    assert {path.losses[0] for path in surface.paths} == {surface.paths[0].losses[0]}
    assert [path.accuracy for path in surface.paths] == [path.recorded for path in surface.paths]
    assert all(path.moved[0] == 0 < path.moved[-1] for path in surface.paths)


def test_planes_hold_the_points_that_they_go_through(surface):
    start, ends, random = surface.planes
    by_cell = dict(zip(surface.cells, start.tracks, strict=True))
    assert start.points[0] == "start"
    for cell in start.points[1:]:
        assert by_cell[cell].off[-1] == pytest.approx(0, abs=1e-4)
    assert all(track.off[0] == pytest.approx(0, abs=1e-4) for track in start.tracks)
    assert set(ends.points) == set(surface.cells)
    assert all(track.off[-1] == pytest.approx(0, abs=1e-4) for track in ends.tracks)
    own = {path.cell: path.losses[-1] for path in surface.paths}
    pairs = combinations(ends.points, 2)
    assert all(ridge >= max(map(own.get, pair)) * 0.999 for ridge, pair in zip(ends.ridges, pairs, strict=True))
    lowest = min(surface.paths, key=lambda path: path.losses[-1])
    assert random.points == (lowest.cell,)


def test_what_is_read_back_is_what_was_told(surface):
    stored = files.decoded(files.document({"surfaces": [asdict(surface)]}).encode())["surfaces"]
    assert surfaces_of(stored) == [surface]


def test_two_paths_have_no_plane_through_three_ends(monkeypatch):
    monkeypatch.setattr("bench.insight.surface.SIDE", 2)
    heard = Heard()
    survey(SurfaceTask(tuple(Descent(cell, 3, 0.1) for cell in CELLS[::2]), epochs=1), heard)
    (sent,) = heard.of("surface")
    assert [plane["kind"] for plane in sent["planes"]] == ["start", "random"]
    assert {path["recorded"] for path in sent["paths"]} == {0.1}


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([CELL, CELL], "on a line"),
        ([CELL, Cell(**{**CELL.to_dict(), "seed": 1})], "same weights"),
        ([Cell("nothing"), CELL], "nothing"),
        ([CELL, Cell(**{**CELL.to_dict(), "learning_rate": 1e30})], "not finite"),
    ],
)
def test_what_cannot_be_told_is_told_with_its_reason(cells, words):
    heard = Heard()
    survey(SurfaceTask(tuple(Descent(cell, 8, 0.1) for cell in cells), epochs=1), heard)
    (reason,) = heard.of("failed")
    assert words in reason
    assert not heard.of("surface")
