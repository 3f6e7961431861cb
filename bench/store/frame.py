"""The pandas frame of a run: one row per cell and metric, the processes of a cell pooled with their interval."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import pandas as pd

from bench.metrics import named
from bench.plan.cell import Cell, seed_of
from bench.stats.interval import Interval
from bench.store.accumulation import with_accumulation
from bench.store.answers import with_answer_intervals
from bench.store.disturbed import flagged
from bench.store.flags import Flags, joined, missed
from bench.store.loading import with_loading
from bench.store.machines import Place, places_of
from bench.store.payoffs import with_payoffs
from bench.store.readings import Taken
from bench.store.recomputation import with_recomputation
from bench.store.result import Measurement
from bench.store.run import Run
from bench.store.scaling import with_efficiencies
from bench.store.seeds import Asked, Seeds, asked_of

_COUNTS = ("seeds", "threads_used", "n", "samples", "left_out")
_OF_THE_CELL = ("status", "reason", "flags", "seeds", "lost", "fingerprint", "machine")

Line = dict[str, Any]

_TO_TARGET = named(lambda row: row.to_target)
_MISSED = Measurement.of_value("reached", 0.0, "share").to_dict()


def frame(run: Run) -> pd.DataFrame:
    """One row per cell and metric of `run`; see `frame_of`."""
    return frame_of(flagged(run.heads(), run.heads()), replace(asked_of(run.facts.plan), seeds=()))


def configurations(run: Run) -> pd.DataFrame:
    """As `frame`, with seeds pooled: one row per configuration and metric, n counts the processes of all seeds.

    The id is the configuration's, however many seeds it has; in place of the column `seed` there is `seeds_run`, a list
    of those that a process was started for. Accuracies and what else training gives come from one process a seed, so
    that there n is the number of seeds.
    """
    lines = [{**line, "id": configuration_id(line)} for line in flagged(run.heads(), run.heads())]
    seeds: dict[str, set[int]] = {line["id"]: set() for line in lines}
    for line in lines:
        seed = seed_of(line["cell"])
        if line["status"] != "skipped" and seed is not None:
            seeds[line["id"]].add(seed)
    table = frame_of(lines, asked_of(run.facts.plan))
    table["seed"] = [sorted(seeds[name]) for name in table["id"]]
    return table.rename(columns={"seed": "seeds_run"})


def by_machine(table: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """The rows of each cell on each class of machines, its id and the class first; "" where nothing tells a class.

    What holds for all machines stands after the rows of each, so that the first row has the machine's own status.
    """
    for name, cell in table.groupby("id", sort=False):
        classes = [machine for machine in dict.fromkeys(cell["machine"]) if isinstance(machine, str)]
        if len(classes) < 2:
            yield str(name), classes[0] if classes else "", cell
            continue
        for machine in classes:
            part = cell[(cell["machine"] == machine) | cell["machine"].isna()]
            yield str(name), machine, part.sort_values("machine", na_position="last", kind="stable")


def flagged_cells(table: pd.DataFrame, names: Iterable[str]) -> list[str]:
    """Those of the cells that something speaks against, each with what that is: "mlp-sgd-... (contended 5 of 6)"."""
    flags = {name: text for name, text in zip(table["id"], table["flags"], strict=True) if isinstance(text, str)}
    return [f"{name} ({flags[name]})" for name in names if isinstance(flags.get(name), str)]


def configuration_id(line: Line) -> str:
    """The id of the configuration that a stored line is of; the line's own is the cell's, which has the seed."""
    return Cell.from_dict(line["cell"]).configuration.id


def frame_of(lines: Iterable[Line], asked: Asked = Asked()) -> pd.DataFrame:  # noqa: B008 - it is frozen
    """One row per cell and metric of stored lines; those of one id are of one cell, or of its seeds.

    Of a cell that several classes of machines measured there is a row for each of them, and of what it learnt one row
    over all: each seed counts with its mean over the machines, so that n still counts seeds.

    Columns: `id` and every field of Cell; `status`, `reason` and `flags` of the cell as a whole, these last what speaks
    against its numbers (`bench.store.flags`), absent where nothing does; `seeds`, how many were asked
    for, and `lost`, what became of those without an accuracy; `fingerprint`, the digest of machine and software within
    which relative costs compare; `machine`, that of machine and software whatever the threads, absent where nothing
    tells it or the number is over several; `metric`, `unit`, `direction`, `statistic`;
    `threads_used`; `value` with `low` and `high` (95 % over processes, absent from a single one); `n`, the number of
    fresh processes; `median` of the samples, pooled on the log scale, and their number `samples`, where
    there are any; `left_out`, how many processes are not in it since a neighbour disturbed them and not all; and
    `contended`, whether those that are in it were disturbed (of training, which is done once a seed: any of them).
    Of an imported run the columns of `bench.store.spread.NAMES` follow: `rounds`, `iterations`, `min`, `q1`, `q3`,
    `max`, `mean`, `stddev` and `iqr`, as far as its file says them; the fields of a foreign cell that say nothing are
    absent, and so are its `seeds`.
    Cells of several ranks have a row for each efficiency that the run tells (`bench.store.scaling`), those of batches
    in parts for their time and memory beside the whole batch (`bench.store.accumulation`), compiled ones for when that
    pays (`bench.store.payoffs`), those that are loaded for their time beside the resident cell (`bench.store.loading`).
    What an engine loses has its interval over test images where a single seed was trained
    (`bench.store.answers`).
    A cell without any metric (skipped, failed) has one row whose metric is absent. A seed that ended early reached no
    accuracy, and there is a time to it only where every seed got there.
    """
    noted = _Noted(asked)
    every = list(lines)
    for line, places in zip(every, places_of(every), strict=True):
        noted.add(line, *places)
    noted.end()
    columns = ["id", *(each.name for each in fields(Cell)), *_OF_THE_CELL]
    table = _whole(pd.DataFrame(list(noted.cells.values()), columns=columns).join(noted.taken.pooled(), how="left"))
    table["flags"] = _flags(table, dict(enumerate(noted.flags.values())), asked.precision)
    several = [at for at, place in enumerate(noted.cells) if place.of_several]
    table = table[~(table["metric"].isna() & table.index.isin(several))]  # where nothing was learnt on all of them
    short = table.loc[(table["metric"] == "reached") & (table["value"] < 1), "id"]
    flattering = table["metric"].isin(_TO_TARGET) & table["id"].isin(short)
    whole = with_answer_intervals(table[~flattering].reset_index(drop=True))
    whole = with_accumulation(with_efficiencies(whole))
    return with_payoffs(with_recomputation(with_loading(whole)))


@dataclass(slots=True)
class _Noted:
    """What lines say of each place where numbers are pooled, noted line by line."""

    asked: Asked
    cells: dict[Place, Line] = field(default_factory=dict)
    seeds: dict[str, Seeds] = field(default_factory=dict)
    flags: dict[Place, Flags] = field(default_factory=dict)
    taken: Taken = field(default_factory=Taken)

    def add(self, line: Line, timed: Place, learnt: Place) -> None:
        """Note a line, whose times belong to one place and what it learnt to another."""
        for place in dict.fromkeys((timed, learnt)):
            _note(self.cells, line, place)
            self.flags.setdefault(place, Flags()).note(line)
            self.taken.numbers.setdefault(place, len(self.taken.numbers))
        self.seeds.setdefault(line["id"], Seeds(self.asked)).note(line)
        self.taken.note(line, timed, learnt)

    def end(self) -> None:
        """Note what is known only after all lines: what was learnt over all machines, and which seeds are missing."""
        self.taken.add_learnt()
        for place, cell in self.cells.items():
            seeds = self.seeds[place.id]
            cell |= {"seeds": seeds.count or None, "lost": seeds.lost}
            for _ in range(seeds.missed if place.of_all else 0):
                self.taken.add(self.taken.numbers[place], _MISSED, frozenset())


def _flags(table: pd.DataFrame, flags: Mapping[int, Flags], precision: float | None) -> list[str | None]:
    """What speaks against the cell of each row, by the number of its place, which is the row's index."""
    costs = table[table["metric"] == "relative_cost"]
    halves = {
        place: Interval(value, low, high, 0).half_width
        for place, value, low, high in zip(costs.index, costs["value"], costs["low"], costs["high"], strict=True)
    }
    every = {place: joined((str(noted), missed(halves.get(place), precision))) for place, noted in flags.items()}
    return [every[place] for place in table.index]


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    """The table with whole numbers where only some rows have them: pandas makes fractions of those beside a blank."""
    whole = [each.name for each in fields(Cell) if isinstance(each.default, int)]
    blank = [name for name in (*whole, *_COUNTS) if table[name].isna().any()]
    return table.astype(dict.fromkeys(blank, "Int64"))


