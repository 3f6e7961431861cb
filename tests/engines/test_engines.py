"""Engines: each makes a file of a net and answers by it as the net does; what each needs is said beforehand."""

import importlib.util
from typing import get_args

import pytest
import torch
from torch import nn

from bench import engines
from bench.engines import ENGINES, why_not
from bench.errors import BenchError
from bench.measure.answers import check
from bench.plan.catalogue import DeviceFacts
from bench.vocabulary import NO_ENGINE, Engine

CPU = DeviceFacts("cpu", on_host=True)
NO_COMPILER = DeviceFacts("cpu", on_host=True, unsupported={"compile": "there is no g++"})
PLAIN = ("eager", "inference_mode", "bfloat16")


def build():
    torch.manual_seed(7)
    layers = nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 6 * 6, 4)
    return nn.Sequential(*layers).eval()


def trained():
    """The net with other weights than it is built with, which the file has to bring back."""
    net = build()
    with torch.no_grad():
        for number in (*net.parameters(), *net.buffers()):
            if number.is_floating_point():
                number.mul_(1.5).add_(0.01)
    return net


def error_of(name, folder, sizes=(1, 8)):
    """How far the engine's answers lie from the net's, for each batch size."""
    engine, net = ENGINES[name], trained()
    images = torch.rand(8, 1, 8, 8)
    engine.save(net, images, folder / engine.file)
    answer = engine.load(folder / engine.file, build)
    return [check(name, engine, answer(images[:size]).detach(), net(images[:size]).detach()) for size in sizes]


def test_the_words_are_those_of_the_vocabulary():
    assert [NO_ENGINE, *ENGINES] == list(get_args(Engine))


@pytest.mark.parametrize("name", PLAIN)
def test_engines_that_compile_nothing_answer_as_the_net_does(name, tmp_path):
    errors = error_of(name, tmp_path)
    assert max(errors) <= ENGINES[name].tolerance
    assert (max(errors) > 1e-4) == (name == "bfloat16")


def test_bfloat16_leaves_the_net_as_it_was_and_takes_half_the_room(tmp_path):
    net = trained()
    for name in ("eager", "bfloat16"):
        ENGINES[name].save(net, torch.rand(2, 1, 8, 8), tmp_path / name)
    assert {number.dtype for number in net.parameters()} == {torch.float32}
    narrow, whole = (torch.load(tmp_path / name, weights_only=True) for name in ("bfloat16", "eager"))
    assert all(narrow[key].nbytes * 2 == number.nbytes for key, number in whole.items() if number.is_floating_point())


@pytest.mark.parametrize(("name", "records"), [("eager", True), ("inference_mode", False)])
def test_eager_alone_records_what_a_backward_pass_needs(name, records, tmp_path):
    engine = ENGINES[name]
    engine.save(trained(), torch.rand(2, 1, 8, 8), tmp_path / engine.file)
    assert engine.load(tmp_path / engine.file, build)(torch.rand(1, 1, 8, 8)).requires_grad is records


@pytest.mark.slow
@pytest.mark.parametrize("name", ["compile", "freezing", "aot_inductor"])
def test_engines_that_compile_answer_as_the_net_does(name, tmp_path):
    assert max(error_of(name, tmp_path, sizes=(8,))) <= ENGINES[name].tolerance


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dynamic_int8", "static_int8"])
def test_engines_of_int8_answer_nearly_as_the_net_does(name, tmp_path):
    if reason := why_not(name, CPU):
        pytest.skip(reason)
    errors = error_of(name, tmp_path, sizes=(8,))
    file = tmp_path / ENGINES[name].file
    assert file.stat().st_size < 100_000  # and none of the images that it was shown
    held = torch.export.load(file).state_dict.values()
    assert not [number.shape for number in held if number.dim() > 1 and number.is_floating_point()]  # integers alone
    assert 1e-4 < max(errors) <= ENGINES[name].tolerance


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dynamic_int8", "static_int8"])
def test_a_net_without_layers_of_weights_is_not_quantized(name, tmp_path):
    if reason := why_not(name, CPU):
        pytest.skip(reason)
    net = nn.Sequential(nn.ReLU(), nn.Flatten()).eval()
    with pytest.raises(BenchError, match="no layer that is quantized: neither a convolution"):
        ENGINES[name].save(net, torch.rand(2, 1, 8, 8), tmp_path / "net.pt2")


def test_what_an_engine_needs_is_said_beforehand(monkeypatch):
    monkeypatch.setattr(engines.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert [why_not(name, CPU) for name in ("eager", "compile")] == [None, None]
    assert why_not("compile", NO_COMPILER) == "there is no g++"
    assert why_not("static_int8", CPU) == f"static_int8 needs torchao, which is not installed: {engines.INSTALL}"
    assert why_not("static_int8", DeviceFacts("cuda")) == "static_int8 answers on cpu alone"
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    assert why_not("static_int8", CPU) is None
    assert why_not("static_int8", NO_COMPILER) == "there is no g++"
    monkeypatch.setattr(engines.platform, "machine", lambda: "aarch64")
    assert why_not("dynamic_int8", CPU) == "dynamic_int8 is of x86 processors, and this one is aarch64"


@pytest.mark.parametrize("name", ENGINES)
def test_each_engine_says_how_far_it_may_lie_from_the_net(name):
    assert 0 < ENGINES[name].tolerance < 1
    assert ENGINES[name].compiles or not ENGINES[name].compiles_at_start
