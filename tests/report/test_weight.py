"""What a page of many cells weighs, and that neither its size nor its time grows faster than its cells."""

import os

import pytest

from bench.report.load import read
from bench.report.page import page
from tests.report.many import many

FEW, SOME = 210, 420  # both beyond what a page says in more words
MOST_BYTES = 10e6  # of the page of a thousand cells


@pytest.mark.slow
def test_a_page_grows_no_faster_than_its_cells_and_a_thousand_stay_light(tmp_path):
    sizes, seconds = zip(*(drawn(many(tmp_path / "results", cells)) for cells in (FEW, SOME)), strict=True)
    each = (sizes[1] - sizes[0]) / (SOME - FEW)

    assert sizes[0] + each * (1000 - FEW) <= MOST_BYTES
    assert seconds[1] / seconds[0] < 1.25 * SOME / FEW


def drawn(run):
    """Bytes of the run's page, and seconds of processor time from its files to it."""
    before = sum(os.times()[:4])  # with that of the processes that drew
    text = page(read(run))
    return len(text.encode()), sum(os.times()[:4]) - before
