"""torch-tb-profiler: what it makes of a trace, or our own reading of it. No other module knows the plug-in."""

import contextlib
import io
import logging
import re
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

from bench.trace.events import Event, Trace
from bench.trace.tensor_cores import on_tensor_cores, share_on_tensor_cores
from bench.trace.tree import LAUNCHES, grow

MOST_OPERATORS = 40
_MICRO = 1e-6
_ROLES = ("kernel", "memcpy", "memset", "communication", "runtime", "dataloader", "operators", "other", "total")
# Kineto has renamed what the plug-in 0.4.3 looks for, so that it would find no launch, and no operator's device time.
# Of the links to backward nodes, renamed too, it would build trees that it then fails to sort: they keep their name.
_LAUNCH = "Runtime"
# The numbers of torch's kinds of device (c10/core/DeviceType.h) that a trace may hold.
_KINDS = {0: "cpu", 1: "cuda", 6: "hip", 9: "xla", 12: "xpu", 13: "mps", 15: "hpu", 19: "mtia"}


def read(trace: Trace) -> dict[str, Any]:
    """The plug-in's analysis as plain data, times in seconds; what a trace lacks is absent.

    Keys: `reader` ("torch-tb-profiler" or "bench"); `note`, why it is not the plug-in, or what that said; `breakdown`,
    seconds of a step by role; `operators`, lists of name, calls, host and device seconds of their own over all steps;
    `kernels`, lists of name, calls, seconds, blocks per SM, occupancy in %, whether on tensor cores; `peak_memory` in
    bytes by device; `gpu`, with `utilization`, `sm_efficiency`, `occupancy` (%) and `tensor_cores`, shares of 1, the
    last by our own reading of the kernels' names, since the plug-in's list ends with the GPUs of 2020; `advice`.
    """
    try:
        return _by_plugin(trace)
    except ImportError as error:
        return {**_by_hand(trace), "note": f"torch-tb-profiler is not there ({error})"}
    except Exception as error:  # whatever a plug-in of others makes of a trace, the rest of the analysis stays good
        return {
            **_by_hand(trace),
            "note": f"torch-tb-profiler could not read it ({type(error).__name__}: {error})"[:300],
        }


def _by_plugin(trace: Trace) -> dict[str, Any]:
    from torch_tb_profiler.profiler.data import RunProfileData  # noqa: PLC0415 - it imports pandas; it may be absent

    events = [_renamed(event) for event in trace.events]
    with _heard() as lines:
        data = RunProfileData.from_json("bench", "1", {**trace.properties, "traceEvents": events})
    read: dict[str, Any] = {
        "reader": "torch-tb-profiler",
        "breakdown": _breakdown(data.avg_costs.costs),
        "operators": [
            [row.name, row.calls, row.self_host_duration * _MICRO, row.self_device_duration * _MICRO]
            for row in sorted(
                data.op_list_groupby_name, key=lambda row: -(row.self_device_duration + row.self_host_duration)
            )
        ][:MOST_OPERATORS],
        "operator_names": len(data.op_list_groupby_name),
        "kernels": _kernels(data.kernel_stat),
        "peak_memory": _peaks(data.memory_snapshot),
        "gpu": _gpu(data),
        "advice": _advice(data),
        "note": _noted(lines),
    }
    return {key: value for key, value in read.items() if value not in (None, [], {}, "")}


def _renamed(event: Event) -> Event:
    """The event under the category that the plug-in knows; a span without any would stop it."""
    category = event.get("cat", "")
    if category.endswith(LAUNCHES):
        return {**event, "cat": _LAUNCH}
    return event if category else {**event, "cat": ""}


def _breakdown(costs: list[float]) -> dict[str, float]:
    return {role: cost * _MICRO for role, cost in zip(_ROLES, costs, strict=True) if cost}


def _kernels(table: Any) -> list[list[Any]]:
    """The plug-in's table of kernels, the longest first."""
    if table is None:
        return []
    columns = zip(
        table.index,
        table["count"],
        table["sum"],
        table["blocks_per_sm"],
        table["occupancy"],
        strict=True,
    )
    return [
        [str(name), int(count), float(total) * _MICRO, float(blocks), float(occupancy), on_tensor_cores(str(name))]
        for name, count, total, blocks, occupancy in columns
    ]


def _device(kind: object, index: object) -> str:
    """The device of those numbers in a trace: the host, or a name such as "cuda:0"."""
    if not isinstance(kind, int) or kind == 0:
        return "cpu"
    return f"{_KINDS.get(kind, f'kind {kind}')}:{index}"


