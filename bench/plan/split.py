"""Split: how many training images are held out, as validation images, and what images that judge are called."""

from collections.abc import Iterable, Mapping

IMAGES: Mapping[str, str] = {"test": "test", "validation": "held-out"}


def held_out_of(images: int) -> int:
    """The last twelfth of so many training images, one at the least; of MNIST's 60,000 it is 5,000."""
    return max(1, images // 12)


def judging(splits: Iterable[object]) -> str:
    """Which images tell accuracies under these splits, in a word: test, held-out, or both."""
    chosen = set(splits)
    return " or ".join(word for split, word in IMAGES.items() if split in chosen) or IMAGES["test"]
