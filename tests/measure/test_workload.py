from math import isfinite
from statistics import median

import pytest
import torch

from bench import optimizers
from bench.devices import CpuDevice
from bench.losses.registry import LOSSES
from bench.measure import workload as workload_module
from bench.measure.blocks import GAP
from bench.measure.speed import timed_block
from bench.measure.workload import MEMORY_FORMATS, Workload
from bench.plan.cell import Cell
from bench.plan.plan import MEMORY_FORMATS as PLANNED_FORMATS
from bench.vocabulary import PHASES


def test_a_step_marks_each_phase_once(workload):
    marks = []
    workload().step(lambda: marks.append(None))

    assert len(marks) == len(PHASES) + 1


def test_a_step_fetches_then_zeroes_then_learns(workload, monkeypatch):
    work = workload()
    log = []
    for owner, name in ((work, "next_batch"), (work.optimizer, "zero_grad"), (work, "forward"), (work, "loss")):
        original = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *a, _o=original, _n=name, **k: (log.append(_n), _o(*a, **k))[1])
    work.optimizer.register_step_pre_hook(lambda *_: log.append("optimizer"))
    next(work.model.parameters()).register_hook(lambda _: log.append("backward"))
    work.step(lambda: log.append("|"))

    assert log == [
        "|",
        "next_batch",
        "|",
        "zero_grad",
        "|",
        "forward",
        "|",
        "loss",
        "|",
        "backward",
        "|",
        "optimizer",
        "|",
    ]


def test_a_step_with_a_closure_sums_its_phases_over_all_evaluations(workload):
    work = workload(optimizer="lbfgs")
    seen = []
    work.model.register_forward_hook(lambda *_: seen.append(None))
    marks = []
    work.step(lambda: marks.append(None))
    entered = work.phase_log.entered

    assert len(entered) == len(marks)
    assert entered[:3] == ["fetch", "optimizer", "zero_grad"]
    assert entered[-2:] == ["optimizer", GAP]
    assert len(seen) == work.evaluations > 1
    assert [entered.count(phase) for phase in ("zero_grad", "forward", "loss", "backward")] == [len(seen)] * 4

    block = timed_block("train", work, 3)
    assert block.intervals.shape == (3, len(PHASES) + 1)
    assert (block.intervals[:, :-1] > 0).all()
    assert block.intervals.sum() == pytest.approx(block.wall, rel=0.05)


def test_gradients_are_noted_before_the_optimizer_uses_them(workload):
    for optimizer in ("nesterov", "lbfgs"):
        work = workload(optimizer=optimizer, implementation="foreach" if optimizer == "nesterov" else "default")
        images, labels = work.next_batch()
        before = [parameter.detach().clone() for parameter in work.model.parameters()]
        work.update(images, labels)  # so that there is momentum, which nesterov adds to the gradients themselves
        with torch.no_grad():
            for parameter, value in zip(work.model.parameters(), before, strict=True):
                parameter.copy_(value)
        noted = []
        work.update(
            images, labels, noted=lambda w=work, n=noted: n.append([p.grad.clone() for p in w.model.parameters()])
        )
        with torch.no_grad():
            for parameter, value in zip(work.model.parameters(), before, strict=True):
                parameter.copy_(value)
        work.optimizer.zero_grad()
        work.loss(work.model(images), labels).backward()

        assert len(noted) == 1
        for parameter, grad in zip(work.model.parameters(), noted[0], strict=True):
            torch.testing.assert_close(parameter.grad, grad)


@pytest.mark.parametrize("optimizer", optimizers.names())
def test_every_optimizer_lowers_the_loss_on_real_digits(workload, optimizer):
    work = workload("convnet", optimizer=optimizer, images=1024, batch_size=16)
    losses = [work.step().item() for _ in range(40)]

    assert all(map(isfinite, losses))
    assert median(losses[-8:]) < 0.8 * losses[0]


