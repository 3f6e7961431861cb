"""A recorded run to render: made up, but shaped like what the measuring half writes."""

import base64
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.metrics import METRICS
from bench.plan.cell import Cell
from bench.report.record import Record, Row, Value
from bench.stats.interval import Interval
from bench.store.facts import RunFacts
from bench.store.result import Measurement, Result
from bench.store.run import Run, create
from bench.store.warning import Warning

# name: (relative cost, accuracy, parameters, FLOPs a step, peak memory)
NETS = {
    "softmax_regression": (0.21, 0.921, 7_850, 3.0e6, 4.1e6),
    "mlp": (1.0, 0.9712, 669_706, 2.57e8, 2.4e7),
    "lenet5": (2.31, 0.9874, 61_706, 1.6e8, 1.9e7),
    "convnet": (2.36, 0.9889, 93_322, 8.1e8, 5.6e7),
    "vgg6": (19.4, 0.9931, 288_170, 9.3e9, 1.6e8),
    "resnet8": (14.1, 0.9925, 77_706, 4.7e9, 1.4e8),
    "separable": (6.2, 0.9841, 12_410, 2.1e8, 9.7e7),
}
SYSTEM = {
    "cpu": "AMD EPYC 7B13", "cores_usable": 2, "cores": 2, "memory": 8_326_000_640, "os": "Linux 6.1 x86_64",
    "python": "3.11.7", "torch": "2.14.1+cu130", "gpu": None, "cuda": None, "cudnn": None, "load": 0.3,
    "allocator": "pinned (glibc)",
    "precision": {"tf32": False, "matmul": "highest", "cudnn_benchmark": False, "deterministic": False},
}  # fmt: skip
FACTS: dict[str, Any] = {
    "plan": {
        "suite": "quick",
        "architectures": list(NETS),
        "epochs": 3,
        "repeats": 3,
        "precision": 0.03,
        "threads": [],
    },
    "git": {"revision": "8ea945230f6c1d", "dirty": False},
    "command": "python -m bench run --suite quick",
    "started": "2026-01-31T09:05:11+00:00",
    "finished": "2026-01-31T09:08:02+00:00",
    "status": "finished",
    "order_seed": 0,
    "versions": {"bench": "0.1.0", "torch": "2.14.1+cu130", "numpy": "2.3.0"},
    "reference": "a frozen mlp, SGD, batch 64",
}
SHARES = {"fetch": 0.03, "zero_grad": 0.01, "forward": 0.3, "loss": 0.02, "backward": 0.5, "optimizer": 0.14}


def measurements(name: str, repeat: int, random: np.random.Generator, noise: float) -> list[Measurement]:
    """The metrics of one process; `noise` is the sd of the log ratio between processes."""
    cost, _, parameters, flops, memory = NETS[name]
    reference = 0.0011 * float(np.exp(random.normal(0, 0.02)))
    ratio = cost * float(np.exp(random.normal(0, noise)))
    lean = 0.04 * float(np.log10(cost))  # the dearer the net, the less its time goes to the optimizer
    step = reference * ratio * 0.7 * (1 + np.abs(random.standard_t(4, 400)) * 0.05)
    alone = [
        Measurement.of_samples(
            phase,
            step * (share + lean * ((phase == "backward") - (phase == "optimizer"))) * random.uniform(0.97, 1.03, 400),
            threads=2,
        )
        for phase, share in SHARES.items()
    ]
    timed = Measurement.of_samples("step", step, threads=2)
    return [
        timed, *alone,
        Measurement.of_samples("inference", step * 0.25, threads=2),
        Measurement.of_samples("relative_cell", reference * ratio * random.uniform(1, 1.1, 200), threads=1),
        Measurement.of_samples("relative_reference", reference * random.uniform(1, 1.1, 200), threads=1),
        Measurement("relative_cost", "1", "lower", ratio, "p25", 1),
        Measurement("throughput", "1/s", "higher", 64 / timed.value, "p25", 2),
        Measurement("inference_throughput", "1/s", "higher", 256 / timed.value, "p25", 2),
        Measurement("page_faults", "1", "lower", 0.2 * repeat, "median", 2),
        Measurement("peak_memory", "B", "lower", memory * (1 + 0.002 * repeat), "maximum"),
        Measurement("parameters", "1", "none", parameters, "exact"),
        Measurement("flops", "1", "none", flops, "exact"),
        Measurement("phase_gap", "1", "lower", 0.01, "median", 2),
    ]  # fmt: skip


