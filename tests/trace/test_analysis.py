"""Analysis: the mean step of any trace cut into pieces that add up to it, on the device and on the host."""

import random
from collections import Counter
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.trace.analysis import analyze
from bench.trace.events import load
from bench.trace.flame import changed, grown
from bench.trace.tb_profiler import read
from tests.trace import gpu
from tests.trace.handmade import annotation, kernel, launch, operator

FOREIGN = Path(__file__).parent / "foreign"


@pytest.fixture
def analyzed(written):
    return lambda events, **properties: analyze(written(events, **properties))


def sums(pieces, field="category"):
    """Microseconds of the pieces by a field of their key."""
    found = Counter()
    for piece in pieces:
        found[getattr(piece.key, field)] += piece.seconds * 1e6
    return dict(found)


def check_sums(analysis):
    for pieces in (analysis.host, analysis.device):
        assert not pieces or sum(piece.seconds for piece in pieces) == pytest.approx(analysis.seconds)
        assert all(piece.seconds > 0 for piece in pieces)


def test_a_step_on_the_host_is_operators_and_what_is_outside_them(analyzed):
    found = analyzed(
        [
            annotation("ProfilerStep#0", 0, 100),
            annotation("forward", 10, 50),
            annotation("nn.Module: conv Conv2d", 15, 40),
            operator("aten::conv2d", 20, 30),
            operator("aten::mkldnn_convolution", 25, 20),
            operator("autograd::engine::evaluate_function: AddBackward0", 70, 20, thread=2),
        ]
    )
    check_sums(found)
    assert (found.side, found.device, found.lengths) == ("host", (), [pytest.approx(100e-6)])
    assert sums(found.host) == pytest.approx({"convolution": 30, "elementwise": 20, "outside operators": 50})
    assert sums(found.host, "phase") == pytest.approx({"forward": 50, "backward": 20, "": 30})
    assert {piece.key.path: piece.seconds * 1e6 for piece in found.host} == pytest.approx(
        {
            ("forward",): 10,
            ("forward", "conv Conv2d"): 10,
            ("forward", "conv Conv2d", "aten::conv2d"): 10,
            ("forward", "conv Conv2d", "aten::conv2d", "aten::mkldnn_convolution"): 20,
            ("backward", "AddBackward0"): 20,
            ("outside operators",): 30,
        }
    )


def test_a_training_on_a_gpu_is_kernels_and_idle_time_by_its_cause(analyzed):
    found = analyzed(gpu.training(), **gpu.properties())
    check_sums(found)
    assert (found.side, len(found.lengths)) == ("device", 3)
    assert found.seconds == pytest.approx(gpu.STEP * 1e-6)
    assert found.busy == pytest.approx(gpu.BUSY * 1e-6)
    kernels = Counter()
    for work in gpu.WORKS:
        kernels[work.name] += work.length * 1e-6
    assert {row.name: row.seconds for row in found.kernels} == pytest.approx(kernels)
    assert all(row.calls.is_integer() for row in found.kernels)
    assert found.streams == {"device 0, stream 7": pytest.approx(166e-6), "device 0, stream 13": pytest.approx(30e-6)}
    paths = [piece.key.path for piece in found.device]
    assert ("backward", "fc", "AddmmBackward0", "ampere_sgemm_32x32_sliced1x4_nt") in paths
    idle = {name for name in sums(found.device) if name.startswith("idle device")}
    assert idle == {"idle device: host wait", "idle device: kernel wait"}


def test_idle_time_says_what_the_host_did_meanwhile(analyzed):
    found = analyzed(
        [
            annotation("ProfilerStep#0", 0, 100),
            annotation("enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__", 0, 40),
            operator("aten::mm", 40, 20),
            launch(45, 5, 1),
            kernel("sgemm", 53, 27, 1),
        ]
    )
    loader = "enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__"
    assert {piece.key.path: round(piece.seconds * 1e6) for piece in found.device} == {
        ("aten::mm", "sgemm"): 27,
        ("idle device", "host wait", "fetch", loader): 40,
        ("idle device", "host wait", "aten::mm"): 5,
        ("idle device", "host wait", "aten::mm", "cudaLaunchKernel"): 5,
        ("idle device", "kernel wait"): 3,
        ("idle device", "host wait", "outside operators"): 20,
    }


