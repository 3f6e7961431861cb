"""Train: one loop that reads top to bottom, and what the model has learnt after each epoch."""

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from bench.measure.workload import Workload


class DivergedError(Exception):
    """The loss is no longer finite: there is nothing left to learn."""


def train(work: Workload, test: tuple[Tensor, Tensor], epochs: int, report: Callable[[str], None]) -> dict[str, Any]:
    """Train for `epochs` passes over the resident images and evaluate after each, the clock stopped meanwhile.

    Args:
        work: freshly built; its images are the training set.
        test: images float32 (M, C, H, W) and labels (M,), on the device.
        epochs: passes over the training set; the last partial batch of each is left out.
        report: told what is being done, for the progress line.

    Returns:
        The learning record: `epochs`, a list with `epoch`, `steps`, `seconds` (training alone, cumulative),
        `train_loss`, `test_loss` and `test_accuracy`; `per_class` accuracy of the last; `seed`.

    Raises:
        DivergedError: the loss or a weight is not finite at the end of an epoch.

    """
    device, size = work.device, work.cell.batch_size
    generator = torch.Generator().manual_seed(work.cell.seed)
    history: list[dict[str, Any]] = []
    per_class: list[float] = []
    steps, seconds = 0, 0.0
    for epoch in range(1, epochs + 1):
        report(f"epoch {epoch} of {epochs}")
        work.model.train()
        running_loss = torch.zeros((), device=device.torch_device)
        order = torch.randperm(len(work.images), generator=generator).to(device.torch_device)
        batches = order[: len(order) - len(order) % size].split(size)
        device.synchronize()
        start = time.perf_counter()
        for index in batches:
            images, labels = work.images[index], work.labels[index]
            work.optimizer.zero_grad(set_to_none=True)
            with work.autocast:
                loss = work.loss(work.forward(images), labels)
            work.scaler.scale(loss).backward()
            work.scaler.step(work.optimizer)
            work.scaler.update()
            running_loss += loss.detach()
        device.synchronize()
        seconds += time.perf_counter() - start
        steps += len(batches)
        train_loss = float(running_loss) / len(batches)
        if not torch.isfinite(running_loss):
            raise DivergedError(f"the training loss is {train_loss} after epoch {epoch} ({steps} steps)")
        test_loss, test_accuracy, per_class = evaluate(work, *test)
        history.append(
            {
                "epoch": epoch,
                "steps": steps,
                "seconds": seconds,
                "train_loss": train_loss,
                "test_loss": test_loss,
                "test_accuracy": test_accuracy,
            }
        )
    return {"seed": work.cell.seed, "epochs": history, "per_class": per_class}


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
