"""Matching: a printed name is itself, whatever a glob would make of it."""

import pytest

from bench.plan.matching import matches, matches_any

NAME = "tests/test_net.py::test_step[Net-shape0-float32]"


@pytest.mark.parametrize(
    "word",
    [NAME, "*", "tests/test_net.py::*", "*[Net-*]", "tests/*::test_step[*", "*shape[0-9]*"],
)
def test_a_name_with_brackets_is_found(word):
    assert matches(NAME, word)


@pytest.mark.parametrize("word", ["", "[Net-shape0-float32]", "*[Other-*]", "tests/test_net.py::test_step", NAME[:-1]])
def test_another_is_not(word):
    assert not matches(NAME, word)


@pytest.mark.parametrize("name", ["a*b", "what?", "x[0]", "x[!0]", "[]", "[", "x[[]"])
def test_every_name_is_matched_by_itself(name):
    assert matches(name, name)


def test_a_class_of_characters_stays_one():
    assert [name for name in ("resnet8", "resnet14", "vgg4") if matches(name, "resnet[0-9]")] == ["resnet8"]
    assert matches_any("vgg4", ["mlp", "vgg?"])
    assert not matches_any("vgg4", [])
