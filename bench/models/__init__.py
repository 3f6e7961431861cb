"""Models: the networks that cells are measured with, registered or named by file, module, timm or torchvision."""

from bench.models.build import build as build
from bench.models.build import get as get
from bench.models.build import origin_facts as origin_facts
