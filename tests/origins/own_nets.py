"""Nets as users have them: what works, and what is refused."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


class Plain(nn.Module):
    """A net of my own."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(784, 10)

    def forward(self, images):
        return self.layer(images.flatten(1))


class Lazy(nn.Module):
    def __init__(self, num_classes=10, width=16):
        super().__init__()
        layers = (nn.Flatten(), nn.LazyLinear(width), nn.LazyBatchNorm1d(), nn.ReLU(), nn.LazyLinear(num_classes))
        self.layers = nn.Sequential(*layers)

    def forward(self, images):
        return self.layers(images)


class Coloured(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 7))

    def forward(self, images):
        return self.layers(images)


class Pair(Plain):
    def forward(self, images):
        return super().forward(images), images


class Mapped(Plain):
    def forward(self, images):
        return {"logits": super().forward(images), "images": images}


@dataclass
class Output:
    loss: Tensor | None
    logits: Tensor
    hidden: tuple[Tensor, ...] = ()


class Described(Plain):
    def forward(self, images):
        return Output(None, super().forward(images), (images, images))


class Alone(Plain):
    """One tensor in a tuple is one output."""

    def forward(self, images):
        return (super().forward(images),)


class WhileTraining(Plain):
    def forward(self, images):
        logits = super().forward(images)
        return (logits, logits) if self.training else logits


class Branching(Plain):
    def forward(self, images):
        return super().forward(images if images.sum().item() > -1 else -images)


class Numpy(Plain):
    def forward(self, images):
        return super().forward(images + torch.from_numpy(images.detach().cpu().numpy()))


class Made(Plain):
    """It makes a real tensor while it runs."""

    def forward(self, images):
        return super().forward(images) + torch.tensor([1.0], device="cpu")


class Printing(Plain):
    def forward(self, images):
        print("a net prints")  # noqa: T201 - as users do
        return super().forward(images)


class Normed(Plain):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(10)

    def forward(self, images):
        return self.norm(super().forward(images))


class Keywords(nn.Module):
    def __init__(self, **settings):
        super().__init__()
        self.layer = nn.Linear(784, settings["num_classes"])

    def forward(self, images):
        return self.layer(images.flatten(1))


class Strict(Plain):
    """It takes keywords, and knows none of them."""

    def __init__(self, **settings):
        if settings:
            raise TypeError(f"no such settings: {settings}")
        super().__init__()


class KeywordOnly(nn.Module):
    def __init__(self, *, num_classes, in_channels):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(in_channels, 2, 28), nn.Flatten(), nn.Linear(2, num_classes))

    def forward(self, images):
        return self.layers(images)


def built(shape, count):
    return nn.Sequential(nn.Flatten(), nn.Linear(shape[0] * shape[1] * shape[2], count))


def placed(shape, count, /):
    return built(shape, count)


class Configured(Plain):
    def __init__(self, config):
        super().__init__()
        self.config = config


class Empty(nn.Module):
    def forward(self, images):
        return images.flatten(1)[:, :10]


class Wrong(Plain):
    def forward(self, images):
        return images


class Many(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(784, 1000)

    def forward(self, images):
        return self.layer(images.flatten(1))


class FeaturesFirst(Plain):
    def forward(self, images):
        return images, super().forward(images)


class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10, 10)

    def forward(self, ids):
        return self.embedding(ids).mean(1)


class Masked(Plain):
    def forward(self, images, mask):
        return super().forward(images * mask)


class Whole(Plain):
    def forward(self, images):
        return super().forward(images).argmax(1, keepdim=True)


class Leaving(Plain):
    def forward(self, images):
        raise SystemExit("gone")


class Halved(Plain):
    def __init__(self):
        super().__init__()
        self.half()


class Doubled(Plain):
    def __init__(self):
        super().__init__()
        self.double()

    def forward(self, images):
        return super().forward(images.double())


class Unfinished(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(784, 10)


class Frozen(Plain):
    def __init__(self):
        super().__init__()
        self.requires_grad_(False)


def failing(input_shape, num_classes):
    raise ValueError("no such\nnet today")


def gives_a_number():
    return 5


BUILT = Plain()
NUMBER = 5
