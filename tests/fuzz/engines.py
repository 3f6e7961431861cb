"""Engines: what draws the mutants of a reader: Hypothesis, or atheris, which follows the branches that are taken."""

import importlib.util
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded

from tests.fuzz.readers import Reader
from tests.fuzz.watch import Breach, Watch

SHOWN = 2000  # characters of a mutant


@dataclass(slots=True)
class Tally:
    """What came of the mutants of a reader; the failure is the smallest mutant that did what it must not, and what."""

    reader: str
    mutants: int = 0
    read: int = 0
    refused: int = 0
    failure: str = ""

    def add(self, watch: Watch, reader: Reader, mutant: Any) -> None:
        """One mutant more."""
        self.mutants += 1
        try:
            outcome = watch.outcome(reader.read, mutant)
        except Breach as breach:
            self.failure = f"{breach}\n  of the mutant {repr(mutant)[:SHOWN]}"
            raise
        self.read += outcome == "read"
        self.refused += outcome == "refused"


def by_hypothesis(reader: Reader, watch: Watch, seed: int) -> Tally:
    """As many mutants as the reader's share, drawn from a seed; a failing one is made smaller."""
    tally = Tally(reader.name)

    def meets(mutant: Any) -> None:
        tally.add(watch, reader, mutant)

    checks = settings(
        max_examples=reader.share, deadline=None, database=None, suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink), report_multiple_bugs=False,
    )  # fmt: skip
    with suppress(Breach):  # the tally has it
        seeded(seed)(checks(given(reader.mutants)(meets)))()
    return tally


def by_atheris(reader: Reader, watch: Watch, seed: int) -> Tally:
    """As many inputs of libFuzzer, which end the process: so each reader is fuzzed in a child of this one."""
    if importlib.util.find_spec("atheris") is None:
        sys.exit("atheris is not installed (pip install atheris): --engine hypothesis needs nothing more")
    import atheris

    tally = Tally(reader.name, mutants=reader.share)
    child = os.fork()
    if not child:
        one = given(reader.mutants)(lambda mutant: Tally(reader.name).add(watch, reader, mutant))
        atheris.instrument_all()
        atheris.Setup([sys.argv[0], f"-runs={reader.share}", f"-seed={seed}"], one.hypothesis.fuzz_one_input)
        atheris.Fuzz()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    tally.failure = "see above" if os.waitstatus_to_exitcode(status) else ""
    return tally


ENGINES: Mapping[str, Callable[[Reader, Watch, int], Tally]] = {"hypothesis": by_hypothesis, "atheris": by_atheris}
