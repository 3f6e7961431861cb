"""What a step holds when, of real steps: against what the tensors themselves say, and the allocator's own sum."""

import pytest

from bench.measure.costs import measure_costs
from bench.measure.held_memory import held_memory, peak_of
from bench.plan.cell import Cell
from bench.store.result import Result
from bench.store.stored import parse_line
from bench.vocabulary import PHASES


@pytest.fixture
def recorded(workload):
    def run(architecture="lenet5", **fields):
        return held_memory(workload(architecture, **fields))

    return run


def at_start(memory, phase):
    """What is held where the phase begins first."""
    start = next(each["start"] for each in memory["phases"] if each["phase"] == phase)
    place = memory["seconds"].index(start)
    return {category: sizes[place] for category, sizes in memory["bytes"].items()}


def test_weights_gradients_state_inputs_and_activations_are_those_of_the_tensors(recorded, workload):
    memory = recorded()
    costs = {cost.metric: int(cost.value) for cost in measure_costs(workload("lenet5"))}
    before, after = at_start(memory, "backward"), at_start(memory, "optimizer")
    assert [each["phase"] for each in memory["phases"]] == [*PHASES]
    assert before["weights"] == after["gradients"] == costs["parameter_bytes"]
    assert before["gradients"] == 0
    assert {*memory["bytes"]["optimizer state"]} == {costs["optimizer_bytes"]}
    assert before["inputs"] == 64 * (28 * 28 * 4 + 8)
    loss, logits = 4, 64 * 10 * 4  # which are held all the same, and which only the loss saves
    assert before["inputs"] + before["activations"] == costs["activation_bytes"] + loss + logits
    assert after["activations"] == loss + logits


def test_nothing_is_told_twice_or_forgotten(recorded, workload):
    """At the end there is what was there at the start, and the gradients again; the allocator says the same."""
    memory = recorded()
    start, end = ({name: sizes[at] for name, sizes in memory["bytes"].items()} for at in (0, -1))
    batch = end.pop("inputs"), start.pop("inputs")
    assert batch == (64 * (28 * 28 * 4 + 8), 0)
    assert {**end, "activations": 0, "temporary": 0} == {**start, "temporary": 0}
    work = workload("lenet5")
    for _ in range(2):
        work.step()
    events = work.device.allocations(lambda _: [work.step() for _ in range(2)])
    by_allocator = highest_of(events)
    own = sum(sum(sizes[:1]) for name, sizes in memory["bytes"].items() if name in ("weights", "optimizer state"))
    assert peak_of(memory) - own == pytest.approx(by_allocator, rel=0.01)


def highest_of(events):
    """The highest sum of what was handed out and not yet taken back."""
    held = highest = 0
    for event in events:
        held += event.size
        highest = max(highest, held)
    return highest


@pytest.mark.slow
def test_recomputing_lowers_the_peak_by_the_activations(recorded):
    eager, again = (recorded("resnet8", mode=mode, optimizer="sgd") for mode in ("eager", "recompute"))
    assert max(again["bytes"]["activations"]) < 0.6 * max(eager["bytes"]["activations"])
    assert peak_of(again) < peak_of(eager)
    assert max(again["bytes"]["activations"]) > at_start(again, "backward")["activations"]  # what is computed again


@pytest.mark.parametrize(("fields", "count"), [({"accumulate": 4}, 4), ({"optimizer": "lbfgs"}, 2)])
def test_phases_that_come_several_times_are_told_each_time(recorded, fields, count):
    names = [each["phase"] for each in recorded("debug", **fields)["phases"]]
    assert names.count("forward") == names.count("backward") >= count


def test_it_is_stored_and_read_as_it_is(recorded):
    memory = recorded("debug")
    stored = parse_line(Result(Cell("debug"), "ok", memory=memory).to_line().encode())
    assert stored["memory"] == memory
    assert Result.from_dict(stored).memory == memory


def test_where_torch_records_none_there_is_none(workload, monkeypatch):
    work = workload()
    monkeypatch.setattr(work.device, "allocations", lambda _: None)
    assert held_memory(work) is None
