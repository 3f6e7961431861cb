"""Capabilities: what each side of a comparison says it has, and the cells that follow from it."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from bench.errors import BenchError, NotComparableError, unknown
from bench.plan.catalogue import FIRST_LOSSES, Catalogue, DeviceFacts, patience_of
from bench.plan.cell import Cell
from bench.plan.cell_id import cell_of_id
from bench.plan.grid import AXES, NAMED_AXES, expand, matching
from bench.plan.origin import is_path, split_outside_brackets
from bench.plan.origin import parse as parse_origin
from bench.plan.plan import Plan, flag, parse
from bench.process import entries
from bench.process.attempts import ask
from bench.process.messages import CapabilitiesAnswer, CapabilitiesTask
from bench.process.tree_client import TreeClient, TreeError
from bench.process.worker import WorkerError

_ASKED = [axis for axis in NAMED_AXES if axis != "datasets"]  # whose origins a side is asked for; data sets are apart


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a side says it has."""

    catalogue: Catalogue
    cell_fields: tuple[str, ...]
    system: Mapping[str, Any]
    entries: tuple[str, ...] = ()
    installed: Mapping[str, str] = field(default_factory=dict)
    systems: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by device

    @property
    def problems(self) -> tuple[str, ...]:
        """Plug-ins that could not be loaded, one line each."""
        return self.catalogue.problems


def capabilities_of(host: TreeClient, plan: Plan) -> Capabilities:
    """Ask a side what it has."""
    task = CapabilitiesTask(
        device=plan.devices[0],
        threads=plan.threads[0] if plan.threads else 1,
        datasets=list(plan.datasets),
        data_dir=plan.data_dir,
        devices=list(plan.devices),
        origins={key: [text for text in getattr(plan, key) if parse_origin(text)] for key in _ASKED},
    )
    host.wait_until_ready()
    try:
        answers = ask(
            host,
            entries.AB_CAPABILITIES,
            lambda left_out: {**task, "left_out": dict(left_out)},
            patience_of(plan.datasets),
        )
    except WorkerError as ended:
        raise TreeError(f"{host.label} does not say what it has: {ended.in_full}") from ended
    if "about" not in answers:
        raise BenchError(f"{host.label}: {answers.get('failed', 'it gave no answer')}")
    facts: CapabilitiesAnswer = answers["about"]
    names = {field.name for field in fields(Catalogue)}
    listed = {name: value for name, value in facts["catalogue"].items() if name in names}
    listed = {name: tuple(value) if isinstance(value, list) else value for name, value in listed.items()}
    listed["devices"] = {name: DeviceFacts.from_dict(stored) for name, stored in listed["devices"].items()}
    return Capabilities(
        Catalogue(**listed),
        tuple(facts["cell_fields"]),
        facts["system"],
        tuple(facts.get("entries", ())),
        facts.get("installed", {}),
        facts.get("systems", {}),
    )


def cells_of(plan: Plan, known: Sequence[Capabilities]) -> tuple[Cell, ...]:
    """The plan's cells on the first of two sides; what only the other has is passed over, what none has is an error."""
    if not plan.architectures:
        return ()
    own, other = (side.catalogue for side in known)
    wanted: dict[str, tuple[str, ...]] = {}
    for kind, key in (("architecture", "architectures"), ("optimizer", "optimizers")):
        wanted[key] = tuple(glob for glob in getattr(plan, key) if matching(glob, getattr(own, key)))
        for glob in getattr(plan, key):
            if not matching(glob, getattr(own, key)) and not matching(glob, getattr(other, key)):
                raise unknown(kind, glob, [*getattr(own, key), *getattr(other, key)], f"list {key}")
    if not all(wanted.values()):
        return ()
    return expand(replace(plan, world_sizes=(1,), **wanted), own).cells  # type: ignore[arg-type] # fields of one type by name


def check_fields(shared: Sequence[Cell], known: Capabilities, label: str) -> None:
    """A side of a revision that does not know a field would silently measure something else."""
    for axis in fields(Cell):
        if axis.name not in known.cell_fields and any(getattr(cell, axis.name) != axis.default for cell in shared):
            if axis.name == "origins":
                raise NotComparableError(f"{label} knows only what is registered: compare revisions that know files")
            usual = "" if axis.default is None else f" ({flag(AXES[axis.name])} {axis.default})"
            raise NotComparableError(f"{label} knows no {axis.name.replace('_', ' ')}: leave it at its default{usual}")


def fields_of_cell(text: str, losses: Container[str] = FIRST_LOSSES) -> dict[str, tuple[Any, ...]]:
    """The fields of Plan that "lenet5,optimizer=adam" gives, each with its one value; of the id of a cell, all of them.

    Raises:
        BenchError: a key or a value is wrong.

    """
    if cell := cell_of_id(text, losses):
        return {key: (getattr(cell, name),) for name, key in AXES.items() if getattr(cell, name) is not None}
    name, *pairs = _parts_of(text)
    wanted: dict[str, tuple[Any, ...]] = {"architectures": (name,)}
    for pair in pairs:
        key, _, value = pair.partition("=")
        if key not in AXES or not value:
            raise BenchError(f"--cells takes NAME or NAME,key=value with a key of {', '.join(AXES)}, not '{pair}'")
        wanted[AXES[key]] = (parse(AXES[key], value),)
    return wanted


def _parts_of(text: str) -> list[str]:
    """The architecture and the pairs; a comma may stand in a path of data."""
    parts: list[str] = []
    for part in split_outside_brackets(text):
        if parts and part.partition("=")[0] not in AXES and is_path(parts[-1].partition("=")[2]):
            parts[-1] += f",{part}"
        else:
            parts.append(part)
    return parts


def one_cell(text: str, plan: Plan, catalogue: Catalogue) -> Cell:
    """The cell that "lenet5,optimizer=adam" names, or whose id the text is.

    Raises:
        BenchError: a name or value is wrong, or the cell cannot be measured here.

    """
    wanted = fields_of_cell(text, catalogue.losses)
    if wanted.get("world_sizes", (1,)) != (1,):
        raise BenchError(f"--cells {text} trains in several processes, and a pair compares steps of one process")
    cells = expand(replace(plan, **{"world_sizes": (1,), **wanted}), catalogue).cells  # type: ignore[arg-type] # as above
    if len(cells) > 1:
        raise BenchError(f"--cells {text} is {len(cells)} cells: one is compared, so choose one value of each axis")
    return cells[0]


def with_threads(cell: Cell, variables: Mapping[str, str], cores: int) -> Cell:
    """The cell with the threads that the environment asks for: a worker sets its cell's own otherwise."""
    threads = threads_in(variables, cores)
    return cell if threads is None else replace(cell, threads=threads)


def threads_in(variables: Mapping[str, str], cores: int) -> int | None:
    """The threads that an environment asks for; None where it asks for none.

    Raises:
        BenchError: they are no number, or more than there are cores.

    """
    asked = variables.get("OMP_NUM_THREADS")
    if not asked:
        return None
    if not asked.isdigit() or not 0 < int(asked) <= cores:
        raise BenchError(f"--env OMP_NUM_THREADS={asked}: it takes a number from 1 to the {cores} cores usable here")
    return int(asked)
