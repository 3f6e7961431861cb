"""The losses by name: each takes logits (N, K) and labels (N,), and gives a scalar."""

from collections.abc import Iterable
from functools import cache
from inspect import getdoc
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from bench.errors import unknown
from bench.losses.named import Loss, check, loss_of, own_weights, placed_on
from bench.origins import Plugins, resolve, settings_kept
from bench.plan.origin import parse

ANY_CLASSES = 10  # that a loss is tried with where no data set says how many


def nll_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """The negative log likelihood of the logarithm of the softmax."""
    return F.nll_loss(F.log_softmax(logits, dim=1), labels)


LOSSES: dict[str, Loss] = {"cross_entropy": F.cross_entropy, "nll_loss": nll_loss}

_plugins = Plugins("bench.losses", lambda _, text: loss_of(text), LOSSES)


def plugin_problems(classes: Iterable[int] = ()) -> list[str]:
    """One line for each plug-in that was left out, with the reason; each is tried on logits of so many classes."""

    def tried(text: str, loss: Loss) -> None:
        for count in set(classes) or {ANY_CLASSES}:
            check(text, loss, count)

    return _plugins.problems(tried)


def names() -> list[str]:
    """The names of all losses: the suite's, then plug-ins."""
    return [*LOSSES, *_plugins.names()]


def get(text: str) -> Loss:
    """The loss of a registered name, or of an origin: a function, or a module whose class takes what the user gave.

    Raises:
        BenchError: there is none, or the origin names no loss.

    """
    if parse(text):
        return _named(text)
    loss = LOSSES.get(text) or _plugins.get(text)
    if loss is None:
        raise unknown("loss", text, names(), "list losses")
    return loss


def build(text: str, device: torch.device) -> Loss:
    """The loss for one cell, its tensors on the device; see `get`."""
    return placed_on(get(text), device)


def facts_of(text: str, classes: Iterable[int] = ()) -> dict[str, Any]:
    """What the catalogue says of a loss.

    `description`; of what is not the suite's own `own_weights`, the names of weights that no optimizer trains, and
    `origin` or `plugin`, which code it is of.

    Args:
        text: its name or origin.
        classes: how many the data sets have that it is to be used with; an origin's is tried on each.

    Raises:
        BenchError: there is none, or it gives no scalar to train by.

    """
    loss = get(text)
    if text in LOSSES:
        return {"description": (getdoc(loss) or "").partition("\n")[0]}
    code = {"origin": resolve(text).facts} if parse(text) else {"plugin": _plugins.facts_of(text)}
    if parse(text):
        for count in set(classes) or {ANY_CLASSES}:
            check(text, loss, count)
    description = resolve(next(iter(code.values()))["text"]).description
    return {"description": description, "own_weights": own_weights(loss), **code}


@cache
def _named(text: str) -> Loss:
    with settings_kept(random=True):
        return loss_of(text)
