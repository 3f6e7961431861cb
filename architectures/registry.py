"""The registry: which architectures there are, each under the name of the function that builds it."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from importlib.metadata import EntryPoint, entry_points
from inspect import getdoc

from torch import nn

from architectures.errors import RegistryError, ShapeError, UnknownArchitecture
from architectures.shapes import Shape, output_shape, shown

Builder = Callable[[Shape, int], nn.Module]  # (input_shape, num_classes) -> network that gives (N, num_classes)


@dataclass(frozen=True)
class Architecture:
    """One entry: how to build it and what is known of it. `parameters` is the count at the shape that stands here."""

    name: str
    family: str
    build: Builder
    input_shape: Shape = (1, 28, 28)
    num_classes: int = 10
    parameters: int | None = None
    description: str = ""
    source: str = ""


class Registry:
    """Architectures by name, in the order in which they were registered; plug-ins join on the first question."""

    def __init__(self, plugin_group: str) -> None:
        self._plugin_group = plugin_group
        self._plugins_asked = False
        self._problems: list[str] = []
        self._architectures: dict[str, Architecture] = {}

    def register(
        self,
        *,
        family: str,
        parameters: int | None = None,
        source: str = "",
        input_shape: Shape = (1, 28, 28),
        num_classes: int = 10,
    ) -> Callable[[Builder], Builder]:
        """Enter the decorated builder under its own name; a name that is taken raises RegistryError."""

        def enter(builder: Builder) -> Builder:
            name = builder.__name__
            if name in self._architectures:
                owner = self._architectures[name].build.__module__
                raise RegistryError(f"architecture '{name}' of {builder.__module__} is already registered by {owner}")
            description = (getdoc(builder) or "").partition("\n")[0]
            self._architectures[name] = Architecture(
                name, family, builder, input_shape, num_classes, parameters, description, source
            )
            return builder

        return enter

    def names(self, *globs: str) -> list[str]:
        """The names that match any of the globs (all names without one), in order of registration."""
        self._ask_plugins()
        return [name for name in self._architectures if not globs or any(fnmatchcase(name, glob) for glob in globs)]

    def get(self, name: str) -> Architecture:
        """The architecture of that name; UnknownArchitecture if there is none."""
        self._ask_plugins()
        if name not in self._architectures:
            raise UnknownArchitecture(name, tuple(get_close_matches(name, self._architectures, n=3, cutoff=0.5)))
        return self._architectures[name]

    def build(self, name: str, input_shape: Shape | None = None, num_classes: int | None = None) -> nn.Module:
        """A new network of that name with random weights; see `built`."""
        return built(self.get(name), input_shape, num_classes)

    def plugin_problems(self) -> list[str]:
        """One line for each plug-in that was left out, with the reason."""
        self._ask_plugins()
        return list(self._problems)

    def _ask_plugins(self) -> None:
        if self._plugins_asked:
            return
        self._plugins_asked = True  # first, because a plug-in may itself ask for names
        for entry_point in entry_points(group=self._plugin_group):
            before = dict(self._architectures)
            try:
                self._load(entry_point)
            except (Exception, SystemExit) as error:  # whatever a plug-in does, the others must go on
                self._architectures = before
                reason = " ".join(str(error).split())
                package = entry_point.dist.name if entry_point.dist else "unknown package"
                self._problems.append(
                    f"plug-in '{entry_point.name}' of {package} is left out: {type(error).__name__}: {reason}"
                )

    def _load(self, entry_point: EntryPoint) -> None:
        """Import the module; call what the entry point names, unless it is one of the builders or a module."""
        loaded = entry_point.load()
        builders = [architecture.build for architecture in self._architectures.values()]
        if callable(loaded) and loaded not in builders:
            loaded()


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
        logits = output_shape(network, shape)
    except ShapeError as error:
        raise ShapeError(f"'{name}' cannot be built: {error}") from error
    if logits != (classes,):
        raise ShapeError(f"'{name}' gives {shown(logits)} for each image, not {classes} logits")
    return network


_suite = Registry("bench.architectures")
register = _suite.register
names = _suite.names
get = _suite.get
build = _suite.build
plugin_problems = _suite.plugin_problems
