"""What a page of many cells weighs, and that neither its size nor its time grows faster than its cells."""

import os

import pytest

from bench.report.load import read
from bench.report.page import page
from tests.report.many import many

FEW, SOME = 210, 420  # both beyond what a page says in more words
MOST_BYTES = 9e6  # of the page of a thousand cells, which may weigh 10 MB


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    return [many(folder / "results", cells) for cells in (FEW, SOME)]


@pytest.fixture(scope="module")
def pages(runs):
    """Bytes and seconds of a page of few cells, and of one of some."""
    return tuple(zip(*map(drawn, runs), strict=True))


@pytest.mark.slow
def test_a_page_grows_no_faster_than_its_cells(pages, runs):
    """In three tries at most, as the processor's clock may fall between the two pages."""
    (few, some), (sooner, later) = pages
    assert some / few < SOME / FEW
    growths = [later / sooner]
    while growths[-1] >= 1.25 * SOME / FEW and len(growths) < 3:
        sooner, later = (drawn(run)[1] for run in runs)
        growths.append(later / sooner)
    assert min(growths) < 1.25 * SOME / FEW, growths


@pytest.mark.slow
def test_a_page_of_a_thousand_cells_stays_light(pages):
    (few, some), _ = pages
    assert few + (some - few) / (SOME - FEW) * (1000 - FEW) <= MOST_BYTES


def drawn(run):
    """Bytes of the run's page, and seconds of processor time from its files to it."""
    before = sum(os.times()[:4])  # with that of the processes that drew
    text = page(read(run))
    return len(text.encode()), sum(os.times()[:4]) - before
