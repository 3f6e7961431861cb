"""Attacked: how many test images adversarial examples are made of, so that it takes seconds whatever the net."""

MOST_IMAGES, LEAST_IMAGES = 500, 50
FLOPS = 1e10  # of one forward pass over them


def attacked_images(flops: float, tested: int) -> int:
    """How many, of a net that takes so many FLOPs forward for one image, and of so many test images; on any machine."""
    affordable = FLOPS / max(flops, 1.0)
    return int(min(max(affordable, LEAST_IMAGES), MOST_IMAGES, tested))
