"""Named: a loss out of what a user named: a function of logits and labels, a class of such, or a module."""

import copy
import warnings
from collections.abc import Callable
from functools import partial
from inspect import isclass

import torch
from torch import Tensor, nn

from bench.origins import OriginError, resolve
from bench.origins.resolve import failures

Loss = Callable[[Tensor, Tensor], Tensor]

IMAGES = 8  # of the batch that a loss is tried on
TAKES = "a loss takes logits (N, K) and labels (N,), and gives a scalar"


def loss_of(text: str) -> Loss:
    """The loss that a text names; the object of a class, made with what the user gave.

    Raises:
        OriginError: it names none.

    """
    resolved = resolve(text)
    if isclass(resolved.target):
        loss = resolved.call()
        return _callable(loss, f"'{text}' makes what cannot be called: {TAKES}")
    target = _callable(resolved.target, f"'{text}' is {type(resolved.target).__name__}, no loss: {TAKES}")
    placed, own = resolved.origin.call_arguments()
    if placed:
        raise OriginError(f"'{text}': give a loss its arguments by name, since logits and labels come first")
    if own and isinstance(target, nn.Module):
        raise OriginError(f"'{text}' is a loss that is made already: leave out the brackets, or name its class")
    return partial(target, **own) if own else target


def _callable(loss: object, refusal: str) -> Loss:
    if isinstance(loss, Tensor) or not callable(loss):
        raise OriginError(refusal)
    return loss


def placed_on(loss: Loss, device: torch.device) -> Loss:
    """The loss with its tensors on the device, for one cell alone; its own weights stay as they are.

    Only a module has tensors that are known.
    """
    if not isinstance(loss, nn.Module):
        return loss
    return copy.deepcopy(loss).requires_grad_(requires_grad=False).to(device)


def check(text: str, loss: Loss, classes: int) -> None:
    """Refuse what gives no scalar that depends on the logits of some images of so many classes.

    Raises:
        OriginError: it does not.

    """
    images = IMAGES if classes != IMAGES else IMAGES - 1  # so that nothing fits by chance
    leaf = torch.randn(images, classes, generator=torch.Generator().manual_seed(0)).requires_grad_()
    logits = leaf.clone()  # may be changed in place, as a net's are
    trouble = f"is no loss for {classes} classes, which takes logits (N, K) and labels (N,)"
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings(action="ignore"), failures(text, trouble):
        value = placed_on(loss, logits.device)(logits, torch.arange(images) % classes)
    if not isinstance(value, Tensor):
        raise OriginError(f"'{text}' gives {type(value).__name__}, no tensor: {TAKES}")
    if value.shape != ():
        shape = "x".join(map(str, value.shape))
        raise OriginError(f"'{text}' gives a tensor of {shape}, no scalar: end it with .mean()")
    gradient = torch.autograd.grad(value, leaf, allow_unused=True)[0] if value.requires_grad else None
    if gradient is None:
        raise OriginError(f"'{text}' does not depend on the logits by way of autograd: there is nothing to train by")


def own_weights(loss: Loss) -> list[str]:
    """The names of weights that the loss has of its own, which no optimizer here trains."""
    if not isinstance(loss, nn.Module):
        return []
    return [name for name, weight in loss.named_parameters() if weight.requires_grad]
