from io import BytesIO
from itertools import pairwise
from pathlib import Path
from textwrap import dedent

import pytest
import torch

from bench.plan.timing import EVALUATIONS_PER_EPOCH
from bench.training import gradients as watching
from bench.training import train as training
from bench.training.checkpoint import packed
from bench.training.looks import Looks
from bench.training.train import DivergedError, train
from tests.measure.recording import RecordingDevice


def quiet(_):
    pass


def whole_epochs(record):
    return [entry for entry in record["epochs"] if isinstance(entry["epoch"], int)]


def test_it_learns_real_digits_and_records_each_epoch(workload, mnist):
    work = workload("mlp", images=4096)
    record, scores = train(work, mnist[1], 2, quiet)
    first, last = whole_epochs(record)

    assert [first["epoch"], last["epoch"]] == [1, 2]
    assert [first["steps"], last["steps"]] == [64, 128]
    assert 0 < first["seconds"] < last["seconds"]
    assert last["train_loss"] < first["train_loss"]
    assert last["test_accuracy"] > 0.8
    assert record["seed"] == 0
    assert last["train_accuracy"] > 0.8
    assert scores.shape == (1000, 10)
    assert float((scores.argmax(1) == mnist[1][1]).float().mean()) == pytest.approx(last["test_accuracy"])


def test_the_same_seed_learns_the_same(workload, mnist):
    def losses(seed):
        record, _ = train(workload("lenet5", seed=seed), mnist[1], 1, quiet)
        return record["epochs"][0]["train_loss"], record["epochs"][0]["test_accuracy"]

    assert losses(5) == losses(5)
    assert losses(5) != losses(6)


