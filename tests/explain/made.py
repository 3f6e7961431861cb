"""Runs made by hand, with profiles, to be explained."""

from bench.plan.cell import Cell
from bench.store.result import Measurement, Result
from bench.store.run import create

FORWARD = [["forward", "convolution", "aten::mkldnn_convolution", "features.0", 3e-3, 1]]
BACKWARD = [["backward", "convolution", "aten::convolution_backward", "features.0", 5e-3, 1]]


def profile(rows=(*FORWARD, *BACKWARD), **phases):
    return {
        "side": "host", "steps": 5, "seconds": 0.01, "events": 100, "trace": "bench_1.2.pt.trace.json.gz", "bytes": 9,
        "phases": {"forward": 4e-3, "backward": 6e-3, **phases}, "rows": [list(row) for row in rows],
        "reading": {"reader": "torch-tb-profiler", "advice": ["Use a larger batch."], "peak_memory": {"cpu": 5e6}},
    }  # fmt: skip


def result(cell, step, share=0.4, repeat=0, reference=1e-3, **rest):
    """A result whose forward pass takes a share of the step, and backward the rest; with counts in the first repeat."""
    taken = [
        Measurement("step", "s", "lower", step, "p25", 1),
        Measurement("forward", "s", "lower", step * share, "p25", 1),
        Measurement("backward", "s", "lower", step * (1 - share), "p25", 1),
        Measurement("relative_reference", "s", "lower", reference, "p10", 1),
    ]
    if repeat == 0:
        taken += [Measurement("operators_forward", "1", "lower", rest.pop("operators_forward", 9.0), "exact")]
        taken += [Measurement("profiler_overhead", "1", "none", 1.25, "mean", 1)]
    return Result(cell, "ok", None, repeat, tuple(taken), **rest)


def run(root, name, results, **facts):
    created = create(
        name, {"status": "finished", "command": "python -m bench run", "plan": {"precision": 0.03}, **facts}, root
    )
    for entry in results:
        created.append(entry)
    return created


VGG, LENET = Cell("vgg4", threads=1), Cell("lenet5", threads=1)


def two_cells(root, name="two", **facts):
    """vgg4 at 9 ms with a profile, lenet5 at 3 ms with one; lenet5's forward pass is all Python."""
    slow = result(VGG, 9e-3, profile=profile(), operators={"forward": {"aten.convolution": 4, "aten.relu": 4}})
    fast = result(
        LENET, 3e-3, profile=profile(BACKWARD), operators={"forward": {"aten.convolution": 2}}, operators_forward=5.0
    )
    return run(root, name, [slow, fast], **facts)
