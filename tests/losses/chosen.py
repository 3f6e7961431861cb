"""Losses that a user might bring: good ones of every manner, and things that are none."""

import torch
from torch import nn
from torch.nn import functional as F


def focal(logits, labels, gamma=2.0):
    """Focal loss (Lin et al. 2017)."""
    entropy = F.cross_entropy(logits, labels, reduction="none")
    return ((1 - (-entropy).exp()) ** gamma * entropy).mean()


def shifted(logits, labels):
    logits -= logits.detach().amax(1, keepdim=True)
    return F.cross_entropy(logits, labels)


class Weighted(nn.Module):
    """Classes weigh differently, and there is a temperature of its own."""

    def __init__(self, scale=1.0):
        super().__init__()
        self.register_buffer("weight", torch.linspace(0.5, 1.5, 10))
        self.temperature = nn.Parameter(torch.tensor(scale))

    def forward(self, logits, labels):
        return F.cross_entropy(logits * self.temperature, labels, weight=self.weight)


class Smooth:
    def __init__(self, by=0.1):
        self.by = by

    def __call__(self, logits, labels):
        return F.cross_entropy(logits, labels, label_smoothing=self.by)


MADE = nn.CrossEntropyLoss(label_smoothing=0.2)
WEIGHT = torch.ones(10)


def three(logits, labels, weights):
    return (logits * weights).sum()


def each(logits, labels):
    return F.cross_entropy(logits, labels, reduction="none")


def number(logits, labels):
    return F.cross_entropy(logits, labels).item()


def cut(logits, labels):
    return F.cross_entropy(logits.detach(), labels)


def constant(logits, labels):
    return torch.ones((), requires_grad=True)


class Broken(nn.Module):
    def __init__(self):
        raise ValueError("not today")