@pytest.mark.parametrize("memory_format", ["contiguous", "channels_last"])
@pytest.mark.parametrize("ahead", [1, 3, 100])  # batches gathered at once; 3 leaves a short last chunk of 2
def test_batches_gathered_ahead_are_those_gathered_one_by_one(monkeypatch, memory_format, ahead):
    images = torch.rand(40, 3, 5, 4)
    cell = Cell("softmax_regression", batch_size=8, memory_format=memory_format)
    work = Workload(cell, CpuDevice(), images, torch.arange(40), 40)
    monkeypatch.setattr(workload_module, "AHEAD_BYTES", ahead * 8 * images[0].nbytes)
    order = torch.randperm(40)
    batches = list(work.batches(order))

    assert len(batches) == 5
    for (pictures, labels), index in zip(batches, order.split(8), strict=True):
        assert torch.equal(pictures, images[index])
        assert torch.equal(labels, index)
        assert pictures.stride() == work.batch(index)[0].stride()


def test_batches_are_whole_distinct_and_reshuffled():
    images = torch.arange(200).float().reshape(200, 1, 1, 1)
    work = Workload(Cell("softmax_regression", batch_size=64), CpuDevice(), images, torch.zeros(200).long(), 10)
    first, second = (torch.cat([work.next_batch()[0] for _ in range(3)]).flatten() for _ in range(2))

    assert first.unique().numel() == 192
    assert second.unique().numel() == 192
    assert not torch.equal(first, second)


@pytest.mark.parametrize("memory_format", ["contiguous", "channels_last"])
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 8, 6)])
def test_a_batch_is_what_was_asked_for_in_the_layout_of_the_whole(shape, memory_format):
    cell = Cell("softmax_regression", batch_size=4, memory_format=memory_format)
    work = Workload(cell, CpuDevice(), torch.rand(20, *shape), torch.arange(20) % 10, 10)
    index = torch.tensor([7, 0, 19, 7])
    images, labels = work.batch(index)
    assert torch.equal(images, work.images[index])
    assert torch.equal(labels, work.labels[index])
    assert images.stride() == work.images.stride()


def test_the_same_seed_gives_the_same_weights_and_losses(workload):
    def losses(seed):
        work = workload("mlp", seed=seed)
        return [work.step().item() for _ in range(3)]

    assert losses(3) == losses(3)
    assert losses(3) != losses(4)


def test_gradients_do_not_pile_up(workload):
    work = workload("softmax_regression", optimizer="sgd")
    for _ in range(2):
        work.step()
    images, labels = work.next_batch()
    before = [p.detach().clone() for p in work.model.parameters()]
    work.next_batch = lambda: (images, labels)
    work.step()
    grads = [p.grad.clone() for p in work.model.parameters()]
    with torch.no_grad():
        for parameter, value in zip(work.model.parameters(), before, strict=True):
            parameter.copy_(value)
    work.optimizer.zero_grad()
    work.loss(work.model(images), labels).backward()

    for parameter, grad in zip(work.model.parameters(), grads, strict=True):
        torch.testing.assert_close(parameter.grad, grad)


@pytest.mark.parametrize(("rate", "expected"), [(None, 1e-3), (0.25, 0.25)])
def test_the_learning_rate_is_the_cells_or_the_optimizers_own(workload, rate, expected):
    assert [group["lr"] for group in workload(learning_rate=rate).optimizer.param_groups] == [expected]


def test_the_two_losses_agree_and_are_those_of_the_plan(workload):
    torch.manual_seed(0)
    outputs, labels = torch.randn(32, 10), torch.randint(0, 10, (32,))

    torch.testing.assert_close(LOSSES["cross_entropy"](outputs, labels), LOSSES["nll_loss"](outputs, labels))


@pytest.mark.parametrize(("dtype", "expected"), [("float32", torch.float32), ("bfloat16", torch.bfloat16)])
def test_autocast_narrows_the_forward_pass_alone(workload, dtype, expected):
    work = workload("mlp", dtype=dtype)

    assert work.infer().dtype == expected
    assert next(work.model.parameters()).dtype == torch.float32
    assert torch.isfinite(work.step())


def test_float16_steps_through_a_gradient_scaler(workload):
    work = workload("mlp", dtype="float16")

    assert work.scaler.is_enabled()
    assert torch.isfinite(work.step())


def test_channels_last_reaches_weights_and_images(workload):
    work = workload("vgg4", memory_format="channels_last")
    images, _ = work.next_batch()
    weight = next(p for p in work.model.parameters() if p.dim() == 4 and p.shape[1] > 1)

    assert images.is_contiguous(memory_format=torch.channels_last)
    assert weight.is_contiguous(memory_format=torch.channels_last)


def test_the_layouts_are_those_of_the_plan():
    assert tuple(MEMORY_FORMATS) == PLANNED_FORMATS
