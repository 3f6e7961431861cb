"""Probe: what one worker is asked to find out about the machine's own ceilings, as plain data."""

from collections.abc import Iterable
from dataclasses import dataclass

from bench.plan.cell import Cell


@dataclass(frozen=True, slots=True)
class Probe:
    """A device as some cells use it.

    Attributes:
        device: its name, such as "cpu" or "cuda:0".
        dtypes: the types that matrices are multiplied in.
        threads: CPU threads.

    """

    device: str
    dtypes: tuple[str, ...]
    threads: int


def probes_of(cells: Iterable[Cell]) -> list[Probe]:
    """One probe for each device and thread count of the cells, with all types they compute in."""
    dtypes: dict[tuple[str, int], dict[str, None]] = {}
    for cell in cells:
        dtypes.setdefault((cell.device, cell.threads), {})[cell.dtype] = None
    return [Probe(device, tuple(found), threads) for (device, threads), found in dtypes.items()]
