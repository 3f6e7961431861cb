"""Surface: trainings of one net by several optimizers, made once more, and planes through its loss surface."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, replace

import torch
from torch import Tensor, nn

from bench import losses, models
from bench.data import Dataset
from bench.devices import Device, device_for
from bench.errors import reason_of
from bench.insight.subject import AbsentError
from bench.insight.surface import DRAW, Frame, Landscape, best_pair, frame_of, plane_of, ridges_of
from bench.measure.batches import Sources, load_for
from bench.measure.flops import flop_counter
from bench.measure.workload import Workload
from bench.origins.attempts import attempts_told
from bench.plan.surface import sampled_images
from bench.plan.task import Descent, SurfaceTask
from bench.process.channel import Channel, HungUpError
from bench.store.surface import Path, Plane, Surface
from bench.training.descent import Trodden, trodden
from bench.training.evaluate import judge, scores_of


def survey(task: SurfaceTask, channel: Channel) -> None:
    """Train each cell once more, and send the surface; or why there is none."""
    try:
        with attempts_told(lambda _: None, task.left_out):
            channel.send("surface", asdict(_Survey(task, channel).whole()))
    except HungUpError:
        raise
    except BaseException as error:  # whatever the cells' code raises is why there is nothing
        channel.send("failed", str(error) if isinstance(error, AbsentError) else reason_of(error))


class _Survey:
    """What all trainings of a task share."""

    def __init__(self, task: SurfaceTask, channel: Channel) -> None:
        self.task, self.channel = task, channel
        self.cell = task.descents[0].cell
        self.device: Device = device_for(self.cell)
        self.dataset: Dataset = load_for(self.cell, task.data_dir, whole=True)
        self.sources = Sources(self.dataset, self.device)

    def whole(self) -> Surface:
        """The paths, and the planes through the surface."""
        began = time.perf_counter()
        images, labels = self.sources.train(self.cell)
        net = models.build(self.cell.source("architecture"), self.dataset.input_shape, self.dataset.num_classes)
        count = sampled_images(_flops(net, images[:1].cpu()), len(images))
        drawn = torch.randperm(len(images), generator=torch.Generator().manual_seed(DRAW))[:count].to(images.device)
        loss = losses.build(self.cell.source("loss"), self.device.torch_device)
        landscape = Landscape(net, loss, images[drawn], labels[drawn])
        kept, paths = list[Trodden](), list[Path]()
        for descent in self.task.descents:
            self.channel.send("stage", f"path of {descent.cell.optimizer}")
            walked, accuracy = self._walked(descent)
            kept.append(walked)
            paths.append(_path(descent, walked, accuracy, landscape))
        if any(not torch.equal(walked.weights[0], kept[0].weights[0]) for walked in kept):
            raise AbsentError("the cells do not start from the same weights")
        planes = tuple(_planes(paths, [walked.weights for walked in kept], landscape, self.channel))
        return Surface(
            cells=tuple(path.cell for path in paths),
            parameters=kept[0].weights.shape[1],
            images=count,
            seconds=time.perf_counter() - began,
            paths=tuple(paths),
            planes=planes,
        )

    def _walked(self, descent: Descent) -> tuple[Trodden, float]:
        """The path of one training, and the test accuracy that it ends with."""
        work = Workload(descent.cell, self.device, *self.sources.train(descent.cell), self.dataset.num_classes)
        walked = trodden(work, self.task.epochs, descent.steps)
        test = self.sources.test(descent.cell)
        return walked, judge(work, scores_of(work, test.images), test.labels)[1]


def _flops(net: nn.Module, image: Tensor) -> float:
    """FLOPs of a forward pass of one image (1, C, H, W)."""
    net.eval()
    with flop_counter() as counter, torch.no_grad():
        net(image)
    return float(counter.get_total_flops())


def _path(descent: Descent, walked: Trodden, accuracy: float, landscape: Landscape) -> Path:
    moved = (walked.weights - walked.weights[0]).norm(dim=1)
    return Path(
        cell=descent.cell.id,
        steps=walked.steps,
        losses=tuple(float(f"{landscape.loss_at(each):.4g}") for each in walked.weights),
        moved=tuple(float(f"{distance:.4g}") for distance in moved.tolist()),
        accuracy=accuracy,
        recorded=descent.accuracy,
    )


def _planes(paths: list[Path], weights: list[Tensor], landscape: Landscape, channel: Channel) -> Iterator[Plane]:
    """Through the start and the two ends that hold most of the paths; through the three lowest ends; and a random one.

    The random one is around the end of the lowest loss.
    """
    ends = [each[-1] for each in weights]
    channel.send("stage", "plane through the start")
    left, right = best_pair(weights)
    frame = frame_of(weights[0][0], ends[left], ends[right])
    yield plane_of("start", ("start", paths[left].cell, paths[right].cell), frame, weights, landscape)
    lowest = sorted(range(len(paths)), key=lambda at: paths[at].losses[-1])
    with suppress(AbsentError):  # ends on a line, or two alone
        channel.send("stage", "plane through three ends")
        three = [ends[at] for at in lowest[:3]]
        frame = frame_of(*three)
        plane = plane_of("ends", tuple(paths[at].cell for at in lowest[:3]), frame, weights, landscape)
        yield replace(plane, ridges=ridges_of(three, landscape))
    channel.send("stage", "random directions")
    generator = torch.Generator().manual_seed(DRAW)
    best = lowest[0]
    across, up = (landscape.random_like(ends[best], generator) for _ in range(2))
    yield plane_of("random", (paths[best].cell,), Frame(ends[best], across, up), weights, landscape)
