"""The command `calibrate`: how reliably the gate detects a slowdown on this machine, and how often it errs."""

import argparse
import sys
import time
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from bench import files
from bench.cli.parser.main import fields_of
from bench.cli.render.columns import print_table
from bench.cli.render.document import print_document
from bench.cli.render.notice import notice
from bench.cli.render.pairs import telling
from bench.compare.calibrate import (
    Injection,
    concluded,
    counted,
    enough,
    gather,
    injected,
    one_fingerprint,
    smallest,
)
from bench.compare.calibration import Calibration, RunCounts, save
from bench.compare.pair_clock import USUAL
from bench.compare.sides import Comparison, environments
from bench.errors import EXIT_INCONCLUSIVE, EXIT_PASS, BenchError
from bench.plan.plan import CHECKS, Plan, check_measures, plan_from
from bench.plan.seeds import order_seed_of
from bench.process.lock import measuring
from bench.stats.multiple_testing import clopper_pearson
from bench.stats.operating_characteristics import TOLERANCES, Rates, admissible, noise_of, rates
from bench.stats.sequential_test import TOLERANCE
from bench.store.provenance import command_line, utc_now
from bench.store.run import CALIBRATIONS, REPORTS
from bench.text import duration, percent, plural, signed, tenths
from bench.verdict.verdict import Decision

CURVE = tuple(float(size) for size in np.linspace(0, 0.15, 31))  # true slowdowns in the picture


def execute(args: argparse.Namespace) -> int:
    """Calibrate, print and store; 0 when a tolerance was shown to work, 3 when none was."""
    plan = plan_from({"suite": CHECKS, **fields_of(args)})
    plan = replace(plan, threads=plan.threads or (1,), epochs=0)
    check_measures(plan)
    files.check_place(CALIBRATIONS / "calibration.json")  # before an hour of measuring
    with measuring("the calibration", args.concurrent, args.wait, notice):
        calibration = _calibrated(args, plan)
    path, picture = save(calibration), _draw(calibration)
    if args.json:
        print_document({**calibration.to_dict(), "record": str(path), "picture": picture})
    else:
        _print(calibration)
        print(f"record: {path}" + (f"; picture: {picture}" if picture else ""))
    return EXIT_PASS if calibration.smallest_tolerance is not None else EXIT_INCONCLUSIVE


def _calibrated(args: argparse.Namespace, plan: Plan) -> Calibration:
    """What the pairs and the slowed comparisons show; the budget counts from here."""
    began, started = time.monotonic(), utc_now()
    with environments({}, plan) as comparison:
        one_fingerprint(comparison)
        cells = ", ".join(comparison.sides)
        print(
            f"{plural(args.pairs, 'A/A pair')} of each of {cells}: some {duration(USUAL['pair'])} each, "
            "and fresh servers each round",
            file=sys.stderr,
        )
        equals = gather(comparison, plan, args.pairs, _tell_pair, began)
        enough(equals)
        real = _slowed(comparison, plan, args, smallest(admissible(equal.noise) for equal in equals.values()))
        return concluded(comparison, equals, real, command_line(), started)


def _slowed(comparison: Comparison, plan: Plan, args: argparse.Namespace, least: float | None) -> list[RunCounts]:
    """Real comparisons with a slowdown of known size, at the tolerance that `ab` would use."""
    tolerance, seed = max(TOLERANCE, least or 0.0), order_seed_of(plan)
    slowdown, names = max(args.inject, tolerance), list(comparison.sides)
    decisions: list[Decision] = []
    try:
        for number in range(args.runs):
            name = names[number % len(names)]
            print(f"{name}, made {tenths(slowdown)} slower by more work: is it caught?", file=sys.stderr)
            injection = Injection(cell=name, slowdown=slowdown, tolerance=tolerance, seed=seed + number + 1)
            with telling() as tell:
                decisions.append(injected(comparison, plan, injection, tell))
            print(f"    {decisions[-1].verdicts[0].verdict}, after {duration(decisions[-1].seconds)}", file=sys.stderr)
    except KeyboardInterrupt:
        print("interrupted: the pairs are kept", file=sys.stderr)
    return [counted(decisions, slowdown, tolerance)] if decisions else []


