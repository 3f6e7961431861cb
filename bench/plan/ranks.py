"""Ranks: cells that several processes train together: their batches, their threads and devices, what they cannot."""

from collections.abc import Iterable
from dataclasses import replace

from bench.errors import BenchError
from bench.plan.catalogue import Catalogue
from bench.plan.cell import Cell
from bench.plan.compiled import as_torch_has_it
from bench.plan.plan import Plan
from bench.text import plural

MOST_TO_A_CORE = 8  # processes and their threads, where several may share a core: beyond it nothing is measured


def scaled(cell: Cell, scaling: Iterable[str]) -> list[Cell]:
    """The cell under each kind of scaling; its batch size is that of each rank before, and of all ranks after."""
    sizes = {"weak": cell.batch_size * cell.world_size, "strong": cell.batch_size}
    return [replace(cell, batch_size=sizes[kind]) for kind in scaling]


def kin(cell: Cell, plan: Plan) -> Cell:
    """What a cell has in common with those that its efficiency hangs on: those belong on one kind of machine."""
    return replace(cell, batch_size=1, world_size=1) if max(plan.world_sizes) > 1 else cell


def images_together(plan: Plan) -> set[int]:
    """How many images are evaluated together, of batches that are split among ranks or taken in parts."""
    ranks = plan.world_sizes if "strong" in plan.scaling else ()
    pairs = ((size, shares) for size in plan.sizes for shares in (*ranks, *plan.accumulate))
    return {size // shares for size, shares in pairs if size >= shares}


def threads_of_each(plan: Plan, cores: int) -> int:
    """CPU threads of a rank where the plan gives none: as many as the largest world leaves, for every world alike."""
    return max(1, cores // max(plan.world_sizes))


def device_of(first: str, rank: int) -> str:
    """The device of a rank by name; of numbered ones `first` is that of rank 0, and the next ranks follow."""
    kind, colon, number = first.partition(":")
    return f"{kind}:{int(number) + rank}" if colon else first


def check_ranks(devices: Iterable[str], threads: Iterable[int], plan: Plan, catalogue: Catalogue) -> None:
    """See that each rank has a device, or cores, of its own.

    Raises:
        BenchError: there are too few, and the plan does not allow several to share a core.

    """
    most = max(plan.world_sizes)
    for name in devices if most > 1 else ():
        if catalogue.devices[name].on_host:
            _check_cores(most, max(threads), catalogue.usable_cores, MOST_TO_A_CORE if plan.oversubscribe else 1)
        elif missing := [other for rank in range(most) if (other := device_of(name, rank)) not in catalogue.devices]:
            raise BenchError(
                f"--world-sizes {most} from {name} on needs {plural(most, 'device')}, one a rank, and there is no "
                f"{missing[0]} here: ask for {most - len(missing)} at most"
            )


def _check_cores(ranks: int, threads: int, cores: int, to_a_core: int) -> None:
    if ranks * threads <= cores * to_a_core:
        return
    each = f" with {plural(threads, 'thread')} each" if threads > 1 else ""
    places = f"{to_a_core} to each of the " if to_a_core > 1 else "the "
    remedy = "" if to_a_core > 1 else ", or have results marked with --oversubscribe"
    raise BenchError(
        f"--world-sizes {ranks}{each} is more than {places}{plural(cores, 'core')} usable here: ask for "
        f"{max(1, cores * to_a_core // threads)} at most{remedy}"
    )


def is_oversubscribed(cell: Cell, cores: int, *, on_host: bool) -> bool:
    """Whether the ranks of a cell share cores with each other."""
    return on_host and cell.world_size > 1 and cell.world_size * cell.threads > cores


def unfit_for_ranks(cell: Cell, catalogue: Catalogue) -> str | None:
    """Why several ranks cannot train the cell together, or None."""
    if cell.world_size == 1:
        return None
    if cell.batch_size % cell.world_size:
        return f"a batch of {cell.batch_size} cannot be split evenly among {cell.world_size} ranks (--batch-sizes)"
    if as_torch_has_it(cell) != cell:
        how = f"as {cell.mode}" if cell.mode != "eager" else "with a compiled update"
        return f"several ranks are timed in eager mode alone, not {how} (--modes eager)"
    if catalogue.optimizers[cell.optimizer]["needs_closure"]:
        return f"{cell.optimizer} steps by its own loss, of which each rank has another"
    if cell.batch_size == cell.world_size:
        few: str | None = catalogue.architectures[cell.architecture].get("more_than_one", {}).get(cell.dataset)
        return few
    return None
