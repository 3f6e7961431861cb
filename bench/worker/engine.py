"""The measurement of a cell that answers: its net is trained and made ready here, and a fresh process answers by it."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from bench import models
from bench.devices import Device, device_for, is_out_of_memory
from bench.engines import ENGINES, Answer
from bench.errors import BenchError, message_of
from bench.machine.system import describe_system
from bench.measure import noise
from bench.measure.answers import Served, check, compared, first_answer, measure_latency, measure_rate, scores_of
from bench.measure.batches import RESIDENT_IMAGES, Sources, load_for
from bench.measure.blocks import block_facts
from bench.measure.threads import check_threads
from bench.measure.workload import Workload
from bench.origins.digests import digests_of_code
from bench.plan.cell import Cell
from bench.plan.engines import served_batches
from bench.plan.task import Task
from bench.process.beforehand import forked
from bench.process.channel import Channel
from bench.process.layout import layout_of, shift_heap
from bench.process.scratch import scratch
from bench.store.result import Measurement
from bench.store.warning import Warning
from bench.training.train import train
from bench.vocabulary import NO_ENGINE
from bench.worker.compiling import silence_compilers

Numbers = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class _Ready:
    """What the process that answers is given.

    Attributes:
        file: the engine's.
        images: float32 (B, C, H, W), such as are asked at once.
        expected: the scores (B, K) of eager float32.
        classes: by eager float32 of all test images, (M,); None where nothing was trained.

    """

    file: Path
    images: Numbers
    expected: Numbers
    classes: Numbers | None


@dataclass(frozen=True, slots=True)
class _Answers:
    """What it gives."""

    system: dict[str, Any]
    measurements: list[Measurement]
    blocks: list[dict[str, Any]]
    warnings: list[Warning]


class EngineTask:
    """A task whose cell has an engine.

    The process that answers is forked before this one computes anything, so that it starts as one would that only
    answers, and waits without a core while the net is trained.
    """

    def __init__(self, task: Task, channel: Channel) -> None:
        self.task, self.channel, self.cell = task, channel, task.cell

    def measure(self) -> None:
        """Train where that is asked for, make the net ready, and have it answer.

        Raises:
            BenchError: the engine cannot, or answers wrong.
            DivergedError: the loss was not finite any more.

        """
        silence_compilers()
        with scratch() as folder, forked(partial(_answered, self.task)) as ask:
            ready = self._made_ready(Path(folder))
            self._see(Measurement.of_value("size_on_disk", float(ready.file.stat().st_size), "single"))
            self.channel.send("stage", "answering")
            answers = ask(ready)
        self.channel.send("system", answers.system)
        self._see(*answers.measurements)
        self.channel.send("blocks", answers.blocks)
        for warning in answers.warnings:
            self.channel.send("warning", warning.to_dict())

    def look_inside(self) -> None:
        """Nothing: its net is that of the cell without an engine."""
        text = f"an engine's net is looked into without it (--engines {NO_ENGINE})"
        self.channel.send("warning", Warning("insight", "no insight", None, text).to_dict())

    def profile(self) -> None:
        """Nothing: a profile is of training steps."""
        text = f"a profile is of training steps, and none are timed by an engine (--engines {NO_ENGINE})"
        self.channel.send("warning", Warning("profile", "no profile", None, text).to_dict())

    def _made_ready(self, folder: Path) -> _Ready:
        """The engine's file, and what eager float32 says with the same weights."""
        cell, engine, trained = self.cell, ENGINES[self.cell.engine], self.task.epochs > 0
        self.channel.send("stage", "preparing")
        device = device_for(cell)
        check_threads(cell.threads)
        dataset = load_for(cell, self.task.data_dir, whole=trained)
        sources = Sources(dataset, device)
        self.channel.send("code", digests_of_code(cell))
        part = sources.train(cell, None if trained else max(RESIDENT_IMAGES, cell.batch_size))
        work = Workload(replace(cell, engine=NO_ENGINE), device, *part, dataset.num_classes)
        if trained:
            train(work, sources.test(cell), self.task.epochs, partial(self.channel.send, "stage"))
        work.eval()
        net, sizes = work.model, served_batches(cell)
        images = part.images[: max(2, *sizes)].clone()  # no view: a program would keep what it is one of
        eager = torch.inference_mode()(net)
        classes = scores_of(eager, sources.test(cell).images, sizes[-1]).argmax(1) if trained else None
        self.channel.send("stage", f"preparing {cell.engine}")
        file = folder / engine.file
        engine.save(net, images, file)
        if engine.compiles_at_start:
            _compile_beforehand(engine.load(file, _building(cell, device, images, dataset.num_classes)), images, sizes)
        return _Ready(file, _numbers(images), _numbers(eager(images)), None if classes is None else _numbers(classes))

    def _see(self, *measurements: Measurement) -> None:
        self.channel.send("measurements", [measurement.to_dict() for measurement in measurements])


