"""Scores: what the net gives the chosen images, class by class."""

import torch

from bench.insight.subject import MOST_SCORES, Subject
from bench.store.insight import Scored
from bench.store.raster import raster_of


def scores_of_chosen(subject: Subject) -> tuple[Scored, ...]:
    """The scores of each chosen image, before the softmax."""
    chosen = subject.chosen()
    with torch.no_grad():
        scores = subject.net(subject.pixels[chosen])
    return tuple(
        Scored(
            index=index,
            label=int(subject.labels[index]),
            predicted=int(each.argmax()),
            scores=tuple(each[:MOST_SCORES].tolist()),
            image=raster_of(subject.pixels[index : index + 1].cpu().numpy(), 0, 1),
        )
        for index, each in zip(chosen.tolist(), scores.cpu(), strict=True)
    )
