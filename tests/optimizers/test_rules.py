"""Each rule of our own against the paper's, written out in float64 with the names that the paper has."""

from math import sqrt

import pytest
import torch

from bench.optimizers.ademamix import AdEMAMix
from bench.optimizers.lion import Lion
from bench.optimizers.muon import MuonWithAdamW
from bench.optimizers.registry import NADAMW
from bench.optimizers.schedule_free import ScheduleFreeAdamW
from bench.optimizers.soap import SOAP

SHAPES = [
    (5,),
    (4, 3),
    (5, 1, 2, 2),
]  # of which no preconditioner lacks more than one direction, so that bases are unique
STEPS = 25


def gradients(shape):
    generator = torch.Generator().manual_seed(3)
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for _ in range(STEPS)]


def start(shape):
    return torch.linspace(-1, 1, torch.Size(shape).numel(), dtype=torch.float64).view(shape)


def stepped(make, shape):
    """The weight after all steps, and the optimizer."""
    weight = torch.nn.Parameter(start(shape))
    optimizer = make([weight])
    for grad in gradients(shape):
        weight.grad = grad.clone()
        optimizer.step()
    return weight.detach().clone(), optimizer, weight


def same(actual, expected):
    torch.testing.assert_close(actual, expected, rtol=1e-9, atol=1e-12)


def lion(theta, grads, *, eta=0.02, b1=0.9, b2=0.99, wd=0.1):
    m = torch.zeros_like(theta)
    for g in grads:
        c = b1 * m + (1 - b1) * g
        theta = theta - eta * (torch.sign(c) + wd * theta)
        m = b2 * m + (1 - b2) * g
    return theta


def nadamw(theta, grads, *, eta=0.02, b1=0.9, b2=0.999, eps=1e-8, wd=0.01, psi=4e-3):
    m, n, product = torch.zeros_like(theta), torch.zeros_like(theta), 1.0
    for t, g in enumerate(grads, 1):
        mu, mu_next = (b1 * (1 - 0.5 * 0.96 ** (at * psi)) for at in (t, t + 1))
        product *= mu
        theta = theta * (1 - eta * wd)
        m = b1 * m + (1 - b1) * g
        n = b2 * n + (1 - b2) * g * g
        look_ahead = mu_next * m / (1 - product * mu_next) + (1 - mu) * g / (1 - product)
        theta = theta - eta * look_ahead / (torch.sqrt(n / (1 - b2**t)) + eps)
    return theta


def ademamix(theta, grads, *, eta=0.02, b1=0.9, b2=0.999, b3=0.99, alpha=5.0, eps=1e-8, wd=0.1):
    m1, m2, nu = (torch.zeros_like(theta) for _ in range(3))
    for t, g in enumerate(grads, 1):
        m1 = b1 * m1 + (1 - b1) * g
        m2 = b3 * m2 + (1 - b3) * g
        nu = b2 * nu + (1 - b2) * g * g
        m1_hat, nu_hat = m1 / (1 - b1**t), nu / (1 - b2**t)
        theta = theta - eta * ((m1_hat + alpha * m2) / (torch.sqrt(nu_hat) + eps) + wd * theta)
    return theta


def schedule_free(theta, grads, *, gamma=0.02, b1=0.9, b2=0.999, eps=1e-8, wd=0.1):
    """The y that gradients are taken at, and the x that is evaluated."""
    x, z, v, total = theta, theta, torch.zeros_like(theta), 0.0
    y = theta
    for t, g in enumerate(grads, 1):
        y = (1 - b1) * z + b1 * x
        v = b2 * v + (1 - b2) * g * g
        z = z - gamma * (g / (torch.sqrt(v / (1 - b2**t)) + eps) + wd * y)
        total += gamma**2
        c = gamma**2 / total
        x = (1 - c) * x + c * z
    return (1 - b1) * z + b1 * x, x


def soap(theta, grads, *, eta=0.02, b1=0.95, b2=0.95, eps=1e-8, wd=0.1, f=10):
    """Of a matrix; the first gradient only gives the bases."""
    g = grads[0]
    left, right = (1 - b2) * g @ g.T, (1 - b2) * g.T @ g
    q_left, q_right = (torch.linalg.eigh(kept)[1].flip(1) for kept in (left, right))
    m, v = torch.zeros_like(g), torch.zeros_like(g)
    for t, g in enumerate(grads[1:], 1):
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * (q_left.T @ g @ q_right) ** 2
        n = (q_left.T @ m @ q_right) / (torch.sqrt(v) + eps)
        step = eta * sqrt(1 - b2**t) / (1 - b1**t)
        theta = theta * (1 - eta * wd) - step * (q_left @ n @ q_right.T)
        left = b2 * left + (1 - b2) * g @ g.T
        right = b2 * right + (1 - b2) * g.T @ g
        if t % f == 0:
            first = torch.diag(q_left.T @ left @ q_left).argsort(descending=True)
            second = torch.diag(q_right.T @ right @ q_right).argsort(descending=True)
            v = v[first][:, second]
            q_left, q_right = (
                torch.linalg.qr(kept @ basis[:, order])[0]
                for kept, basis, order in ((left, q_left, first), (right, q_right, second))
            )
    return theta


