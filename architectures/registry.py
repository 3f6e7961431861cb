"""The registry: which architectures there are, each under the name of the function that builds it."""

import signal
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import partial
from importlib.metadata import EntryPoint, entry_points

from torch import nn

from architectures.calling import MissingArguments
from architectures.errors import RegistryError, ShapeError, UnknownArchitecture
from architectures.fitting import builds, first_line, fitted, materialize
from architectures.left_out import LeftOut, left_out, package_of
from architectures.shapes import Shape, output_shape, shown

Builder = Callable[[Shape, int], nn.Module]  # (input_shape, num_classes) -> network that gives (N, num_classes)
Around = Callable[[str, str], AbstractContextManager[object]]  # of a group of entry points and a name


@dataclass(frozen=True)
class Architecture:
    """One entry: how to build it and what is known of it. `parameters` is the count at the shape that stands here.

    `module` is the one that it comes from, and `package` the installed one whose plug-in registered it.
    """

    name: str
    family: str
    build: Builder
    input_shape: Shape = (1, 28, 28)
    num_classes: int = 10
    parameters: int | None = None
    description: str = ""
    source: str = ""
    module: str = ""
    package: str = ""


class Registry:
    """Architectures by name, in the order in which they were registered; plug-ins join on the first question."""

    def __init__(self, plugin_group: str) -> None:
        self._plugin_group = plugin_group
        self._plugins_asked = False
        self._left_out: list[LeftOut] = []
        self._architectures: dict[str, Architecture] = {}
        self._around: Around = lambda *_: nullcontext()

    def register(
        self,
        *misplaced: object,
        family: str = "",
        parameters: int | None = None,
        source: str = "",
        input_shape: Shape = (1, 28, 28),
        num_classes: int = 10,
    ) -> Callable[[Builder], Builder]:
        """Enter the decorated builder under its own name; a name that is taken raises RegistryError.

        So does a call without a family, or straight on a builder.
        """
        if misplaced or not family:
            raise RegistryError('register takes a family and gives the decorator: @register(family="mine")')

        def enter(builder: Builder) -> Builder:
            self._enter(
                Architecture(
                    builder.__name__,
                    family,
                    builder,
                    input_shape,
                    num_classes,
                    parameters,
                    first_line(builder),
                    source,
                    builder.__module__,
                )
            )
            return builder

        return enter

    def _enter(self, architecture: Architecture) -> None:
        name = architecture.name
        if name in self._architectures:
            owner = self._architectures[name].module
            raise RegistryError(f"architecture '{name}' of {architecture.module} is already registered by {owner}")
        self._architectures[name] = architecture

    def names(self, *globs: str) -> list[str]:
        """The names that match any of the globs (all names without one), in order of registration."""
        self._ask_plugins()
        return [name for name in self._architectures if not globs or any(fnmatchcase(name, glob) for glob in globs)]

    def get(self, name: str) -> Architecture:
        """The architecture of that name; UnknownArchitecture if there is none."""
        if name not in self._architectures:  # no plug-in has a name of the suite's own
            self._ask_plugins()
        if name not in self._architectures:
            raise UnknownArchitecture(name, tuple(get_close_matches(name, self._architectures, n=3, cutoff=0.5)))
        return self._architectures[name]

    def build(self, name: str, input_shape: Shape | None = None, num_classes: int | None = None) -> nn.Module:
        """A new network of that name with random weights; see `built`."""
        return built(self.get(name), input_shape, num_classes)

    def load_plugins_in(self, around: Around) -> None:
        """Have each plug-in loaded within such a context: who knows of the whole process says what becomes of it."""
        self._around = around

    def plugins_left_out(self) -> list[LeftOut]:
        """Each plug-in that could not be loaded, with the reason."""
        self._ask_plugins()
        return list(self._left_out)

    def _ask_plugins(self) -> None:
        if self._plugins_asked:
            return
        self._plugins_asked = True  # first, because a plug-in may itself ask for names
        for entry_point in entry_points(group=self._plugin_group):
            before = dict(self._architectures)
            try:
                with self._around(entry_point.group, entry_point.name):
                    self._load(entry_point)
            except BaseException as error:  # whatever a plug-in does, the others must go on
                if _is_ctrl_c(error):
                    raise
                self._architectures = before
                self._left_out.append(left_out(entry_point, error))
            for name in [name for name in self._architectures if name not in before]:
                self._architectures[name] = replace(self._architectures[name], package=package_of(entry_point))

    def _load(self, entry_point: EntryPoint) -> None:
        """Import the module; call what the entry point names, unless it is one of the builders or a module.

        A class of networks, or a function that needs arguments or gives a network, is itself the builder; it is entered
        under the entry point's name.
        """
        loaded, before = entry_point.load(), len(self._architectures)
        builders = [architecture.build for architecture in self._architectures.values()]
        if isinstance(loaded, nn.Module):
            raise RegistryError("it is a network that is built already: name its class, or a function that builds it")
        if loaded in builders or not callable(loaded):
            return
        if builds(loaded) or (isinstance(loaded(), nn.Module) and len(self._architectures) == before):
            family = entry_point.dist.name if entry_point.dist else entry_point.group
            module = getattr(loaded, "__module__", entry_point.module)
            self._enter(
                Architecture(
                    entry_point.name,
                    family,
                    partial(fitted, loaded),
                    description=first_line(loaded),
                    source=entry_point.value,
                    module=module,
                )
            )


def _is_ctrl_c(error: BaseException) -> bool:
    """Whether the user wants an end; where Ctrl-C is ignored, the plug-in raised it."""
    return isinstance(error, KeyboardInterrupt) and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN


def built(architecture: Architecture, input_shape: Shape | None = None, num_classes: int | None = None) -> nn.Module:
    """A new network with random weights; what is not given is the architecture's own.

    It is tried once on the meta device: ShapeError if it cannot take such images.
    """
    name = architecture.name
    shape = architecture.input_shape if input_shape is None else input_shape
    classes = architecture.num_classes if num_classes is None else num_classes
    if len(shape) != 3 or min(shape) < 1 or classes < 1:
        raise ShapeError(f"'{name}' needs 3 positive sizes and 1 class or more, not {shown(shape)} and {classes}")
    try:
        network = architecture.build(shape, classes)
        materialize(network, shape)
        logits = output_shape(network, shape)
    except (RegistryError, MissingArguments) as error:
        raise ShapeError(f"'{name}' cannot be built: {error}") from error
    if logits != (classes,):
        raise ShapeError(f"'{name}' gives {shown(logits)} for each image, not {classes} logits")
    return network


_suite = Registry("bench.architectures")
register = _suite.register
names = _suite.names
get = _suite.get
build = _suite.build
load_plugins_in = _suite.load_plugins_in
plugins_left_out = _suite.plugins_left_out
