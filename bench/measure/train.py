"""Train: one loop that reads top to bottom, and what the model has learnt after each epoch."""

import math
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from bench.measure.schedules import SCHEDULES
from bench.measure.workload import Workload


class DivergedError(Exception):
    """The loss is no longer finite: there is nothing left to learn."""


def train(
    work: Workload,
    test: tuple[Tensor, Tensor],
    epochs: int,
    report: Callable[[str], None],
    limit: float = math.inf,
) -> dict[str, Any]:
    """Train for `epochs` passes over the resident images and evaluate after each, the clock stopped meanwhile.

    Args:
        work: freshly built; its images are the training set.
        test: images float32 (M, C, H, W) and labels (M,), on the device.
        epochs: passes over the training set; the last partial batch of each is left out.
        report: told what is being done, for the progress line.
        limit: seconds of training after which it stops, in the middle of an epoch if need be. A schedule ends with
            whichever comes first, the epochs or the limit.

    Returns:
        The learning record: `epochs`, a list with `epoch` (a fraction where the limit cut one short), `steps`,
        `seconds` (training alone, cumulative), `train_loss`, `test_loss` and `test_accuracy`; `per_class` accuracy of
        the last; `seed`; `limit`, the seconds if they ended it.

    Raises:
        DivergedError: the loss is not finite at the end of an epoch.

    """
    device, size = work.device, work.cell.batch_size
    generator = torch.Generator().manual_seed(work.cell.seed)
    history: list[dict[str, Any]] = []
    per_class: list[float] = []
    steps, seconds, whole = 0, 0.0, len(work.images) // size
    factor, rates = SCHEDULES[work.cell.schedule], [group["lr"] for group in work.optimizer.param_groups]
    for epoch in range(1, epochs + 1):
        report(f"epoch {epoch} of {epochs}")
        work.model.train()
        running_loss = torch.zeros((), device=device.torch_device)
        order = torch.randperm(len(work.images), generator=generator).to(device.torch_device)
        done = 0
        device.synchronize()
        start = time.perf_counter()
        for index in order[: whole * size].split(size):
            progress = max((steps + done) / (epochs * whole), (seconds + time.perf_counter() - start) / limit)
            for group, rate in zip(work.optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor(progress)
            images, labels = work.images[index], work.labels[index]
            work.optimizer.zero_grad(set_to_none=True)
            with work.autocast:
                loss = work.loss(work.forward(images), labels)
            work.scaler.scale(loss).backward()
            work.scaler.step(work.optimizer)
            work.scaler.update()
            running_loss += loss.detach()
            done += 1
            if seconds + time.perf_counter() - start >= limit:
                break
        device.synchronize()
        seconds += time.perf_counter() - start
        steps += done
        train_loss = float(running_loss) / done
        if not math.isfinite(train_loss):
            raise DivergedError(f"the training loss is {train_loss} after epoch {epoch} ({steps} steps)")
        test_loss, test_accuracy, per_class = evaluate(work, *test)
        history.append(
            {
                "epoch": epoch if done == whole else epoch - 1 + done / whole,
                "steps": steps,
                "seconds": seconds,
                "train_loss": train_loss,
                "test_loss": test_loss,
                "test_accuracy": test_accuracy,
            }
        )
        if seconds >= limit:
            break
    ended = limit if seconds >= limit else None
    return {"seed": work.cell.seed, "epochs": history, "per_class": per_class, "limit": ended}


@torch.inference_mode()
def evaluate(work: Workload, images: Tensor, labels: Tensor, chunk: int = 1000) -> tuple[float, float, list[float]]:
    """Mean loss, accuracy, and accuracy of each class, over all `images`, with the model in eval()."""
    work.model.eval()
    outputs = []
    for part in images.split(chunk):
        with work.autocast:
            outputs.append(work.forward(part).float())
    scores = torch.cat(outputs)
    right = scores.argmax(1) == labels
    seen = torch.bincount(labels, minlength=work.num_classes)
    hits = torch.bincount(labels[right], minlength=work.num_classes)
    return float(work.loss(scores, labels)), float(right.float().mean()), (hits / seen.clamp(min=1)).tolist()
