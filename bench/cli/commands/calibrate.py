"""The command `rehearse`: what the gate finds and how often it errs on this machine, shown before it is believed."""

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from bench import files
from bench.cli.commands.ab import SUITE, tell_look
from bench.cli.render.tables import print_table
from bench.compare.calibrate import concluded, counted, gather, injected, one_fingerprint
from bench.compare.calibration import Real, Rehearsal, save
from bench.compare.sides import Matchup, settings
from bench.errors import EXIT_INCONCLUSIVE, EXIT_PASS, BenchError
from bench.plan.plan import SETTINGS, Plan, plan_from
from bench.process.lock import measuring
from bench.stats.multiple_testing import clopper_pearson
from bench.stats.operating_characteristics import Rates, admissible, rates
from bench.stats.sequential_test import TOLERANCE
from bench.store.provenance import command_line, utc_now
from bench.store.run import REPORTS
from bench.text import duration
from bench.verdict.verdict import Decision

CURVE = tuple(float(one) for one in np.linspace(0, 0.15, 31))  # true slowdowns in the picture


def execute(given: argparse.Namespace) -> int:
    """Rehearse, print and store; 0 when a tolerance was shown to work, 3 when none was."""
    wanted = {name: value for name in SETTINGS if (value := getattr(given, name, None)) is not None}
    plan = plan_from({"suite": SUITE, **wanted})
    plan = replace(plan, threads=plan.threads or (1,))
    started = utc_now()
    with measuring("the rehearsal", given.concurrent), settings({}, plan) as found:
        one_fingerprint(found)
        cells = ", ".join(found.sides)
        print(f"{given.pairs} pairs of equal sides of each of {cells}: some 6 s each", file=sys.stderr)
        pools = gather(found, plan, given.pairs, _tell_pair)
        real = _slowed(found, plan, given, [one for logs in pools.values() for one in logs])
        rehearsal = concluded(found, pools, real, command_line(), started)
    path, picture = save(rehearsal), _draw(rehearsal)
    if given.json:
        print(json.dumps({**rehearsal.to_dict(), "record": str(path), "picture": picture}))
    else:
        _print(rehearsal)
        print(f"record: {path}" + (f"; picture: {picture}" if picture else ""))
    return EXIT_PASS if rehearsal.admissible is not None else EXIT_INCONCLUSIVE


def _slowed(found: Matchup, plan: Plan, given: argparse.Namespace, pool: list[float]) -> list[Real]:
    """Real comparisons with a slowdown of known size, at the tolerance that `ab` would use."""
    tolerance = max(TOLERANCE, admissible(pool) or 0.0)
    slowdown, names = max(given.inject, tolerance), list(found.sides)
    decisions: list[Decision] = []
    try:
        for number in range(given.repeat):
            name = names[number % len(names)]
            print(f"{name}, made {slowdown:.1%} slower by more work: is it caught?", file=sys.stderr)
            seed = plan.order_seed + number + 1
            decisions.append(injected(found, name, slowdown, tolerance, plan=plan, seed=seed, told=tell_look))
            print(f"    {decisions[-1].verdicts[0].verdict}, after {duration(decisions[-1].seconds)}", file=sys.stderr)
    except KeyboardInterrupt:
        print("interrupted: the pairs are kept", file=sys.stderr)
    return [counted(decisions, slowdown, tolerance)] if decisions else []


def _tell_pair(cell: str, count: int, log_ratio: float) -> None:
    print(f"{cell}: pair {count}: {np.expm1(log_ratio):+.1%}", file=sys.stderr)


def _print(rehearsal: Rehearsal) -> None:
    for name, logs in rehearsal.pools.items():
        spread = f"{np.std(logs, ddof=1):.2%}" if len(logs) > 1 else "unknown"
        print(f"{name}: {len(logs)} pairs of equal sides, standard deviation of the log ratio {spread}")
    print("\nby resampling these pairs (a comparison fails only when two independent runs do):")
    print_table([_row(one) for one in rehearsal.rates])
    print("\nin real runs, with the 95 % interval of Clopper and Pearson:")
    print_table(list(_real_rows(rehearsal.real)))
    if rehearsal.admissible is None:
        print("\nno tolerance was shown to work here: rehearse again when it is quiet (python -m bench doctor)")
    else:
        print(f"\nsmallest tolerance that works here: {rehearsal.admissible:.1%}")


def _row(one: Rates) -> dict[str, str]:
    found = {f"{size:.0%} found": f"{share:.1%}" for size, share in zip(one.slowdowns, one.found, strict=True)}
    return {
        "tolerance": f"{one.tolerance:.1%}",
        "a run fails": f"{one.false_alarm:.2%}",
        "a comparison fails": f"{one.false_failure:.4%}",
        "passes": f"{one.passed:.1%}",
        "pairs": f"{one.pairs:.1f}",
        **found,
    }


def _real_rows(real: Iterable[Real]) -> Iterable[dict[str, str]]:
    for one in real:
        low, high = clopper_pearson(one.fail, one.count)
        yield {
            "true slowdown": f"{one.slowdown:.1%}",
            "tolerance": f"{one.tolerance:.1%}",
            "what": "comparisons" if one.slowdown else "single runs",
            "count": str(one.count),
            "fail": str(one.fail),
            "pass": str(one.passed),
            "undecided": str(one.undecided),
            "share that fails": f"{low:.1%} to {high:.1%}",
            "median time": duration(float(np.median(one.seconds))) if one.seconds else "-",
        }


def _draw(rehearsal: Rehearsal) -> str | None:
    """The path of the power curve; a picture that cannot be written never costs the rehearsal."""
    from bench.report.power_curve import power_curve  # noqa: PLC0415 - drawing is imported once nothing is timed any more

    pool = [one for logs in rehearsal.pools.values() for one in logs]
    tolerances = dict.fromkeys([*([rehearsal.admissible] if rehearsal.admissible else []), TOLERANCE])
    found = [rates(pool, tolerance, CURVE) for tolerance in tolerances]
    curves = [{"tolerance": one.tolerance, "slowdowns": one.slowdowns, "found": one.found} for one in found]
    real = []
    for one in rehearsal.real:
        if one.slowdown and one.count:
            low, high = clopper_pearson(one.fail, one.count)
            share = one.fail / one.count
            real.append({"slowdown": one.slowdown, "share": share, "low": low, "high": high, "count": one.count})
    title = f"What the gate finds on {rehearsal.fingerprint.get('cpu', 'this machine')}, {len(pool)} pairs"
    path = REPORTS / f"rehearsal-{rehearsal.path.stem}.svg"
    try:
        files.make_folder(path.parent, "the record is safe")
        files.replace(path, power_curve(curves, real, title), "the record is safe")
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return None
    return str(path)
