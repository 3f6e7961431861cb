"""What a step holds when, from an allocator's events that are made up by hand."""

from bench.devices.interface import AllocatorEvent
from bench.measure.memory_replay import AGAIN, MOST_PHASES, MOST_POINTS, Moment, replayed
from bench.vocabulary import MEMORY_CATEGORIES

WEIGHT, GRADIENT, BATCH, KEPT, BRIEF, STATE = 10, 20, 30, 40, 50, 60
OWNED = {WEIGHT: ("weights", 100), STATE: ("optimizer state", 200)}
WITH_GRADIENT = {**OWNED, GRADIENT: ("gradients", 100)}


def play(*script, owned=OWNED):
    """Of a script of phases, (phase, what is owned), and (address, bytes) one event a second."""
    moments, events = [], []
    for at, (first, second) in enumerate(script):
        if isinstance(first, str):
            moments.append(Moment(first, second))
            events.append(AllocatorEvent(float(at)))
        else:
            events.append(AllocatorEvent(float(at), first, second))
    return replayed(events, moments, 0)


def at(memory, second):
    """What is held at a second, of the categories that have any."""
    place = max(place for place, when in enumerate(memory["seconds"]) if when <= second)
    held = {category: sizes[place] for category, sizes in memory["bytes"].items()}
    return {category: size for category, size in held.items() if size}


STEP = (
    ("fetch", OWNED), (BATCH, 8), (BRIEF, 1), (BRIEF, -1),  # 0 to 3
    ("forward", OWNED), (KEPT, 40), (BRIEF, 5), (BRIEF, -5),  # to 7
    ("loss", OWNED), (70, 4),  # to 9
    ("backward", OWNED), (BRIEF, 50), (GRADIENT, 100), (KEPT, -40), (70, -4), (BRIEF, -50),  # to 15
    ("optimizer", WITH_GRADIENT), (BRIEF, 30), (BRIEF, -30),  # to 18
    ("", WITH_GRADIENT),
)  # fmt: skip


def test_what_is_held_follows_from_addresses_and_lives():
    memory = play(*STEP)
    owned = {"weights": 100, "optimizer state": 200}
    assert tuple(memory["bytes"]) == MEMORY_CATEGORIES
    assert at(memory, 0) == owned
    assert at(memory, 2) == {**owned, "inputs": 8, "temporary": 1}
    assert at(memory, 6) == {**owned, "inputs": 8, "activations": 40, "temporary": 5}
    assert at(memory, 10) == {**owned, "inputs": 8, "activations": 44}
    assert at(memory, 12) == {**owned, "inputs": 8, "activations": 44, "temporary": 50, "gradients": 100}
    assert at(memory, 19) == {**owned, "inputs": 8, "gradients": 100}
    assert [each["phase"] for each in memory["phases"]] == ["fetch", "forward", "loss", "backward", "optimizer"]
    assert [each["start"] for each in memory["phases"]] == [0, 4, 8, 10, 16]
    assert memory["end"] == 19


def test_an_address_that_is_used_again_is_another_thing():
    memory = play(
        ("forward", OWNED), (KEPT, 7), (KEPT, -7),
        ("backward", OWNED), (KEPT, 9), ("", {**OWNED, KEPT: ("gradients", 9)}),
    )  # fmt: skip
    assert at(memory, 1)["temporary"] == 7
    assert at(memory, 4)["gradients"] == 9


def test_what_a_recomputed_part_makes_for_its_own_backward_pass_are_activations():
    memory = play(
        ("forward", OWNED), (KEPT, 7), ("backward", OWNED),
        (AGAIN, {}), (BRIEF, 3), (80, 11), (BRIEF, -3), ("backward", {}),
        (81, 13), (81, -13), (80, -11), (KEPT, -7), ("", OWNED),
    )  # fmt: skip
    assert at(memory, 4) == {"weights": 100, "optimizer state": 200, "activations": 7, "temporary": 3}
    assert at(memory, 5)["activations"] == 18
    assert at(memory, 8)["temporary"] == 13
    assert [each["phase"] for each in memory["phases"]] == ["forward", "backward"]


def test_what_the_step_before_left_is_told_when_it_is_let_go():
    events = [
        *(AllocatorEvent(0.0), AllocatorEvent(1.0, GRADIENT, 100), AllocatorEvent(2.0)),
        *(AllocatorEvent(3.0), AllocatorEvent(4.0, GRADIENT, -100), AllocatorEvent(5.0)),
    ]
    moments = [
        Moment("backward", OWNED),
        Moment("", WITH_GRADIENT),
        Moment("zero_grad", WITH_GRADIENT),
        Moment("", OWNED),
    ]
    memory = replayed(events, moments, 2)
    assert [at(memory, second).get("gradients", 0) for second in (0, 1)] == [100, 0]


def test_the_number_of_points_is_bounded_and_the_peak_is_kept():
    swings = [event for size in range(1, 2001) for event in ((BRIEF, size if size != 777 else 10**6), (BRIEF, -1))]
    memory = play(("forward", OWNED), *swings, ("", OWNED))
    assert len(memory["seconds"]) <= MOST_POINTS - MOST_PHASES + 1
    assert max(map(sum, zip(*memory["bytes"].values(), strict=True))) == 300 + 10**6
    many = play(*(("forward", OWNED), ("backward", OWNED)) * 100, ("", OWNED))
    assert len(many["phases"]) == MOST_PHASES
