"""Adversarial examples: how accuracy falls when each pixel may change a little, by FGSM and by PGD.

FGSM is one step along the sign of the gradient: Goodfellow et al. 2015, arXiv:1412.6572. PGD makes several from a
random start, and goes back within the bound after each: Madry et al. 2018, arXiv:1706.06083.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bench.insight.subject import MOST_SHARES, Subject
from bench.measure.flops import flop_counter
from bench.metrics import ROBUST_OF
from bench.plan.attacked import attacked_images
from bench.store.insight import Adversarial, Fooled, Strength
from bench.store.raster import raster_of

DRAW = 0  # the seed of which images these are, the same for all nets and seeds
STEPS, STEP_SIZE = 10, 0.25  # of PGD; the latter a share of eps
AT_ONCE = 125  # images
MOST_FOOLED = 3  # one of each strength, from weak to strong
_LEVELS = 255


def adversarial_of(subject: Subject) -> Adversarial:
    """Accuracies on a fixed draw of test images under both attacks, and some images that fool the net."""
    order = torch.randperm(len(subject.labels), generator=torch.Generator().manual_seed(DRAW))
    index = order[: _images(subject)].to(subject.labels.device)
    images, labels = subject.pixels[index], subject.labels[index]
    clean = right(subject.net, images, labels)
    signs = torch.cat([judged(subject.net, *part)[1] for part in _parts(images, labels)])
    generator = torch.Generator().manual_seed(subject.seed)
    held, strengths, fooled = clean.clone(), list[Strength](), list[Fooled]()
    for eps in ROBUST_OF:
        stepped = clean & right(subject.net, (images + eps * signs).clamp(0, 1), labels)
        at = held.nonzero().flatten()  # what fooled within less does so within more
        changed = pgd(subject.net, images[at], labels[at], eps, generator)
        held[at] = right(subject.net, changed, labels[at])
        for place in (~held[at]).nonzero().flatten().tolist()[: len(fooled) < MOST_FOOLED]:
            fooled += _fooled(subject, int(index[at[place]]), changed[place], eps)
        strengths.append(Strength(eps=eps, fgsm=_share(stepped), pgd=_share(held)))
    return Adversarial(
        images=len(index),
        clean=_share(clean),
        steps=STEPS,
        step_size=STEP_SIZE,
        strengths=tuple(strengths),
        fooled=tuple(fooled),
    )


def judged(net: nn.Module, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Which images (N, C, H, W) the net has right, (N,), and the sign of the gradient of their cross entropy."""
    images = images.clone().requires_grad_()
    scores = net(images)
    (slope,) = torch.autograd.grad(F.cross_entropy(scores, labels, reduction="sum"), images)
    return scores.argmax(1) == labels, slope.sign()


def pgd(net: nn.Module, images: Tensor, labels: Tensor, eps: float, generator: torch.Generator) -> Tensor:
    """Images (N, C, H, W) on 0 to 1, each changed by eps at most: the first that fools the net, else the last tried."""
    parts = _parts(images, labels)
    return torch.cat([images[:0], *(_climbed(net, *part, eps, generator) for part in parts)])


def _climbed(net: nn.Module, images: Tensor, labels: Tensor, eps: float, generator: torch.Generator) -> Tensor:
    low, high = (images - eps).clamp(min=0), (images + eps).clamp(max=1)
    noise = torch.rand(images.shape, generator=generator).to(images.device)
    changed = low + (high - low) * noise
    at = torch.arange(len(labels), device=labels.device)  # those that the net has right yet
    for _ in range(STEPS):
        hits, signs = judged(net, changed[at], labels[at])
        at, signs = at[hits], signs[hits]
        if not len(at):
            break
        changed[at] = (changed[at] + STEP_SIZE * eps * signs).clamp(low[at], high[at])
    return changed


def right(net: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Which of the images the net has right, (N,)."""
    with torch.no_grad():
        hits = [net(part).argmax(1) == targets for part, targets in _parts(images, labels)]
    return torch.cat([labels[:0].bool(), *hits])


def _fooled(subject: Subject, index: int, changed: Tensor, eps: float) -> list[Fooled]:
    """The pair of an image and what fools the net, in 8 bits; none where that is right again once it is rounded."""
    rounded = (changed * _LEVELS).round() / _LEVELS
    pair = torch.stack([subject.pixels[index], rounded])
    with torch.no_grad():
        shares = subject.net(pair).softmax(1).cpu()
    label, predicted = int(subject.labels[index]), int(shares[1].argmax())
    if predicted == label:
        return []
    fooled = Fooled(
        index=index,
        label=label,
        predicted=predicted,
        eps=eps,
        before=tuple(shares[0, :MOST_SHARES].tolist()),
        after=tuple(shares[1, :MOST_SHARES].tolist()),
        images=raster_of(pair.cpu().numpy(), 0, 1),
    )
    return [fooled]


def _images(subject: Subject) -> int:
    """How many images are attacked."""
    with flop_counter() as counter, torch.no_grad():
        subject.net(subject.pixels[:1])
    return attacked_images(counter.get_total_flops(), len(subject.labels))


def _parts(images: Tensor, labels: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    return zip(images.split(AT_ONCE), labels.split(AT_ONCE), strict=True) if len(labels) else iter(())


def _share(hits: Tensor) -> float:
    return float(hits.double().mean())
