"""Origin: what is measured though nobody registered it, named by its file or module: `my_nets.py:MyNet(width=128)`."""

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path, PurePath
from typing import Any

from bench.errors import BenchError
from bench.plan.copies import copy_of

TRACEBACK = "BENCH_TRACEBACK"  # set where whoever started the command wants to see how an error came about
FORMS = "FILE.py:NAME, package.module:NAME, either with arguments such as (width=128)"
LONGEST_ARGUMENTS = 60  # characters of them in a label
INSTALLED = ("site-packages", "dist-packages")  # what ends the path of a folder that packages are installed into
HANDED = "python"  # stands where a file would, of an object that a Python program handed over
BASE = "BENCH_BASE"  # the folder that relative files are found from; the working directory where it is not set
PATH_SCHEMES = ("folder", "npz")  # data sets that are files: what follows the colon is a path
_PATTERN = re.compile(
    r"(?P<source>\S(?:.*?\S)?\.py|[^\W\d]\w*(?:\.[^\W\d]\w*)*)"
    r":(?P<name>[^\W\d][\w.]*)(?:\((?P<arguments>.*)\))?",
    re.S,
)
_HANDED = re.compile(rf"{HANDED}:(?P<name>[^\W\d]\w*)#(?P<digest>[0-9a-f]{{8}})")
_RESIZED = re.compile(r"(?P<path>.+):([1-9]\d*)x([1-9]\d*)x([1-9]\d*)", re.S | re.ASCII)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an object comes from.

    Attributes:
        source: a file ending in .py, a module, or what stands for a collection: "timm", "torchvision", "folder", "npz";
            "python" for an object that was handed over.
        name: of the object in it, dotted where it lies deeper; a path for "folder" and "npz", after which a folder may
            have the shape that its images are brought to: "photos/birds:3x64x64".
        arguments: Python literals to call it with, as they were written; "" for none.
        digest: of an object that was handed over, which alone tells it from others of its name; "" for all else.

    """

    source: str
    name: str
    arguments: str = ""
    digest: str = ""

    @property
    def label(self) -> str:
        """What it is called in ids and tables: `MyNet(width=128)`; a digest stands for the end of long arguments."""
        if self.source in PATH_SCHEMES:
            return self._of_path()
        arguments = self.arguments
        if len(arguments) > LONGEST_ARGUMENTS:
            arguments = f"{arguments[:LONGEST_ARGUMENTS]}...{sha256(arguments.encode()).hexdigest()[:6]}"
        return f"{self.name}({arguments})" if arguments else self.name

    @property
    def full_label(self) -> str:
        """The label where another origin has the same: with the name of the file or module before it."""
        if self.source in PATH_SCHEMES:
            return f"{(Path.cwd() / self.path).parent.name or self.source}.{self.label}"
        place = PurePath(self.digest or self.source).name.removesuffix(".py")
        return f"{place.rpartition('.')[2]}.{self.label}"

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

    def written_with(self, argument: str) -> str:
        """How a user writes it with an argument such as "width=3"; in a Python program, of what that handed over."""
        if self.digest:
            return f"functools.partial({self.name}, {argument})"
        return f"{self.source}:{self.name}({argument})"

    def call_arguments(self) -> tuple[list[Any], dict[str, Any]]:
        """The arguments by position and by name.

        Raises:
            BenchError: they are not Python literals.

        """
        with _as_literals(self):
            call = _call_of(self.arguments)
            named = {keyword.arg or "": ast.literal_eval(keyword.value) for keyword in call.keywords}
            assert "" not in named  # `**` of something
            assert len(named) == len(call.keywords)  # none twice
            return [ast.literal_eval(value) for value in call.args], named


@contextmanager
def _as_literals(origin: Origin) -> Iterator[None]:
    """Say of arguments that cannot be read as literals what they have to be."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes and comparisons that Python finds odd
            yield
    except (SyntaxError, ValueError, TypeError, AssertionError, RecursionError, MemoryError) as error:
        raise BenchError(
            f"'{origin.name}({origin.arguments})': arguments are Python literals such as width=128 or betas=(0.9, 0.95)"
        ) from error


def _call_of(arguments: str) -> ast.Call:
    """The syntax tree of a call with these arguments, whatever is around them."""
    call = ast.parse(f"f({arguments}\n)", mode="eval").body
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Name)  # and no call of what a call gives
    return call


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
    if match := _HANDED.fullmatch(text):
        return Origin(HANDED, match["name"], digest=match["digest"])
    match = _PATTERN.fullmatch(text)
    if match is None:
        raise BenchError(f"'{text}' names nothing that can be imported: write {FORMS}")
    origin = Origin(match["source"], match["name"], match["arguments"] or "")
    origin.call_arguments()
    with _as_literals(origin):
        return replace(origin, arguments=ast.unparse(_call_of(origin.arguments))[2:-1])


def handed_name(text: str) -> str:
    """The name of the object that a Python program handed over, which a text stands for; "" for any other text."""
    match = _HANDED.fullmatch(text)
    return match["name"] if match else ""


def with_names_alone(message: str) -> str:
    """A message to the program that handed objects over, which knows them by their names."""
    return _HANDED.sub(r"\g<name>", message)


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
        others = names.union(labels.values())
        labels[text] = next(choice for choice in choices if choice not in others or choice == text)
    return labels


def is_path(text: str) -> bool:
    """Whether a text names files of data, which are read and not run: `folder:PATH` or `npz:FILE`."""
    return text.partition(":")[0] in PATH_SCHEMES


def from_anywhere(text: str) -> str:
    """The same text for a process in another folder: files of data by their whole path."""
    scheme, _, path = text.partition(":")
    if not path or scheme not in PATH_SCHEMES:
        return text
    whole = Path(path)
    with suppress(RuntimeError):  # `~name` of nobody here: a file like any other
        whole = whole.expanduser()
    return f"{scheme}:{whole.absolute()}"


def texts_of(origins: Iterable[str]) -> Mapping[str, str]:
    """The origins of a cell, each such as "architecture=my_nets.py:MyNet", by field."""
    parted = (entry.partition("=") for entry in origins)
    return {field: text for field, _, text in parted}


def code_in_words(facts: Mapping[str, Any]) -> str:
    """Which code an origin was, in words: "my_nets.py, SHA-256 0123456789ab", or "timm 1.0.3"."""
    if "file" in facts:
        return f"{PurePath(str(facts['file'])).name}, SHA-256 {str(facts.get('sha256', ''))[:12]}"
    if "pickle" in facts:
        return f"an object of a Python program, SHA-256 {str(facts['pickle'])[:12]}"
    return " ".join(str(facts[key]) for key in ("package", "version") if facts.get(key))


def file_of(text: str, base: Path) -> Path | None:
    """The Python file that a text names, found from the folder `base`, or its copy; None where it names none."""
    origin = parse(text)
    return copy_of(base / Path(origin.file).expanduser()) if origin and origin.file else None


def split_outside_brackets(text: str, between: str = ",") -> list[str]:
    """The parts between commas that stand in no bracket: of `MyNet(width=1,depth=2),optimizer=adam` two.

    Another sign may stand `between` them.
    """
    parts, depth, quote, escaped = [""], 0, "", False
    for sign in text:
        if quote:
            quote = "" if sign == quote and not escaped else quote
            escaped = sign == "\\" and not escaped
        elif depth and sign in "'\"":
            quote = sign
        else:
            depth += (sign in "([{") - (sign in ")]}")
        if sign == between and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return parts
