"""Quantized: engines that multiply in 8-bit integers, by torchao's quantizer for x86 processors and inductor."""

from functools import partial
from pathlib import Path

import torch
from torch import Tensor, fx, nn

from bench.engines.exported import exported
from bench.engines.interface import Answer, Build
from bench.engines.weights import freezing
from bench.errors import BenchError


def save(net: nn.Module, images: Tensor, file: Path, *, dynamic: bool) -> None:
    """The program of the net with its weights in int8.

    What flows into convolutions and linear layers is scaled by what the `images` show, or `dynamic`, anew for each
    batch. The program keeps the images that it was exported with, so these are two.

    Raises:
        BenchError: the net has no layer to quantize.

    """
    from torchao.quantization.pt2e import quantize_pt2e  # noqa: PLC0415 - an extra
    from torchao.quantization.pt2e.quantizer import x86_inductor_quantizer as x86  # noqa: PLC0415 - likewise

    quantizer = x86.X86InductorQuantizer()
    quantizer.set_global(x86.get_default_x86_inductor_quantization_config(is_dynamic=dynamic))
    with torch.no_grad():
        prepared = quantize_pt2e.prepare_pt2e(exported(net, images[:2].clone()).module(), quantizer)
        prepared(images)
        program = exported(_lean(quantize_pt2e.convert_pt2e(prepared)), images[:2].clone())
    if not any("quantize_per" in str(node.target) for node in program.graph.nodes):
        raise BenchError("the net has no layer that is quantized: neither a convolution nor a linear one")
    torch.export.save(program, file)


def _lean(net: fx.GraphModule) -> fx.GraphModule:
    """The net without the weights that its integers stand for, which nothing in it reads any more."""
    read = {node.target for node in net.graph.nodes if node.op == "get_attr"}
    for name in net.state_dict().keys() - read:
        path, _, last = name.rpartition(".")
        delattr(net.get_submodule(path), last)
    return net


save_static, save_dynamic = partial(save, dynamic=False), partial(save, dynamic=True)


def load(file: Path, _build: Build) -> Answer:
    """The program, compiled at its first answer to each batch size: only then are integers multiplied."""
    import torchao.quantization.pt2e  # noqa: F401, PLC0415 - an extra, which registers what the program calls

    return freezing(torch.export.load(file).module())
