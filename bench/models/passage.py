"""Passage: what comes of images is followed through a net, whatever the order that its layers are defined in."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from architectures.shapes import Shape
from bench.devices import name_in_use, random_numbers_kept
from bench.errors import is_ctrl_c
from bench.models.build import build, is_own
from bench.models.trial import IMAGES
from bench.origins import settings_kept


@dataclass(frozen=True, slots=True)
class Passage:
    """How images pass through a net; all is empty where they could not be followed.

    Attributes:
        places: of each weight by its name, ascending in the order in which the weights meet what has come of the
            images. One that meets nothing of them is behind the one that is defined before it.
        met: the names of those that meet something.
        of_pixels: the names of weights with two dimensions or more that meet the images before any other such has.

    """

    places: dict[str, int]
    met: frozenset[str]
    of_pixels: frozenset[str]

    def in_order(self, names: Sequence[str]) -> list[str]:
        """Names of weights from input to output; as they are where the net has others than was followed."""
        known = all(name in self.places for name in names)
        return sorted(names, key=self.places.__getitem__) if known else list(names)

    def layers(self, net: nn.Module) -> list[tuple[str, nn.Module]]:
        """Path and layer of those whose weights images meet, from input to output; as defined where none is known."""
        layers = list(net.named_modules())
        places = {path: self._met_by(path, layer) for path, layer in layers}
        passed = [(path, layer) for path, layer in layers if places[path]]
        return sorted(passed, key=lambda pair: min(places[pair[0]])) if self.met else layers

    def _met_by(self, path: str, layer: nn.Module) -> list[int]:
        return [self.places[name] for name in _names(path, layer) if name in self.met]

    def takes_pixels(self, path: str, layer: nn.Module) -> bool:
        """Whether the images reach this layer, which has that path, before any other with weights has changed them."""
        return not self.of_pixels.isdisjoint(_names(path, layer))


def _names(path: str, layer: nn.Module) -> list[str]:
    """The names within the net of a layer's weights, parametrized or not."""
    before = f"{path}." if path else ""
    return [before + name for name, _ in layer.named_parameters(remove_duplicate=False)]


@dataclass(frozen=True, slots=True)
class _Origin:
    """What a tensor has come of.

    Attributes:
        images: whether of the images.
        changed: whether these have met a weight with two dimensions or more.
        weights: of which alone it has come, without any image, by id.

    """

    images: bool = False
    changed: bool = False
    weights: frozenset[int] = frozenset()


class Following(TorchDispatchMode):
    """While it is entered, the images are followed through the net; neither is touched.

    Operators are looked at, not calls of modules: so weights that a net uses by themselves, layers called as functions
    and scripted ones have their place too.
    """

    def __init__(self, net: nn.Module, images: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # torch has not annotated it
        self._net, self._at = net, 0
        self._weights = {id(weight): weight for weight in net.parameters()}
        self._met: dict[int, int] = {}
        self._of_pixels: set[int] = set()
        self._origins = {_memory(images): _Origin(images=True)}
        self._kept = [images]  # so that no other tensor takes its memory

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        inputs = [self._origin(each) for each in tree_leaves((args, kwargs)) if isinstance(each, Tensor)]
        results = func(*args, **(kwargs or {}))
        self._at += 1
        known = [each for each in inputs if each is not None]
        if known:
            self._pass_on(known, [each for each in tree_leaves(results) if isinstance(each, Tensor)])
        return results

    def _origin(self, tensor: Tensor) -> _Origin | None:
        """What it has come of; None of neither images nor weights."""
        own = id(tensor)  # before its memory, which weights may share
        return _Origin(weights=frozenset((own,))) if own in self._weights else self._origins.get(_memory(tensor))

    def _pass_on(self, inputs: Sequence[_Origin], results: Sequence[Tensor]) -> None:
        """Note which weights meet what has come of the images, and what the results have come of."""
        weights = frozenset[int]().union(*(each.weights for each in inputs))
        origin = _Origin(weights=weights)
        if any(each.images for each in inputs):
            large = {key for key in weights if self._weights[key].dim() > 1}
            changed = any(each.changed for each in inputs)
            self._of_pixels |= set() if changed else large
            for key in weights:
                self._met.setdefault(key, self._at)
            origin = _Origin(images=True, changed=changed or bool(large))
        for tensor in results:
            self._kept.append(tensor)
            old = self._origins.get(_memory(tensor), _Origin())  # of what a part of is written
            self._origins[_memory(tensor)] = _Origin(
                origin.images or old.images, origin.changed or old.changed, origin.weights | old.weights
            )

    def passage(self) -> Passage:
        """What was seen."""
        named = [(name, id(weight)) for name, weight in self._net.named_parameters(remove_duplicate=False)]
        within = self._within_layers()
        places, last = dict[str, int](), 0
        for name, key in named:
            last = places[name] = within.get(key, last)
        met = frozenset(name for name, key in named if key in self._met)
        return Passage(places, met, frozenset(name for name, key in named if key in self._of_pixels))

    def _within_layers(self) -> dict[int, int]:
        """The place of each weight that was met; those of a layer of torch's own stand together, as it is defined."""
        places = dict(self._met)
        for layer in self._net.modules():
            own = [id(weight) for weight in layer.parameters(recurse=False) if id(weight) in self._met]
            if type(layer).__module__.startswith("torch.nn."):
                places |= dict.fromkeys(own, min((self._met[key] for key in own), default=0))
        return places


def _memory(tensor: Tensor) -> int:
    """What tells the memory of a tensor that lives, on a device where it has no address too."""
    try:
        return int(tensor.untyped_storage()._cdata)  # noqa: SLF001 - nothing public tells on the meta device
    except (NotImplementedError, RuntimeError):  # sparse and other tensors have none
        return id(tensor)


def follow(net: nn.Module, images: Tensor) -> Passage:
    """How images (N, C, H, W) pass through a net, which runs once as it is."""
    following = Following(net, images)
    with following:
        net(images)
    return following.passage()


@cache
def passage_of(text: str, shape: Shape, classes: int, *, training: bool = False) -> Passage:
    """How such images pass through the network that `text` names, as in training or not.

    It is built anew for this alone, where nothing need be computed if it can be. No weights, statistics or random
    numbers of another network change.
    """
    for device in ("meta", "cpu") if is_own(text) else ("meta",):
        try:
            with _draws_kept(), settings_kept(), torch.inference_mode(False), torch.enable_grad(), torch.device(device):
                net = build(text, shape, classes).train(training)
                return follow(net, torch.rand(IMAGES, *shape))
        except BaseException as error:  # a user's net may raise whatever it likes
            if is_ctrl_c(error):
                raise
    return Passage({}, frozenset(), frozenset())


@contextmanager
def _draws_kept() -> Iterator[None]:
    """At the end of the block no generator of random numbers has moved."""
    drawn, numbers = random.getstate(), np.random.get_state()
    try:
        with random_numbers_kept(name_in_use()):
            yield
    finally:
        random.setstate(drawn)
        np.random.set_state(numbers)
