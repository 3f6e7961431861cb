"""Vocabulary: the closed sets of words that stand in recorded files."""

from typing import Any, Literal, TypeVar, cast, get_args

# Comparisons and checks: how a look, a cell and the whole end, and what a pair is told apart by.
Outcome = Literal["pass", "fail", "continue", "inconclusive"]  # of a look at the pairs so far
VerdictWord = Literal[
    "regressed", "failed", "not comparable", "missing", "inconclusive", "new", "unchanged", "improved"
]
Overall = Literal["regression", "not comparable", "inconclusive", "pass"]  # the gravest first
DecisionKind = Literal["ab", "check"]
Ending = Literal["", "out of time", "interrupted"]  # why a comparison ended early; "" where it did not
SideName = Literal["before", "after"]
PairMetric = Literal["step", "seconds_per_image"]
PairQuantile = Literal["min", "p10", "p25", "median"]  # of the steps of a side

VERDICTS: tuple[VerdictWord, ...] = get_args(VerdictWord)
OVERALLS: tuple[Overall, ...] = get_args(Overall)
ENDINGS: tuple[Ending, ...] = get_args(Ending)
SIDES: tuple[SideName, ...] = get_args(SideName)
PAIR_QUANTILES: tuple[PairQuantile, ...] = get_args(PairQuantile)
PAIR_METRICS: tuple[PairMetric, ...] = get_args(PairMetric)

Word = TypeVar("Word")


def word(value: Any, words: tuple[Word, ...]) -> Word:
    """The stored value, which must be one of the words.

    Raises:
        ValueError: it is none of them.

    """
    if value not in words:
        raise ValueError(f"{value!r} is none of {', '.join(map(repr, words))}")
    return cast("Word", value)
