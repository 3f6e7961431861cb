"""Cell: one point of the grid, everything that decides what is measured."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from bench.plan.origin import texts_of

FOREIGN = "pytest-benchmark"  # stands where a data set would, in the cell of a benchmark that is not ours
STEP = "step"  # likewise, in the cell of a step of the user's own
_KNOWN_OF_ANY = ("architecture", "dataset")  # the fields of a foreign cell that say something
_MARKED = {"engine": "engine_", "test_augmentation": "tta_", "initialization": "init_"}  # what stands before a word
_KNOWN_OF_A_STEP = (*_KNOWN_OF_ANY, "device", "threads", "origins")


@dataclass(frozen=True, slots=True)
class Cell:
    """One point of the grid. Two cells are the same measurement exactly when all their fields are equal.

    A learning rate of None is the optimizer's own. A `dtype` is what autocast narrows to, or with "pure_" before it the
    type of the whole model; `fp32_precision` says in which arithmetic products of float32 are computed. `split` says
    which images tell the accuracy: "test", or "validation", the last twelfth of the training images, which training
    then leaves out. `loader` says how batches come to be: gathered from resident images, or by a DataLoader.
    `world_size` processes train together, each on its share of `batch_size`, with `threads` each; the first is on
    `device`. A step takes a batch in `accumulate` equal parts, whose gradients are added up before the one update. With
    an `engine` nothing of that is timed, and what is measured is how a net that was trained so answers by it, in
    batches of one to `batch_size` images. `average` says which weights are evaluated: those of the last step, or an
    average over steps; a `clip_norm` of 0 leaves gradients as they are. A benchmark that was imported from elsewhere
    and is no point of our grid is a foreign cell: its name stands as the architecture, and the other fields say
    nothing. `origins` names the file or module of what nobody registered, field by field, such as
    "architecture=my_nets.py:MyNet"; that field itself holds its label.

    The names of the fields and their defaults never change (bench/process/CONTRACT.md): stored definitions leave out
    what is at its default, and other revisions read fields by name.
    """

    architecture: str
    optimizer: str = "sgd"
    dataset: str = "mnist"
    batch_size: int = 64
    device: str = "cpu"
    threads: int = 1
    dtype: str = "float32"
    fp32_precision: str = "default"
    denormals: str = "keep"
    memory_format: str = "contiguous"
    mode: str = "eager"
    implementation: str = "default"
    loss: str = "cross_entropy"
    learning_rate: float | None = None
    schedule: str = "constant"
    normalization: str = "unit"
    augmentation: str = "none"
    loader: str = "resident"
    split: str = "test"
    world_size: int = 1
    accumulate: int = 1
    engine: str = "none"
    test_augmentation: str = "none"
    average: str = "none"
    clip_norm: float = 0.0
    initialization: str = "default"
    seed: int = 0
    origins: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """A name that people can read and files can bear: the first six fields, then each that is not its default."""
        if self.is_foreign:
            return self.architecture
        parts = [self.architecture, self.optimizer, self.dataset, f"b{self.batch_size}"]
        parts += [self.device.replace(":", ""), f"t{self.threads}"]
        parts += [
            _part(field.name, value)
            for field in fields(self)[6:]
            if field.name != "origins" and (value := getattr(self, field.name)) != field.default
        ]
        return "-".join(parts)

    def source(self, field: str) -> str:
        """What to build the field from: the origin that is named for it, or its own value, which is registered."""
        return str(self.as_named(field))

    def as_named(self, field: str) -> Any:
        """The value of a field as a plan names it: what has an origin by that."""
        return texts_of(self.origins).get(field, getattr(self, field))

    @property
    def configuration(self) -> "Cell":
        """What is the same for all its seeds: the cell under the seed 0.

        It is a Cell and no type of its own, so that it has all of a cell's fields and an id, and can be measured.
        """
        return replace(self, seed=0)

    @property
    def is_foreign(self) -> bool:
        """Whether this is a benchmark of another tool or a step of the user's own, which only has a name."""
        return self.dataset in (FOREIGN, STEP)

    @classmethod
    def foreign(cls, name: str, kind: str = FOREIGN) -> "Cell":
        """The cell of a benchmark of another tool, or with the kind STEP that of a step of the user's own."""
        return cls(name, optimizer="none", dataset=kind, batch_size=1)

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, as they are stored; of a foreign cell None for each that says nothing."""
        stored = asdict(self)
        if not self.is_foreign:
            return stored
        known = _KNOWN_OF_A_STEP if self.dataset == STEP else _KNOWN_OF_ANY
        return {name: value if name in known else None for name, value in stored.items()}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "Cell":
        """The cell of a stored record; fields of a newer version are passed over."""
        known = {field.name for field in fields(cls)}
        values = {name: value for name, value in stored.items() if name in known}
        if isinstance(origins := values.get("origins", ()), list):
            values["origins"] = tuple(entry for entry in origins if isinstance(entry, str) and "=" in entry)
        if values.get("dataset") in (FOREIGN, STEP):
            foreign = cls.foreign(values["architecture"], values["dataset"])
            return replace(foreign, **{name: value for name, value in values.items() if value is not None})
        return cls(**values)


def seed_of(stored: Mapping[str, Any]) -> int | None:
    """The seed of a stored cell, which may leave out what is at its default; None of a foreign one, which has none."""
    seed: int | None = stored.get("seed", 0)
    return seed


def _part(name: str, value: Any) -> str:
    """A field in an id: text as it is, a number after its name."""
    if name == "world_size":
        return f"world{value}"
    if name in _MARKED:
        return f"{_MARKED[name]}{value}"
    if isinstance(value, float):
        text = f"{value:g}" if float(f"{value:g}") == value else repr(value)
        mark = "clip" if name == "clip_norm" else "lr"
        return f"{mark}{text.replace('+', '')}"  # no file name needs the sign of an exponent
    if name == "augmentation":
        return str(value).replace("+", "_")
    return f"{name}{value}" if isinstance(value, int) else str(value)
