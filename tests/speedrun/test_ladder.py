"""The ladder's arithmetic by planted numbers, and that it ends at the suite; tests of what it measures are slow."""

import re

import pytest

from bench.plan.plan import plan_from
from tests.speedrun.ladder import BEGIN, END, PAGE, STEPS, Learnt, gained, plans, table, together, written

BEFORE = Learnt([0.970, 0.972, 0.974], [4.0, 4.0, 4.0])
AFTER = Learnt([0.980, 0.983, 0.983], [2.0, 1.9, 2.1])


def plan_of(step, **more):
    return plans(**more)[[name for name, _ in STEPS].index(step)]


def test_changes_are_paired_by_seed():
    """Rises of 1.0, 1.1 and 0.9 points: 1.00 with a standard error of 0.0577, and t = 4.303 with 2 degrees."""
    time, accuracy = gained(BEFORE, AFTER)
    assert accuracy == "+1.00 points (+0.75 to +1.25)"
    assert time.startswith("-50.0 % (-5")


def test_the_table_has_a_row_for_each_step_and_marks_what_was_disturbed():
    learnt = [BEFORE, *[AFTER] * (len(STEPS) - 2), AFTER._replace(contended=True)]
    rows = table(learnt).splitlines()
    assert len(rows) == 2 + len(STEPS)
    assert rows[2] == "| lenet5 by Adam, batch 64 | 4.00 s ± 0 % |  | 97.2 ± 0.5 % |  |"
    assert rows[4].split("|")[3:6:2] == [" 0.0 % (0.0 to 0.0) ", " +0.00 points (+0.00 to +0.00) "]
    assert ", contended |" in rows[-1]
    assert not any(", contended" in row for row in rows[:-1])


def test_seeds_stay_in_their_order_when_they_come_together():
    """Changes are paired by seed: the first of a step belongs to the first of the next."""
    first = [Learnt([0.97], [4.0]), Learnt([0.98], [2.0])]
    second = [Learnt([0.972], [4.0], contended=True), Learnt([0.983], [1.9])]
    assert together([first, second]) == [
        Learnt([0.970, 0.972], [4.0, 4.0], contended=True),
        Learnt([0.980, 0.983], [2.0, 1.9]),
    ]


@pytest.mark.parametrize(("step", "name"), [("bfloat16", "speedrun"), ("three epochs", "speedrun-994")])
def test_it_climbs_to_either_suite(step, name):
    plan = plan_of(step)
    suite = plan_from({"suite": name})
    for axis in STEPS[0][1]:
        ours, theirs = (
            value if isinstance(value, int) else value[0] for value in (getattr(plan, axis), getattr(suite, axis))
        )
        assert ours == theirs, axis


def test_each_step_changes_something():
    steps = plans()
    assert len({repr(step) for step in steps}) == len(steps) == len(STEPS)


def test_a_table_on_the_page_is_of_the_steps_as_they_are():
    between = PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    rows = re.findall(r"^\| ([^|]+) \| [\d.]+ s", between, re.MULTILINE)
    assert rows in ([], [name for name, _ in STEPS])  # none where it has not been measured yet


def test_only_what_stands_between_the_marks_is_written():
    text = PAGE.read_text("utf-8")
    new = written(text, "| a row |")
    assert "| a row |" in new
    assert new.partition("<!-- begin of")[0] == text.partition("<!-- begin of")[0]
    assert new.partition("<!-- end -->")[2] == text.partition("<!-- end -->")[2] != ""
    assert written(new, "| a row |") == new


@pytest.mark.slow
@pytest.mark.usefixtures("in_haste")
def test_what_it_measures_is_what_the_seeds_learnt(tmp_path, monkeypatch):
    from tests.speedrun.ladder import learnt

    monkeypatch.chdir(tmp_path)
    step = learnt(plan_of("bfloat16", seeds=[3, 4]), concurrent=True)
    assert len(step.accuracies) == len(step.seconds) == 2
    assert all(0.97 < each < 1 for each in step.accuracies)
    assert all(each > 0 for each in step.seconds)
