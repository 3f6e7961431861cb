"""Seeds: genuine files of every kind that is read, made in a folder as the suite itself makes them."""

import gzip
import io
import json
import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

import architectures
from bench.compare.calibration import Calibration, RunCounts
from bench.compare.calibration import save as save_calibration
from bench.compare.log import ComparisonLog
from bench.compare.records import CountsRecord, EndRecord, FailureRecord, SamenessRecord
from bench.plan.cell import Cell
from bench.stats.interval import Interval
from bench.store import baseline, elsewhere
from bench.store.elsewhere import FigureFile
from bench.store.fingerprint import fingerprint
from bench.store.insight import Ascent, Insight
from bench.store.result import Measurement, Result
from bench.store.run import Run
from bench.store.summary import summaries
from bench.store.timm_csv import read as timm_figures
from bench.store.warning import Warning
from bench.training.checkpoint_schema import digest_of
from bench.verdict.verdict import Anchor, Decision, Verdict
from bench.vocabulary import MEMORY_CATEGORIES
from tests.compare.conftest import facts_of, log_ratios, pair
from tests.report import insight_sample
from tests.report import report_sample as sample
from tests.trace import gpu

STORED = Path(__file__).parent.parent / "store"
NETS = ("mlp", "lenet5")
MACHINE = fingerprint(sample.SYSTEM, 1)
ENTRY = {
    "epoch": 1.0, "steps": 8, "seconds": 1.0, "train_loss": 0.4, "train_accuracy": None, "test_loss": 0.5,
    "test_accuracy": 0.1,
}  # fmt: skip
MEMORY = {
    "seconds": [0.0, 0.2, 0.5],
    "bytes": {name: [at, 9 * at, 0] for at, name in enumerate(MEMORY_CATEGORIES)},
    "phases": [{"phase": "forward", "start": 0.1}, {"phase": "mine", "start": 0.4}],
    "end": 1.0,
}
TOLERANCES = """[tolerances]
relative_cost = "5 %"
operators_backward = 0
accuracy = 0.002

[budgets]
step = 0.010

[cells."lenet5-*".tolerances]
relative_cost = "8 %"
[cells."mlp*".budgets]
peak_memory = 1e9
"""
SUITE = """purpose = "a suite of one's own"
suite = "tiny"
architectures = ["mlp", "resnet*"]
optimizers = ["adam", "sgd"]
batch_sizes = [64, 256]
learning_rates = [0.1, 1e-3]
threads = 2
precision = "3 %"
until = 0.99
budget = "5m"
train_limit = "3s"
order_seed = 7
download = false
input = ""
"""


def results(*, noise: float = 0.012) -> list[Result]:
    """Results of two nets, each with all that a line may hold, in few samples; of one net by an engine, too."""
    grid: list[Result] = []
    for result in sample.results(NETS, repeats=2, epochs=1, noise=noise):
        taken = tuple(replace(measured, samples=measured.samples[:5]) for measured in result.measurements)
        block = {"subject": "cell", "started": 0.5, "wall": 0.1, "cpu": 0.1, "faults": 0, "preempted": 1, "steps": 7}
        grid.append(
            replace(
                result,
                measurements=taken,
                blocks=({**block, "waited": 0.0}, block),
                operators={"forward": {"aten.addmm": 2}, "backward": {"aten.mm": 3}},
                warnings=(Warning("phases", "contended", 0.2, "a neighbour"),) if result.repeat else (),
                started="2026-11-26T00:00:00+00:00",
            )
        )
    return [replace(insight_sample.looked_into(grid[0], small_insight()), memory=MEMORY), *grid[1:], answered(grid[0])]


def small_insight() -> Insight:
    """A look with all kinds in it, and few pictures."""
    seen = insight_sample.insight()
    fewer = {name: getattr(seen, name)[:1] for name in ("scores", "features", "saliency")}
    climb = Ascent(steps=64, classes=(0,), probabilities=(0.9,), images=insight_sample.image(1, 6))
    return replace(seen, ascent=climb, **fewer)


def answered(trained: Result) -> Result:
    """The net of a result by an engine."""
    taken = {"latency": 1e-4, "latency_p90": 2e-4, "latency_p99": 3e-4, "served_at_1": 1e4, "served_at_8": 5e4}
    lost = {"accuracy_lost": -1e-4, "answers_differ": 3e-4, "answers_lost": 1, "answers_gained": 2}
    taken |= {"start_up": 0.1, "size_on_disk": 1e6, "answer_error": 1e-3, **lost, "answers_scored": 1e4}
    measured = tuple(Measurement.of_value(name, float(value), "single", 1) for name, value in taken.items())
    return replace(
        trained,
        cell=replace(trained.cell, engine="static_int8"),
        measurements=measured,
        training=None,
        operators=None,
    )


def recorded(name: str, root: Path) -> Run:
    """A run of these results."""
    return sample.recorded(root, results(), name)


def a_check() -> dict[str, Any]:
    """What `check` leaves beside a run."""
    ratio = Interval(1.1, 1.07, 1.13, 6)
    anchor = Anchor("seed", "8ea945230f", 9, ratio, 0.99, risen=True)
    first = Verdict(
        cell="lenet5", metric="step", verdict="regressed", unit="s", statistic="p10", before=0.1, after=0.2,
        ratio=ratio, confidence=0.99, tolerance=0.05, visible=0.04, reason="slower", remedy="look",
        evidence=("a 1 -> 2",), anchor=anchor,
    )  # fmt: skip
    second = Verdict(cell="mlp", metric="accuracy", verdict="unchanged")
    whole = Decision(
        kind="check", before="baseline main (1 run)", after="run seed", verdicts=(first, second), notes=("n",)
    )
    return whole.to_dict()