def _tell_pair(cell: str, count: int, log_ratio: float) -> None:
    print(f"{cell}: pair {count}: {signed(float(np.expm1(log_ratio)))}", file=sys.stderr)


def _print(calibration: Calibration) -> None:
    for name, logs in calibration.log_ratios.items():
        spread = percent(float(np.std(logs, ddof=1))) if len(logs) > 1 else "unknown"
        print(f"{name}: {plural(len(logs), 'A/A pair')}, standard deviation of the log ratio {spread}")
    print("\nby resampling the pairs of each cell (a comparison fails only when two independent runs do):")
    print_table([_row(name, row) for name, rows in calibration.rates.items() for row in rows])
    print("\nin real runs, with the 95 % interval of Clopper and Pearson:")
    print_table(list(_real_rows(calibration.runs)))
    for note in calibration.notes:
        print(f"note: {note}")
    if calibration.smallest_tolerance is None:
        print("\nno tolerance was shown to work here: calibrate again when it is quiet (python -m bench doctor)")
    else:
        print(
            f"\nsmallest tolerance that works here, for each of these cells: {tenths(calibration.smallest_tolerance)}"
        )


def _row(cell: str, row: Rates) -> dict[str, str]:
    power = {f"{percent(size)} detected": tenths(share) for size, share in zip(row.slowdowns, row.power, strict=True)}
    return {
        "cell": cell,
        "tolerance": tenths(row.tolerance),
        "a run fails": percent(row.false_alarm),
        "a comparison fails": percent(row.false_failure),
        "passes": tenths(row.passed),
        "pairs": f"{row.pairs:.1f}",
        **power,
    }


def _real_rows(real: Iterable[RunCounts]) -> Iterable[dict[str, str]]:
    for runs in real:
        low, high = clopper_pearson(runs.fail, runs.count)
        yield {
            "true slowdown": tenths(runs.slowdown),
            "tolerance": tenths(runs.tolerance),
            "what": "comparisons" if runs.slowdown else "single runs",
            "count": str(runs.count),
            "fail": str(runs.fail),
            "pass": str(runs.passed),
            "inconclusive": str(runs.inconclusive),
            "share that fails": f"{tenths(low)} to {tenths(high)}",
            "median time": duration(float(np.median(runs.seconds))) if runs.seconds else "-",
        }


def _draw(calibration: Calibration) -> str | None:
    """The path of the power curve; a picture that cannot be written never costs the calibration."""
    from bench.report.power_curve import power_curve  # noqa: PLC0415 - drawing is imported once nothing is timed any more

    noisiest = max(calibration.tolerances, key=lambda cell: calibration.tolerances[cell] or TOLERANCES[-1] + 1)
    noise = noise_of(calibration.log_ratios[noisiest], calibration.started_first[noisiest])
    tolerances = dict.fromkeys(
        [*([calibration.smallest_tolerance] if calibration.smallest_tolerance else []), TOLERANCE]
    )
    power = [rates(noise, tolerance, CURVE) for tolerance in tolerances]
    curves = [{"tolerance": row.tolerance, "slowdowns": row.slowdowns, "found": row.power} for row in power]
    real = []
    for runs in calibration.runs:
        if runs.slowdown and runs.count:
            low, high = clopper_pearson(runs.fail, runs.count)
            share = runs.fail / runs.count
            real.append({"slowdown": runs.slowdown, "share": share, "low": low, "high": high, "count": runs.count})
    title = f"What the gate finds of {noisiest} on {calibration.fingerprint.get('cpu', 'this machine')}"
    path = REPORTS / f"calibration-{calibration.path.stem}.svg"
    try:
        files.make_folder(path.parent, "the record is safe")
        files.replace(path, power_curve(curves, real, title), "the record is safe")
    except BenchError as error:
        notice(str(error))
        return None
    return str(path)
