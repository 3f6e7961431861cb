"""Origin: what is measured though nobody registered it, named by its file or module: `my_nets.py:MyNet(width=128)`."""

import ast
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Any

from bench.errors import BenchError

FORMS = "FILE.py:NAME, package.module:NAME, either with arguments such as (width=128)"
PATH_SCHEMES = ("folder", "npz")  # data sets that are files: what follows the colon is a path
_PATTERN = re.compile(
    r"(?P<source>[^\s:(][^:(]*|[A-Za-z]:[^:(]+):(?P<name>[A-Za-z_][\w.]*)(?:\((?P<arguments>.*)\))?", re.S
)
_RESIZED = re.compile(r"(?P<path>.+):([1-9]\d*)x([1-9]\d*)x([1-9]\d*)", re.S | re.ASCII)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an object comes from.

    Attributes:
        source: a file ending in .py, a module, or what stands for a collection: "timm", "torchvision", "folder", "npz".
        name: of the object in it, dotted where it lies deeper; a path for "folder" and "npz", after which a folder may
            have the shape that its images are brought to: "photos/birds:3x64x64".
        arguments: Python literals to call it with, as they were written; "" for none.

    """

    source: str
    name: str
    arguments: str = ""

    @property
    def label(self) -> str:
        """What it is called in ids and tables: `MyNet(width=128)`."""
        if self.source in PATH_SCHEMES:
            return self._of_path()
        return f"{self.name}({self.arguments})" if self.arguments else self.name

    @property
    def full_label(self) -> str:
        """The label where another origin has the same: with the name of the file or module before it."""
        if self.source in PATH_SCHEMES:
            return f"{(Path.cwd() / self.path).parent.name or self.source}.{self.label}"
        return f"{PurePath(self.source).name.removesuffix('.py').rpartition('.')[2]}.{self.label}"

    def _of_path(self) -> str:
        """The name of the folder, or of the file without its ending, with the shape that images are brought to."""
        path = self.path.resolve() if self.path.name in ("", "..") else self.path
        name = (path.stem if self.source == "npz" else path.name) or self.source
        return f"{name}:{'x'.join(map(str, self.shape))}" if self.shape else name

    @property
    def path(self) -> Path:
        """What "folder" or "npz" names, `~` being home, from the working directory on."""
        match = _RESIZED.fullmatch(self.name) if self.source == "folder" else None
        path = Path(match["path"] if match else self.name)
        with suppress(RuntimeError):  # `~name` of nobody here: a file like any other
            path = path.expanduser()
        return path

    @property
    def shape(self) -> tuple[int, int, int] | None:
        """Channels, height and width that the images of a folder are brought to; None where they stay as they are."""
        match = _RESIZED.fullmatch(self.name) if self.source == "folder" else None
        return (int(match[2]), int(match[3]), int(match[4])) if match else None

    @property
    def file(self) -> str | None:
        """The Python file that it names, as it was written; None for a module."""
        return self.source if self.source.endswith(".py") else None

    def call_arguments(self) -> tuple[list[Any], dict[str, Any]]:
        """The arguments by position and by name.

        Raises:
            BenchError: they are not Python literals.

        """
        try:
            call = ast.parse(f"f({self.arguments})", mode="eval").body
            assert isinstance(call, ast.Call)
            named = {keyword.arg or "": ast.literal_eval(keyword.value) for keyword in call.keywords}
            assert "" not in named  # `**` of something
            return [ast.literal_eval(value) for value in call.args], named
        except (SyntaxError, ValueError, AssertionError, RecursionError, MemoryError) as error:
            raise BenchError(
                f"'{self.name}({self.arguments})': arguments are Python literals such as width=128 or betas=(0.9, 0.95)"
            ) from error


@lru_cache
def parse(text: str) -> Origin | None:
    """The origin that a text names; None where it is a plain name, a glob, or a shape of `synthetic`.

    Raises:
        BenchError: it looks like an origin and is none, or its arguments are not literals.

    """
    scheme, _, rest = text.partition(":")
    if scheme == "synthetic" or not (":" in text or text.endswith(".py")):
        return None
    if scheme in PATH_SCHEMES:
        if not rest:
            raise BenchError(f"'{text}' names no path: write {scheme}:PATH")
        return Origin(scheme, rest)
    match = _PATTERN.fullmatch(text)
    if match is None:
        raise BenchError(f"'{text}' names nothing that can be imported: write {FORMS}")
    origin = Origin(match["source"], match["name"], " ".join((match["arguments"] or "").split()))
    origin.call_arguments()
    return origin


def labels_of(texts: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """A label for each text that names an origin, by text: short, and unlike any other and any name that is `taken`.

    Raises:
        BenchError: as `parse`.

    """
    origins = {text: origin for text in dict.fromkeys(texts) if (origin := parse(text))}
    names = set(taken)
    labels: dict[str, str] = {}
    for text, origin in origins.items():
        rivals = [other.label for name, other in origins.items() if name != text]
        choices = [origin.label, origin.full_label, text]
        if origin.label in names or origin.label in rivals:
            choices = choices[1:]
        labels[text] = next(choice for choice in choices if choice not in labels.values() or choice == text)
    return labels


def is_path(text: str) -> bool:
    """Whether a text names files of data, which are read and not run: `folder:PATH` or `npz:FILE`."""
    return text.partition(":")[0] in PATH_SCHEMES


def texts_of(origins: Iterable[str]) -> Mapping[str, str]:
    """The origins of a cell, each such as "architecture=my_nets.py:MyNet", by field."""
    return dict(entry.split("=", 1) for entry in origins)


def file_of(text: str, base: Path) -> Path | None:
    """The Python file that a text names, found from the folder `base`; None where it names none."""
    origin = parse(text)
    return base / Path(origin.file).expanduser() if origin and origin.file else None


def split_outside_brackets(text: str) -> list[str]:
    """The parts between commas that stand in no bracket: of `MyNet(width=1,depth=2),optimizer=adam` two."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return parts
