"""Insights to draw: made up, but shaped like what a look into a net gives."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np

from bench.metrics import ROBUST_OF
from bench.store.insight import (
    Adversarial,
    Ascent,
    Bin,
    Calibration,
    Edge,
    Edges,
    Features,
    FilterBank,
    Fooled,
    Insight,
    LayerMaps,
    Saliency,
    Scored,
    Strength,
)
from bench.store.raster import raster_of, signed_raster_of
from bench.store.result import Measurement, Result
from bench.vocabulary import EDGE_MAPS, SALIENCY_METHODS

RANDOM = np.random.default_rng(0)
SIDES = {"crop": 10, "max": 7, "average": 7}


def image(count: int = 1, side: int = 28) -> Any:
    return raster_of(RANDOM.random((count, 1, side, side)), 0, 1)


def maps(count: int, side: int) -> Any:
    return signed_raster_of(RANDOM.normal(size=(count, 1, side, side)))


def insight(kept: float = 0.7, error: float = 0.02, layer: str = "0", seed: int = 0) -> Insight:
    """A whole one, of a net that keeps a share at eps 0.1."""
    shares = tuple(min(1.0, kept ** (eps / 0.1) + 0.01 * seed) for eps in ROBUST_OF)
    strengths = tuple(
        Strength(eps=eps, fgsm=min(1.0, share + 0.05), pgd=share) for eps, share in zip(ROBUST_OF, shares, strict=True)
    )
    before, after = (0.9, *[0.1 / 9] * 9), (0.2, 0.7, *[0.1 / 8] * 8)
    fallen = Fooled(index=7, label=0, predicted=1, eps=0.05, before=before, after=after, images=image(2))
    bins = [Bin(low=at / 15, high=(at + 1) / 15, images=0, confidence=0, accuracy=0) for at in range(15)]
    bins[14] = replace(bins[14], images=900, confidence=0.99, accuracy=0.97)
    bins[9] = replace(bins[9], images=100, confidence=0.63, accuracy=0.55)
    scores = tuple(float(score) for score in RANDOM.normal(size=10))
    return Insight(
        seconds=3.0,
        scores=tuple(Scored(index=at, label=at, predicted=at or 3, scores=scores, image=image()) for at in range(3)),
        filters=(FilterBank(layer=layer, filters=6, inputs=1, columns=8, weights=maps(6, 5)),),
        features=tuple(
            Features(index=at, layers=(LayerMaps(layer=layer, channels=6, maps=image(4, 14)),)) for at in range(2)
        ),
        saliency=tuple(
            Saliency(index=at, predicted=at, method=method, layer=layer, attribution=maps(1, 28))
            for at in range(3)
            for method in SALIENCY_METHODS
        ),
        ascent=Ascent(steps=64, classes=tuple(range(10)), probabilities=(0.99,) * 10, images=image(10)),
        adversarial=Adversarial(
            images=500, clean=0.98, steps=10, step_size=0.25, strengths=strengths, fooled=(fallen,)
        ),
        calibration=Calibration(error=error, bins=tuple(bins)),
        edges=Edges(
            index=0,
            layer=layer,
            kernel=maps(1, 5),
            maps=tuple(Edge(name=name, values=maps(1, SIDES.get(name, 14))) for name in EDGE_MAPS),
        ),
    )


def looked_into(result: Result, seen: Insight) -> Result:
    """The result with the insight and its metrics."""
    attacks = [(ROBUST_OF[each.eps], each.pgd) for each in seen.adversarial.strengths] if seen.adversarial else []
    error = [("calibration_error", seen.calibration.error)] if seen.calibration else []
    taken = [Measurement.of_value(name, value, "final") for name, value in (*attacks, *error)]
    return replace(result, insight=asdict(seen), measurements=(*result.measurements, *taken))
