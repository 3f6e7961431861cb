"""Dataset: labelled images for training and for testing, whole, in memory, as they were read."""

from dataclasses import dataclass, replace

from torch import Tensor

from bench.plan.split import held_out_of


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images. Pixels stay as they were read until `normalize` scales them.

    Attributes:
        name: the name it was loaded by.
        train_images: uint8 or float32, (N, C, H, W).
        train_labels: int64, (N,), from 0 to num_classes - 1.
        test_images: of the same type, (M, C, H, W).
        test_labels: int64, (M,).
        classes: what each label means, in order.

    """

    name: str
    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor
    classes: tuple[str, ...]

    def held_out(self) -> "Dataset":
        """The training images alone, the last twelfth of them in place of the test images."""
        kept = len(self.train_images) - held_out_of(len(self.train_images))
        return replace(
            self,
            train_images=self.train_images[:kept],
            train_labels=self.train_labels[:kept],
            test_images=self.train_images[kept:],
            test_labels=self.train_labels[kept:],
        )

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of one image."""
        channels, height, width = self.train_images.shape[1:]
        return channels, height, width

    @property
    def num_classes(self) -> int:
        """How many labels there are."""
        return len(self.classes)
