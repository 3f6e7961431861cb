"""The training loop, read from top to bottom, and the order of the images it trains on."""

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from bench.measure.workload import Workload
from bench.plan.timing import EVALUATIONS_PER_EPOCH
from bench.training.evaluate import judge, scores_of
from bench.training.gradients import Gradients, Stopwatch
from bench.training.lr_schedules import LearningRates

TRAIN_SAMPLE = 5000  # of the training images, on which the training accuracy is taken


class DivergedError(Exception):
    """The loss is no longer finite: there is nothing left to learn."""


def train(
    work: Workload,
    test: tuple[Tensor, Tensor],
    epochs: int,
    report: Callable[[str], None],
    *,
    limit: float = math.inf,
    until: float = 0.0,
    evaluated: Callable[[dict[str, Any], bool], None] = lambda *_: None,
) -> tuple[dict[str, Any], Tensor]:
    """Train for `epochs` passes over the resident images and evaluate after each, the clock stopped meanwhile.

    Args:
        work: freshly built; its images are the training set.
        test: images float32 (M, C, H, W) and labels (M,), on the device.
        epochs: passes over the training set; the last partial batch of each is left out.
        report: told what is being done, for the progress line.
        limit: seconds of training after which it stops, in the middle of an epoch if need be. A schedule ends with
            whichever comes first, the epochs or the limit.
        until: test accuracy at which it stops; it is then evaluated EVALUATIONS_PER_EPOCH times an epoch. 0: it never
            stops.
        evaluated: given the learning record after each evaluation, and whether its last entry has the best test
            accuracy so far; the weights are those of that entry.

    Returns:
        The learning record, and the scores (M, K) of the test images by the weights at the end. The record holds
        `epochs`, a list with an entry for each evaluation: `epoch` (a fraction within one), `steps`, `seconds`
        (training alone, cumulative), `train_loss` (mean over the steps since the last entry, as they were trained),
        `train_accuracy` (by the weights of that moment on the first TRAIN_SAMPLE training images, since counting hits
        in the steps would cost time inside the clock; absent within an epoch), `test_loss` and `test_accuracy`;
        `gradients`, see `Gradients.record`; `seed`; `limit`, the seconds if they ended it; and with a target `until`:
        `target`, `every` (steps from one evaluation to the next) and whether it was `reached`.

    Raises:
        DivergedError: a loss is not finite at an evaluation.

    """
    size = work.cell.batch_size
    whole, stops = len(work.images) // size, EVALUATIONS_PER_EPOCH if until else 1
    sample = work.images[:TRAIN_SAMPLE], work.labels[:TRAIN_SAMPLE]
    rates = LearningRates(work.optimizer, work.cell.schedule)
    watch = Stopwatch(work.device)
    gradients = Gradients(work, watch, whole)
    history: list[dict[str, Any]] = []
    learnt = {"seed": work.cell.seed, "epochs": history, "gradients": gradients.record, "limit": None, "until": None}
    steps, best, reached = 0, -1.0, False
    for order in stretches(work, epochs, stops):
        report(f"epoch {steps // whole + 1} of {epochs}")
        work.train()
        losses: list[Tensor] = []
        spent = watch.seconds
        watch.start()
        for images, labels in work.batches(order):
            rates.advance(max(steps / (epochs * whole), spent / limit))
            steps += 1
            losses.append(work.update(images, labels, noted=gradients.noting(steps)))
            spent = watch.read()
            if spent >= limit:
                break
        watch.stop()
        scores = scores_of(work, test[0])
        test_loss, test_accuracy = judge(work, scores, test[1])
        reached, over = 0 < until <= test_accuracy, watch.seconds >= limit
        at_end = steps % whole == 0 or reached or over
        entry: dict[str, Any] = {
            "epoch": steps // whole if steps % whole == 0 else steps / whole,
            "steps": steps,
            "seconds": watch.seconds,
            "train_loss": float(torch.stack(losses).mean()),
            "train_accuracy": judge(work, scores_of(work, sample[0]), sample[1])[1] if at_end else None,
            "test_loss": test_loss,
            "test_accuracy": test_accuracy,
        }
        history.append(entry)
        learnt["limit"] = limit if over else None
        learnt["until"] = {"target": until, "every": math.ceil(whole / stops), "reached": reached} if until else None
        lost = [name for name in ("train_loss", "test_loss") if not math.isfinite(entry[name])]
        improved = not lost and test_accuracy > best
        best = test_accuracy if improved else best
        evaluated(learnt, improved)
        if lost:
            raise DivergedError(f"the {lost[0].replace('_', ' ')} is {entry[lost[0]]} after {steps} steps")
        if reached or over:
            break
    return learnt, scores


def stretches(work: Workload, epochs: int, stops: int) -> Iterator[Tensor]:
    """The order (N,) of the images from one stop of the clock to the next: `stops` an epoch, each freshly shuffled."""
    generator = torch.Generator().manual_seed(work.cell.seed)
    count, size = len(work.images), work.cell.batch_size
    whole = count // size
    for _ in range(epochs):
        order = torch.randperm(count, generator=generator).to(work.device.torch_device)
        ends = [whole * part // stops * size for part in range(stops + 1)]
        yield from filter(len, (order[start:end] for start, end in pairwise(ends)))
