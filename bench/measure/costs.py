"""Costs: parameters, FLOPs, operators and bytes of a step: counted, not timed, and the same in every run."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from bench import optimizers
from bench.data import Scale
from bench.devices import Device
from bench.measure.blocks import GAP, PhaseLog
from bench.measure.elementwise import elementwise_operations
from bench.measure.flops import flop_counter
from bench.measure.workload import Workload
from bench.metrics import FLOPS_OF, OPERATORS_OF
from bench.plan.cell import Cell
from bench.store.result import Measurement
from bench.trace.categories import category_of
from bench.vocabulary import FETCH, PASSES, PHASES, Statistic


def measure_costs(work: Workload) -> list[Measurement]:
    """Counts of one steady eager training step; the optimizer's state exists already.

    They are exact, the same in every step, except with a closure: there they are those of the one step that was looked
    at, and their statistic says "single".
    """
    work.train()
    for _ in range(2):
        work.step()
    flops, before = _flops(work), work.evaluations
    counter = _count(work)
    evaluations = work.evaluations - before if work.needs_closure else work.cell.accumulate
    flops = {metric: count * evaluations for metric, count in flops.items()}
    counted: Statistic = "single" if work.needs_closure else "exact"
    counts = {**flops, **{name: counter.names[phase].total() for phase, name in OPERATORS_OF.items()}}
    parameters = list(work.model.parameters())
    return [
        _exactly("parameters", sum(parameter.numel() for parameter in parameters)),
        *(_exactly(metric, count, counted) for metric, count in counts.items()),
        _exactly("parameter_bytes", sum(_size(parameter) for parameter in parameters)),
        _exactly("optimizer_bytes", _state_bytes(work), counted),
        _exactly("activation_bytes", _activation_bytes(work)),
        _exactly("elementwise_operations", counter.elementwise, counted),
        _exactly("bytes_moved", counter.bytes_moved, counted),
    ]


def _exactly(metric: str, value: int, statistic: Statistic = "exact") -> Measurement:
    return Measurement.of_value(metric, float(value), statistic)


def count_operators(work: Workload) -> dict[str, dict[str, int]]:
    """How often one steady eager step dispatches each aten operator, by phase: {"forward": {"aten.addmm": 3}}.

    To be called after `measure_costs`, which has made the optimizer's state.
    """
    return {phase: dict(sorted(names.items())) for phase, names in _count(work).names.items()}


def measure_memory(work: Workload) -> list[Measurement]:
    """The peak of memory above the floor while a cell like `work` is built, stepped a few times and let go."""
    exact = work.device.facts.exact_memory
    peaks = peak_of_steps(work.cell, work.device, work.images, work.labels, work.num_classes, scale=work.scale)
    return [
        Measurement.of_value(metric, value, "exact" if metric in exact else "maximum")
        for metric, value in peaks.items()
    ]


def peak_of_steps(
    cell: Cell, device: Device, images: Tensor, labels: Tensor, num_classes: int, *, scale: Scale | None = None
) -> Mapping[str, float]:
    """Bytes above the floor while a workload of these is built, stepped a few times and let go, by name of metric."""

    def first_steps() -> None:
        fresh = Workload(cell, device, images, labels, num_classes, scale=scale)
        for _ in range(fresh.settling):
            fresh.step()

    return device.peak_memory(first_steps)


def _flops(work: Workload) -> dict[str, int]:
    """FLOPs of one evaluation of a part of a batch, forward and backward, by the formulas of `bench.measure.flops`.

    Also those of each category of operators that has any: `flops_convolution`, `flops_matrix_multiply`.
    """
    images, labels = next(work.parts(*work.next_batch()))
    with work.autocast:
        with flop_counter() as forward:
            outputs = work.model(images)
        loss = work.loss(outputs, labels)
    with flop_counter() as backward:
        loss.backward()
    ahead, back = forward.get_total_flops(), backward.get_total_flops()
    kinds: Counter[str] = Counter()
    for counter in (forward, backward):
        for operator, count in counter.get_flop_counts()["Global"].items():
            kinds[FLOPS_OF.get(category_of([f"aten::{operator.__name__}"]), FLOPS_OF["other"])] += count
    return {"flops": ahead + back, "flops_forward": ahead, "flops_backward": back, **dict(sorted(kinds.items()))}


class _OperatorCounter(TorchDispatchMode):
    """Counts aten operators dispatched, by phase and name, and the bytes they move; a mark moves on to the next phase.

    `bytes_moved` is of the phases of a step, so without the fetch of its batch; `elementwise`, as FLOPs are, of the
    passes forward and backward, since the optimizer's arithmetic depends on how far its operators are fused.
    """

    def __init__(self, phase_log: PhaseLog | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # torch has not annotated it
        self._phase_log = phase_log
        self.names: dict[str, Counter[str]] = {phase: Counter() for phase in PHASES}
        self.bytes_moved = 0
        self.elementwise = 0
        self._marks = 0

    def mark(self) -> None:
        self._marks += 1

    def _phase(self) -> str:
        """The phase that the last mark began; none outside a step."""
        if self._phase_log is not None:
            return self._phase_log.entered[-1] if self._marks else GAP
        return PHASES[self._marks - 1] if 1 <= self._marks <= len(PHASES) else GAP

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        results = func(*args, **(kwargs or {}))
        phase = self._phase()
        if phase:
            self.names[phase][str(func.overloadpacket)] += 1
            self.bytes_moved += 0 if phase == FETCH else _moved(func, args, kwargs or {}, results)
            self.elementwise += elementwise_operations(func, (args, kwargs), results) if phase in PASSES else 0
        return results


def _count(work: Workload) -> _OperatorCounter:
    """What one steady step dispatches."""
    counter = _OperatorCounter(work.phase_log)
    with counter:
        work.step(counter.mark)
    return counter


def count_dispatched(work: Callable[[], object]) -> int:
    """How many aten operators a call dispatches, counted as those of a step are."""
    counter = _OperatorCounter()
    with counter:
        counter.mark()
        work()
    return counter.names[PHASES[0]].total()


def _moved(func: Any, args: Any, kwargs: Any, results: Any) -> int:
    """Bytes that one operator reads and writes: each distinct tensor operand once, and each result once.

    An operand changed in place is read and written. Views and other changes of metadata move nothing, and neither does
    allocating. It is what memory would carry if no operator found its operands in a cache: an upper bound.
    """
    operands = _tensors((args, kwargs))
    written = _tensors([_argument(func, args, kwargs, at) for at in _changed(func)])
    fresh = {key: tensor for key, tensor in _tensors(results).items() if key not in written}
    storages = {tensor.untyped_storage().data_ptr() for tensor in operands.values()}
    if not written:
        fresh = {key: tensor for key, tensor in fresh.items() if tensor.untyped_storage().data_ptr() not in storages}
        if not fresh or func.overloadpacket.__name__.removeprefix("new_").startswith("empty"):
            return 0
    return sum(_extent(tensor) for part in (operands, written, fresh) for tensor in part.values())


def _changed(func: Any) -> list[int]:
    """Positions of the arguments that the operator's schema says it writes to."""
    arguments = func._schema.arguments  # noqa: SLF001 - what torch's own operator registry offers for this
    return [
        at for at, argument in enumerate(arguments) if (alias := argument.alias_info) is not None and alias.is_write
    ]


