"""Dataset: labelled images for training and for testing, whole, in memory, as unscaled bytes."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images. Pixels stay bytes until `normalize` scales them.

    Attributes:
        name: the name it was loaded by.
        train_images: uint8, (N, C, H, W).
        train_labels: int64, (N,), from 0 to num_classes - 1.
        test_images: uint8, (M, C, H, W).
        test_labels: int64, (M,).
        classes: what each label means, in order.

    """

    name: str
    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor
    classes: tuple[str, ...]

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of one image."""
        channels, height, width = self.train_images.shape[1:]
        return channels, height, width

    @property
    def num_classes(self) -> int:
        """How many labels there are."""
        return len(self.classes)
