"""Answers: how long an engine takes to the first, to single images and to batches, and how often it is right."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from math import ceil
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from torch import Tensor

from bench.devices import Device
from bench.engines import Answer, Build, Engine
from bench.errors import BenchError
from bench.measure.blocks import Block, Mark, Step, quiet_collector, run_block, warm_up
from bench.measure.speed import lead_in
from bench.metrics import SERVED_AT
from bench.plan.timing import INFERENCE_BLOCKS, LATENCY_BLOCKS, LEAST_ANSWERS, STATISTIC
from bench.store.result import QUANTILES, Floats, Measurement
from bench.text import percent
from bench.vocabulary import Quantile

PERCENTILES: tuple[Quantile, ...] = ("p90", "p99")  # of a process, beside the median


@dataclass(frozen=True, slots=True)
class Served:
    """The blocks of one batch size, what they say, and whether the engine was steady before."""

    blocks: list[Block]
    measurements: list[Measurement]
    steady: bool


def first_answer(engine: Engine, file: Path, build: Build, image: Tensor, device: Device) -> tuple[Answer, float]:
    """The engine from its file on, and the seconds until it has answered to one `image` (1, C, H, W)."""
    begun = perf_counter()
    answer = engine.load(file, build)
    answer(image)
    device.synchronize()
    return answer, perf_counter() - begun


def check(name: str, engine: Engine, scores: Tensor, expected: Tensor) -> float:
    """How far the scores (M, K) lie from those that are expected of eager float32, relative to their norm.

    Raises:
        BenchError: farther than the engine may, or they are no such scores.

    """
    if scores.shape != expected.shape or not bool(torch.isfinite(scores).all()):
        shapes = " and ".join("x".join(map(str, each.shape)) for each in (scores, expected))
        raise BenchError(f"{name} answers wrong: finite scores of eager's shape are expected ({shapes})")
    error = float((scores - expected).norm() / expected.norm())
    if not error <= engine.tolerance:
        raise BenchError(
            f"{name} answers wrong: its scores lie {percent(error)} from those of eager float32, and "
            f"{percent(engine.tolerance)} are allowed"
        )
    return error


def scores_of(answer: Answer, images: Tensor, size: int) -> Tensor:
    """The scores (M, K) of images (M, C, H, W), always `size` at once: engines compile for a size.

    Where they do not come out even, the last ones are asked again together with some before them; of fewer all are
    asked over and over.
    """
    if (count := len(images)) < size:
        return answer(images[torch.arange(size, device=images.device) % count]).detach()[:count]
    whole = len(images) // size * size
    scores = [answer(part).detach() for part in images[:whole].split(size)]
    if rest := len(images) - whole:
        scores.append(answer(images[-size:]).detach()[-rest:])
    return torch.cat(scores)


def measure_latency(answer: Answer, images: Tensor, device: Device, threads: int) -> Served:
    """Time answers to single images, one after the other: each is waited for, as one who asks does."""
    step = _step(answer, images.split(1), device)
    with quiet_collector():
        warm = warm_up(device, step)
        length = max(warm.block_steps, ceil(LEAST_ANSWERS / LATENCY_BLOCKS))
        timed = [_block("latency", device, step, length) for _ in range(LATENCY_BLOCKS)]
    seconds = _seconds(timed)
    latency = Measurement.of_samples("latency", seconds, statistic="median", threads=threads)
    tails = [
        Measurement.of_value(f"latency_{share}", float(np.quantile(seconds, QUANTILES[share])), share, threads)
        for share in PERCENTILES
    ]
    return Served(timed, [latency, *tails], warm.steady)


def measure_rate(answer: Answer, images: Tensor, size: int, device: Device, threads: int) -> Served:
    """Time answers to `size` images at once."""
    step = _step(answer, images[: len(images) // size * size].split(size), device)
    with quiet_collector():
        warm = warm_up(device, step, least=0)
        timed = [_block(f"batch {size}", device, step, warm.block_steps) for _ in range(INFERENCE_BLOCKS)]
    samples = _seconds(timed)
    seconds = float(np.quantile(samples, 0.25))
    rate = Measurement.of_value(SERVED_AT[size], size / seconds, STATISTIC, threads)
    return Served(timed, [rate], warm.steady)


def compared(answers: Tensor, eagers: Tensor, labels: Tensor) -> list[Measurement]:
    """How often an engine is right, and on how many images otherwise than eager float32 with the same weights.

    Args:
        answers: classes (M,) by the engine.
        eagers: classes (M,) by eager float32.
        labels: (M,).

    """
    right, eager_right = answers == labels, eagers == labels
    images = len(labels)
    lost, gained = int((eager_right & ~right).sum()), int((right & ~eager_right).sum())
    values = {
        "answer_accuracy": int(right.sum()) / images,
        "accuracy_lost": (lost - gained) / images,
        "answers_differ": int((answers != eagers).sum()) / images,
        "answers_lost": lost,
        "answers_gained": gained,
        "answers_scored": images,
    }
    return [Measurement.of_value(name, float(value), "final") for name, value in values.items()]


def _step(answer: Answer, batches: Sequence[Tensor], device: Device) -> Step:
    """One answer to the next batch, between two marks, and waited for."""
    turn = cycle(batches)

    def step(mark: Mark) -> None:
        images = next(turn)
        mark()
        answer(images)
        device.synchronize()
        mark()

    return step


def _block(subject: str, device: Device, step: Step, steps: int) -> Block:
    lead_in(device, step)
    return run_block(subject, device, step, steps, marks=2)


def _seconds(timed: Sequence[Block]) -> Floats:
    return np.concatenate([block.intervals[:, 0] for block in timed])
