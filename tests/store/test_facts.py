"""Facts of a run: each has its default in one place, and one that is damaged is as if unknown."""

import pytest

from bench.store.facts import Git, RunFacts
from bench.store.provenance import git_state
from bench.vocabulary import RUN_STATUSES

WHOLE = {
    "schema": 2,
    "run": "quick",
    "status": "finished",
    "command": "python -m bench run",
    "started": "2026-01-31T12:00:00+00:00",
    "finished": "2026-01-31T12:30:00+00:00",
    "git": {"revision": "abc1234", "dirty": True, "committed": "2026-01-30T09:00:00+01:00"},
    "plan": {"epochs": 1, "seeds": [0, 1]},
    "order_seed": 0,
    "reference": "lenet5",
    "versions": {"torch": "2.14.1"},
    "optimizers": {"sgd": {"learning_rate": 0.1}},
    "ceilings": [{"flops_per_second": 1e9}],
    "tuned": [{"id": "net", "trials": []}],
    "resumed": ["python -m bench run --resume quick"],
    "imported": "old.json",
}


def test_a_status_that_is_none_of_the_words_is_unknown():
    assert RunFacts.from_dict({"status": "asleep"}).status == "unknown"
    assert RunFacts.from_dict({"status": ["finished"]}).status == "unknown"
    assert [RunFacts.from_dict({"status": status}).status for status in RUN_STATUSES] == list(RUN_STATUSES)


def test_every_fact_that_is_stored_is_told():
    facts = RunFacts.from_dict(WHOLE)
    assert facts == RunFacts(
        status="finished",
        command="python -m bench run",
        started="2026-01-31T12:00:00+00:00",
        finished="2026-01-31T12:30:00+00:00",
        git=Git("abc1234", True, "2026-01-30T09:00:00+01:00"),
        plan=WHOLE["plan"],
        order_seed=0,
        reference="lenet5",
        versions={"torch": "2.14.1"},
        optimizers={"sgd": {"learning_rate": 0.1}},
        ceilings=({"flops_per_second": 1e9},),
        tuned=({"id": "net", "trials": []},),
        resumed=("python -m bench run --resume quick",),
        imported="old.json",
    )


def test_what_is_absent_is_unknown():
    facts = RunFacts.from_dict({})
    assert facts == RunFacts()
    assert (facts.status, facts.git.revision, facts.ceilings, facts.order_seed) == ("unknown", "", None, None)


def test_ceilings_that_were_looked_for_in_vain_are_not_looked_for_again():
    assert RunFacts.from_dict({"ceilings": []}).ceilings == ()


@pytest.mark.parametrize("damage", [None, "text", 3, ["text", None]])
def test_a_damaged_fact_is_as_if_absent(damage):
    names = ("git", "plan", "versions", "optimizers", "tuned", *(["resumed"] if damage != ["text", None] else []))
    assert RunFacts.from_dict(dict.fromkeys(names, damage)) == RunFacts()


def test_the_state_of_the_code_comes_back_as_it_was_taken():
    state = git_state() or {"revision": "", "dirty": False, "committed": ""}
    git = Git.from_dict(state)
    assert (git.revision, git.dirty, git.committed) == (state["revision"], state["dirty"], state["committed"])
    assert Git.from_dict({}) == Git()


def test_the_facts_of_a_run_follow_what_is_noted(run):
    assert run.facts.status == "unknown"
    run.note(status="finished", ceilings=[])
    assert (run.facts.status, run.facts.ceilings, run.facts.plan) == ("finished", (), {"epochs": 1})
