"""Recipes on the page: a sentence of what gains and what loses, and a line for each change in the picture."""

import pytest

from bench.report import load as page
from bench.report import svg
from bench.report.recipes import changing, recipe_sentence
from bench.store.result import Result
from bench.store.run import create
from tests.store.test_recipes import PLAN, lines


@pytest.fixture
def record(tmp_path):
    def build(plan=PLAN):
        run = create("mine", {"plan": plan}, tmp_path)
        for line in lines():
            run.append(Result.from_dict(line))
        return page.read(run)

    return build


def test_the_sentence_names_what_gains_and_holds_every_change(record):
    sentence = recipe_sentence(record())
    assert sentence.claim == "Beside lenet5-sgd-mnist-b64-cpu-t1, accuracy gains by augmentation shift."
    assert "augmentation shift: a step takes +9.9 % (" in sentence.evidence
    assert "not told from chance" in sentence.evidence
    assert "Here p counts among 2 changes, so that chance makes a gain or a loss in 5 % of tables" in sentence.evidence


def test_without_accuracies_the_sentence_claims_nothing_of_them(record):
    """As of a run that does not train, or whose trainings stop at an accuracy."""
    sentence = recipe_sentence(record({**PLAN, "until": 0.6}))
    assert sentence.claim.endswith("no accuracies are known that compare.")
    assert "a step takes +9.9 % (" in sentence.evidence


def test_the_picture_has_a_mark_of_either_number_for_each_change(record):
    with svg.style():
        (picture,) = changing(record())
    texts = [text for _, text in picture.numbers]
    assert [text.partition(":")[0] for text in texts] == ["augmentation shift", "test augmentation flip"]
    assert all("a step takes" in text and "accuracy" in text for text in texts)


def test_a_run_of_all_combinations_has_neither(record):
    plain = record({**PLAN, "one_at_a_time": False})
    assert recipe_sentence(plain) is None
    assert changing(plain) == []