def _answered(task: Task, ready: _Ready) -> _Answers:
    """As `_answer`, with one kind of error where memory runs out, on whatever device."""
    try:
        return _answer(task, ready)
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise MemoryError(message_of(error)) from error
        raise


def _answer(task: Task, ready: _Ready) -> _Answers:
    """In the process that was forked: load the file, see that it answers right, and time it."""
    cell, engine, threads = task.cell, ENGINES[task.cell.engine], task.cell.threads
    device = device_for(cell)
    system = {**describe_system(device), "layout": layout_of(shift_heap())}
    check_threads(threads)
    device.settle_memory()
    dataset = load_for(cell, task.data_dir, whole=ready.classes is not None)
    sources, sizes = Sources(dataset, device), served_batches(cell)
    images = _tensor(ready.images, device)
    build = _building(cell, device, images, dataset.num_classes)
    answer, seconds = first_answer(engine, ready.file, build, images[:1], device)
    scores = scores_of(answer, images, sizes[-1])
    error = check(cell.engine, engine, scores, _tensor(ready.expected, device))
    measurements = [
        Measurement.of_value("start_up", seconds, "single", threads),
        Measurement.of_value("answer_error", error, "single"),
    ]
    part = sources.train(cell, max(RESIDENT_IMAGES, cell.batch_size)).images
    served = [measure_latency(answer, part, device, threads)]
    served += [measure_rate(answer, part, size, device, threads) for size in sizes]
    measurements += [measurement for each in served for measurement in each.measurements]
    if ready.classes is not None:
        test = sources.test(cell)
        answers = scores_of(answer, test.images, sizes[-1]).argmax(1)
        measurements += compared(answers, _tensor(ready.classes, device), test.labels)
    return _Answers(
        system,
        measurements,
        [block_facts(block) for each in served for block in each.blocks],
        _doubts(served, threads, on_host=device.facts.on_host),
    )


def _doubts(served: list[Served], threads: int, *, on_host: bool) -> list[Warning]:
    """What speaks against the times: of all batch sizes together."""
    blocks = [block for each in served for block in each.blocks]
    steady = all(each.steady for each in served)
    return noise.warnings_of("inference", blocks, steady, threads, on_host=on_host)


def _building(cell: Cell, device: Device, images: Tensor, classes: int) -> Any:
    """How the net of the cell is built, untrained."""
    shape = (int(images.shape[1]), int(images.shape[2]), int(images.shape[3]))

    def build() -> nn.Module:
        torch.manual_seed(cell.seed)
        return models.build(cell.source("architecture"), shape, classes).to(device.torch_device).eval()

    return build


def _compile_beforehand(answer: Answer, images: Tensor, sizes: tuple[int, ...]) -> None:
    """Have the compiler keep what it makes for each batch size, so that each process that answers finds as much.

    Raises:
        BenchError: the compiler gave up.

    """
    try:
        for size in sizes:
            answer(images[:size])
    except RuntimeError as error:
        raise BenchError(f"the engine does not compile: {error}") from error


def _numbers(tensor: Tensor) -> Numbers:
    return np.asarray(tensor.detach().cpu().numpy())


def _tensor(numbers: Numbers, device: Device) -> Tensor:
    return torch.from_numpy(numbers).to(device.torch_device)