def comparison(path: Path) -> None:
    """The log of a comparison with a record of each kind."""
    log = ComparisonLog(path, facts_of(*NETS, unmatched=(Verdict(cell="vgg4", metric="step", verdict="new"),)))
    log.note(CountsRecord("lenet5", {"flops": 1e6}, {"flops": 2e6}))
    log.note(SamenessRecord("mlp", "changed", "another sum", ("aten.mm",)))
    for cell in NETS:
        for at, ratio in enumerate(log_ratios(0.02, 6)):
            quantiles = {"p10": (0.003, 0.0031)}
            log.note(pair(ratio, cell=cell, quantiles=quantiles, started_first=at % 2, started=6.0 * at, busy=0.98))
    log.note(FailureRecord("mlp", "after", "ValueError: no"))
    log.note(EndRecord("", 42.0))


def calibration() -> None:
    """The calibration of the machine that the runs are of."""
    runs = (RunCounts(slowdown=0.0, tolerance=0.05, fail=0, passed=4, inconclusive=0, seconds=(1.0,)),)
    cells = dict.fromkeys(NETS, 0.04)
    save_calibration(
        Calibration(
            fingerprint=MACHINE.fields, log_ratios={"mlp": (0.01, -0.01)}, smallest_tolerance=0.04, tolerances=cells,
            runs=runs,
        )
    )  # fmt: skip


def trace() -> bytes:
    """Three steps of a training on a GPU."""
    return json.dumps({**gpu.properties(), "traceEvents": list(gpu.training())}).encode()


def idx() -> bytes:
    """Three images of 4 by 4."""
    return b"\0\0\x08\x03" + struct.pack(">3I", 3, 4, 4) + bytes(range(48))


def npz(packed: bool = True) -> bytes:
    """A data set of arrays."""
    images = np.arange(12 * 36, dtype=np.uint8).reshape(12, 6, 6)
    arrays = {"train_images": images, "train_labels": np.arange(12) % 3, "test_images": images[:4]}
    content = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(
        content, **arrays, test_labels=np.arange(4) % 3, classes=["a", "b", "c"]
    )
    return content.getvalue()


def images(folder: Path) -> None:
    """A folder of images of two classes, of several formats."""
    for at, name in enumerate(("cat", "dog")):
        (folder / name).mkdir(parents=True)
        for number in range(7):
            (folder / name / f"{number}.png").write_bytes(image("PNG", 20 * number + at))


def image(kind: str, shade: int = 100) -> bytes:
    """An image of 8 by 8."""
    content = io.BytesIO()
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8) + np.uint8(shade)).save(content, kind)
    return content.getvalue()


def checkpoint(**changes: Any) -> bytes:
    """A checkpoint, its digest that of what it holds; any entry may be another."""
    model = architectures.build("softmax_regression", (1, 28, 28), 10)
    stored = {
        "format": 2, "cell": Cell("softmax_regression").to_dict(), "input_shape": [1, 28, 28], "num_classes": 10,
        "entry": ENTRY, "machine": "", "weights": model.state_dict(), **changes,
    }  # fmt: skip
    stored["digest"] = digest_of(stored)
    content = io.BytesIO()
    torch.save(stored, content)
    return content.getvalue()


def figures(folder: Path) -> None:
    """Imported figures."""
    read: FigureFile = timm_figures(STORED / "timm_train.csv")
    elsewhere.save("timm", read, folder)


def page_head() -> bytes:
    """The beginning of a page, with the summary that the index reads."""
    summary = {
        "run": "seed",
        "started": "2026-01-31T09:05:11",
        "revision": "8ea945",
        "machine": "x",
        "status": "finished",
    }
    text = json.dumps(
        {**summary, "counts": "2 cells", "check": {"overall": "pass", "before": "main"}, "tally": {"ok": 2}}
    )
    escaped = text.replace('"', "&#34;")
    return f'<!doctype html><html><head><meta name="bench-run" content="{escaped}"></head></html>'.encode()


def everything(folder: Path) -> Mapping[str, Path]:
    """All that commands read, in a folder that they stand in; by what it is, its file."""
    results = folder / "results"
    run = recorded("seed", results)
    recorded("other", results)
    (run.folder / "check.json").write_text(json.dumps(a_check()))
    baseline.save("main", summaries(run), results / "baselines")
    comparison(results / "ab" / "log.jsonl")
    calibration()
    figures(results / "published")
    (folder / "trace.json").write_bytes(trace())
    (folder / "trace.json.gz").write_bytes(gzip.compress(trace()))
    (folder / "bench.json").write_bytes((STORED / "pytest_benchmark_4.json").read_bytes())
    (folder / "timm.csv").write_bytes((STORED / "timm_infer.csv").read_bytes())
    (folder / "mine.toml").write_text(SUITE)
    (folder / "tolerances.toml").write_text(TOLERANCES)
    return {
        "results": run.folder / "results.jsonl",
        "run.json": run.folder / "run.json",
        "check.json": run.folder / "check.json",
        "baseline": results / "baselines" / "main.jsonl",
        "comparison log": results / "ab" / "log.jsonl",
        "calibration": next((results / "calibrations").glob("*.json")),
        "published figures": results / "published" / "timm.json",
    }
