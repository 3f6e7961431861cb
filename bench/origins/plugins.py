"""Plug-ins: what installed packages enter in a group of entry points, each a name for what an origin would name."""

import re
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

from bench.errors import is_ctrl_c, message_of
from bench.origins.attempts import attempting
from bench.origins.resolve import OriginError
from bench.origins.settings import settings_kept

Loaded = TypeVar("Loaded")

_NAME = re.compile(r"[A-Za-z_][\w.+-]*")  # it stands in ids, in names of files, and between commas and colons
_TARGET = re.compile(r"[\w.]+:[\w.]+")


class Plugins(Generic[Loaded]):
    """The plug-ins of a group by name, each imported where it is asked for; one that fails is left out of the names.

    Args:
        group: of entry points, such as "bench.optimizers".
        load: makes of a plug-in what the registry holds: it is given its name and the text `package.module:NAME`, as
            an origin has it.
        taken: names that no plug-in can have, since they are the suite's own.

    """

    def __init__(self, group: str, load: Callable[[str, str], Loaded], taken: Container[str]) -> None:
        self._group, self._load, self._taken = group, load, taken
        self._loaded: dict[str, Loaded] = {}
        self._refused: list[str] = []

    def get(self, name: str) -> Loaded | None:
        """That of the name; None where there is none.

        Raises:
            Exception: whatever the plug-in's code raises.

        """
        if name not in self._loaded:
            if name not in self._entries:
                return None
            with trying(self._group, name):
                self._loaded[name] = self._load(name, self.facts_of(name)["text"])
        return self._loaded[name]

    def names(self) -> list[str]:
        """The names of those that can be loaded."""
        return [name for name in self._entries if name not in self._failed]

    def facts_of(self, name: str) -> dict[str, Any]:
        """Where a plug-in comes from: `text`, as an origin would name it, the `package` and its `version`."""
        entry_point = self._entries[name]
        text = entry_point.value.partition("[")[0].replace(" ", "")
        distribution = entry_point.dist
        version = distribution.version if distribution else None
        return {"text": text, "package": _package_of(entry_point), "version": version}

    def problems(self, test: Callable[[str, Loaded], object] = lambda *_: None) -> list[str]:
        """One line for each plug-in that is left out, with the reason; those that fail the `test` are so from here.

        The test is given the text and what was loaded.
        """
        for name in self.names():
            loaded = self._loaded[name]
            try:
                with trying(self._group, name):
                    test(self.facts_of(name)["text"], loaded)
            except BaseException as error:  # whatever a plug-in does, the others must go on
                if is_ctrl_c(error):
                    raise
                self._failed[name] = _reason(self._entries[name], error)
        return [*self._refused, *self._failed.values()]

    @cached_property
    def _entries(self) -> dict[str, EntryPoint]:
        """The entry points under names that can be used."""
        entries: dict[str, EntryPoint] = {}
        for entry_point in entry_points(group=self._group):
            if trouble := self._trouble(entry_point, entries):
                self._refused.append(_reason(entry_point, OriginError(trouble)))
            else:
                entries[entry_point.name] = entry_point
        return entries

    @cached_property
    def _failed(self) -> dict[str, str]:
        """Why plug-ins cannot be loaded, by name: all are tried here."""
        failed: dict[str, str] = {}
        for name, entry_point in self._entries.items():
            try:
                self.get(name)
            except BaseException as error:  # as above
                if is_ctrl_c(error):
                    raise
                failed[name] = _reason(entry_point, error)
        return failed

    def _trouble(self, entry_point: EntryPoint, entries: Container[str]) -> str:
        name, target = entry_point.name, entry_point.value.partition("[")[0].replace(" ", "")
        if not _NAME.fullmatch(name):
            return "its name is none that a flag can take: letters, digits and underscores"
        if name in entries or name in self._taken:
            return "the name is taken: give the entry point another"
        return "" if _TARGET.fullmatch(target) else f"'{target}' names no class or function: write package.module:NAME"


@contextmanager
def trying(group: str, name: str) -> Iterator[None]:
    """The block runs the code of a plug-in, known by its group of entry points and its name: settings are put back.

    Raises:
        OriginError: it ended a process before.

    """
    with attempting(f"{group}: {name}"), settings_kept(random=True):
        yield


def _package_of(entry_point: EntryPoint) -> str:
    return entry_point.dist.name if entry_point.dist else "unknown package"


def _reason(entry_point: EntryPoint, error: BaseException) -> str:
    kind = "" if isinstance(error, OriginError) else f"{type(error).__name__}: "
    reason = message_of(error)
    return f"plug-in '{entry_point.name}' of {_package_of(entry_point)} is left out: {kind}{reason}"