def learned(name: str, seed: int, epochs: int, random: np.random.Generator) -> dict[str, Any]:
    """A learning record that ends near the net's accuracy."""
    cost, top, *_ = NETS[name]
    wobble = float(random.normal(0, 0.0012))
    entries = [{"epoch": 0, "steps": 0, "seconds": 0.0, "train_loss": None, "test_loss": 2.31, "test_accuracy": 0.1}]
    for epoch in range(1, epochs + 1):
        error = (1 - top) * (1 + 1.8 / epoch**1.5 - 1.8 / epochs**1.5) - wobble / epoch
        entries.append({
            "epoch": epoch, "steps": 937 * epoch, "seconds": 0.9 * cost * epoch * float(random.uniform(0.98, 1.02)),
            "train_loss": 3.4 * error, "test_loss": 3.1 * error, "test_accuracy": 1 - error,
        })  # fmt: skip
    for entry in entries:
        entry["train_accuracy"] = entry["test_accuracy"] ** 0.7 if entry["epoch"] else None
    return {
        "epochs": entries, "per_class": [top] * 10, "classes": list("0123456789"), "seed": seed,
        "confusion": [[980 if at == true else (true * at) % 7 for at in range(10)] for true in range(10)],
        "digits": [looked_at(label, label, label) for label in range(10)],
        "mistakes": [looked_at(100 + at, at % 10, (at + 3) % 10) for at in range(12)],
        "gradients": {
            "names": ["0.weight", "0.bias", "2.weight", "2.bias"], "shapes": [[16, 784], [16], [10, 16], [10]],
            "steps": [1, 234], "norms": [[0.02 * cost, 0.1, 1.5, 0.2], [0.01 * cost, 0.0, 0.9, 0.1]],
        },
    }  # fmt: skip


def looked_at(index: int, label: int, predicted: int) -> dict[str, Any]:
    """A test image as a learning record has it: 28 by 28 pixels that brighten to the right."""
    pixels = np.tile(np.arange(0, 252, 9, dtype=np.uint8), 28)
    scores = [[predicted, 0.9973], [(predicted + 1) % 10, 0.0026], [(predicted + 2) % 10, 0.00001]]
    packed = base64.b64encode(zlib.compress(pixels.tobytes(), 9)).decode()
    return {
        "index": index, "label": label, "predicted": predicted, "loss": 5.2, "scores": scores,
        "image": {"shape": [1, 28, 28], "pixels": packed},
    }  # fmt: skip


def results(
    names: tuple[str, ...] = tuple(NETS), *, repeats: int = 3, seeds: int = 1, epochs: int = 3, noise: float = 0.012
) -> list[Result]:
    """Every result of a grid that went well."""
    random = np.random.default_rng(0)
    grid = []
    for seed in range(seeds):
        for repeat in range(repeats):
            for name in names:
                taken = measurements(name, repeat, random, noise * (4 if name == "separable" else 1))
                training = learned(name, seed, epochs, random) if epochs and not repeat else None
                if training:
                    final = training["epochs"][-1]["test_accuracy"]
                    taken.append(Measurement("accuracy", "1", "higher", final, "final"))
                cell = Cell(name, threads=2, seed=seed)
                grid.append(
                    Result(cell, "ok", None, repeat, tuple(taken), training=training, system=SYSTEM, seconds=4.0)
                )
    return grid


NOT_STEADY = Warning("phases", "not steady", None, "no steady state within the longest warm-up")
FAULTING = Warning("phases", "faulting", 412.0, "412 page faults a step")


