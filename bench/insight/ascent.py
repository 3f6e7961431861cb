"""Ascent: pictures that maximize the score of a class, by gradient ascent from noise with regularization."""

import torch
from torch import Tensor
from torch.nn import functional as F

from bench.insight.subject import Subject
from bench.store.insight import Ascent
from bench.store.raster import raster_of

STEPS = 64
STEP_SIZE = 0.03  # of the range of a pixel, of the root mean square of a step
MOST_CLASSES = 10
DECAY = 0.01  # share of each picture that is taken off in a step: large pixels have to pay for themselves
JITTER = 14  # pictures are moved by up to one part in so many of their side
BLUR_EVERY, BLUR = 4, 0.5  # steps; share of a pixel that is taken from the mean of its neighbourhood


def ascent_of(subject: Subject) -> Ascent:
    """A picture for each of the first classes, from one noise around the mean of the test images."""
    count = min(subject.classes, MOST_CLASSES)
    generator = torch.Generator().manual_seed(subject.seed)
    start = subject.pixels.mean(0, keepdim=True).cpu() + 0.05 * torch.randn(
        1, *subject.pixels.shape[1:], generator=generator
    )
    pictures = start.clamp(0, 1).repeat(count, 1, 1, 1).to(subject.pixels.device)
    classes = torch.arange(count, device=pictures.device)
    for step in range(STEPS):
        pictures = _climbed(subject, pictures, classes, generator)
        if step % BLUR_EVERY == 0 and step < STEPS - BLUR_EVERY:
            pictures = _blurred(pictures)
    with torch.no_grad():
        shares = subject.net(pictures).softmax(1)[classes, classes]
    return Ascent(
        steps=STEPS,
        classes=tuple(range(count)),
        probabilities=tuple(shares.tolist()),
        images=raster_of(pictures.cpu().numpy(), 0, 1),
    )


def _climbed(subject: Subject, pictures: Tensor, classes: Tensor, generator: torch.Generator) -> Tensor:
    """One step up the log odds of each picture's class, by the gradient at a place that is moved a little."""
    reach = max(1, max(pictures.shape[2:]) // JITTER)
    down, right = torch.randint(-reach, reach + 1, (2,), generator=generator).tolist()
    moved = pictures.roll((down, right), (2, 3)).requires_grad_()
    (slope,) = torch.autograd.grad(log_odds(subject.net(moved), classes).sum(), moved)
    slope = slope.roll((-down, -right), (2, 3))
    size = slope.square().mean((1, 2, 3), keepdim=True).sqrt().clamp_min(1e-12)
    return ((pictures + STEP_SIZE * slope / size) * (1 - DECAY)).clamp(0, 1)


def log_odds(scores: Tensor, classes: Tensor) -> Tensor:
    """Of scores (N, K) those of one class (N,) against all others, (N,): the logit, which never saturates."""
    own = F.one_hot(classes, scores.shape[1]).bool()
    return scores[own] - scores.masked_fill(own, -torch.inf).logsumexp(1)


def _blurred(pictures: Tensor) -> Tensor:
    """Each pixel in part the mean of its three by three neighbours, those of the edge repeated beyond it."""
    around = F.avg_pool2d(F.pad(pictures, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    return (1 - BLUR) * pictures + BLUR * around
