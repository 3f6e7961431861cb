"""Result: the verdicts on what the sides compute, and what they add to the verdicts on their speed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bench.compare.log import CellLog, ComparisonLog
from bench.compare.records import SamenessRecord
from bench.metrics import RESULT
from bench.text import plural
from bench.verdict.verdict import Verdict
from bench.vocabulary import Sameness, VerdictWord

WORDS: Mapping[Sameness, VerdictWord] = {
    "equal": "unchanged",
    "float error": "unchanged",
    "changed": "changed",
    "not known": "not known",
}
# With --same-result.
REQUIRED: Mapping[VerdictWord, VerdictWord] = {"changed": "regressed", "not known": "inconclusive"}
# What a verdict on speed adds: that of a side that is faster, in one breath, and any other.
OF_GAINS: Mapping[Sameness, str] = {
    "equal": "",
    "float error": "",
    "changed": ", and computes something else",
    "not known": "; whether it computes the same is not known",
}
OF_OTHERS: Mapping[Sameness, str] = {**dict.fromkeys(OF_GAINS, ""), "changed": "; it computes something else"}


def with_results(verdicts: Sequence[Verdict], log: ComparisonLog, *, same_result: bool) -> list[Verdict]:
    """The verdicts on speed, each with what must not be left out beside it, and those on the results after them."""
    known = {cell: _told(cell_log, asked_for=same_result) for cell, cell_log in log.cell_logs.items()}
    records = {cell: record for cell, record in known.items() if record is not None}
    return [
        *(_qualified(verdict, records, together=verdict.cell not in known) for verdict in verdicts),
        *(_of_record(record, required=same_result or record.required) for record in records.values()),
    ]


def _told(cell_log: CellLog, *, asked_for: bool) -> SamenessRecord | None:
    """What was found of a cell; nothing of one that fails, whose verdict says so."""
    if cell_log.failed:
        return None
    unasked = SamenessRecord(cell_log.cell, "not known", "neither side was asked what it computes")
    return cell_log.sameness or (unasked if asked_for else None)


def _qualified(verdict: Verdict, records: Mapping[str, SamenessRecord], *, together: bool) -> Verdict:
    """A verdict on speed: that of a cell, or of several together, with how many of them compute something else."""
    if not together:
        caveats = OF_GAINS if verdict.verdict == "improved" else OF_OTHERS
        caveat = caveats[records[verdict.cell].sameness] if verdict.cell in records else ""
    else:
        count = sum(record.sameness == "changed" for record in records.values())
        caveat = f"; {plural(count, 'cell')} of these compute{'s' * (count == 1)} something else" if count else ""
    return replace(verdict, reason=verdict.reason + caveat)


def _of_record(record: SamenessRecord, *, required: bool) -> Verdict:
    word = WORDS[record.sameness]
    verdict = REQUIRED.get(word, word) if required else word
    remedy = {"regressed": "see what differs, or leave --same-result out", "changed": "see what differs"}
    return Verdict(
        cell=record.cell,
        metric=RESULT,
        verdict=verdict,
        direction="none",
        statistic="exact",
        reason=record.reason,
        remedy=remedy.get(verdict, ""),
        evidence=record.evidence,
    )
