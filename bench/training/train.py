"""The training loop, read from top to bottom, and the order of the images it trains on."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from bench.counters.energy import EnergyMeter
from bench.measure.workload import Workload
from bench.plan.timing import EVALUATIONS_PER_EPOCH
from bench.text import plural
from bench.training.evaluate import judge, scores_of
from bench.training.gradients import Gradients, Stopwatch
from bench.training.looks import Looks
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
    often: bool = False,
    evaluations: int = EVALUATIONS_PER_EPOCH,
    meter: EnergyMeter | None = None,
    evaluated: Callable[[dict[str, Any], bool], None] = lambda *_: None,
) -> tuple[dict[str, Any], Tensor]:
    """Train for `epochs` passes over the resident images, and evaluate now and then, the clock stopped meanwhile.

    Args:
        work: freshly built; its images are the training set.
        test: images float32 (M, C, H, W) and labels (M,), on the device.
        epochs: passes over the training set; the last partial batch of each is left out.
        report: told what is being done, for the progress line.
        limit: seconds of training after which it stops, in the middle of an epoch if need be. A schedule ends with
            whichever comes first, the epochs or the limit.
        until: test accuracy at which it stops; it is then evaluated so many times an epoch. 0: it never stops, and is
            evaluated as `Looks` has it.
        often: evaluate so many times without a target too.
        evaluations: an epoch, then.
        meter: of the energy; None where that is not counted.
        evaluated: given the learning record after each evaluation, and whether its last entry has the best test
            accuracy so far; the weights are those of that entry.

    Returns:
        The learning record, and the scores (M, K) of the test images by the weights at the end. The record holds
        `epochs`, a list with an entry for each evaluation: `epoch` (a fraction within one), `steps`, `seconds`
        (training alone, cumulative), with a meter the `joules` of these, `train_loss` (mean over the steps since the
        last entry, as they were trained), `train_accuracy` (by the weights of that moment on the first TRAIN_SAMPLE
        training images, since counting hits in the steps would cost time inside the clock; absent within an epoch),
        `test_loss` and `test_accuracy`;
        `gradients`, see `Gradients.record`; `seed`; `limit`, the seconds if they ended it; and with a target `until`:
        `target`, `every` (steps from one evaluation to the next) and whether it was `reached`.

    Raises:
        DivergedError: a loss is not finite at an evaluation.

    """
    whole = len(work.images) // work.cell.batch_size
    parts = evaluations if often or until else 0
    looks = Looks(whole, epochs, limit, parts=parts, early=work.cell.split == "test")
    rates = LearningRates(work.optimizer, work.cell.schedule)
    watch = Stopwatch(work.device, meter)
    gradients = Gradients(work, watch, whole)
    history: list[dict[str, Any]] = []
    learnt = {"seed": work.cell.seed, "epochs": history, "gradients": gradients.record, "limit": None, "until": None}
    best, spent, losses, scores = -1.0, 0.0, list[Tensor](), torch.empty(0)
    for steps, images, labels in steps_of(work, epochs, watch.start, report):
        work.recipe.progress = looks.share(steps - 1, spent)
        rates.advance(work.recipe.progress)
        losses.append(work.update(images, labels, noted=gradients.noting(steps)))
        spent = watch.read()
        if not looks.due(steps, spent):
            continue
        watch.stop()
        scores = scores_of(work, test[0])
        test_loss, test_accuracy = judge(work, scores, test[1])
        reached, over = 0 < until <= test_accuracy, watch.seconds >= limit
        entry: dict[str, Any] = {
            "epoch": steps // whole if steps % whole == 0 else steps / whole,
            "steps": steps,
            "seconds": watch.seconds,
            **watch.energy,
            "train_loss": float(torch.stack(losses).mean()),
            "train_accuracy": _train_accuracy(work) if steps % whole == 0 or reached or over else None,
            "test_loss": test_loss,
            "test_accuracy": test_accuracy,
        }
        history.append(entry)
        learnt["limit"] = limit if over else None
        every = math.ceil(whole / evaluations)
        learnt["until"] = {"target": until, "every": every, "reached": reached} if until else None
        lost = [name for name in ("train_loss", "test_loss") if not math.isfinite(entry[name])]
        improved = not lost and test_accuracy > best
        best = test_accuracy if improved else best
        evaluated(learnt, improved)
        if lost:
            raise DivergedError(f"the {lost[0].replace('_', ' ')} is {entry[lost[0]]} after {plural(steps, 'step')}")
        if reached or over:
            break
        losses.clear()
        if steps % whole:
            work.train()
            watch.start()
    return learnt, scores


def steps_of(
    work: Workload, epochs: int, began: Callable[[], None], report: Callable[[str], None] = lambda _: None
) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Each step's number, from 1, its images and its labels: every epoch freshly shuffled, and begun in train()."""
    generator = torch.Generator().manual_seed(work.cell.seed)
    count, size = len(work.images), work.cell.batch_size
    steps = 0
    for epoch in range(1, epochs + 1):
        order = work.shuffled(generator)
        report(f"epoch {epoch} of {epochs}")
        work.train()
        began()
        for images, labels in work.batches(order[: count // size * size]):
            steps += 1
            yield steps, images, labels


def _train_accuracy(work: Workload) -> float:
    images, labels = work.images[:TRAIN_SAMPLE], work.labels[:TRAIN_SAMPLE]
    return judge(work, scores_of(work, images), labels)[1]
