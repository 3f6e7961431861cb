import pytest
import torch

from bench.measure import train as training
from bench.measure.train import DivergedError, evaluate, train
from tests.measure.recording import RecordingDevice


def quiet(_):
    pass


def test_it_learns_real_digits_and_records_each_epoch(workload, mnist):
    work = workload("mlp", images=4096)
    record = train(work, mnist[1], 2, quiet)
    first, last = record["epochs"]

    assert [first["epoch"], last["epoch"]] == [1, 2]
    assert [first["steps"], last["steps"]] == [64, 128]
    assert 0 < first["seconds"] < last["seconds"]
    assert last["train_loss"] < first["train_loss"]
    assert last["test_accuracy"] > 0.8
    assert record["seed"] == 0
    assert len(record["per_class"]) == 10


def test_the_same_seed_learns_the_same(workload, mnist):
    def losses(seed):
        record = train(workload("lenet5", seed=seed), mnist[1], 1, quiet)
        return record["epochs"][0]["train_loss"], record["epochs"][0]["test_accuracy"]

    assert losses(5) == losses(5)
    assert losses(5) != losses(6)


def test_the_clock_stands_still_during_evaluation(workload, mnist, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(training.time, "perf_counter", lambda: now[0])
    original = training.evaluate

    def slow_evaluation(*arguments):
        now[0] += 1000.0
        return original(*arguments)

    monkeypatch.setattr(training, "evaluate", slow_evaluation)
    record = train(workload(), mnist[1], 2, quiet)

    assert [epoch["seconds"] for epoch in record["epochs"]] == [0.0, 0.0]


def test_the_device_is_synchronized_at_both_ends_of_an_epoch_only(workload, mnist):
    device = RecordingDevice()
    train(workload(device=device), mnist[1], 2, quiet)

    assert device.log == ["sync"] * 4


def test_a_loss_that_is_not_finite_ends_it(workload, mnist):
    work = workload()
    with torch.no_grad():
        next(work.model.parameters()).fill_(float("nan"))

    with pytest.raises(DivergedError, match="nan after epoch 1"):
        train(work, mnist[1], 3, quiet)


def test_evaluation_counts_by_class_in_evaluation_mode(workload):
    work = workload("mlp")
    seen = []
    work.model.register_forward_hook(
        lambda module, *_: seen.append((module.training, torch.is_inference_mode_enabled()))
    )
    work.forward = lambda images: (work.model(images), torch.eye(10)[images[:, 0, 0, 0].long()])[1]
    labels = torch.tensor([0, 0, 1, 2])
    images = torch.tensor([0.0, 1.0, 1.0, 2.0]).reshape(4, 1, 1, 1).expand(4, 1, 28, 28)
    _, accuracy, per_class = evaluate(work, images, labels)

    assert accuracy == 0.75
    assert per_class[:3] == [0.5, 1.0, 1.0]
    assert seen == [(False, True)]


def test_a_limit_cuts_an_epoch_short_and_says_so(workload, mnist, monkeypatch):
    now = [0.0]

    def perf_counter():
        now[0] += 0.25  # asked twice a step
        return now[0]

    monkeypatch.setattr(training.time, "perf_counter", perf_counter)
    record = train(workload(images=512, batch_size=64), mnist[1], 5, quiet, limit=2.0)
    (only,) = record["epochs"]

    assert record["limit"] == 2.0
    assert only["steps"] == 4
    assert only["epoch"] == 0.5
    assert only["seconds"] >= 2.0


def test_without_a_limit_every_epoch_is_whole(workload, mnist):
    record = train(workload(), mnist[1], 2, quiet)

    assert record["limit"] is None
    assert [epoch["epoch"] for epoch in record["epochs"]] == [1, 2]
