"""Surface: the loss of a net on planes through its weights, and paths of weights as a plane shows them.

Planes through three ends: Garipov et al. 2018, arXiv:1802.10026. Random directions whose filters are as long as the
net's: Li et al. 2018, arXiv:1712.09913.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor, nn

from bench.insight.subject import AbsentError
from bench.plan.surface import ON_A_LINE, SIDE
from bench.store.raster import raster_of
from bench.store.surface import Plane, Track
from bench.vocabulary import PlaneKind

DRAW = 0  # the seed of the sample and of random directions
MARGIN = 1.2  # how far beyond the paths a plane reaches
RANDOM_REACH = 1.0  # of a plane in random directions, in lengths of the filters
_FLAT = 1e-3  # three points of a smaller height than that share of their base are on a line

Loss = Callable[[Tensor, Tensor], Tensor]


class Landscape:
    """The loss of a sample, by any weights.

    Args:
        net: as it was built; its batch norms take the statistics of the sample, as those of training are of no such
            weights, and all else is in eval().
        loss: of scores (N, K) and labels (N,).
        images: the sample, normalized (N, C, H, W).
        labels: (N,).

    """

    def __init__(self, net: nn.Module, loss: Loss, images: Tensor, labels: Tensor) -> None:
        self._net = net.to(images.device).eval().requires_grad_(requires_grad=False)
        for module in net.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):  # noqa: SLF001 - the class that all of them share
                module.track_running_stats, module.running_mean, module.running_var = False, None, None
        self._loss, self._images, self._labels = loss, images, labels

    @torch.no_grad()
    def loss_at(self, weights: Tensor) -> float:
        """The loss by these weights (parameters,).

        Raises:
            AbsentError: it is not above 0, so that it has no logarithm.

        """
        at = 0
        for parameter in self._net.parameters():
            size = parameter.numel()
            parameter.copy_(weights[at : at + size].view_as(parameter))
            at += size
        loss = float(self._loss(self._net(self._images).float(), self._labels))
        if loss <= 0:
            raise AbsentError(f"a loss of {loss:g} has no logarithm")
        return loss

    def random_like(self, weights: Tensor, generator: torch.Generator) -> Tensor:
        """A direction (parameters,) whose filters, rows of weights, are as long as those of `weights`; no biases."""
        parts, at = list[Tensor](), 0
        for parameter in self._net.parameters():
            own = weights[at : at + parameter.numel()].view_as(parameter)
            drawn = torch.randn(own.shape, generator=generator)
            at += parameter.numel()
            if own.dim() < 2:
                parts.append(torch.zeros(own.numel()))
                continue
            lengths = [each.flatten(1).norm(dim=1).clamp_min(1e-12) for each in (own, drawn)]
            parts.append((drawn.flatten(1) * (lengths[0] / lengths[1])[:, None]).flatten())
        return torch.cat(parts)


@dataclass(frozen=True, slots=True)
class Frame:
    """A plane: where it begins, and two directions (parameters,), which need not be at right angles."""

    origin: Tensor
    across: Tensor
    up: Tensor

    def track_of(self, weights: Tensor) -> Track:
        """Weights (points, parameters), each projected at right angles."""
        away = (weights - self.origin).double()
        axes = torch.stack([self.across, self.up]).double()
        places = torch.linalg.solve(axes @ axes.T, axes @ away.T).T
        held = ((places - places[0]) @ axes).square().sum()
        whole = (away - away[0]).square().sum().clamp_min(1e-24)
        return Track(
            x=_rounded(places[:, 0]),
            y=_rounded(places[:, 1]),
            off=_rounded((away - places @ axes).norm(dim=1)),
            share=float((held / whole).clamp(0, 1)),
        )

    def at(self, x: float, y: float) -> Tensor:
        """The weights at a point."""
        return self.origin + x * self.across + y * self.up


def frame_of(*ends: Tensor) -> Frame:
    """The plane through three points, the first its origin, the second on its first axis; distances are its own.

    Raises:
        AbsentError: they are on a line, or fewer.

    """
    if len(ends) != 3:
        raise AbsentError("a plane goes through three ends")
    first, second, third = ends
    base, side = second - first, third - first
    across = base / base.norm().clamp_min(1e-12)
    height = side - (side @ across) * across
    if height.norm() <= _FLAT * base.norm() or not base.norm():
        raise AbsentError("three ends are on a line, as of optimizers that make the same steps")
    return Frame(first, across, height / height.norm())


def best_pair(paths: Sequence[Tensor]) -> tuple[int, int]:
    """The two paths whose ends span with the start the plane that holds the largest share of all paths' displacement.

    Args:
        paths: weights (points, parameters) of each, from one start.

    Raises:
        AbsentError: no two ends span a plane.

    """
    away = [(path - path[0])[1:].double() for path in paths]
    ends = torch.stack([each[-1] for each in away])
    inner = [ends @ each.T for each in away]  # of each end with each point of each path
    gram = ends @ ends.T
    shares: dict[tuple[int, int], float] = {}
    for pair in combinations(range(len(paths)), 2):
        own = gram[list(pair)][:, list(pair)]
        if float(torch.linalg.det(own)) <= (_FLAT * float(own.diagonal().max())) ** 2:
            continue
        held = [(each[list(pair)] * torch.linalg.solve(own, each[list(pair)])).sum() for each in inner]
        whole = [each.square().sum().clamp_min(1e-24) for each in away]
        shares[pair] = float(sum(part / all_of for part, all_of in zip(held, whole, strict=True)))
    if not shares:
        raise AbsentError("all ends are on a line with the start, as of optimizers that make the same steps")
    return max(shares, key=lambda pair: shares[pair])


def plane_of(
    kind: PlaneKind, points: tuple[str, ...], frame: Frame, paths: Sequence[Tensor], landscape: Landscape
) -> Plane:
    """The losses over a plane that holds all paths as it shows them; a random one reaches as far whatever they are."""
    tracks = tuple(frame.track_of(path) for path in paths)
    centre, reach = ((0.0, 0.0), RANDOM_REACH) if kind == "random" else _window(tracks)
    steps = torch.linspace(-reach, reach, SIDE).tolist()
    losses = [[landscape.loss_at(frame.at(centre[0] + x, centre[1] + y)) for x in steps] for y in steps]
    logs = torch.tensor(losses, dtype=torch.float64).log10()
    finite = logs[logs.isfinite()]
    logs = logs.nan_to_num(nan=float(finite.max()), posinf=float(finite.max()))
    picture = raster_of(logs[None, None].numpy())
    return Plane(kind=kind, points=points, centre=centre, reach=reach, losses=picture, tracks=tracks)


def ridges_of(ends: Sequence[Tensor], landscape: Landscape) -> tuple[float, ...]:
    """The highest loss on the straight line between each two ends (parameters,), in the order of their pairs.

    It is that of the weights there: points of a plane lie too far apart to tell it. None where any is not finite.
    """
    lines = ([torch.lerp(*pair, share) for share in torch.linspace(0, 1, ON_A_LINE)] for pair in combinations(ends, 2))
    highest = [max((landscape.loss_at(weights) for weights in line), key=_or_infinite) for line in lines]
    return tuple(float(f"{loss:.4g}") for loss in highest) if all(map(math.isfinite, highest)) else ()


def _or_infinite(loss: float) -> float:
    """The loss, or infinity where it is no number, which compares with none."""
    return math.inf if math.isnan(loss) else loss


def _window(tracks: Sequence[Track]) -> tuple[tuple[float, float], float]:
    """The middle of all tracks, and how far a square around it reaches that has room for them."""
    ranges = [(min(values), max(values)) for values in (_all(tracks, "x"), _all(tracks, "y"))]
    centre = [(low + high) / 2 for low, high in ranges]
    return (centre[0], centre[1]), MARGIN * max(high - low for low, high in ranges) / 2


def _all(tracks: Sequence[Track], axis: str) -> list[float]:
    return [value for track in tracks for value in getattr(track, axis)]


def _rounded(values: Tensor) -> tuple[float, ...]:
    return tuple(float(f"{value:.4g}") for value in values.tolist())
