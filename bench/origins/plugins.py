"""Plug-ins: what installed packages enter in a group of entry points, each a name for what an origin would name."""

import re
from collections.abc import Callable, Container, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

from bench.origins.resolve import OriginError

Loaded = TypeVar("Loaded")

_NAME = re.compile(r"[A-Za-z_][\w.+-]*")  # it stands in ids, in names of files, and between commas and colons
_TARGET = re.compile(r"[\w.]+:[\w.]+")


class Plugins(Generic[Loaded]):
    """The plug-ins of a group by name, loaded on the first question; one that fails is left out, and the others go on.

    Args:
        group: of entry points, such as "bench.optimizers".
        load: makes of a plug-in what the registry holds: it is given its name and the text `package.module:NAME`, as
            an origin has it. Whatever it raises leaves that plug-in out.
        taken: names that no plug-in can have, since they are the suite's own.

    """

    def __init__(self, group: str, load: Callable[[str, str], Loaded], taken: Callable[[], Container[str]]) -> None:
        self._group, self._load, self._taken = group, load, taken
        self._loaded: dict[str, Loaded] | None = None
        self._facts: dict[str, dict[str, Any]] = {}
        self._problems: list[str] = []

    def all(self) -> Mapping[str, Loaded]:
        """Everything that could be loaded, by name."""
        if self._loaded is None:
            self._loaded = {}  # first, because a plug-in may itself ask for names
            for entry_point in entry_points(group=self._group):
                self._enter(entry_point, self._loaded)
        return self._loaded

    def facts_of(self, name: str) -> dict[str, Any]:
        """Where a plug-in comes from: `text`, as an origin would name it, the `package` and its `version`."""
        return self._facts[name]

    def problems(self) -> list[str]:
        """One line for each plug-in that was left out, with the reason."""
        self.all()
        return list(self._problems)

    def _enter(self, entry_point: EntryPoint, loaded: dict[str, Loaded]) -> None:
        name, package = entry_point.name, entry_point.dist.name if entry_point.dist else "unknown package"
        try:
            text = self._checked(entry_point, loaded)
            loaded[name] = self._load(name, text)
        except (Exception, SystemExit) as error:  # whatever a plug-in does, the others must go on
            kind = "" if isinstance(error, OriginError) else f"{type(error).__name__}: "
            reason = " ".join(str(error).split())
            self._problems.append(f"plug-in '{name}' of {package} is left out: {kind}{reason}")
        else:
            version = entry_point.dist.version if entry_point.dist else None
            self._facts[name] = {"text": text, "package": package, "version": version}

    def _checked(self, entry_point: EntryPoint, loaded: dict[str, Loaded]) -> str:
        """What the entry point names, as the text of an origin."""
        name, target = entry_point.name, entry_point.value.partition("[")[0].replace(" ", "")
        if not _NAME.fullmatch(name):
            raise OriginError("its name is none that a flag can take: letters, digits and underscores")
        if name in loaded or name in self._taken():
            raise OriginError("the name is taken: give the entry point another")
        if not _TARGET.fullmatch(target):
            raise OriginError(f"'{target}' names no class or function: write package.module:NAME")
        return target