def _peaks(snapshot: Any) -> dict[str, float]:
    """Bytes in use at the peak, by device."""
    peaks = snapshot.get_peak_memory() if snapshot else {}
    return {_device(kind, index): float(peak) for (kind, index), peak in peaks.items()}


def _gpu(data: Any) -> dict[str, float]:
    """The figures of the first GPU in the trace."""
    metrics = data.gpu_metrics_parser
    for at in sorted(metrics.gpu_ids):
        figures = {
            "utilization": metrics.gpu_utilization[at],
            "sm_efficiency": metrics.avg_approximated_sm_efficiency_per_device[at],
            "occupancy": metrics.avg_occupancy_per_device[at],
            "tensor_cores": share_on_tensor_cores(_times(data)),
        }
        return {name: float(value) for name, value in figures.items() if value is not None}
    return {}


def _times(data: Any) -> list[tuple[str, float]]:
    """The kernels by name, with their seconds."""
    return [(name, seconds) for name, _, seconds, *_ in _kernels(data.kernel_stat)]


def _advice(data: Any) -> list[str]:
    """The plug-in's, without what follows from tensor cores that its list of names does not know."""
    wrong = share_on_tensor_cores(_times(data)) > 0
    texts = map(_plain, data.recommendations)
    return [text for text in texts if not (wrong and ("Tensor Core" in text or "Mixed Precision" in text))]


def _plain(text: str) -> str:
    """Advice without its HTML."""
    return unescape(re.sub(r"<[^>]*>", "", text))


def _noted(lines: list[str]) -> str:
    """What the plug-in complained of, each kind of complaint once with its number."""
    kinds = Counter(re.sub(r"\d+", "#", text).partition("!")[0].partition("(")[0].strip()[:120] for text in lines)
    complaints = [f"{kind} ({count} times)" if count > 1 else kind for kind, count in kinds.most_common(3)]
    return "; ".join(complaints)


@contextlib.contextmanager
def _heard() -> Iterator[list[str]]:
    """Collects the warnings that the plug-in logs or prints, and keeps them from the console."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    logger, handler, printed = logging.getLogger("pytorch_profiler"), Keep(logging.WARNING), io.StringIO()
    logger.addHandler(handler)
    before, logger.propagate = logger.propagate, False
    try:
        with contextlib.redirect_stdout(printed), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pandas about the plug-in's ways, which we cannot change
            yield lines
    finally:
        lines += printed.getvalue().splitlines()
        logger.removeHandler(handler)
        logger.propagate = before


def _by_hand(trace: Trace) -> dict[str, Any]:
    """Operators, kernels and the peak of memory by our own reading; no advice, and nothing that needs a GPU's model."""
    forest = grow(trace)
    operators: dict[str, list[float]] = defaultdict(lambda: [0, 0.0])
    for node in forest.nodes:
        if node.kind == "operator":
            operators[node.name][0] += 1
            operators[node.name][1] += node.own * _MICRO
    kernels: dict[str, list[float]] = defaultdict(lambda: [0, 0.0])
    for event in trace.events:
        if event["ph"] == "X" and str(event.get("cat", "")).lower() == "kernel":
            kernels[event["name"]][0] += 1
            kernels[event["name"]][1] += event["dur"] * _MICRO
    order = sorted(operators.items(), key=lambda row: -row[1][1])[:MOST_OPERATORS]
    read: dict[str, Any] = {
        "operators": [[name, calls, seconds, 0.0] for name, (calls, seconds) in order],
        "operator_names": len(operators),
        "kernels": [
            [name, calls, seconds, None, None, None]
            for name, (calls, seconds) in sorted(kernels.items(), key=lambda row: -row[1][1])
        ],
        "peak_memory": _allocated(trace),
    }
    return {"reader": "bench", **{key: value for key, value in read.items() if value}}


def _allocated(trace: Trace) -> dict[str, float]:
    """The most bytes allocated at once, by device, as the allocators' own counts say."""
    peaks: dict[str, float] = defaultdict(float)
    for event in trace.events:
        facts: Mapping[str, Any] = event.get("args", {})
        if event["name"] == "[memory]" and isinstance(facts.get("Total Allocated"), int | float):
            device = _device(facts.get("Device Type"), facts.get("Device Id"))
            peaks[device] = max(peaks[device], float(facts["Total Allocated"]))
    return dict(peaks)
