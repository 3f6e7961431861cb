"""Exported: engines whose file is the whole program of the net, so that its own code is not needed any more."""

from pathlib import Path

import torch
from torch import Tensor, nn

from bench.engines.interface import Answer, Build


def exported(net: nn.Module, images: Tensor) -> torch.export.ExportedProgram:
    """The program of the net, for batches of any size; `images` (B, C, H, W), B at least 2."""
    return torch.export.export(net, (images,), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},))


def save_package(net: nn.Module, images: Tensor, file: Path) -> None:
    """Compile it ahead of time: machine code and weights, in one package."""
    with torch.no_grad():
        program = exported(net, images)
        torch._inductor.aoti_compile_and_package(program, package_path=str(file))  # noqa: SLF001 - its documented name


def load_package(file: Path, _build: Build) -> Answer:
    """The package as it is: nothing is compiled any more, and no code of the net is needed."""
    package = torch._inductor.aoti_load_package(str(file))  # noqa: SLF001 - its documented name
    return torch.inference_mode()(package)
