"""Optimizers that a user might bring: good ones of every manner, and things that are none."""

import numpy as np
import torch
from torch.optim import SGD, Optimizer


class Plain(Optimizer):
    """Gradient descent, by hand.

    Its learning rate has no default.
    """

    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for weight in group["params"]:
                weight.sub_(group["lr"] * weight.grad)


class ScheduleFree(Optimizer):
    """Steps one set of weights and keeps their average, which `eval` puts in its place; refuses to step out of turn."""

    def __init__(self, params, lr=0.5):
        super().__init__(params, {"lr": lr})
        self.training = False

    def train(self):
        assert not self.training
        self.training = True
        self._swap()

    def eval(self):
        assert self.training
        self.training = False
        self._swap()

    @torch.no_grad()
    def _swap(self):
        for weight, state in self.state.items():
            kept = weight.clone()
            weight.copy_(state["other"])
            state["other"] = kept

    @torch.no_grad()
    def step(self, closure=None):
        assert self.training, "not in train mode"
        for group in self.param_groups:
            for weight in group["params"]:
                average = self.state[weight].setdefault("other", weight.clone())
                weight.sub_(group["lr"] * weight.grad)
                average.lerp_(weight, 0.1)


class Sharpness(Optimizer):
    """SAM (Foret et al. 2021) around SGD: up the gradients of the weights, then down those found there."""

    def __init__(self, params, lr=0.1, rho=0.05):
        super().__init__(params, {"lr": lr, "rho": rho})
        self.inner = SGD(self.param_groups, lr=lr, momentum=0.9)

    @torch.no_grad()
    def first_step(self):
        for group in self.param_groups:
            for weight in group["params"]:
                self.state[weight]["away"] = group["rho"] * weight.grad
                weight.add_(self.state[weight]["away"])

    @torch.no_grad()
    def second_step(self):
        for group in self.param_groups:
            for weight in group["params"]:
                weight.sub_(self.state[weight]["away"])
        self.inner.step()

    def step(self, closure=None):
        assert closure is not None, "it needs a closure"
        self.first_step()
        closure()
        self.second_step()


class Rateless(Optimizer):
    """Has no learning rate at all, and keeps a number in its state that is no weight's."""

    def __init__(self, params):
        super().__init__(params, {})

    @torch.no_grad()
    def step(self):
        self.state["steps"] = self.state.get("steps", 0) + 1
        for weight in self.param_groups[0]["params"]:
            weight.sub_(0.05 * weight.grad)


class Asking(SGD):
    """`step` takes nothing but a closure."""

    def step(self, closure):
        with torch.enable_grad():
            loss = closure()
        super().step()
        return float(loss)


class Silent(SGD):
    """Needs a closure and does not say so."""

    def step(self, closure=None):
        if closure is None:
            raise ValueError("where is the closure?")
        with torch.enable_grad():
            closure()
        super().step()


class Saying(Silent):
    """As `Silent`, but it says so."""

    needs_closure = True


class Curved(SGD):
    """Asks for gradients of gradients every tenth step."""

    def step(self, closure=None):
        self.count = getattr(self, "count", 0) + 1
        weights = self.param_groups[0]["params"]
        if self.count % 10 == 0:
            torch.autograd.grad([weight.grad for weight in weights], weights, [weight.grad for weight in weights])
        super().step()


class Zeroing(SGD):
    """Sets the gradients to zero where they lie, by a method that takes nothing."""

    def __init__(self, params, lr=0.1):
        super().__init__(params, lr=lr)

    def zero_grad(self):
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    weight.grad.zero_()


class Backwards(Optimizer):
    """Takes any number for a learning rate."""

    def __init__(self, params, lr=-0.1):
        super().__init__(params, {"lr": lr})

    step = Plain.step


class Broken(Optimizer):
    def __init__(self, params, lr=0.1):
        raise ValueError("not today")


class Still(SGD):
    def step(self, closure=None):
        pass


class Lookahead(Optimizer):
    """Wraps another."""

    def __init__(self, optimizer, steps=5):
        raise AssertionError


def by_name(named_parameters):
    """Biases have twice the rate."""
    named = list(named_parameters)
    biases = [weight for name, weight in named if name.endswith("bias")]
    others = [weight for name, weight in named if not name.endswith("bias")]
    return SGD([{"params": biases, "lr": 0.2}, {"params": others}], lr=0.1)


def by_size(weights, lr=0.1):
    """Goes through the weights twice."""
    groups = [[weight for weight in weights if (weight.ndim > 1) is large] for large in (True, False)]
    return SGD([{"params": group} for group in groups], lr=lr)


def of_model(model, foreach=None):
    return torch.optim.Adam(model.parameters(), lr=0.003, foreach=foreach)


def of_both(weights, lr=0.1, model=None):
    """Takes the net too, if it is given one."""
    assert model is not None
    return SGD(weights, lr=lr)


def of_rate_alone(weights, *, learning_rate):
    return SGD(weights, lr=learning_rate)


def of_rate_and_more(weights, lr, more=1):
    return SGD(weights, lr=lr)


def of_rate_in_a_tensor(weights, rate):
    return Backwards(weights, lr=torch.tensor(rate))


def of_numpy_rate(weights, rate):
    return Backwards(weights, lr=np.float32(rate))


def of_odd_groups(weights):
    """A rate that is none, in the second of two groups."""
    matrices, others = ([weight for weight in weights if (weight.ndim > 1) is large] for large in (True, False))
    return Backwards([{"params": matrices, "lr": 0.1}, {"params": others, "lr": True}], lr=0.1)


def of_rate_first(lr, *, net):
    return SGD(net.parameters(), lr=lr)


def muon_and_adamw(weights):
    """As pytorch_optimizer says: its Muons want the matrices told apart; the default settings hold no rate."""
    from pytorch_optimizer import AdaMuon

    matrices = {"params": [weight for weight in weights if weight.ndim >= 2], "use_muon": True}
    others = {"params": [weight for weight in weights if weight.ndim < 2], "use_muon": False, "lr": 0.002}
    return AdaMuon([matrices, others], foreach=False)


def nothing(params):
    SGD(params, lr=0.1)


def needy(params, betas):
    return torch.optim.Adam(params, betas=betas)


MADE = SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
NUMBER = 3
