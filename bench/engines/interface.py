"""Interface: what an engine is: how a trained net becomes a file, and how a process answers by that file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

Answer = Callable[[Tensor], Tensor]
Build = Callable[[], nn.Module]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One way in which a net answers.

    Attributes:
        description: in a phrase.
        file: what its file is called, which is all that has to be on a disk beside torch and the net's code.
        tolerance: how far its outputs may lie from those of eager float32, relative to their norm; beyond it is wrong.
        save: writes that file of a net in eval(), given images (B, C, H, W), B at least 2, such as it will be asked.
        load: from that file and a function that builds the net untrained, on its device and in eval(), to what answers:
            images (B, C, H, W) to scores (B, K), both float32.
        compiles: whether it needs a compiler.
        compiles_at_start: whether `load` leaves it to the first answers to compile; what the compiler keeps of that is
            found again by the next process.
        package: what it needs beside torch, by the name of its module; "" for nothing.
        kinds: the kinds of device that it can answer on; empty for all.

    """

    description: str
    file: str
    tolerance: float
    save: Callable[[nn.Module, Tensor, Path], object]
    load: Callable[[Path, Build], Answer]
    compiles: bool = False
    compiles_at_start: bool = False
    package: str = ""
    kinds: tuple[str, ...] = ()
