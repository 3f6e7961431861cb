"""The architectures: importing this package registers every family below; others join as plug-ins."""

# The order of these lines is the order of every listing, from simple to large.
# isort: off
from architectures import linear as linear
from architectures import mlp as mlp
from architectures import deep_mlp as deep_mlp
from architectures import lenet as lenet
from architectures import convnet as convnet
from architectures import convolutions as convolutions
from architectures import alexnet as alexnet
from architectures import vgg as vgg
from architectures import resnet as resnet
from architectures import cifar as cifar
from architectures import debug as debug
from architectures import zoo as zoo

# isort: on
from architectures.errors import RegistryError, ShapeError, UnknownArchitecture
from architectures.left_out import LeftOut
from architectures.registry import (
    Architecture,
    Builder,
    build,
    built,
    get,
    load_plugins_in,
    names,
    plugins_left_out,
    register,
)
from architectures.shapes import Shape

__all__ = [
    "Architecture",
    "Builder",
    "LeftOut",
    "RegistryError",
    "Shape",
    "ShapeError",
    "UnknownArchitecture",
    "build",
    "built",
    "get",
    "load_plugins_in",
    "names",
    "plugins_left_out",
    "register",
]
