"""The search for the largest batch: closely enough, within its bounds, and told in words."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.plan.cell import Cell
from bench.plan.largest import RESOLUTION, START, Largest, Try, group_of, largest_of, marked, search, sentence

CELL = Cell("mlp")


def found(fits, most, step=1):
    sizes = []

    def attempt(size):
        sizes.append(size)
        return Try(size, "ok", None, 10.0 * size) if size <= fits else Try(size, "oom", "no memory")

    tries = search(step, most, attempt)
    assert [each.batch_size for each in tries] == sizes
    largest = Largest(CELL, 1e6, most, tries)
    return replace(largest, cell=replace(CELL, batch_size=largest.batch_size or 1)), sizes


@given(st.integers(0, 10**6), st.integers(1, 10**5), st.sampled_from([1, 4, 7, 64, 100]))
def test_it_finds_the_largest_that_fits_to_a_share_or_a_step_of_it(fits, most, step):
    largest, sizes = found(fits, most, step)
    best = min(fits, most) // step * step
    assert best - max(step, best // RESOLUTION) <= largest.batch_size <= best
    assert all(size % step == 0 and 0 < size <= most for size in sizes)
    assert len(set(sizes)) == len(sizes) <= 30


@given(st.integers(1, 10**5), st.sampled_from([1, 4]))
def test_what_is_beyond_was_tried_and_is_near(most, step):
    largest, sizes = found(3000, most, step)
    if largest.beyond is None:
        assert largest.batch_size == most // step * step
    else:
        assert largest.beyond.batch_size in sizes
        assert 0 < largest.beyond.batch_size - largest.batch_size <= max(step, largest.batch_size // RESOLUTION)


def test_it_doubles_then_bisects():
    _, sizes = found(fits=1000, most=60_000)
    assert sizes[:5] == [START, 128, 256, 512, 1024]
    assert sizes[5:7] == [768, 896]
    _, sizes = found(fits=5, most=60_000)
    assert sizes[:4] == [64, 32, 16, 8]


def test_all_images_are_the_largest_batch_there_is():
    largest, sizes = found(fits=10**9, most=100)
    assert (largest.batch_size, largest.beyond, sizes) == (100, None, [64, 100])


def test_a_search_says_what_fits_what_does_not_and_why():
    largest, sizes = found(fits=1000, most=60_000)
    assert sentence(largest) == (
        "mlp-sgd-mnist-b992-cpu-t1: a batch of 992 fits 1.00 MB and takes 9.92 kB, 1,008 do not (no memory); "
        f"{len(sizes)} tries"
    )
    assert "there are no more training images" in sentence(found(10**9, 100)[0])
    assert "no batch fits 1.00 MB, 1 do not: no memory" in sentence(found(0, 60_000)[0])


def test_it_is_stored_and_read_back_and_damage_is_passed_over():
    largest, _ = found(fits=1000, most=60_000)
    stored = largest.to_dict()
    assert (stored["id"], stored["batch_size"]) == ("mlp-sgd-mnist-b992-cpu-t1", 992)
    damaged = [{**stored, "limit": "much"}, {**stored, "tries": [{"batch_size": 1}]}, {}, {**stored, "tries": 3}]
    assert largest_of([*damaged, stored]) == [largest]


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"seed": 3}, True),
        ({"schedule": "step"}, True),
        ({"augmentation": "shift"}, False),  # which makes another batch of a batch
        ({"engine": "eager"}, True),
        ({"threads": 2}, False),
    ],
)
def test_cells_share_a_search_unless_their_steps_differ(change, same):
    assert (group_of(replace(CELL, **change)) == group_of(CELL)) is same


def test_the_names_of_cells_say_whose_batch_is_the_largest():
    largest, _ = found(fits=1000, most=60_000)
    cells = [replace(CELL, batch_size=size, seed=1) for size in (64, 992)]
    assert marked(["a", "b"], cells, [largest]) == ["a", "b \u00b7 largest batch"]
    assert marked(["a", "b"], cells, []) == ["a", "b"]
    nothing, _ = found(fits=0, most=60_000)
    assert marked(["a"], [replace(CELL, batch_size=1)], [nothing]) == ["a"]
