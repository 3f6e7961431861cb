"""Insight: what a look into a trained net gave, a dataclass for each kind; a line of results.jsonl holds one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from msgspec import Meta

from bench.store.raster import Number, Raster
from bench.vocabulary import EdgeMap, InsightKind, SaliencyMethod

Count = Annotated[int, Meta(ge=0, le=2**62)]
Share = Annotated[float, Meta(ge=0, le=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A test image and the scores that the net gives it.

    Attributes:
        index: in the test set.
        label: its class.
        predicted: the class of the highest score.
        scores: of each class, before the softmax; versions before had of many classes the first ten alone.
        image: one picture, pixels on 0 to 1.

    """

    index: Count
    label: Count
    predicted: Count
    scores: tuple[Number, ...]
    image: Raster


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterBank:
    """Learned filters of one layer.

    Attributes:
        layer: its path in the net.
        filters: how many it has.
        inputs: channels that each of them looks at.
        columns: pictures in a line: of one filter each where they have all its channels, else the slices of one
            filter, by input channel.
        weights: the pictures, 0 in the middle of their range.

    """

    layer: str
    filters: Count
    inputs: Count
    columns: Count
    weights: Raster


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerMaps:
    """What one layer makes of one image.

    Attributes:
        layer: its path in the net.
        channels: how many maps it has.
        maps: the first of them, in one range.

    """

    layer: str
    channels: Count
    maps: Raster


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Feature maps of one image through the net.

    Attributes:
        index: of the image in the test set.
        layers: from input to output.

    """

    index: Count
    layers: tuple[LayerMaps, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Saliency:
    """Which pixels speak for the class that is predicted, by one method.

    Attributes:
        index: of the image in the test set.
        predicted: the class that is explained.
        method: by which.
        layer: whose maps are weighted, of Grad-CAM; "" of others.
        attribution: of each pixel, its channels added up, 0 in the middle of the range.

    """

    index: Count
    predicted: Count
    method: SaliencyMethod
    layer: str
    attribution: Raster


@dataclass(frozen=True, slots=True, kw_only=True)
class Ascent:
    """Pictures on which the net gives a class a high score, found by climbing from noise.

    Attributes:
        steps: of gradient ascent.
        classes: of the pictures, in order.
        probabilities: that the net gives each its class, at the end.
        images: the pictures, pixels on 0 to 1.

    """

    steps: Count
    classes: tuple[Count, ...]
    probabilities: tuple[Share, ...]
    images: Raster


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """Accuracies on images that were changed within one bound.

    Attributes:
        eps: the most that a pixel may change, of its range 0 to 1.
        fgsm: accuracy under one step along the sign of the gradient.
        pgd: accuracy under several small ones from a random start, back within the bound after each.

    """

    eps: Share
    fgsm: Share
    pgd: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Fooled:
    """An image that the net has right, and the changed one that it has wrong.

    Attributes:
        index: in the test set.
        label: its class.
        predicted: what the changed one is taken for, as it is stored, in 8 bits.
        eps: the bound within which it was changed.
        before: probabilities of the classes, of the image; of many classes the first ten alone.
        after: the same of the changed one.
        images: the image and the changed one, pixels on 0 to 1.

    """

    index: Count
    label: Count
    predicted: Count
    eps: Share
    before: tuple[Share, ...]
    after: tuple[Share, ...]
    images: Raster


@dataclass(frozen=True, slots=True, kw_only=True)
class Adversarial:
    """How accuracy falls with the strength of an attack.

    Attributes:
        images: test images that were attacked, the same for all nets and seeds.
        clean: accuracy on them as they are.
        steps: of PGD.
        step_size: of PGD, as a share of eps.
        strengths: from weak to strong.
        fooled: some images with what fools the net.

    """

    images: Count
    clean: Share
    steps: Count
    step_size: Number
    strengths: tuple[Strength, ...]
    fooled: tuple[Fooled, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Test images whose predicted class has a probability in one range.

    Attributes:
        low: of the range.
        high: of the range.
        images: how many.
        confidence: their mean probability; 0 where there is none.
        accuracy: the share of them that is right; 0 where there is none.

    """

    low: Share
    high: Share
    images: Count
    confidence: Share
    accuracy: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Whether probabilities are what they say.

    Attributes:
        error: expected calibration error, the mean distance of confidence and accuracy over images.
        bins: of equal width, from 0 to 1.

    """

    error: Share
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One map of the edge handling.

    Attributes:
        name: what was done.
        values: one picture; 0 in the middle of the range of a convolution's.

    """

    name: EdgeMap
    values: Raster


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """The middle of an image under one learned filter, by what stands beyond its edges, and pooled.

    Attributes:
        index: of the image in the test set.
        layer: whose filter it is, the one of the largest weights.
        kernel: the filter, its channels added up.
        maps: the image, and what was made of it.

    """

    index: Count
    layer: str
    kernel: Raster
    maps: tuple[Edge, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    """A look into the net of one seed, with the weights that training ended with. Null is a kind that it has not.

    Attributes:
        seconds: that it took.
        scores: chosen test images: the first of each of two classes, and the worst mistake.
        filters: of the first layers.
        features: of the chosen images but the mistake.
        saliency: of the chosen images.
        ascent: what maximizes each class.
        adversarial: what changes by FGSM and PGD do.
        calibration: of all test images.
        edges: edge handling and pooling.
        absent: why each kind that is null is so.

    """

    seconds: Number
    scores: tuple[Scored, ...] | None = None
    filters: tuple[FilterBank, ...] | None = None
    features: tuple[Features, ...] | None = None
    saliency: tuple[Saliency, ...] | None = None
    ascent: Ascent | None = None
    adversarial: Adversarial | None = None
    calibration: Calibration | None = None
    edges: Edges | None = None
    absent: Mapping[InsightKind, str] = field(default_factory=dict)
