"""Weights: engines whose file is the net's weights, which the net is built around."""

from copy import deepcopy
from pathlib import Path

import torch
from torch import Tensor, nn

from bench.engines.interface import Answer, Build


def save(net: nn.Module, _images: Tensor, file: Path) -> None:
    """The weights as they are."""
    torch.save(net.state_dict(), file)


def save_narrow(net: nn.Module, images: Tensor, file: Path) -> None:
    """All of the weights in bfloat16."""
    save(deepcopy(net).to(torch.bfloat16), images, file)


def eager(file: Path, build: Build) -> Answer:
    """The net, called as any: it records what a backward pass would need."""
    return with_weights(build(), file)


def inference_mode(file: Path, build: Build) -> Answer:
    """The net without any record for a backward pass."""
    return torch.inference_mode()(with_weights(build(), file))


def bfloat16(file: Path, build: Build) -> Answer:
    """The net in bfloat16; images and scores are float32."""
    net = with_weights(build().to(torch.bfloat16), file)

    @torch.inference_mode()
    def answer(images: Tensor) -> Tensor:
        scores: Tensor = net(images.to(torch.bfloat16))
        return scores.float()

    return answer


def compiled(file: Path, build: Build) -> Answer:
    """The net by torch.compile, for each batch size by itself, as a server that is given few of them would have it."""
    return torch.inference_mode()(torch.compile(with_weights(build(), file), dynamic=False))


def frozen(file: Path, build: Build) -> Answer:
    """The same with the weights as constants, which the compiler folds and lays out anew."""
    return freezing(with_weights(build(), file))


def freezing(net: nn.Module) -> Answer:
    """The net compiled with its weights as constants.

    That is inductor's setting while it compiles, at the first answer to each batch size. As an option of torch.compile
    it holds for a part of the compiler alone, which then does not know the operators of int8.
    """
    compiled, known = torch.compile(net, dynamic=False), set[torch.Size]()

    @torch.inference_mode()
    def answer(images: Tensor) -> Tensor:
        if images.shape in known:
            scores: Tensor = compiled(images)
            return scores
        with torch._inductor.config.patch(freezing=True):  # noqa: SLF001 - its documented settings
            scores = compiled(images)
        known.add(images.shape)
        return scores

    return answer


def with_weights(net: nn.Module, file: Path) -> nn.Module:
    """The net with the weights of the file."""
    net.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    return net
