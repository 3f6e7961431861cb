"""The visit as the worker makes it, in this process, on real MNIST."""

import pytest

from bench.measure.visit import visit
from bench.plan.cell import Cell
from bench.plan.visit import Visit


class Heard:
    """Keeps what a worker would send."""

    def __init__(self):
        self.sent = []

    def send(self, kind, payload):
        self.sent.append((kind, payload))


REFERENCE = Cell("softmax_regression")


@pytest.fixture(scope="module")
def parts():
    channel = Heard()
    visit(Visit(Cell("debug", optimizer="adam"), REFERENCE, 1, rounds=2, epochs=1), channel)
    return channel.sent


def test_system_comes_first_and_the_status_last(parts):
    kinds = [kind for kind, _ in parts]

    assert kinds[0] == "system"
    assert parts[-1] == ("status", ("ok", None))
    assert kinds.count("status") == 1


def test_timing_comes_first_and_training_last(parts):
    stages = [payload for kind, payload in parts if kind == "stage"]

    assert stages == ["phases", "inference", "relative cost", "costs", "epoch 1 of 1"]


def test_every_promised_metric_is_there(parts):
    metrics = {one["metric"] for kind, payload in parts if kind == "measurements" for one in payload}

    assert metrics >= {
        "step", "forward", "loss", "backward", "optimizer", "zero_grad", "fetch", "inference", "throughput",
        "page_faults", "parameters", "flops", "relative_cost", "accuracy", "training_throughput",
    }  # fmt: skip


def test_training_is_recorded_with_the_names_of_the_classes(parts):
    (record,) = [payload for kind, payload in parts if kind == "training"]

    assert record["classes"] == list("0123456789")
    assert 0.1 < record["epochs"][0]["test_accuracy"] <= 1


def test_a_visit_of_no_rounds_is_trained_and_not_timed():
    channel = Heard()
    visit(Visit(Cell("debug", optimizer="adam", split="validation"), REFERENCE, 1, rounds=0, epochs=1), channel)
    metrics = {one["metric"] for kind, payload in channel.sent if kind == "measurements" for one in payload}

    assert channel.sent[-1] == ("status", ("ok", None))
    assert "accuracy" in metrics
    assert metrics & {"step", "relative_cost", "flops", "inference"} == set()


def test_an_error_becomes_a_status_with_its_reason():
    channel = Heard()
    visit(Visit(Cell("debug", batch_size=100_000), REFERENCE, 1), channel)
    status, reason = channel.sent[-1][1]

    assert status == "failed"
    assert "batch size 100000 is more than the 60000 training images" in reason


def test_counts_by_operator_come_with_the_costs(parts):
    ((_, operators),) = [part for part in parts if part[0] == "operators"]
    totals = {f"operators_{phase}": sum(names.values()) for phase, names in operators.items()}
    metrics = {one["metric"]: one["value"] for kind, payload in parts if kind == "measurements" for one in payload}

    assert totals == {name: value for name, value in metrics.items() if name.startswith("operators_")}
    assert operators["forward"]["aten.convolution"] == 1


def test_a_profile_comes_after_all_else(tmp_path):
    channel = Heard()
    visit(Visit(Cell("debug"), REFERENCE, 1, rounds=2, costs=False, profile=True, traces=str(tmp_path)), channel)
    kinds = [kind for kind, _ in channel.sent]
    (found,) = [payload for kind, payload in channel.sent if kind == "profile"]

    assert kinds[kinds.index("status") :] == ["status", "stage", "profile", "measurements", "blocks"]
    assert (tmp_path / found["trace"]).is_file()
    assert channel.sent[-2][1][0]["metric"] == "profiler_overhead"


def test_a_profile_that_fails_is_a_warning(tmp_path):
    (tmp_path / "taken").write_text("a file where the folder should be")
    channel = Heard()
    task = Visit(Cell("debug"), REFERENCE, 1, rounds=2, costs=False, profile=True, traces=str(tmp_path / "taken"))
    visit(task, channel)

    assert ("status", ("ok", None)) in channel.sent
    kind, warning = channel.sent[-1]
    assert kind == "warning"
    assert warning.startswith("profile: no profile, FileExistsError")
