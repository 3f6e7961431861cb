"""Elsewhere: figures of other machines that were imported, kept in results/published/, each with the file it is from.

They stand beside the figures of runs and are never judged against them.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from bench import files
from bench.errors import BenchError
from bench.store.run import PUBLISHED, check_name
from bench.store.stored import Count, Seconds
from bench.vocabulary import FigurePart

SCHEMA = 1
Rate = Annotated[float, Meta(gt=0, le=1e18)]
_RESTORE = "remove it, and import the file again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """How fast one model was in one part of a benchmark on somebody's machine; None or "" for what nobody says.

    Attributes:
        model: by the name that the other tool has for it.
        part: whether it was trained.
        images_per_second: over the whole benchmark.
        seconds: a batch.
        passes: seconds of each part of a step, by its name, where they were taken apart.
        batch_size: images a batch.
        image_size: pixels of an edge.
        parameters: how many the model has.
        device: what it ran on.

    """

    model: str
    part: FigurePart
    images_per_second: Rate
    seconds: Seconds | None = None
    passes: Mapping[str, Seconds] = field(default_factory=dict)
    batch_size: Count | None = None
    image_size: Count | None = None
    parameters: Rate | None = None
    device: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureFile:
    """The figures of one imported file.

    Attributes:
        file: its name.
        sha256: of its content.
        tool: that wrote it.
        figures: in the order of its lines.

    """

    file: str
    sha256: str
    tool: str
    figures: tuple[Figure, ...]


def save(name: str, figures: FigureFile, folder: Path = PUBLISHED) -> Path:
    """Keep the figures under that name; the file.

    Raises:
        BenchError: the name cannot be a file's, is taken, or the folder cannot be written.

    """
    check_name(name)
    path = folder / f"{name}.json"
    if path.exists():
        raise BenchError(f"{path} exists already: choose another name with --run NAME")
    files.make_folder(folder)
    files.replace(path, files.document({"schema": SCHEMA, **asdict(figures)}))
    return path


def load_each(folder: Path = PUBLISHED) -> tuple[dict[str, FigureFile], list[BenchError]]:
    """The figures that were imported, by the name that they are kept under, and why others cannot be read."""
    figures, errors = {}, []
    for path in sorted(folder.glob("*.json")):
        try:
            figures[path.stem] = _load(path)
        except BenchError as error:
            errors.append(error)
    return figures, errors


def _load(path: Path) -> FigureFile:
    stored = files.read_object(path, _RESTORE)
    with files.damage_told(str(path), _RESTORE):
        files.check_schema(stored["schema"], SCHEMA, str(path), _RESTORE)
        return files.shaped(stored, FigureFile)
