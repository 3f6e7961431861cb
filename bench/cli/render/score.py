"""Score: the optimizers of a race as a table, as one document and as CSV."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from bench.cli.render.columns import Row
from bench.stats.performance_profile import Floats, Profiles, median, ratios_of, shares_of
from bench.store.race import Race
from bench.store.race_sentences import basis_of, doubts_of, leader_of, score_told, workload_sentence
from bench.text import whole
from bench.vocabulary import RaceMeasure

_SHOWN = (1.0, 2.0, 4.0)  # factors that have a column


def rows_of(race: Race, measure: RaceMeasure) -> list[Row]:
    """A row for each optimizer, the highest score first."""
    drawn, held = race.profiles(measure), race.held_out_profiles(measure)
    shares = shares_of(drawn.ratios, np.array(_SHOWN))
    rows, where = [], f"rates on {', '.join(race.labels[workload] for workload in race.workloads)}"
    for at in (-drawn.scores).argsort(kind="stable"):
        name = race.optimizers[at]
        within = {f"within {tau:g}": whole(share) for tau, share in zip(_SHOWN, shares[at], strict=True)}
        beside = {"held out": score_told(held, at)} if held else {}
        rest = {where: _rates(race, name), "optimizer is": race.descriptions[name] or "-"}
        rows.append({"optimizer": name, "score": score_told(drawn, at), **within, **beside, **rest})
    return rows


def notes_of(race: Race, measure: RaceMeasure) -> list[str]:
    """What the table says, and what it is of."""
    drawn = race.profiles(measure)
    each = [workload_sentence(race, measure, workload) for workload in race.targets]
    return [leader_of(race, measure, drawn), basis_of(race, measure), *each, *doubts_of(race, measure)]


def document_of(race: Race, measure: RaceMeasure) -> dict[str, Any]:
    """All of it as plain data; what is infinite is null, and so are the ends of an interval that there is not."""
    drawn, held = race.profiles(measure), race.held_out_profiles(measure)
    return {
        "by": measure,
        "taus": drawn.taus.tolist(),
        "optimizers": [
            {
                "optimizer": name,
                "description": race.descriptions[name],
                "score": _score(drawn, at),
                "held_out_score": _score(held, at) if held else None,
                "profile": [drawn.shares[at].tolist(), *_ends(drawn.share_ends, at)],
            }
            for at, name in enumerate(race.optimizers)
        ],
        "times": list(_times(race, measure)),
        "notes": notes_of(race, measure),
    }


def csv_of(race: Race, measure: RaceMeasure) -> str:
    """A row for each optimizer and workload; what is infinite is empty."""
    rows = [
        {**row, "learning_rate": _cell(row["learning_rate"], "|"), "seeds": _cell(row["seeds"], " ")}
        for row in _times(race, measure)
    ]
    return str(pd.DataFrame(rows).to_csv(index=False))


def _times(race: Race, measure: RaceMeasure) -> Iterator[dict[str, Any]]:
    """The times of each optimizer on each workload: by seed, their median, and its ratio to the best.

    A learning rate is a list where machines chose several.
    """
    for workload in race.targets:
        medians = np.array([[median(race.times[measure][name, workload])] for name in race.optimizers])
        ratios = ratios_of(medians)
        bases = [base for base, held in race.held_out.items() if held == workload]
        for at, name in enumerate(race.optimizers):
            rates = race.rates[name, workload]
            yield {
                "optimizer": name,
                "workload": race.labels[workload],
                "target": race.targets[workload],
                "held_out_of": race.labels[bases[0]] if bases else None,
                "learning_rate": list(rates) if len(rates) > 1 else rates[0],
                "median": _finite(medians[at, 0]),
                "ratio": _finite(ratios[at, 0]),
                "seeds": list(map(_finite, race.times[measure][name, workload])),
            }


def _rates(race: Race, name: str) -> str:
    """The rates of an optimizer on the workloads that are tuned; with a bar between those of several machines."""
    return " ".join("|".join(map(_rate, race.rates[name, workload])) for workload in race.workloads)


def _rate(rate: float | None) -> str:
    return "own" if rate is None else f"{rate:g}"


def _cell(numbers: Any, between: str) -> str:
    """One number or several in a cell of CSV; what is None is empty."""
    several = numbers if isinstance(numbers, list) else [numbers]
    return between.join("" if value is None else f"{value:g}" for value in several)


def _score(drawn: Profiles, at: int) -> dict[str, float | None]:
    return dict(zip(("value", "low", "high"), (float(drawn.scores[at]), *_ends(drawn.score_ends, at)), strict=True))


def _ends(ends: Floats | None, at: int) -> list[Any]:
    """The low and the high end for an optimizer, by its number; None for both where there is no interval."""
    return [None, None] if ends is None else ends[:, at].tolist()


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
