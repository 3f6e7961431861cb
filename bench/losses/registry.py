"""The losses by name: each takes logits (N, K) and labels (N,), and gives a scalar."""

from collections.abc import Callable
from functools import cache, partial
from inspect import getdoc, isclass
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from bench.errors import unknown
from bench.origins import OriginError, resolve
from bench.plan.origin import parse

Loss = Callable[[Tensor, Tensor], Tensor]


def nll_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """The negative log likelihood of the logarithm of the softmax."""
    return F.nll_loss(F.log_softmax(logits, dim=1), labels)


LOSSES: dict[str, Loss] = {"cross_entropy": F.cross_entropy, "nll_loss": nll_loss}


def names() -> list[str]:
    """The names of all losses."""
    return list(LOSSES)


def get(text: str) -> Loss:
    """The loss of a registered name, or of an origin: a function, or a module whose class takes what the user gave.

    Raises:
        BenchError: there is none, or the origin names no loss.

    """
    if parse(text):
        return _named(text)
    if text not in LOSSES:
        raise unknown("loss", text, LOSSES, "run --help")
    return LOSSES[text]


def facts_of(text: str) -> dict[str, Any]:
    """What the catalogue says of a loss: its description, and the origin of one that is not registered."""
    description = (getdoc(get(text)) or "").partition("\n")[0]
    return {"description": description, **({"origin": resolve(text).facts} if parse(text) else {})}


@cache
def _named(text: str) -> Loss:
    resolved = resolve(text)
    if isclass(resolved.target) and issubclass(resolved.target, nn.Module):
        return resolved.call()  # type: ignore[no-any-return] # its class is its own
    if not callable(resolved.target):
        raise OriginError(f"'{text}' is {type(resolved.target).__name__}, no loss: name a function or a module's class")
    placed, own = resolved.origin.call_arguments()
    if placed:
        raise OriginError(f"'{text}': give a loss its arguments by name, since logits and labels come first")
    return partial(resolved.target, **own) if own else resolved.target
