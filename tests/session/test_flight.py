"""Flight: never more at once than there are slots, and all that is said is heard in the caller's thread."""

import threading

import pytest

from bench.session.flight import results_of

SECONDS = 30.0  # no test lasts so long, unless something that it waits for never comes


def test_with_one_slot_jobs_run_in_the_caller_s_own_thread_one_after_the_other():
    events = []

    def job(number):
        def run(told):
            assert threading.current_thread() is threading.main_thread()
            told("begun")
            events.append(("ran", number))
            return number * number

        return run

    jobs = ((number, job(number)) for number in range(3))
    found = []
    for key, value in results_of(jobs, 1, lambda key, word: events.append((word, key))):
        events.append(("got", key))
        found.append((key, value))
    assert found == [(0, 0), (1, 1), (2, 4)]
    assert events == [(what, number) for number in range(3) for what in ("begun", "ran", "got")]


def test_as_many_as_there_are_slots_run_together_and_no_more():
    together, drawn = threading.Barrier(3), []

    def job(told):
        together.wait(SECONDS)  # breaks unless three are at work at once
        told("met")
        return "done"

    def jobs():
        for number in range(6):
            drawn.append(number)
            yield number, job

    heard, at_most = [], 0
    for done, (_, value) in enumerate(
        results_of(jobs(), 3, lambda *said: heard.append((*said, threading.get_ident())))
    ):
        at_most = max(at_most, len(drawn) - done)
        assert value == "done"
    assert at_most == 3
    assert sorted(heard) == [(number, "met", threading.get_ident()) for number in range(6)]


def test_results_come_in_the_order_in_which_jobs_end():
    quick = threading.Event()

    def slow(_):
        assert quick.wait(SECONDS)
        return "slow"

    found = []
    for key, _ in results_of([("slow", slow), ("quick", lambda _: "quick")], 2, lambda *_: None):
        found.append(key)
        quick.set()
    assert found == ["quick", "slow"]


@pytest.mark.parametrize("slots", [1, 2])
@pytest.mark.parametrize("error", [ValueError("oh"), KeyboardInterrupt()])
def test_what_a_job_raises_is_raised_here(slots, error):
    def raises(_):
        raise error

    with pytest.raises(type(error)):
        list(results_of([("a", raises)], slots, lambda *_: None))


def test_a_result_may_be_a_text():
    assert list(results_of([("a", lambda _: "text")], 2, lambda *_: None)) == [("a", "text")]
