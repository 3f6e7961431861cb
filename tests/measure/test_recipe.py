"""Recipe: gradients are clipped, weights averaged and evaluated, scores meant over views, as by hand."""

import math

import pytest
import torch

from bench.measure.averages import SWA_FROM
from bench.measure.numerics import first_step_errors
from bench.training.train import train


def weights(work):
    return [parameter.detach().clone() for parameter in work.model.parameters()]


def by_step(work, steps):
    """The weights after each of so many steps."""
    seen = []
    for _ in range(steps):
        work.step()
        seen.append(weights(work))
    return seen


def apart(first, second):
    return max(float((one - other).abs().max()) for one, other in zip(first, second, strict=True))


@pytest.mark.parametrize("fields", [{}, {"accumulate": 2}, {"dtype": "float16"}])
def test_gradients_are_cut_down_to_the_norm(workload, fields):
    plain, clipped = (workload("debug", optimizer="sgd", clip_norm=norm, **fields) for norm in (0.0, 0.01))
    before = weights(plain)
    moves = []
    for work in (plain, clipped):
        work.step()
        moves.append(torch.cat([(new - old).flatten() for new, old in zip(weights(work), before, strict=True)]))
    assert float(moves[1].norm()) == pytest.approx(0.01 * 0.1, rel=1e-3)  # by SGD at its rate of 0.1
    assert float(moves[0].norm()) > float(moves[1].norm())
    assert float(torch.cosine_similarity(*moves, dim=0)) == pytest.approx(1.0, abs=1e-3)


def test_gradients_below_the_norm_are_as_they_were(workload):
    plain, clipped = (workload("debug", optimizer="sgd", clip_norm=norm) for norm in (0.0, 1e6))
    assert apart(by_step(plain, 3)[-1], by_step(clipped, 3)[-1]) < 1e-6


@pytest.mark.parametrize("name", ["ema0.9", "swa"])
def test_an_average_is_evaluated_and_training_goes_on_with_the_own_weights(workload, name):
    plain, averaged = workload("debug", optimizer="sgd"), workload("debug", optimizer="sgd", average=name)
    own, same = by_step(plain, 4), by_step(averaged, 4)
    assert apart(own[-1], same[-1]) == 0  # an average changes nothing of the training
    expected = own[0]
    for count, step in enumerate(own[1:], 2):
        share = 0.1 if name == "ema0.9" else 1 / count
        expected = [old + share * (new - old) for old, new in zip(expected, step, strict=True)]
    averaged.eval()
    assert apart(weights(averaged), expected) < 1e-6
    assert apart(weights(averaged), own[-1]) > 1e-4
    averaged.eval()  # again, with nothing between
    averaged.train()
    assert apart(weights(averaged), own[-1]) == 0


def test_a_mean_of_weights_has_statistics_of_its_own_and_leaves_those_of_training(workload):
    work = workload("mlp_bn", average="swa")
    by_step(work, 3)
    norms = [module for module in work.model.modules() if isinstance(module, torch.nn.BatchNorm1d)]
    kept = [norm.running_mean.clone() for norm in norms]
    work.eval()
    first = work.model[1](work.model[0](work.images)).mean(0)
    assert torch.allclose(norms[0].running_mean, first, atol=1e-5)  # over all images, by the averaged weights
    assert not torch.equal(norms[0].running_mean, kept[0])
    work.train()
    assert all(torch.equal(norm.running_mean, before) for norm, before in zip(norms, kept, strict=True))


def test_a_mean_begins_in_the_last_quarter_of_a_training(workload, mnist):
    work, seen = workload("debug", optimizer="sgd", average="swa"), []
    update = work.update

    def noted(*args, **kwargs):
        loss = update(*args, **kwargs)
        seen.append((work.recipe.progress, weights(work)))
        return loss

    work.update = noted
    train(work, mnist[1], 2, lambda _: None)
    late = [step for progress, step in seen if progress >= SWA_FROM]
    assert len(late) == len(seen) // 4
    mean = [torch.stack(each).mean(0) for each in zip(*late, strict=True)]
    assert apart(weights(work), mean) < 1e-5  # which is what it leaves to be kept


@pytest.mark.parametrize(("name", "views"), [("flip", 2), ("shift", 5)])
def test_scores_are_the_mean_over_views_in_evaluation_alone(workload, name, views):
    work, calls = workload("debug", test_augmentation=name), []
    work.model.register_forward_pre_hook(lambda *_: calls.append(1))
    work.step()
    assert len(calls) == 1
    work.eval()
    calls.clear()
    images = work.images[:9]
    with torch.inference_mode():
        scores = work.infer_as_it_is(images)
        assert len(calls) == views
        assert not torch.allclose(scores, work.model(images))
        if name == "flip":
            assert torch.allclose(scores, (work.model(images) + work.model(images.flip(3))) / 2)


def test_the_errors_of_a_first_step_are_those_of_its_arithmetic(workload):
    recipe = {"augmentation": "crop+cutout", "clip_norm": 0.01, "average": "ema0.9"}
    errors = first_step_errors(workload("debug", **recipe))
    assert max(errors.values()) < 1e-5
    assert all(math.isfinite(error) for error in errors.values())


def test_a_cell_begins_with_the_weights_that_its_seed_draws(workload):
    first, again, other = (weights(workload("debug", initialization="orthogonal", seed=seed)) for seed in (3, 3, 4))
    assert apart(first, again) == 0
    assert apart(first, other) > 1e-3
