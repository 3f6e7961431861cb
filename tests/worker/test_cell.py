"""The measurement of a cell as a worker makes it, in this process, on real MNIST."""

import gzip
import json
import tempfile

import pytest
import torch

from bench.measure import noise
from bench.plan.cell import Cell
from bench.plan.task import Task
from bench.store.result import Measurement
from bench.training.checkpoint import unpacked
from bench.worker import cell as module
from bench.worker.cell import measure
from tests.conftest import hasty
from tests.measure.recording import Heard


@pytest.fixture(scope="module")
def parts():
    channel = Heard()
    task = Task(
        Cell("debug", optimizer="adam"),
        blocks=2,
        epochs=1,
        until=0.3,
        checkpoint=True,
    )
    with hasty():
        measure(task, channel)
    return channel.sent


def test_system_comes_first_and_the_status_last(parts):
    kinds = [kind for kind, _ in parts]

    assert kinds[0] == "system"
    assert parts[-1] == ("status", ("ok", None))
    assert kinds.count("status") == 1


def test_timing_comes_first_and_training_last(parts):
    stages = [payload for kind, payload in parts if kind == "stage"]

    assert [stage for at, stage in enumerate(stages) if stage not in stages[:at]] == [
        "phases",
        "inference",
        "relative cost",
        "costs",
        "epoch 1 of 1",
    ]


def test_every_promised_metric_is_there(parts):
    metrics = {one["metric"] for kind, payload in parts if kind == "measurements" for one in payload}

    assert metrics >= {
        "step",
        "forward",
        "loss",
        "backward",
        "optimizer",
        "zero_grad",
        "fetch",
        "inference",
        "throughput",
        "page_faults",
        "parameters",
        "flops",
        "gradient_error",
        "update_error",
        "relative_cost",
        "accuracy",
        "training_throughput",
        "train_accuracy",
        "training_step",
        "reached",
        "time_to_accuracy",
        "steps_to_accuracy",
    }


def test_training_is_recorded_with_the_names_of_the_classes(parts):
    *_, record = [payload for kind, payload in parts if kind == "training"]

    assert record["classes"] == list("0123456789")
    assert record["epochs"][-1]["test_accuracy"] >= 0.3
    assert sum(map(sum, record["confusion"])) == 10_000
    assert len(record["digits"]) == 10
    assert record["mistakes"]


def test_time_to_accuracy_is_seconds_a_step_times_steps(parts):
    values = {one["metric"]: one["value"] for kind, payload in parts if kind == "measurements" for one in payload}

    assert values["reached"] == 1
    assert values["time_to_accuracy"] == pytest.approx(values["training_step"] * values["steps_to_accuracy"])


def test_the_best_weights_are_sent(parts):
    *_, (kind, name, content) = [payload for part, payload in parts if part == "file"]
    assert (kind, name) == ("checkpoint", "best.pt")
    restored = unpacked(content, name)
    *_, record = [payload for kind, payload in parts if kind == "training"]

    assert restored.cell == Cell("debug", optimizer="adam")
    assert restored.entry["test_accuracy"] == max(entry["test_accuracy"] for entry in record["epochs"])


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_a_training_that_diverges_is_a_status_and_keeps_what_was_learnt():
    channel = Heard()
    measure(Task(Cell("debug", learning_rate=1e30), blocks=2, epochs=2, costs=False), channel)
    (record,) = [payload for kind, payload in channel.sent if kind == "training"]
    status, reason = channel.sent[-1][1]

    assert status == "diverged"
    assert "loss is" in reason
    assert len(record["epochs"]) == 1


def test_a_task_of_no_blocks_is_trained_and_not_timed():
    channel = Heard()
    measure(Task(Cell("debug", optimizer="adam", split="validation"), blocks=0, epochs=1), channel)
    metrics = {one["metric"] for kind, payload in channel.sent if kind == "measurements" for one in payload}

    assert channel.sent[-1] == ("status", ("ok", None))
    assert "accuracy" in metrics
    assert metrics & {"step", "relative_cost", "flops", "inference"} == set()


@pytest.mark.parametrize(("parts", "warned"), [(4, ["training"]), (1, [])])
def test_a_training_whose_batches_are_normalized_in_parts_says_so_though_nothing_is_timed(parts, warned):
    channel, cell = Heard(), Cell("mlp_bn", dataset="synthetic:1x8x8:4", batch_size=256, accumulate=parts)
    measure(Task(cell, blocks=0, epochs=1, train_limit=0.001), channel)
    warnings = [payload for kind, payload in channel.sent if kind == "warning"]
    assert [each["part"] for each in warnings if each["kind"] == "normalized in parts"] == warned


def test_an_error_becomes_a_status_with_its_reason():
    channel = Heard()
    measure(Task(Cell("debug", batch_size=100_000)), channel)
    status, reason = channel.sent[-1][1]

    assert status == "failed"
    assert "batch size 100000 is more than the 60000 training images" in reason


