"""What two sides say of their first steps, set beside each other: real nets, one of them changed."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from bench import models
from bench.compare.sameness import judged
from bench.compare.trace_difference import first_difference
from bench.plan.cell import Cell
from bench.worker.ab_same import compute_steps

CELL = Cell("debug", dataset="synthetic", batch_size=16)


class Parent:
    """A channel whose parent asks for one trace, or none."""

    def __init__(self, *words):
        self.words, self.sent = [*words, None], {}

    def send(self, kind, payload):
        self.sent[kind] = payload

    def receive(self):
        return self.words.pop(0)


def said(cell=CELL, *words, dropout=True):
    parent = Parent(*words)
    compute_steps({"cell": cell.to_dict(), "data_dir": "", "dropout": dropout}, parent)
    assert "failed" not in parent.sent, parent.sent
    return parent.sent


class Net(nn.Module):
    """Small enough for every test."""

    def __init__(self, shape, classes):
        super().__init__()
        channels, height, width = shape
        self.first = nn.Linear(channels * height * width, 16)
        self.act = nn.ReLU()
        self.drop = nn.Dropout(0.2)
        self.last = nn.Linear(16, classes)

    def forward(self, images):
        return self.last(self.drop(self.act(self.first(images.flatten(1)))))


@pytest.fixture
def side(monkeypatch):
    """What a side says of `Net` after `change`, a function of the net."""
    torch.set_num_threads(1)

    def ask(change=lambda net: None, cell=CELL, words=("float64",), dropout=True):
        def build(_name, shape, classes):
            net = Net(shape, classes)
            change(net)
            return net

        monkeypatch.setattr(models, "build", build)
        return said(cell, *words, dropout=dropout)

    return ask


def compared(before, after, alike=True):
    """What is found, and the lines that name the difference."""
    finding = judged(before["result"], after["result"], alike=alike)
    if finding.arithmetic is None:
        return finding, []
    return finding, list(first_difference(before["trace"], after["trace"], finding.arithmetic))


def test_the_same_code_computes_the_same_to_the_bit(side):
    finding, _ = compared(side(), side())
    assert finding.sameness == "equal"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"memory_format": "contiguous"}, {"memory_format": "channels_last"}),
        ({"optimizer": "adam", "implementation": "foreach"}, {"optimizer": "adam", "implementation": "fused"}),
        ({"optimizer": "adam", "implementation": "forloop"}, {"optimizer": "adam", "implementation": "foreach"}),
        ({"dtype": "float32"}, {"dtype": "bfloat16"}),
        ({"dtype": "bfloat16"}, {"dtype": "float16"}),
        ({"denormals": "keep"}, {"denormals": "flush"}),
    ],
)
def test_another_arithmetic_is_within_float_error(before, after):
    cell = replace(CELL, architecture="lenet5", dataset="mnist")
    sides = [said(replace(cell, **fields), dropout=False) for fields in (before, after)]
    torch.set_flush_denormal(False)
    finding, _ = compared(*sides, alike=False)
    assert finding.sameness in {"equal", "float error"}, finding


def other_start(net):
    with torch.no_grad():
        net.last.weight.mul_(1.001)


def no_bias(net):
    net.last = nn.Linear(16, net.last.out_features, bias=False)


def another_layer(net):
    net.act = nn.Sequential(nn.ReLU(), nn.Linear(16, 16))


def gelu(net):
    net.act = nn.GELU()


def less_dropout(net):
    net.drop.p = 0.1


def wider(net):
    net.first = nn.Linear(net.first.in_features, 24)
    net.last = nn.Linear(24, net.last.out_features)


class Scaled(nn.Module):
    def forward(self, images):
        return images * (1 + 1e-5)


def slightly(net):
    net.act = nn.Sequential(nn.ReLU(), Scaled())


@pytest.mark.parametrize(
    ("change", "operator", "module", "more"),
    [
        (other_start, "aten.addmm", "last", "weights that differ from the start: last.weight"),
        (no_bias, "aten.mm", "last", "weights of one side alone: last.bias"),
        (another_layer, "aten.addmm", "act.1", "weights of one side alone: act.1.weight and act.1.bias"),
        (gelu, "aten.gelu", "act", "(before: aten.relu)"),
        (less_dropout, "aten.bernoulli_", "drop", ""),
        (wider, "aten.addmm", "first", "another shape"),
        (slightly, "aten.mul", "act.1", "(only after)"),
    ],
)
def test_a_change_names_the_first_operator_whose_output_differs(side, change, operator, module, more):
    finding, lines = compared(side(), side(change))
    assert finding.sameness == "changed", finding
    assert lines[0].startswith(f"first operator whose output differs: {operator} in module {module}, forward of step 1")
    assert more in " ".join(lines)


@pytest.mark.parametrize(
    ("before", "after", "operator", "step"),
    [
        ({"learning_rate": 0.1}, {"learning_rate": 0.11}, "aten.add_", 1),
        ({"optimizer": "momentum"}, {"optimizer": "sgd", "learning_rate": 0.03}, "aten.mul_", 2),
        ({"optimizer": "adam"}, {"optimizer": "adamw"}, "aten.mul_", 1),
    ],
)
def test_a_change_of_the_optimizer_is_named_at_its_step(side, before, after, operator, step):
    """As if the registry of one revision had other settings; momentum shows from the second step on."""
    sides = [side(cell=replace(CELL, implementation="forloop", **fields)) for fields in (before, after)]
    finding, lines = compared(*sides)
    assert finding.sameness == "changed"
    assert operator in lines[0]
    assert f"optimizer of step {step}" in lines[0]


class Hidden(nn.Linear):
    def forward(self, images):
        with torch.autocast("cpu", torch.bfloat16):
            return super().forward(images).float() if images.dtype == torch.float32 else super().forward(images)


def hidden_bfloat16(net):
    net.first.__class__ = Hidden


def test_a_narrower_type_that_nobody_asked_for_is_a_change_though_float64_is_the_same(side):
    finding, lines = compared(side(words=("own",)), side(hidden_bfloat16, words=("own",)))
    assert (finding.sameness, finding.arithmetic) == ("changed", "own")
    assert "the same in float64" in finding.reason
    assert "in module first, forward of step 1" in lines[0]


class Restless(nn.Module):
    draws = iter(range(1, 1000))

    def forward(self, images):
        return images * (1 + 0.01 * next(self.draws))


def test_a_side_that_does_not_give_the_same_twice_is_said_to_be_so(side):
    restless = side(lambda net: setattr(net, "act", Restless()))
    finding, _ = compared(side(), restless)
    assert finding.sameness == "not known"
    assert "the side after does not compute the same twice" in finding.reason


def test_a_sum_in_another_order_is_float_error(side):
    class Halves(nn.Linear):
        def forward(self, images):
            at = self.in_features // 2
            first = nn.functional.linear(images[:, :at], self.weight[:, :at], self.bias)
            return nn.functional.linear(images[:, at:], self.weight[:, at:]) + first

    finding, _ = compared(side(), side(lambda net: setattr(net.first, "__class__", Halves)))
    assert finding.sameness == "float error"
    assert "from float64 (before and after)" in finding.reason


def test_without_float64_half_of_the_digits_decide(side):
    class Narrow(nn.Module):
        def forward(self, images):
            return torch.relu(images).float()

    def narrow(net):
        net.act = Narrow()

    def other(net):
        narrow(net)
        other_start(net)

    before = side(narrow, words=("own",))
    assert before["result"]["exact"] is None
    finding, lines = compared(before, side(other, words=("own",)))
    assert finding.sameness == "changed"
    assert "in module last" in lines[0]


def test_a_cell_that_cannot_be_built_fails_in_a_line():
    parent = Parent()
    compute_steps({"cell": Cell("nothing").to_dict(), "data_dir": "", "dropout": True}, parent)
    assert parent.sent.keys() == {"failed"}