def test_communication_counts_where_nothing_else_runs(analyzed):
    events = [annotation("ProfilerStep#0", 0, 100), operator("nccl:all_reduce", 0, 2), launch(1, 1, 1)]
    events += [operator("aten::mm", 2, 2), launch(3, 1, 2)]
    found = analyzed([*events, kernel("ncclAllReduce", 10, 80, 1, stream=20), kernel("sgemm", 30, 20, 2)])
    assert sums(found.device) == pytest.approx(
        {"communication": 60, "matrix multiply": 20, "idle device: host wait": 12, "idle device: kernel wait": 8}
    )
    assert sum(row.seconds for row in found.kernels) == pytest.approx(100e-6)


def test_of_several_devices_it_is_said_what_idle_means(analyzed):
    events = [operator("aten::mm", 0, 100), launch(1, 1, 1), launch(3, 1, 2), kernel("a", 10, 20, 1)]
    other = kernel("b", 40, 20, 2)
    found = analyzed([*events, {**other, "args": {**other["args"], "device": 1}}])
    assert found.busy == pytest.approx(40e-6)
    assert found.notes[0] == "2 devices are in the trace: the device is idle where none of them does anything"


def test_modules_are_read_from_the_frames_of_python_where_no_mark_names_them(analyzed):
    frames = [{**annotation("nn.Module: Linear_0", 10, 50), "cat": "python_function"}]
    events = [annotation("ProfilerStep#0", 0, 100), operator("aten::linear", 20, 30)]
    (linear,) = (piece for piece in analyzed(events + frames).host if piece.key.operator)
    assert (linear.key.module, linear.key.phase) == ("Linear_0", "forward")
    marks = [annotation("nn.Module: head Linear", 15, 40)]
    (linear,) = (piece for piece in analyzed(events + frames + marks).host if piece.key.operator)
    assert linear.key.path == ("forward", "head Linear", "aten::linear")


def test_a_trace_of_rocm_is_read():
    found = analyze(FOREIGN / "rocm_mi250.json.gz")
    check_sums(found)
    assert [(step.name, step.lost) for step in found.steps] == [
        ("ProfilerStep#1", ""), ("ProfilerStep#2", "no kernel in it"),
    ]  # fmt: skip
    assert (found.seconds, found.busy) == (pytest.approx(9.288291e-3), pytest.approx(148.9e-6, rel=1e-3))
    assert sum(row.calls for row in found.kernels) == 16
    assert {"matrix multiply", "loss", "optimizer", "activation"} <= set(sums(found.device))
    assert "other" not in sums(found.device)


def test_kernels_without_a_launch_are_placed_and_their_share_is_told():
    found = analyze(FOREIGN / "launches_missing.json.gz")
    check_sums(found)
    assert sum(row.calls for row in found.kernels) * len(found.lengths) == 12  # of 18; six were called for before it
    placed, left = found.notes
    assert placed.startswith(
        "97 % of the device's time is of kernels whose launch is not in the trace: they are placed"
    )
    assert left == (
        "2.2 % of the device's time was launched before the trace began, or after its steps: it counts in none"
    )


def test_old_categories_and_bare_lists_are_read():
    found = analyze(FOREIGN / "categories_of_2022.json.gz")
    check_sums(found)
    assert (found.side, sum(row.calls for row in found.kernels)) == ("device", 4)
    bare = analyze(FOREIGN / "autograd_profiler_list.json")
    assert sums(bare.host) == {"elementwise": pytest.approx(54)}
    for analysis in (found, bare):
        assert analysis.notes == ["no step is marked (ProfilerStep#, from prof.step()): the whole trace counts as one"]


def test_the_old_profiler_s_kernels_are_known_by_their_row(analyzed):
    row = {"ph": "X", "tid": 1, "args": {}, "ts": 5, "dur": 10}
    found = analyzed(
        [{**row, "name": "aten::mm", "pid": "CPU functions"}, {**row, "name": "mm", "pid": "CUDA functions"}]
    )
    assert (found.side, [kernel.name for kernel in found.kernels]) == ("device", ["mm"])


