"""The loss surface on the page: what a plane goes through, how much of a path it holds, and how high the loss is."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from bench.plan.cell import Cell
from bench.report import svg
from bench.report.load import read
from bench.report.page import page
from bench.report.surface import surface as drawn
from bench.store.raster import raster_of
from tests.report import report_sample as sample
from tests.report.surface_sample import stored, surface

NAMES = ("sgd", "adam", "muon")


def results(names=NAMES):
    (result,) = sample.results(("lenet5",), repeats=1)
    return [replace(result, cell=replace(result.cell, optimizer=name)) for name in names]


CELLS = [result.cell.id for result in results()]


def pictures(root, *surfaces, names=NAMES):
    with svg.style():
        return drawn(read(sample.recorded(root, results(names), surfaces=list(surfaces))))


def test_a_run_without_a_surface_has_no_section(tmp_path):
    assert pictures(tmp_path) == []
    assert 'id="surface"' not in page(read(sample.recorded(tmp_path, results(), "other")))


def test_each_plane_is_a_picture_that_says_what_it_holds(tmp_path):
    start, ends, random = pictures(tmp_path, *stored(surface(CELLS)))
    assert [each.name for each in (start, ends, random)] == ["surface-start", "surface-ends", "surface-random"]
    assert "through the start and the ends of sgd and adam" in start.caption
    assert "sgd 25 %, adam 25 % and muon 25 %" in start.caption.replace("\u00a0", " ")
    assert "of sgd, adam and muon, which are lowest" in ends.caption
    assert "Around the end of sgd" in random.caption
    assert "Trained once more" not in start.caption
    (_, words), *_ = start.numbers
    assert words.replace("\u00a0", " ") == (
        "sgd: loss 2.00 to 0.100 in 9 steps, 3.00 from the start; 25 % of the way in the plane, its end 0.500 beside it"
    )


def test_pictures_of_several_groups_of_a_net_are_told_apart(tmp_path):
    both = [replace(one, cell=replace(one.cell, batch_size=size)) for size in (64, 512) for one in results()]
    nets = [surface([one.cell.id for one in both if one.cell.batch_size == size]) for size in (64, 512)]
    run = sample.recorded(tmp_path, both, surfaces=stored(*nets, *nets))  # as two machines had them
    with svg.style():
        titles = [each.title for each in drawn(read(run))]
    around = [title.partition(": ")[2] for title in titles if title.startswith("The paths")]
    assert around == ["lenet5 \u00b7 batch 64", "lenet5 \u00b7 batch 512"]
    assert len({*titles}) == len(titles)


def test_an_optimizer_without_a_path_is_named(tmp_path):
    start, *_ = pictures(tmp_path, *stored(surface(CELLS)), names=(*NAMES, "lion"))
    assert start.caption.endswith(" Without a path: lion.")


def test_the_loss_between_two_ends_is_the_highest_on_the_straight_line(tmp_path):
    """The ends lie 1 from the middle of the bowl and in it; 8 bits and straight lines between points move it little."""
    _, ends, _ = pictures(tmp_path, *stored(surface(CELLS)))
    words = ends.caption.partition("the loss is about ")[2]
    highest = [float(part.split()[0]) for part in words.replace(" and ", ", ").split(", ")[:3]]
    assert highest == pytest.approx([1.1, 1.1, 1.1], rel=0.03)
    assert "as far as this picture tells" in words  # of a version before


def test_the_loss_between_two_ends_is_what_was_measured_there(tmp_path):
    net = surface(CELLS)
    planes = [replace(each, ridges=(1.5, 2.5, 3.5)) if each.kind == "ends" else each for each in net.planes]
    _, ends, _ = pictures(tmp_path, *stored(replace(net, planes=tuple(planes))))
    assert "At 51 points of each straight line between them" in ends.caption
    assert (
        "the loss is at most 1.50 from sgd to adam, 2.50 from sgd to muon and 3.50 from adam to muon." in ends.caption
    )


def test_a_path_that_ended_elsewhere_is_told(tmp_path):
    start, *_ = pictures(tmp_path, *stored(surface(CELLS, recorded=0.91)))
    assert "sgd, adam and muon ended with another accuracy than the run recorded" in start.caption


def test_optimizers_of_one_name_have_their_rows_names(tmp_path):
    twice = [*results(NAMES[:1]), *results(NAMES[:1])]
    twice[1] = replace(twice[1], cell=replace(twice[1].cell, learning_rate=0.5))
    with svg.style():
        cells = [each.cell.id for each in twice]
        start, *_ = drawn(read(sample.recorded(tmp_path, twice, surfaces=stored(surface([*cells, cells[0]])))))
    assert "0.5" in start.caption.partition("ends of")[2]


@pytest.mark.parametrize(
    "change",
    [
        {"planes": 3},
        {"cells": [Cell("nothing").id]},
        {"paths": []},
        {"absent": "memory ran out", "planes": []},
    ],
    ids=str,
)
def test_what_is_damaged_or_absent_is_left_out(tmp_path, change):
    (whole,) = stored(surface(CELLS))
    assert pictures(tmp_path, {**whole, **change}) == []


@pytest.mark.parametrize("change", [{"reach": 0}, {"points": ["start", "x", "y"]}, {"tracks": []}, {"centre": [0]}])
def test_a_plane_that_does_not_fit_its_paths_is_left_out(tmp_path, change):
    (whole,) = stored(surface(CELLS))
    first = {**whole["planes"][0], **change}
    assert all(each.name != "surface-start" for each in pictures(tmp_path, {**whole, "planes": [first]}))


def test_a_flat_loss_has_no_isolines_and_its_paths_all_the_same(tmp_path):
    (whole,) = stored(surface(CELLS))
    flat = asdict(raster_of(np.zeros((1, 1, 9, 9))))
    start, *_ = pictures(tmp_path, {**whole, "planes": [{**plane, "losses": flat} for plane in whole["planes"]]})
    assert len(start.numbers) == 3


def test_pixels_of_another_size_are_left_out(tmp_path):
    (whole,) = stored(surface(CELLS))
    first, *rest = whole["planes"]
    first = {**first, "losses": {**first["losses"], "width": 8}}
    assert [each.name for each in pictures(tmp_path, {**whole, "planes": [first, *rest]})] == [
        "surface-ends",
        "surface-random",
    ]
