"""Arrays: images in whatever usual form as uint8 or float32, and as (N, C, H, W)."""

from typing import Any

import numpy as np
import torch

from bench.data.limits import Array, ContentError, shown

CHANNELS = range(1, 5)  # a first or last side of so many is that of channels


def pixels_of(value: Any, what: str) -> Array:
    """Pixels as uint8 or float32, in the shape that they came in.

    Raises:
        ContentError: there are none, or they are neither numbers nor finite.

    """
    array = array_of(value, what)
    if array.ndim not in (3, 4):
        raise ContentError(
            f"{what} have {array.ndim} dimensions ({shown(array.shape)}): give (N, H, W), (N, C, H, W) or (N, H, W, C)"
        )
    if not array.size:
        raise ContentError(f"there are no {what} ({shown(array.shape)}): give one at least")
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind == "b":
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind in "iu":
        if array.min() < 0 or array.max() > 255:
            raise ContentError(
                f"{what} are {array.dtype} from {array.min()} to {array.max()}: bring them to uint8, or to floats"
            )
        return array.astype(np.uint8)
    if array.dtype.kind != "f":
        raise ContentError(f"{what} are {array.dtype}: give uint8 or floats")
    with np.errstate(over="ignore"):
        floats = array.astype(np.float32)
    if not np.isfinite(floats).all():
        count = len(floats) - int(np.isfinite(floats).reshape(len(floats), -1).all(1).sum())
        raise ContentError(f"{what} hold NaN or infinity ({count:,} of them): mend or remove those")
    return floats


def form_of(images: Array) -> str:
    """How the sides of images lie: "NHW", "NCHW" or "NHWC".

    Channels are a side of 1 to 4: the first of an image, or else the last.
    """
    if images.ndim == 3:
        return "NHW"
    if images.shape[1] in CHANNELS:
        return "NCHW"
    if images.shape[3] in CHANNELS:
        return "NHWC"
    raise ContentError(
        f"images of {shown(images.shape[1:])} have no side of 1 to 4 channels: give (N, C, H, W) or (N, H, W, C)"
    )


def in_form(images: Array, form: str, what: str) -> Array:
    """The images as (N, C, H, W)."""
    if images.ndim != len(form):
        raise ContentError(f"{what} are {shown(images.shape)}, and not of the dimensions that train images have")
    if form == "NHW":
        return np.ascontiguousarray(images[:, None])
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2) if form == "NHWC" else images)


def array_of(value: Any, what: str) -> Array:
    """An array of numpy, in the byte order of this machine."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        value = (value.float() if value.is_floating_point() else value).numpy()
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ContentError(f"{what} are of unequal shapes: give one array") from error
    if array.dtype.kind == "O" and all(isinstance(item, str) for item in array.flat):  # as pandas keeps texts
        array = array.astype(str)
    if array.dtype.kind == "O":
        raise ContentError(f"{what} are Python objects, maybe of unequal shapes: give one array of numbers")
    return array.astype(array.dtype.newbyteorder("="), copy=False)
