"""Workload: a model, its optimizer and loss, and batches on the device: what is stepped and timed."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from bench import data, losses, models, optimizers
from bench.devices import Device
from bench.errors import BenchError
from bench.measure.blocks import GAP, Mark, PhaseLog
from bench.measure.captured import SETTLED as SETTLED_CAPTURE
from bench.measure.captured import CapturedSteps
from bench.measure.compiled import SETTLED, SETTLED_UPDATE, compile_update, fixed, net_of
from bench.measure.loader import Loader
from bench.measure.recipe import Recipe
from bench.measure.recompute import Recomputed, without_parts
from bench.plan.cell import Cell
from bench.plan.compiled import COMPILED, is_compiled
from bench.plan.precision import PURE, type_of
from bench.vocabulary import PHASES, WHOLE

FLOAT_BYTES = 4
AHEAD_BYTES = 2**20  # of images gathered at once in training: they lie in a core's cache until they are used
SEEN = 5000  # training images from which batch norm takes the statistics of averaged weights
MEMORY_FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


class Workload:
    """Everything a step needs.

    Args:
        cell: what to build.
        device: where.
        images: float32, or bytes that are scaled where they are fetched, (N, C, H, W), N at least one batch.
        labels: int64, (N,).
        num_classes: how many outputs the model has.
        scale: what makes float32 of images that are bytes (N, C, H, W).
        loader: what gives the batches of training steps, of the same images; None where they are gathered from those.

    """

    def __init__(
        self,
        cell: Cell,
        device: Device,
        images: Tensor,
        labels: Tensor,
        num_classes: int,
        *,
        scale: data.Scale | None = None,
        loader: Loader | None = None,
    ) -> None:
        self.cell, self.device, self.num_classes, self.scale, self.loader = cell, device, num_classes, scale, loader
        shape = (int(images.shape[1]), int(images.shape[2]), int(images.shape[3]))
        layout = MEMORY_FORMATS[cell.memory_format]
        torch.manual_seed(cell.seed)
        model = models.build(cell.source("architecture"), shape, num_classes)
        self.outputs = models.outputs_of(cell.source("architecture"), shape, num_classes)
        self.model: nn.Module = model.to(device=device.torch_device, memory_format=layout)  # type: ignore[call-overload]
        models.initialize(
            self.model, cell.initialization, lambda most: self.as_floats(images[:most].to(device.torch_device)),
            partial(models.passage_of, cell.source("architecture"), shape, num_classes),
        )  # fmt: skip
        self.recomputed = _recomputed(self.model, cell) if cell.mode == "recompute" else None
        self.is_pure = cell.dtype.startswith(PURE)
        if self.is_pure:
            _narrow(self.model, getattr(torch, type_of(cell.dtype)))
        self.optimizer = optimizers.build(cell.source("optimizer"), self.model, cell.implementation, cell.learning_rate)
        compile_update(self.optimizer, cell)
        self.recipe = Recipe(cell, self.model)
        self.needs_closure = optimizers.needs_closure(self.optimizer)
        self.loss = losses.build(cell.source("loss"), device.torch_device)
        self.images = images.to(device.torch_device).contiguous(memory_format=layout)
        size = self.images[0].numel()
        self._rows = self.images.as_strided((len(self.images), size), (size, 1))
        self.labels = labels.to(device.torch_device)
        self.autocast = autocast(cell, device)
        self.scaler = torch.amp.GradScaler(device.torch_device.type, enabled=cell.dtype == "float16")
        self.forward = net_of(self.model, cell)
        self._training = True
        self.evaluations = 0  # of the model by steps with a closure
        self._batches = self._shuffled()
        self._loaded = loader.batches_of(self._batches) if loader else None
        self._captured = CapturedSteps(self) if cell.mode == "cuda_graph" else None
        self._time_phases(device.facts.phases and self._captured is None)

    def _time_phases(self, phases: bool) -> None:
        """What is timed of a step: its phases, or where they cannot be told all of it."""
        several = self.needs_closure or self.cell.accumulate > 1  # times that a phase comes in a step
        self.phase_log = PhaseLog(PHASES) if several else None
        self.timed_log = self.phase_log if phases else None  # that of the timed step
        self.timed_phases: tuple[str, ...] = PHASES if phases else WHOLE
        self.timed_step: Callable[[Callable[[], None]], object] = self.step if phases else self.whole_step

    @property
    def is_eager(self) -> bool:
        """Whether steps call the model's modules one by one."""
        return self.cell.mode in ("eager", "recompute")

    @property
    def settling(self) -> int:
        """Steps until there are gradients and the state of the optimizer, and each further one is as this one."""
        if self._captured is not None:
            return SETTLED_CAPTURE
        return SETTLED_UPDATE if self.cell.implementation == COMPILED else SETTLED

    def fixed(self) -> AbstractContextManager[None]:
        """While it is timed: nothing of it may be compiled then."""
        return fixed() if is_compiled(self.cell) else nullcontext()

    def train(self) -> None:
        """Have model and optimizer as training wants them, which they are at first."""
        self._set_mode(training=True)

    def eval(self) -> None:
        """Have the model as evaluation wants it, and in it the averaged weights of an optimizer that keeps some.

        To be called outside `inference_mode`, for what the optimizer makes there could not be trained with.
        """
        self._set_mode(training=False)

    def _set_mode(self, *, training: bool) -> None:
        self.model.train(training)
        if training is self._training:
            return
        if training:
            self.recipe.hide_average()
        optimizers.switch(self.optimizer, training)
        if not training:
            size = min(self.cell.batch_size, SEEN)
            with self.autocast:
                self.recipe.show_average(map(self.as_floats, self.images[: SEEN // size * size].split(size)))
        self._training = training

    def next_batch(self) -> tuple[Tensor, Tensor]:
        """Images (B, C, H, W) and labels (B,) of the next batch, on the device; never a partial one."""
        if self._loaded is not None:
            return self._laid_out(*next(self._loaded))
        batch = self.batch(next(self._batches))
        return batch if self._captured is None else self._captured.placed(*batch)

    def stop_loading(self) -> None:
        """End the loader, if there is one; further batches are gathered from the resident images."""
        if self.loader is not None:
            self._loaded = None
            self.loader.close()
            self.loader = None

    def _laid_out(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """A batch as it came from the loader, in the layout of the whole."""
        return self.as_floats(images).contiguous(memory_format=MEMORY_FORMATS[self.cell.memory_format]), labels

    def batch(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, C, H, W) and labels (B,) at the `index` (B,), in the layout of the whole.

        Selecting rows of the memory as it lies takes half the time of `images[index]`, whatever the layout.
        """
        images = self._rows.index_select(0, index)
        shape = (len(index), *self.images.shape[1:])
        images = images.as_strided(shape, self.images.stride())
        return self.as_floats(images), self.labels.index_select(0, index)

    def as_floats(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) as the net takes them: bytes are scaled, all others as they are."""
        return images if self.scale is None or images.is_floating_point() else self.scale(images)

    def batches(self, order: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Images (B, C, H, W) and labels (B,) of one batch after another, in the order (N,) of whole batches.

        Several are gathered at once, for the calls of a small batch take as long as the copying.
        """
        size = self.cell.batch_size
        if self.loader is not None:
            for images, labels in self.loader.batches_of(order.split(size)):
                yield self._laid_out(images, labels)
            return
        ahead = max(1, AHEAD_BYTES // (size * FLOAT_BYTES * self.images[0].numel()))
        for part in order.split(ahead * size):
            images, labels = self.batch(part)
            yield from zip(images.split(size), labels.split(size), strict=True)

    def parts(self, images: Tensor, labels: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Images (B / parts, C, H, W) and labels (B / parts,) of each part that a step takes a batch in."""
        size = len(images) // self.cell.accumulate
        return zip(images.split(size), labels.split(size), strict=True)

    def step(self, mark: Mark = lambda: None) -> Tensor:
        """One training step; `mark` is called at the start, between the phases and at the end.

        The phases are those of PHASES, in order, except with a closure, or a batch in parts: then they come again with
        each evaluation, and the phase log says which one began at each mark. A captured step has no phases but those of
        `whole_step`. Returns the detached loss.
        """
        if self._captured is not None:
            return self.whole_step(mark)
        if self.phase_log is not None:
            return self._logged_step(mark, self.phase_log)
        mark()
        images, labels = self.next_batch()
        mark()
        loss = self.update(images, labels, mark)
        mark()
        return loss

    def whole_step(self, mark: Mark = lambda: None) -> Tensor:
        """One training step with a mark before and after the fetch of its batch, and one at its end: those of WHOLE.

        Returns the detached loss; that of a captured step is overwritten by the next.
        """
        mark()
        images, labels = self.next_batch()
        mark()
        if self._captured is None:
            loss = self.update(images, labels)
        else:
            if self.recipe.augments:
                self._captured.placed(self.recipe.augmented(images), labels)
            loss = self._captured.step()
        mark()
        return loss

    def update(
        self, images: Tensor, labels: Tensor, mark: Mark = lambda: None, noted: Callable[[], None] | None = None
    ) -> Tensor:
        """One update of the weights by a batch: images (B, C, H, W), labels (B,). Returns the detached loss.

        `mark` is called between the phases, and `noted` where the gradients are known and not yet used; with a closure
        or in parts `mark` is not called. The loss is the one before the update. Of a captured step `noted` is called
        once the gradients have been used, which leaves them as they were, and `mark` is not.
        """
        if self._captured is not None:
            loss = self._captured.update(self.recipe.augmented(images), labels)
            if noted is not None:
                noted()
            return loss
        return self.update_as_it_is(images, labels, mark, noted)

    def update_as_it_is(
        self, images: Tensor, labels: Tensor, mark: Mark = lambda: None, noted: Callable[[], None] | None = None
    ) -> Tensor:
        """As `update`, operator by operator, which is what a captured step is made of too."""
        if self.needs_closure:
            return self._update_with_closure(images, labels, lambda _: None, noted)
        if self.cell.accumulate > 1:
            return self._update_in_parts(images, labels, lambda _: None, noted)
        self.optimizer.zero_grad()
        mark()
        if self._captured is None:  # else they are drawn before, since a graph would replay what it saw drawn once
            images = self.recipe.augmented(images)
        with self.autocast:
            outputs = self.forward(images)
            mark()
            loss = self.loss(outputs, labels)
        mark()
        self.scaler.scale(loss).backward()
        if noted is not None:
            noted()
        mark()
        self.recipe.ready(self.optimizer, self.scaler)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.recipe.updated()
        return loss.detach()

    def _logged_step(self, mark: Mark, phase_log: PhaseLog) -> Tensor:
        """A step in which phases come several times. With a closure what is no evaluation is the optimizer's own."""

        def enter(phase: str) -> None:
            mark()
            phase_log.entered.append(phase)

        enter("fetch")
        images, labels = self.next_batch()
        if self.needs_closure:
            enter("optimizer")
            loss = self._update_with_closure(images, labels, enter)
        else:
            loss = self._update_in_parts(images, labels, enter)
        enter(GAP)
        return loss

    def _update_in_parts(
        self, images: Tensor, labels: Tensor, enter: Callable[[str], None], noted: Callable[[], None] | None = None
    ) -> Tensor:
        """As `update`, the gradients of the parts of the batch added up; `enter` hears where each phase begins.

        The loss and the update are those of the whole batch as long as the loss is a mean over images, and no layer
        looks at more than one of them, as batch normalization does.
        """
        enter("zero_grad")
        self.optimizer.zero_grad()
        losses: list[Tensor] = []
        if self.recipe.augments:
            enter("forward")
            images = self.recipe.augmented(images)
        for part, targets in self.parts(images, labels):
            enter("forward")
            with self.autocast:
                outputs = self.forward(part)
                enter("loss")
                loss = self.loss(outputs, targets) / self.cell.accumulate
            losses.append(loss.detach())
            enter("backward")
            self.scaler.scale(loss).backward()
        if noted is not None:
            noted()
        enter("loss")
        whole = torch.stack(losses).sum()
        enter("optimizer")
        self.recipe.ready(self.optimizer, self.scaler)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.recipe.updated()
        return whole

    def _update_with_closure(
        self, images: Tensor, labels: Tensor, enter: Callable[[str], None], noted: Callable[[], None] | None = None
    ) -> Tensor:
        """As `update`, by an optimizer that evaluates the model several times; `enter` hears where each phase begins.

        There is no gradient scaler: it cannot tell the several losses of a step apart, and the grid keeps float16 out.
        """
        if self.recipe.augments:
            enter("forward")
            images = self.recipe.augmented(images)
            enter("optimizer")
        first = self.evaluations
        values: list[Tensor] = []

        def evaluate() -> Tensor:
            enter("zero_grad")
            self.optimizer.zero_grad()
            enter("forward")
            with self.autocast:
                outputs = self.forward(images)
                enter("loss")
                loss = self.loss(outputs, labels)
            enter("backward")
            loss.backward()
            if noted is not None and self.evaluations == first:
                noted()
            self.evaluations += 1
            values.append(loss.detach())
            enter("optimizer")
            return values[-1]

        optimizers.step_with(self.optimizer, evaluate)
        self.recipe.updated()
        return values[0]

    @property
    def batch_norms(self) -> list[str]:
        """The paths of the layers that look at all images which are evaluated together."""
        kind = nn.modules.batchnorm._BatchNorm  # noqa: SLF001 - the one class that all of them share
        return [name for name, module in self.model.named_modules() if isinstance(module, kind)]

    def infer(self, mark: Callable[[], None] = lambda: None) -> Tensor:
        """One batch through the model; the caller has called `eval` and is in inference_mode()."""
        images, _ = self.next_batch()
        mark()
        outputs = self.infer_as_it_is(images) if self._captured is None else self._captured.infer()
        mark()
        return outputs

    def infer_as_it_is(self, images: Tensor) -> Tensor:
        """The outputs (B, K) of images (B, C, H, W), operator by operator."""
        with self.autocast:
            return self.recipe.scores(self.forward, images)

    def _shuffled(self) -> Iterator[Tensor]:
        """Index tensors (B,) of whole batches, a fresh permutation each time through."""
        generator = torch.Generator().manual_seed(self.cell.seed)
        count, size = len(self.images), self.cell.batch_size
        while True:
            yield from self.shuffled(generator)[: count - count % size].split(size)

    def shuffled(self, generator: torch.Generator) -> Tensor:
        """The next order (N,) of all images, on the device, which is not waited for: a step after it starts as any.

        A loader reads it on the host.
        """
        if self.loader is not None:
            return torch.randperm(len(self.images), generator=generator)
        order = torch.randperm(len(self.images), generator=generator, pin_memory=self.device.facts.queued)
        return order.to(self.device.torch_device, non_blocking=True)


def _recomputed(model: nn.Module, cell: Cell) -> Recomputed:
    """The model with its parts recomputed.

    Raises:
        BenchError: it has none.

    """
    recomputed = Recomputed(model)
    if not recomputed.parts:
        raise BenchError(without_parts(cell.source("architecture")))
    return recomputed


def _narrow(model: nn.Module, dtype: torch.dtype) -> None:
    """Have all of the model in a type; it takes images as they are, and gives float32, in which losses are computed."""
    model.to(dtype=dtype)
    model.register_forward_pre_hook(lambda _, inputs: tuple(each.to(dtype) for each in inputs))
    model.register_forward_hook(lambda _module, _inputs, outputs: outputs.float())


def autocast(cell: Cell, device: Device) -> AbstractContextManager[Any]:
    """The context in which forward and loss run: autocast to a narrower type, or nothing."""
    if cell.dtype == "float32" or cell.dtype.startswith(PURE):
        return nullcontext()
    return torch.autocast(device.torch_device.type, dtype=getattr(torch, cell.dtype))
