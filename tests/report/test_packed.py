"""Packed: the data of a page comes back as it was put in, whatever its texts are, and NaN does not get in."""

import math
import re

import pytest

from bench.report.load import read
from bench.report.packed import packed
from bench.report.page import page
from bench.report.table import columns, placed
from bench.report.table_data import table_data
from tests.report import report_sample as sample
from tests.report.page_data import data_of


def test_texts_come_back_and_none_ends_the_element():
    document = {"texts": ["</script>", "\ud800", "\u202e ü", ""], "numbers": [1, 2.5e-7, None]}
    text = packed(document)
    assert re.fullmatch(r"[\w+/=]+", text, re.ASCII)
    assert data_of(f'<script type="text/plain" id="data">{text}</script>') == document


def test_a_number_that_json_lacks_is_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        packed([math.nan])


def test_the_table_has_its_numbers_in_the_order_of_its_rows(tmp_path):
    record = read(sample.recorded(tmp_path, sample.results(("mlp", "lenet5"), seeds=2)))
    told = data_of(page(record))["table"]["columns"]
    assert told.keys() == {column.metric for column in columns(record)} | {"rank"}
    for name, listed in told.items():
        for at, row in enumerate(record.rows):
            value = row.values.get(name)
            if value is None:
                assert name == "rank" or {column[at] for column in listed.values()} == {None}
                continue
            assert listed["value"][at] == pytest.approx(value.value, rel=1e-8)
            assert listed.get("high", [None] * 2)[at] == (value.high and pytest.approx(value.high, rel=1e-8))
            assert listed["n"][at] == value.n
            assert ("exact" in listed and listed["exact"][at] == "") == (value.statistic == "exact")
    assert [told["rank"][end] for end in ("value", "low", "high")] == [[0, 1], [1, 2], [1, 2]]


def test_what_is_not_finite_is_not_known(tmp_path):
    endless = sample.planted("mlp", step=(1.0, math.inf))
    record = sample.record_of(endless)
    (step,) = [
        each for each in table_data(record, columns(record), placed(record))["columns"].items() if each[0] == "step"
    ]
    assert step == ("step", {"value": [1.0], "n": [3]})