def _argument(func: Any, args: Any, kwargs: Any, at: int) -> Any:
    if at < len(args):
        return args[at]
    return kwargs.get(func._schema.arguments[at].name)  # noqa: SLF001 - as above


def _tensors(tree: Any) -> dict[tuple[int, int], Tensor]:
    """The distinct tensors in nested arguments: by where they begin and how far they reach."""
    leaves = (leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor))
    return {(leaf.data_ptr(), _extent(leaf)): leaf for leaf in leaves}


def _extent(tensor: Tensor) -> int:
    """Bytes of the tensor; those that an expanded one repeats count once."""
    return min(_size(tensor), tensor.untyped_storage().nbytes())


def _activation_bytes(work: Workload) -> int:
    """Bytes that forward pass and loss of a part of a batch keep for backward: distinct storages, no parameters."""
    kept: dict[int, int] = {}
    own = {parameter.untyped_storage().data_ptr() for parameter in work.model.parameters()}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    images, labels = next(work.parts(*work.next_batch()))
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor), work.autocast:
        loss = work.loss(work.model(images), labels)
    del loss
    return sum(kept.values())


def _state_bytes(work: Workload) -> int:
    """Bytes of the tensors in the optimizer's state."""
    return sum(map(_size, optimizers.state_of(work.optimizer)))


def _size(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()
