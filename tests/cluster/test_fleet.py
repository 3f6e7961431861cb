"""Fleet: one task a node, like machines for one cell, and no node that has vanished."""

from threading import Thread

import pytest

from bench.cluster.fleet import Fleet
from bench.cluster.nodes import Node
from bench.errors import BenchError

LEFT, RIGHT, OTHER = Node("1", "left", "old"), Node("2", "right", "old"), Node("3", "other", "new")


def test_each_node_is_taken_once_until_it_is_given_back():
    fleet = Fleet([LEFT, RIGHT])
    assert {fleet.take().name, fleet.take().name} == {"left", "right"}
    fleet.give_back(RIGHT)
    assert fleet.take() == RIGHT


def test_who_finds_none_free_waits_for_one():
    fleet, taken = Fleet([LEFT]), []
    fleet.take()
    thread = Thread(target=lambda: taken.append(fleet.take()))
    thread.start()
    assert taken == []
    fleet.give_back(LEFT)
    thread.join(10)
    assert taken == [LEFT]


def test_a_cell_keeps_to_the_kind_of_machine_that_it_began_on():
    fleet = Fleet([LEFT, OTHER, RIGHT])
    assert fleet.take("cell") == LEFT
    assert fleet.take("cell") == RIGHT  # which stands for the left one; the other does not
    fleet.give_back(LEFT)
    assert fleet.take("another") == OTHER
    assert fleet.take("cell") == LEFT


def test_a_cell_whose_kind_is_gone_is_measured_on_another():
    fleet = Fleet([LEFT, OTHER])
    assert fleet.take("cell") == LEFT
    fleet.lose(LEFT)
    fleet.give_back(LEFT)
    assert fleet.take("cell") == OTHER
    fleet.give_back(OTHER)
    assert fleet.take("cell") == OTHER


def test_the_last_one_lost_ends_all_who_wait_in_one_line():
    fleet, errors = Fleet([LEFT, RIGHT]), []
    fleet.take(), fleet.take()

    def wait():
        with pytest.raises(BenchError) as error:
            fleet.take()
        errors.append(str(error.value))

    threads = [Thread(target=wait) for _ in range(3)]
    for thread in threads:
        thread.start()
    fleet.lose(LEFT)
    fleet.lose(LEFT)
    fleet.lose(RIGHT)
    for thread in threads:
        thread.join(10)
    assert len(errors) == 3
    expected = (
        "no node is left of the cluster: left and right vanished; what was measured is kept: start nodes, and go on "
        "with --resume"
    )
    assert set(errors) == {expected}
