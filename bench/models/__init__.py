"""Models: the networks that cells are measured with, registered or named by file, module, timm or torchvision."""

from bench.models.build import build as build
from bench.models.build import get as get
from bench.models.build import is_own as is_own
from bench.models.build import origin_facts as origin_facts
from bench.models.build import outputs_of as outputs_of
from bench.models.build import own as own
from bench.models.build import plugin_facts as plugin_facts
from bench.models.build import trouble_with_one_image as trouble_with_one_image
from bench.models.collections import COLLECTIONS as COLLECTIONS
from bench.models.initial import initialize as initialize
from bench.models.initial import of_images as of_images
from bench.models.passage import Following as Following
from bench.models.passage import Passage as Passage
from bench.models.passage import follow as follow
from bench.models.passage import passage_of as passage_of