def status_of(statuses: Iterable[str]) -> str:
    """The status of a cell from those of its processes: the first that went wrong, else ok if any was measured."""
    every = list(statuses)
    wrong = next((status for status in every if status not in {"ok", "skipped"}), None)
    return wrong or ("skipped" if set(every) == {"skipped"} else "ok")


def _origins(stored: Collection[str] | None) -> str | None:
    """The origins of a cell in one text; None of a foreign cell, which says nothing of them."""
    return None if stored is None else "; ".join(stored)


def _note(cells: dict[Place, Line], line: Line, place: Place) -> None:
    """What a line says of its cell as a whole."""
    if place not in cells:
        known = Cell.from_dict(line["cell"]).to_dict()  # with what an older version did not know at its default
        whole = {"origins": _origins(known["origins"]), "machine": place.machine or None}
        cells[place] = {"id": line["id"], **known, **whole, "status": line["status"], "reason": line["reason"]}
    cell = cells[place]
    status = status_of((cell["status"], line["status"]))
    if status != cell["status"]:
        cell |= {"status": status, "reason": line["reason"]}
    prints = dict.fromkeys((*cell.get("fingerprint", "").split(), *line.get("fingerprint", "").split()))
    cell["fingerprint"] = " ".join(prints)  # of several machines all, and none where no worker told its system