def test_the_clock_stands_still_during_evaluation(workload, mnist, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(watching.time, "perf_counter", lambda: now[0])
    slow = {"scores_of": training.scores_of, "judge": training.judge}
    for name, original in slow.items():
        monkeypatch.setattr(
            training, name, lambda *given, _o=original: (now.__setitem__(0, now[0] + 1000.0), _o(*given))[1]
        )
    norm = torch.Tensor.norm
    monkeypatch.setattr(torch.Tensor, "norm", lambda *given: (now.__setitem__(0, now[0] + 1000.0), norm(*given))[1])
    record, _ = train(workload(), mnist[1], 2, quiet)

    assert now[0] > 10_000
    assert {epoch["seconds"] for epoch in record["epochs"]} == {0.0}


def test_the_device_is_synchronized_where_the_clock_starts_and_stops_only(workload, mnist):
    device = RecordingDevice()
    record, _ = train(workload(device=device, images=2048), mnist[1], 2, quiet)
    stops = len(record["epochs"]) + len(record["gradients"]["steps"])

    assert record["epochs"][-1]["steps"] == 64
    assert device.log == ["sync"] * 2 * stops


def test_a_loss_that_is_not_finite_ends_it(workload, mnist):
    work = workload()
    with torch.no_grad():
        next(work.model.parameters()).fill_(float("nan"))

    with pytest.raises(DivergedError, match=r"train loss is nan after 1 step$"):
        train(work, mnist[1], 3, quiet)


def test_a_rate_that_is_too_high_diverges_and_what_was_learnt_is_kept(workload, mnist):
    work = workload("mlp", optimizer="sgd", learning_rate=1e20)
    heard = []
    with pytest.raises(DivergedError, match=r"loss is (nan|inf) after"):
        train(work, mnist[1], 3, quiet, evaluated=lambda record, improved: heard.append((record, improved)))

    record, improved = heard[-1]
    assert not improved
    assert 0 < record["epochs"][-1]["steps"] <= 8
    assert len(heard) == len(record["epochs"])
    assert record["gradients"]["norms"]


def test_a_limit_cuts_an_epoch_short_and_says_so(workload, mnist, monkeypatch):
    now = [0.0]

    def perf_counter():
        now[0] += 0.25  # asked at least twice a step
        return now[0]

    monkeypatch.setattr(watching.time, "perf_counter", perf_counter)
    record, _ = train(workload(images=512, batch_size=64), mnist[1], 5, quiet, limit=2.0)
    *before, last = record["epochs"]

    assert record["limit"] == 2.0
    assert 0 < last["steps"] < 8
    assert last["epoch"] == last["steps"] / 8
    assert last["seconds"] >= 2.0
    assert last["train_accuracy"] is not None
    assert all(entry["seconds"] < 2.0 for entry in before)


def test_without_a_limit_every_epoch_is_whole(workload, mnist):
    record, _ = train(workload(), mnist[1], 2, quiet)

    assert record["limit"] is None
    assert [epoch["epoch"] for epoch in whole_epochs(record)] == [1, 2]


def test_it_is_evaluated_early_and_at_each_doubling_and_learns_the_same(workload, mnist):
    work = workload("mlp", images=4096)
    record, _ = train(work, mnist[1], 2, quiet)
    late, _ = train(workload("mlp", images=4096, split="validation"), mnist[1], 2, quiet)
    entries = record["epochs"]

    assert [entry["steps"] for entry in entries] == [4, 8, 16, 32, 64, 128]
    assert [entry["steps"] for entry in late["epochs"]] == [64, 128]
    assert [entry["test_loss"] for entry in whole_epochs(record)] == [entry["test_loss"] for entry in late["epochs"]]
    assert [entry["train_accuracy"] is None for entry in entries] == [True] * 4 + [False] * 2
    assert all(entry["seconds"] < later["seconds"] for entry, later in pairwise(entries))
    spans = [entry["steps"] - before for entry, before in zip(entries, (0, 4, 8, 16, 32, 64), strict=True)]
    first = [entry["train_loss"] * steps for entry, steps in zip(entries[:5], spans, strict=False)]
    assert sum(first) / 64 == pytest.approx(late["epochs"][0]["train_loss"], rel=1e-4)


def test_looks_follow_whichever_ends_the_training_first():
    by_steps, by_seconds = (Looks(100, 4, limit, parts=0, early=True) for limit in (1e9, 1.0))
    assert [step for step in range(1, 401) if by_steps.due(step, 1e-3 * step)] == [13, 25, 50, 100, 200, 300, 400]
    assert [step for step in range(1, 201) if by_seconds.due(step, 5e-3 * step)] == [7, 13, 25, 50, 100, 200]


def test_a_target_is_looked_for_as_often_as_asked(workload, mnist):
    record, _ = train(workload("mlp", images=4096), mnist[1], 1, quiet, until=0.999, evaluations=8)
    assert [entry["steps"] for entry in record["epochs"]] == [8, 16, 24, 32, 40, 48, 56, 64]
    assert record["until"]["every"] == 8


def test_a_target_ends_it_between_epochs_and_says_so(workload, mnist):
    work = workload("mlp", images=4096)
    record, _ = train(work, mnist[1], 9, quiet, until=0.7)
    last = record["epochs"][-1]

    assert record["until"] == {"target": 0.7, "every": 64 // EVALUATIONS_PER_EPOCH, "reached": True}
    assert last["test_accuracy"] >= 0.7
    assert all(entry["test_accuracy"] < 0.7 for entry in record["epochs"][:-1])
    assert [entry["steps"] for entry in record["epochs"]] == list(range(16, last["steps"] + 1, 16))
    assert [entry["epoch"] for entry in record["epochs"]] == [entry["steps"] / 64 for entry in record["epochs"]]
    assert last["train_accuracy"] > 0.6


def test_a_target_out_of_reach_is_said_to_be(workload, mnist):
    record, _ = train(workload(), mnist[1], 2, quiet, until=0.999)

    assert record["until"] == {"target": 0.999, "every": 2, "reached": False}
    assert record["epochs"][-1]["epoch"] == 2
    assert [entry["train_accuracy"] is None for entry in record["epochs"]] == [True, True, True, False] * 2


def test_a_target_changes_nothing_of_what_is_learnt(workload, mnist):
    plain, _ = train(workload("mlp"), mnist[1], 2, quiet)
    stopped, _ = train(workload("mlp"), mnist[1], 2, quiet, until=0.999)
    whole = whole_epochs(stopped)

    assert [entry["test_loss"] for entry in whole] == [entry["test_loss"] for entry in whole_epochs(plain)]
    assert stopped["gradients"]["norms"] == plain["gradients"]["norms"]


DEEP = """
    from torch import nn


    class Deep(nn.Module):
        def __init__(self, *order):
            super().__init__()
            layers = {"inp": nn.Linear(784, 32), **{f"h{at}": nn.Linear(32, 32) for at in range(6)}}
            layers["head"] = nn.Linear(32, 10)
            for name in order or layers:
                self.add_module(name, layers[name])

        def forward(self, images):
            hidden = self.inp(images.flatten(1)).sigmoid()
            for at in range(6):
                hidden = self.get_submodule(f"h{at}")(hidden).sigmoid()
            return self.head(hidden)


    def forwards():
        return Deep()


    def backwards():
        return Deep("head", *(f"h{at}" for at in reversed(range(6))), "inp")
"""


def test_gradients_stand_from_input_to_output_in_whichever_order_a_net_is_defined(
    workload, mnist, tmp_path, monkeypatch
):
    (tmp_path / "deep.py").write_text(dedent(DEEP))
    monkeypatch.setenv("BENCH_BASE", str(tmp_path))
    noted = {}
    for name in ("forwards", "backwards"):
        work = workload(name, images=1024, origins=(f"architecture=deep.py:{name}",))
        noted[name] = train(work, mnist[1], 1, quiet)[0]["gradients"]
    assert noted["backwards"] == {**noted["forwards"], "seconds": noted["backwards"]["seconds"]}
    assert [noted["backwards"]["names"][at] for at in (0, -2)] == ["inp.weight", "head.weight"]
    norms = noted["backwards"]["norms"][0]
    assert norms[0] < 1e-3 * norms[-2]


def test_weights_that_are_kept_have_no_gradient_to_note(workload, mnist):
    work = workload("lenet5", images=1024)
    name, first = next(iter(work.model.named_parameters()))
    first.requires_grad_(requires_grad=False)
    record, _ = train(work, mnist[1], 1, quiet)
    noted = record["gradients"]
    assert name not in noted["names"]
    assert all(norm > 0 for norms in noted["norms"] for norm in norms)
    assert len(noted["names"]) == len(noted["shapes"]) == len(noted["norms"][0])


def test_the_gradients_are_those_of_the_first_step_and_of_each_quarter(workload, mnist):
    work = workload("lenet5", optimizer="nesterov", implementation="foreach", images=1024)
    record, _ = train(work, mnist[1], 2, quiet)
    noted, fresh = record["gradients"], workload("lenet5", images=1024)
    order = torch.randperm(1024, generator=torch.Generator().manual_seed(0))
    fresh.loss(fresh.model(fresh.images[order[:64]]), fresh.labels[order[:64]]).backward()
    expected = [float(parameter.grad.norm()) for parameter in fresh.model.parameters()]

    assert noted["steps"] == [1, 4, 8, 12, 16, 20, 24, 28, 32]
    assert noted["names"] == [name for name, _ in fresh.model.named_parameters()]
    assert noted["shapes"][0] == [6, 1, 5, 5]
    assert noted["norms"][0] == pytest.approx(expected, rel=0.01)
    assert all(len(norms) == len(noted["names"]) for norms in noted["norms"])
    assert noted["seconds"] == sorted(noted["seconds"])
    assert 0 < noted["seconds"][0] < noted["seconds"][-1] <= record["epochs"][-1]["seconds"]


def test_the_record_is_told_after_each_evaluation(workload, mnist):
    heard = []
    train(workload(), mnist[1], 2, quiet, until=0.999, evaluated=lambda record, _: heard.append(len(record["epochs"])))

    assert heard == list(range(1, 2 * EVALUATIONS_PER_EPOCH + 1))


def test_the_weights_are_kept_whenever_they_are_the_best_so_far(workload, mnist):
    kept = []

    def evaluated(record, improved):
        if improved:
            kept.append(record["epochs"][-1])

    record, _ = train(workload("mlp"), mnist[1], 3, quiet, evaluated=evaluated)
    best, expected = -1.0, []
    for entry in record["epochs"]:
        if entry["test_accuracy"] > best:
            best = entry["test_accuracy"]
            expected.append(entry)

    assert kept == expected
    assert kept[-1]["test_accuracy"] == max(entry["test_accuracy"] for entry in record["epochs"])


def test_an_optimizer_with_a_closure_learns_too(workload, mnist):
    record, _ = train(workload("softmax_regression", optimizer="lbfgs", images=2048), mnist[1], 1, quiet)

    assert record["epochs"][-1]["test_accuracy"] > 0.7
    assert len(record["gradients"]["norms"]) == 5


CHOSEN = Path(__file__).parents[1] / "optimizers" / "chosen.py"


def of_a_user(workload, name, **fields):
    text = f"{CHOSEN}:{name}"
    return workload("softmax_regression", optimizer=name, origins=(f"optimizer={text}",), **fields)


def test_what_is_evaluated_and_kept_are_the_averaged_weights(workload, mnist):
    work, kept = of_a_user(workload, "ScheduleFree"), []

    def evaluated(record, improved):
        weight = next(work.model.parameters())
        state = work.optimizer.state[weight]["other"]  # those that it steps, while the average is in their place
        content = torch.load(BytesIO(packed(work, record["epochs"][-1])), weights_only=True)
        kept.append((state.clone(), next(iter(content["weights"].values()))))

    record, scores = train(work, mnist[1], 2, quiet, evaluated=evaluated)
    assert len(kept) == len(record["epochs"])
    for stepped, stored in kept:
        assert not torch.allclose(stepped, stored)
    assert torch.equal(kept[-1][1], next(work.model.parameters()))  # still in place: evaluation came last
    with torch.inference_mode():
        torch.testing.assert_close(scores, work.model(mnist[1][0]))
    assert record["epochs"][-1]["test_accuracy"] > 0.5


@pytest.mark.parametrize("name", ["Sharpness", "Rateless", "Asking(lr=0.1)", "by_name"])
def test_every_manner_of_optimizer_learns(workload, mnist, name):
    record, _ = train(of_a_user(workload, name, batch_size=16), mnist[1], 2, quiet)
    assert record["epochs"][-1]["test_accuracy"] > 0.5


def test_a_constant_schedule_leaves_rates_that_an_optimizer_changes_itself(workload, mnist):
    work = workload("debug")
    work.optimizer.register_step_post_hook(lambda stepped, *_: stepped.param_groups[0].update(lr=0.5))
    train(work, mnist[1], 1, quiet)
    assert work.optimizer.param_groups[0]["lr"] == 0.5
