"""Checked: what another tool wrote is a number, a count or a name, or is refused in one line that says where it is."""

from math import inf, nan

import numpy as np
import pytest

from bench.errors import BenchError
from bench.store import checked

LARGEST = 2**63 - 1


@pytest.mark.parametrize(("value", "real"), [(0, 0.0), (0.0, 0.0), (3, 3.0), (1e300, 1e300), (5e-324, 5e-324)])
def test_a_number_is_finite_and_from_0_on(value, real):
    assert checked.number(value, "median", "here") == real


@pytest.mark.parametrize("value", [True, False, None, "1", [], -1, -5e-324, inf, -inf, nan, 10**400])
def test_what_is_no_number_is_refused_with_its_place(value):
    with pytest.raises(BenchError, match=r"^here has the median .*, which is no time: remove it, or write the file"):
        checked.number(value, "median", "here")
    with pytest.raises(BenchError, match=r"^here has the sample .*, which is no time"):
        checked.numbers([1.0, value], "sample", "here")


@pytest.mark.parametrize("values", [[], [0.0, 1.5, 2], [3], [10**300, 0]])
def test_many_numbers_are_those_of_each(values):
    found = checked.numbers(values, "sample", "here")
    assert found.dtype == np.float64
    assert found.tolist() == [checked.number(value, "sample", "here") for value in values]


@pytest.mark.parametrize("value", [1, 1.0, 7, 2**62, 2**63 - 2**10])
def test_a_count_is_whole_and_from_1_on(value):
    assert checked.count(value, "rounds", "here") == value
    assert isinstance(checked.count(value, "rounds", "here"), int)


@pytest.mark.parametrize("value", [0, 0.5, 1.5, -1, True, None, 2**64, 1e19])
def test_what_is_no_count_is_refused(value):
    with pytest.raises(BenchError, match=r"^here has the rounds .*, which is no count: "):
        checked.count(value, "rounds", "here")


def test_a_name_is_one_line_of_text():
    assert checked.name(" a\n b\t c ", "here") == "a b c"
    assert checked.name(3, "here") == checked.name(None, "here") == checked.name("", "here") == ""
    with pytest.raises(BenchError, match=r"^here has the name a\\ud800, with half a character \(a surrogate\) in it"):
        checked.name("a\ud800", "here")


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("value", [{"a": [1, {"b": 0.5}]}, [], None, LARGEST, -LARGEST, "ü", nested(31)])
def test_plain_data_are_given_back(value):
    assert checked.plain(value, "system", "here") is value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (nested(32), "a system that is nested too deeply"),
        ({"a": [{"b": inf}]}, "the number inf in its system"),
        ([LARGEST + 1], rf"the number {LARGEST + 1} in its system"),
        ([-LARGEST - 1], rf"the number -{LARGEST + 1} in its system"),
        ({"a": "\ud800"}, r"half a character \(a surrogate\) in its system"),
        ({"\udfff": 1}, r"half a character \(a surrogate\) in its system"),
    ],
)
def test_what_cannot_be_stored_or_shown_is_refused_wherever_it_stands(value, words):
    with pytest.raises(BenchError, match=f"^here has {words}: "):
        checked.plain(value, "system", "here")


def test_a_value_is_shown_on_one_short_line():
    assert checked.shown("a\nb") == r"'a\nb'"
    assert checked.shown("x" * 58) == f"'{'x' * 58}'"
    assert checked.shown("x" * 59) == f"'{'x' * 58}…"
    assert checked.shown([1]) == "of type list"
    assert checked.shown(None) == "None"


def test_a_text_is_utf_8_with_or_without_a_mark(tmp_path):
    path = tmp_path / "a.json"
    for content in (b"\xef\xbb\xbf[1]", b"[1]"):
        path.write_bytes(content)
        text, digest = checked.text_of(path, "write it again")
        assert (text, len(digest)) == ("[1]", 64)
    for wide in ("[1]".encode("utf-16"), "[1]".encode("utf-16-be"), "[1]".encode("utf-16-le")):
        path.write_bytes(wide)
        with pytest.raises(BenchError, match=r"a\.json is UTF-16 text: save it as UTF-8, or write it again"):
            checked.text_of(path, "write it again")
    path.write_bytes(b"abc\xff")
    with pytest.raises(BenchError, match=r"is not UTF-8 text \(invalid start byte at byte 3\): write it again"):
        checked.text_of(path, "write it again")


def test_json_of_too_many_digits_is_infinite_and_of_too_many_parts_is_refused(tmp_path, monkeypatch):
    assert checked.parsed("1" * 399, tmp_path, "again") == int("1" * 399)
    assert checked.parsed("1" * 400, tmp_path, "again") == inf
    monkeypatch.setattr(checked, "_MOST_PARTS", 3)
    assert checked.parsed('[[{"a": 1}]]', tmp_path, "again") == [[{"a": 1}]]
    with pytest.raises(BenchError, match="holds more than 3 lists and objects: again"):
        checked.parsed("[[[[]]]]", tmp_path, "again")


def test_utf_16_is_told_by_its_mark_or_by_a_zero_among_the_first_four_bytes(tmp_path):
    path = tmp_path / "a.json"
    for wide in ("\u4e2d\u6587".encode("utf-16"), "\u4e2d[".encode("utf-16-le")):
        path.write_bytes(wide)
        with pytest.raises(BenchError, match=r"a\.json is UTF-16 text"):
            checked.text_of(path, "write it again")
    path.write_bytes(b"abcd\0")
    assert checked.text_of(path, "write it again")[0] == "abcd\0"