def test_counts_by_operator_come_with_the_costs(parts):
    ((_, operators),) = [part for part in parts if part[0] == "operators"]
    totals = {f"operators_{phase}": sum(names.values()) for phase, names in operators.items()}
    metrics = {one["metric"]: one["value"] for kind, payload in parts if kind == "measurements" for one in payload}

    assert totals == {name: value for name, value in metrics.items() if name.startswith("operators_")}
    assert operators["forward"]["aten.convolution"] == 1


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """The folder that temporary files go to."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_a_profile_comes_after_all_else_and_leaves_no_file_behind(scratch):
    channel = Heard()
    measure(Task(Cell("debug"), blocks=2, costs=False, profile=True), channel)
    kinds = [kind for kind, _ in channel.sent]
    (values,) = channel.of("profile")
    ((kind, name, content),) = channel.of("file")

    of_profile, of_memory = ["stage", "file", "profile"], ["stage", "memory"]
    numbers = ["measurements", "blocks"]
    assert kinds[kinds.index("status") :] == ["status", *of_profile, *numbers, *of_memory, *numbers]
    assert (kind, name, len(content)) == ("trace", values["trace"], values["bytes"])
    assert json.loads(gzip.decompress(content))["traceEvents"]
    overhead, held = (payload[0] for payload in channel.of("measurements")[-2:])
    (memory,) = channel.of("memory")
    assert (overhead["metric"], held["metric"]) == ("profiler_overhead", "held_memory")
    assert held["value"] == max(map(sum, zip(*memory["bytes"].values(), strict=True))) > 0
    left = [path.name for path in scratch.iterdir()]
    assert [name for name in left if not name.startswith("torchinductor_")] == []  # torch's, of its first profile


@pytest.mark.slow
def test_a_look_into_the_net_that_fails_is_a_warning(monkeypatch):
    channel = Heard()
    monkeypatch.setattr("bench.insight.look.look", lambda _: 1 / 0)
    measure(Task(Cell("debug", batch_size=512), blocks=0, epochs=1, insight=True), channel)

    assert ("status", ("ok", None)) in channel.sent
    kind, warning = channel.sent[-1]
    assert kind == "warning"
    assert (warning["part"], warning["kind"]) == ("insight", "no insight")
    assert warning["text"].startswith("ZeroDivisionError")


def test_no_peak_is_told_of_a_compiled_update_on_the_host_where_compiling_would_be_in_it(monkeypatch):
    known = Measurement.of_value("peak_memory", 1e6, "maximum")
    monkeypatch.setattr(module, "measure_memory", lambda _: [known])
    sent = {}
    for implementation in ("default", "compiled"):
        channel = Heard()
        module._CellTask(Task(Cell("debug", implementation=implementation)), channel)._peak(work=None)
        sent[implementation] = channel
    assert sent["default"].of("measurements") == [[known.to_dict()]]
    assert sent["compiled"].of("measurements") == []
    assert [warning["kind"] for warning in sent["compiled"].of("warning")] == ["memory not known"]


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_a_profile_that_fails_is_a_warning(scratch):
    scratch.rmdir()
    channel = Heard()
    measure(Task(Cell("debug"), blocks=2, costs=False, profile=True), channel)

    assert ("status", ("ok", None)) in channel.sent
    profile, memory = channel.of("warning")[-2:]
    assert (profile["part"], profile["kind"]) == ("profile", "no profile")
    assert profile["text"].startswith("FileNotFoundError: ")
    assert (memory["part"], memory["kind"]) == ("profile", "memory not known")
    assert memory["text"].startswith("what a step holds when is not known: FileNotFoundError: ")


@pytest.mark.slow
@pytest.mark.parametrize("relative_threads", [1, 2])
def test_a_step_of_several_threads_is_held_against_one_thread_whatever_the_reference_has(relative_threads, monkeypatch):
    """Here one thread seems to take a hundredth of what it does."""
    monkeypatch.setattr(module, "check_threads", lambda _: None)  # a machine may have one core
    monkeypatch.setattr(noise, "seconds_alone", _a_hundredth)
    channel = Heard()
    measure(Task(Cell("debug", threads=2), blocks=2, epochs=0, relative_threads=relative_threads), channel)

    warnings = [payload for kind, payload in channel.sent if kind == "warning" and payload["part"] == "phases"]
    (contended,) = [warning["text"] for warning in warnings if warning["kind"] == "contended"]
    assert "times as long as with 1 thread" in contended


def _a_hundredth(blocks):
    assert torch.get_num_threads() == 1
    own = [block for block in blocks if block.subject == "cell"]
    return sum(block.cpu for block in own) / sum(block.steps for block in own) / 100


def test_of_a_net_that_cannot_train_on_one_image_inference_is_timed():
    channel = Heard()
    measure(Task(Cell("mlp_bn", dataset="synthetic", batch_size=1), blocks=2, epochs=1), channel)
    metrics = {each["metric"] for kind, payload in channel.sent if kind == "measurements" for each in payload}
    assert metrics == {"inference", "inference_throughput"}
    (warning,) = [payload for kind, payload in channel.sent if kind == "warning" and payload["part"] == "timing"]
    assert warning["kind"] == "inference alone"
    assert "cannot train on a batch of one image: Expected more than 1 value per channel" in warning["text"]
    assert channel.sent[-1] == ("status", ("ok", None))
