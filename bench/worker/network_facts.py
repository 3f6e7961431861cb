"""Network facts: what a network counts, and for which of the plan's data sets it cannot be measured."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from architectures import Architecture, ShapeError
from architectures.fitting import materialize
from bench import models
from bench.errors import BenchError
from bench.measure.flops import flop_counter
from bench.measure.recompute import has_parts, without_parts
from bench.origins import told_of
from bench.plan.origin import parse


def own_form(text: str, images: Sequence[Mapping[str, Any]]) -> Architecture:
    """The architecture with the images that it is made for; an origin that says nothing is given the plan's first.

    Raises:
        BenchError: it takes none that were tried.

    """
    entry = models.get(text)
    if not parse(text) or entry.family in models.COLLECTIONS:
        return entry
    if images:
        channels, height, width = images[0]["input_shape"]
        return replace(entry, input_shape=(channels, height, width), num_classes=images[0]["num_classes"])
    try:
        return models.own(text)
    except ShapeError as error:
        raise BenchError(str(error)) from error


def counts_of(text: str, entry: Architecture) -> dict[str, Any]:
    """Parameters and FLOPs of one image at the architecture's own shape, and why not what it `cannot` have.

    Where it cannot be run the `trouble` alone.

    Counted on the meta device, or on the CPU where a network of the user's own needs real numbers. The counted pass is
    the only one that a network of the suite makes: on the meta device a deep one takes as long as to be computed.
    """
    trouble = ""
    for device in ("meta", "cpu") if models.is_own(text) else ("meta",):
        try:
            with torch.device(device), torch.no_grad():
                model = _built(text, entry).eval()
                images = torch.zeros(1, *entry.input_shape)
                with flop_counter() as counter, models.Following(model, images) as following:
                    logits = model(images)
        except BaseException as error:  # a user's net may raise whatever it likes
            trouble = str(error) if isinstance(error, ShapeError | BenchError) else told_of(error)
            continue
        if logits.shape != (1, entry.num_classes):
            trouble = f"it gives {tuple(logits.shape)} for one image, not {(1, entry.num_classes)}"
            continue
        return {
            "parameters": sum(parameter.numel() for parameter in model.parameters()),
            "flops_forward": counter.get_total_flops(),
            "cannot": _cannot(text, model, entry.input_shape[0], following.passage()),
        }
    return {"trouble": trouble}


def _cannot(text: str, model: nn.Module, channels: int, passage: models.Passage) -> dict[str, str]:
    """Which modes and initial weights it cannot have."""
    cannot = {} if has_parts(model) else {"recompute": without_parts(text)}
    if models.of_images(model, channels, passage) is None:
        why = f"no convolution of '{text}' takes the images, whose patches it could whiten (--initializations default)"
        cannot["whitened"] = why
    return cannot


def _built(text: str, entry: Architecture) -> nn.Module:
    """The network, with the sizes of its lazy layers; one of the user's own is tried as well."""
    if models.is_own(text):
        return models.build(text, entry.input_shape, entry.num_classes)
    model = entry.build(entry.input_shape, entry.num_classes)
    materialize(model, entry.input_shape)
    return model


def unfit_for(
    text: str, images: Mapping[str, Mapping[str, Any]], batch_sizes: Iterable[int]
) -> dict[str, dict[str, str]]:
    """For which data sets a network cannot be measured, each with the reason.

    Returns:
        `incompatible`: it cannot take their images; `outputs`: it gives several, in words, and so can be timed and not
        trained; `more_than_one`: a batch of one image is too few, looked at where the plan has one.

    """
    unfit: dict[str, dict[str, str]] = {"incompatible": {}, "outputs": {}, "more_than_one": {}}
    for label, facts in images.items():
        channels, height, width = facts["input_shape"]
        shape, classes = (channels, height, width), facts["num_classes"]
        try:
            if reason := _refused(text, shape, classes):
                unfit["incompatible"][label] = reason
                continue
            if outputs := models.outputs_of(text, shape, classes):
                unfit["outputs"][label] = outputs
            if 1 in batch_sizes and (reason := models.trouble_with_one_image(text, shape, classes)):
                unfit["more_than_one"][label] = reason
        except BenchError:
            raise
        except BaseException:  # noqa: S112 - as for its counts
            continue
    return unfit


def _refused(text: str, shape: tuple[int, int, int], classes: int) -> str | None:
    """Why it cannot take such images; an architecture of the suite takes its own."""
    entry = models.get(text)
    own = models.is_own(text)
    if shape == entry.input_shape and not own:
        return None
    try:
        if own:
            models.outputs_of(text, shape, classes)
        else:
            with torch.device("meta"):
                models.build(text, shape, classes)
    except ShapeError as error:
        return str(error)
    return None
