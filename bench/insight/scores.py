"""Scores: what the net gives the chosen images, class by class."""

import torch

from bench.insight.subject import AbsentError, Subject
from bench.store.insight import Scored
from bench.store.raster import raster_of

MOST_CLASSES = 1_000  # of a net whose scores are kept, all of them: a softmax needs each


def scores_of_chosen(subject: Subject) -> tuple[Scored, ...]:
    """The scores of each chosen image, before the softmax.

    Raises:
        AbsentError: there are too many to keep.

    """
    if subject.classes > MOST_CLASSES:
        raise AbsentError(f"more than {MOST_CLASSES:,} classes")
    chosen = subject.chosen()
    with torch.no_grad():
        scores = subject.net(subject.pixels[chosen])
    return tuple(
        Scored(
            index=index,
            label=int(subject.labels[index]),
            predicted=int(each.argmax()),
            scores=tuple(float(f"{score:.6g}") for score in each.tolist()),
            image=raster_of(subject.pixels[index : index + 1].cpu().numpy(), 0, 1),
        )
        for index, each in zip(chosen.tolist(), scores.cpu(), strict=True)
    )
