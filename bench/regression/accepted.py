"""Accepted: what the check of a run says to the baseline that the run is accepted into."""

from collections.abc import Mapping
from typing import Any

from bench import files
from bench.store.run import Run
from bench.verdict.stored import AGAIN, stored_check
from bench.verdict.verdict import CHECK_FILE
from bench.vocabulary import PAIR_METRICS, SegmentStart

_WORDS: Mapping[str, SegmentStart] = {"regressed": "regressed", "improved": "improved"}


def begun(run: Run, name: str) -> dict[str, SegmentStart]:
    """By cell, what it was judged to be side by side, if the run was checked against the baseline of that name.

    Who accepts such a run accepts another level. What was judged from stored numbers alone is not among them: whether
    that was a gain, the runs that follow tell. A check that is not there says nothing.

    Raises:
        BenchError: the check is damaged or of another schema, so that it is not known what it says.

    """
    check = stored_check(run.folder)
    if check is None or not str(check.get("before")).startswith(named_in_decision(name)):
        return {}
    with files.damage_told(str(run.folder / CHECK_FILE), AGAIN):
        return dict(_measured(verdict) for verdict in check["verdicts"] if _is_level(verdict))


def named_in_decision(name: str) -> str:
    """How a decision begins to name the baseline that it was made against."""
    return f"baseline {name} "


def _is_level(verdict: Mapping[str, Any]) -> bool:
    return verdict["metric"] in PAIR_METRICS and not verdict.get("limit") and verdict["verdict"] in _WORDS


def _measured(verdict: Mapping[str, Any]) -> tuple[str, SegmentStart]:
    return str(verdict["cell"]), _WORDS[verdict["verdict"]]
