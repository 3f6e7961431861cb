"""Interrupts: what would end the process waits for the end of a block, and takes effect then."""

import signal
import threading

import pytest

from bench.interrupts import held_back


def test_ctrl_c_waits_for_the_end_of_the_block():
    done = []

    def work():
        with held_back():
            signal.raise_signal(signal.SIGINT)
            done.append("the rest")
        done.append("after")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["the rest"]


def test_an_inner_block_waits_for_the_outer_one():
    done = []

    def both():
        with held_back():
            with held_back():
                signal.raise_signal(signal.SIGINT)
            done.append("the rest")

    with pytest.raises(KeyboardInterrupt):
        both()
    assert done == ["the rest"]


def test_an_error_of_the_block_is_followed_by_the_interrupt():
    def fail():
        with held_back():
            signal.raise_signal(signal.SIGINT)
            raise ValueError("inside")

    with pytest.raises(KeyboardInterrupt) as ended:
        fail()
    assert isinstance(ended.value.__context__, ValueError)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_else_ends_a_process_waits_too_for_whoever_handles_it(number):
    heard = []
    before = signal.signal(number, lambda number, _: heard.append(number))
    try:
        with held_back():
            signal.raise_signal(number)
            assert heard == []
        assert heard == [number]
        signal.signal(number, signal.SIG_IGN)  # as under nohup
        with held_back():
            signal.raise_signal(number)
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)


def test_in_another_thread_there_is_nothing_to_hold_back():
    before, inside = signal.getsignal(signal.SIGINT), []

    def work():
        with held_back():
            inside.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert inside == [before]