@pytest.mark.parametrize(
    "events",
    [
        [{**annotation("a", 0, 5), "cat": "a category of another program"}],
        [annotation("only a mark", 0, 5)],
        [operator("aten::mm", 5, 0)],
    ],
    ids=("another program", "marks alone", "no time"),
)
def test_what_holds_nothing_to_sum_up_is_refused(written, events):
    with pytest.raises(BenchError, match="no operator and no kernel"):
        analyze(written(events))


def test_a_stack_that_no_program_has_is_read_in_time(analyzed):
    found = analyzed(operator("aten::mm", at, 100_000 - 2 * at) for at in range(5_000))
    check_sums(found)
    assert max(len(piece.key.path) for piece in found.host) <= 200


def test_names_are_of_one_line_that_can_be_printed(analyzed):
    found = analyzed([operator("aten::a\n\x1b[31mred\ud800", 0, 5)])
    assert found.host[0].key.operator == "aten::a  [31mred "


def test_real_traces_add_up_and_agree_with_torch_tb_profiler(real, request):
    path = request.node.callspec.params["real"]
    check_sums(analyze(path))
    check_against_plugin(path)


def test_it_agrees_with_torch_tb_profiler_on_rocm():
    check_against_plugin(FOREIGN / "rocm_mi250.json.gz")


def check_against_plugin(path):
    """The same step, the same time in which the device is busy, the same kernels."""
    found, plugin = analyze(path), read(load(path))
    assert plugin["reader"] == "torch-tb-profiler"
    roles = plugin["breakdown"]
    assert found.seconds == pytest.approx(roles["total"], rel=0.002)
    on_device = sum(roles.get(role, 0.0) for role in ("kernel", "memcpy", "memset"))
    assert found.busy == pytest.approx(on_device, rel=0.001)
    ours = {row.name: row.calls * len(found.lengths) for row in found.kernels}
    assert {name: ours.get(name) for name, *_ in plugin["kernels"]} == {
        name: pytest.approx(calls) for name, calls, *_ in plugin["kernels"]
    }


def test_frames_add_up_and_so_do_their_changes(analyzed):
    first = analyzed([annotation("ProfilerStep#0", 0, 100), operator("aten::mm", 10, 20), operator("aten::add", 40, 9)])
    second = analyzed([annotation("ProfilerStep#0", 0, 90), operator("aten::mm", 10, 50), operator("aten::cat", 70, 5)])
    root = grown(second.host, first.host)
    assert (root.before, root.after) == (pytest.approx(100e-6), pytest.approx(90e-6))
    changes = {path[-1]: frame.own_difference * 1e6 for path, frame in changed([root])}
    assert changes == pytest.approx({"aten::mm": 30, "outside operators": -36, "aten::add": -9, "aten::cat": 5})
    assert next(iter(changes)) == "outside operators"


NUMBERS = (None, True, -1, 0, 1e17, 1e308, float("nan"), 10**30)
WORDS = ("", "x\n<b>", "\ud800", "ProfilerStep#1", "forward", "nn.Module: a", "kernel", "cpu_op", "python_function")
DAMAGE = (*NUMBERS, *WORDS, [], {})


@pytest.mark.parametrize("seed", range(30))
def test_a_damaged_trace_is_refused_or_adds_up(written, seed):
    draw = random.Random(seed)
    events = [{**event, "args": dict(event.get("args", {}))} for event in gpu.training()]
    for _ in range(draw.choice([1, 5, 40, 200])):
        event = draw.choice(events)
        holder = event["args"] if draw.random() < 0.3 and isinstance(event.get("args"), dict) else event
        holder[draw.choice([*holder, "correlation"])] = draw.choice(DAMAGE)
    path = written([event for event in events if draw.random() < draw.choice([0.5, 1.0])])
    try:
        found = analyze(path)
    except BenchError:
        return
    assert sum(piece.seconds for piece in found.pieces) == pytest.approx(found.seconds)
    assert sum(piece.seconds for piece in found.host) == pytest.approx(found.seconds)