def adam_from_the_second(theta, grads, *, eta=0.02, b1=0.95, b2=0.95, eps=1e-8, wd=0.1):
    m, v = torch.zeros_like(theta), torch.zeros_like(theta)
    for t, g in enumerate(grads[1:], 1):
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        step = eta * sqrt(1 - b2**t) / (1 - b1**t)
        theta = theta * (1 - eta * wd) - step * m / (torch.sqrt(v) + eps)
    return theta


def muon(theta, grads, eta=0.02, mu=0.95, wd=0.01):
    """Of a matrix, by the quintic iteration on the momentum with Nesterov's look ahead."""
    m = torch.zeros_like(theta)
    for g in grads:
        m = mu * m + (1 - mu) * g
        x = (1 - mu) * g + mu * m
        x = x / x.norm()
        for _ in range(5):
            x = 3.4445 * x + (-4.7750 * (x @ x.T) + 2.0315 * (x @ x.T) @ (x @ x.T)) @ x
        theta = theta * (1 - eta * wd) - eta * 0.2 * sqrt(max(theta.shape)) * x
    return theta


@pytest.mark.parametrize("shape", SHAPES)
def test_lion(shape):
    weight, *_ = stepped(lambda weights: Lion(weights, lr=0.02, weight_decay=0.1), shape)
    same(weight, lion(start(shape), gradients(shape)))


@pytest.mark.parametrize("shape", SHAPES)
def test_nadamw(shape):
    weight, *_ = stepped(lambda weights: NADAMW(weights, lr=0.02), shape)
    torch.testing.assert_close(weight, nadamw(start(shape), gradients(shape)), rtol=1e-6, atol=1e-8)  # torch's count


@pytest.mark.parametrize("shape", SHAPES)
def test_ademamix(shape):
    weight, *_ = stepped(lambda each: AdEMAMix(each, lr=0.02, betas=(0.9, 0.999, 0.99), weight_decay=0.1), shape)
    same(weight, ademamix(start(shape), gradients(shape)))


@pytest.mark.parametrize("shape", SHAPES)
def test_schedule_free_steps_y_and_evaluates_x(shape):
    stepped_at, optimizer, weight = stepped(lambda each: ScheduleFreeAdamW(each, lr=0.02, weight_decay=0.1), shape)
    y, x = schedule_free(start(shape), gradients(shape))
    same(stepped_at, y)
    optimizer.eval()
    optimizer.eval()  # once more changes nothing
    same(weight.detach(), x)
    optimizer.train()
    same(weight.detach(), y)


def test_schedule_free_weighs_by_the_largest_rate_squared():
    weight = torch.nn.Parameter(start((3,)))
    optimizer = ScheduleFreeAdamW([weight], lr=0.01)
    for rate in (0.01, 0.03, 0.02):
        optimizer.param_groups[0]["lr"] = rate
        weight.grad = torch.ones_like(weight)
        optimizer.step()
    assert optimizer.param_groups[0]["weight_sum"] == pytest.approx(1e-4 + 9e-4 + 9e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_soap_rotates_matrices_and_filters_and_is_adam_for_vectors(shape):
    weight, optimizer, parameter = stepped(lambda each: SOAP(each, lr=0.02, weight_decay=0.1), shape)
    if len(shape) == 1:
        same(weight, adam_from_the_second(start(shape), gradients(shape)))
        return
    matrix = (shape[0], -1)
    expected = soap(start(shape).view(matrix), [grad.view(matrix) for grad in gradients(shape)])
    same(weight, expected.view(shape))
    width = torch.Size(shape[1:]).numel()
    assert [tuple(kept.shape) for kept in optimizer.state[parameter]["sides"].values()] == [
        (shape[0], shape[0]),
        (width, width),
    ]


def test_soap_leaves_a_long_side_as_it_is():
    weight, optimizer, parameter = stepped(lambda each: SOAP(each, lr=0.02, weight_decay=0.1, most=3), (5, 4))
    same(weight, adam_from_the_second(start((5, 4)), gradients((5, 4))))
    assert optimizer.state[parameter]["bases"] == {}


def test_muon_reshapes_filters_to_matrices():
    shape = SHAPES[2]
    weight, *_ = stepped(lambda each: MuonWithAdamW(each, lr=0.02, filters=True), shape)
    expected = muon(start(shape).view(5, 4), [grad.view(5, 4) for grad in gradients(shape)])
    torch.testing.assert_close(weight.view(5, 4), expected, rtol=1e-6, atol=1e-8)


def test_muon_leaves_filters_to_adamw_unless_asked():
    conv = torch.nn.Conv2d(2, 3, 2)
    assert [group["matrices"] for group in MuonWithAdamW(conv.parameters()).param_groups] == [False]
    assert [group["matrices"] for group in MuonWithAdamW(conv.parameters(), filters=True).param_groups] == [True, False]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("make", [SOAP, lambda each: MuonWithAdamW(each, filters=True)])
def test_the_layout_of_filters_changes_nothing(make, layout):
    weights = []
    for own in (torch.contiguous_format, layout):
        torch.manual_seed(0)
        weight = torch.nn.Parameter(torch.randn(4, 3, 3, 3).to(memory_format=own))
        optimizer = make([weight])
        for _ in range(3):
            weight.grad = torch.randn(4, 3, 3, 3).to(memory_format=own)
            optimizer.step()
        weights.append(weight.detach())
    torch.testing.assert_close(*weights)
