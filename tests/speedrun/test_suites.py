"""The suites of the speedrun: the shorter one is run with three seeds, and what it decides is what they say."""

import json

import pytest

from bench.plan.plan import plan_from
from bench.store.goal import goal_tests
from bench.store.run import load


@pytest.mark.parametrize("name", ["speedrun", "speedrun-994"])
def test_a_suite_proves_over_twenty_seeds_that_nobody_tuned_with(name):
    plan = plan_from({"suite": name})
    assert len({*plan.seeds}) == 20
    assert min(plan.seeds) >= 100  # settings were chosen with those below ten
    assert (plan.until, plan.train_limit, plan.splits) == (0.0, 0.0, ("test",))


@pytest.mark.slow
def test_three_seeds_decide_as_far_as_three_can(bench):
    few = ("--dtypes", "float32", "--threads", "1", "--seeds", "0", "1", "2", "--run", "few", "--concurrent")
    done = bench("run", "--suite", "speedrun", *few, "--goal", "98.5%", "--json", haste=True)
    assert done.returncode == 0, done.stderr
    run = load(bench.folder / "results" / "few")
    looks = [line["training"]["epochs"] for line in run.lines()]
    assert [len(each) for each in looks] == [4, 4, 4]  # as often as with --until, and to the end
    ends = [each[-1]["test_accuracy"] for each in looks]
    (test,) = goal_tests(run.lines(), run.facts.plan, {}).values()
    assert test.accuracy.value == pytest.approx(sum(ends) / 3)
    assert test.passed
    (beyond,) = goal_tests(run.lines(), {**run.facts.plan, "goal": max(ends)}, {}).values()
    assert not beyond.passed

    shown = bench("show", "few").stdout
    assert " ".join(f"{test.by_mean}; {test.by_first_look}".split()) in " ".join(shown.split())
    page = bench("report", "few", "--json")
    assert page.returncode == 0, page.stderr
    text = (bench.folder / json.loads(page.stdout)["report"]).read_text("utf-8")
    assert "Goal 98.5 %" in text
    assert test.by_mean in text