def troubled() -> list[Result]:
    """The grid with a failure, a timeout, an out-of-memory cell and warnings added."""
    good = results()
    good[3] = replace(good[3], warnings=(NOT_STEADY, FAULTING))
    return [
        *good,
        Result(Cell("resnet20", threads=2), "timeout", "no answer within 600 s", 0, system=SYSTEM),
        Result(
            Cell("alexnet_small", threads=2),
            "failed",
            "RuntimeError: size mismatch, got input 256 and weight 9216",
            0,
            system=SYSTEM,
        ),
        Result(Cell("vgg8", threads=2), "oom", "killed while it held 7.9 GB", 0, system=SYSTEM),
    ]


def recorded(root: Path, results: list[Result], name: str = "sample", **facts: Any) -> Run:
    """A run's folder that holds these results."""
    run = create(name, {**FACTS, **facts}, root)
    for result in results:
        run.append(result)
    return run


ATTACK = "</script></style></title><script>window.hurt=1</script><img src=x onerror='window.hurt=1'>\"]]>-->"


def hostile(root: Path) -> Run:
    """A run whose names, reasons, warnings and facts are markup, mathematics, control characters and formulas."""
    good = results(("mlp", "lenet5"))
    names = {"mlp": f"$\\frac{{{ATTACK}", "lenet5": '=HYPERLINK("http://x")\u202e\x07{{ 7*7 }}'}
    renamed = [
        replace(result, cell=replace(result.cell, architecture=names[result.cell.architecture])) for result in good
    ]
    renamed[0] = replace(
        renamed[0],
        warnings=(Warning("training", "drifting", None, ATTACK),),
        system={**SYSTEM, ATTACK: {ATTACK: [ATTACK]}},
    )
    lost = [Result(Cell("vgg8", optimizer=ATTACK), "failed", ATTACK), Result(Cell(ATTACK), "skipped", ATTACK)]
    facts = {"command": ATTACK, "status": ATTACK, "git": {"revision": ATTACK}, "started": ATTACK, "reference": ATTACK}
    return recorded(root, [*renamed, *lost], "hostile", **facts)


def row(label: str, value: float, half: float | None, metric: str = "relative_cost") -> Row:
    """A row with one number, `half` either way of the value."""
    low, high = (None, None) if half is None else (value - half, value + half)
    direction = "higher" if metric == "accuracy" else "lower"
    number = Value(metric, "1", direction, "p25", 1, value, low, high, 3)
    return Row(label, 0, label, Cell(label).to_dict(), "ok", None, (Cell(label),), {metric: number})


def planted(
    label: str, *, machine: str = "m", training: tuple = (), cell: dict[str, Any] | None = None, **numbers
) -> Row:
    """A row with these numbers: the value and half its interval, or the value alone where there is none.

    Of a time to accuracy a third number is the time of the look before; `cell` has fields of its cells.
    """
    of_cell = Cell(label.partition(" ")[0], **(cell or {}))
    values = {name: _value(name, number, of_cell) for name, number in numbers.items()}
    return Row(label, 0, label, of_cell.to_dict(), "ok", None, (of_cell,), values, training=training, machine=machine)


def _value(name: str, number: Any, cell: Cell) -> Value:
    value, half, *before = number if isinstance(number, tuple) else (number, None)
    metric = METRICS[name]
    low, high = (None, None) if half is None else (value - half, value + half)
    look = None if not before else Interval(before[0], *(None, None) if half is None else (before[0],) * 2, 3)
    exact = "exact" if metric.kind == "exact" else "p25"
    threads = cell.threads if metric.kind in ("ratio", "rate") else None
    n = 1 if half is None else 3
    return Value(name, metric.unit, metric.direction, exact, threads, value, low, high, n, seeds=n, before=look)


def record_of(*rows: Row, **more: Any) -> Record:
    """A record of planted rows."""
    return Record("planted", RunFacts(reference="mlp"), rows, (), **more)
