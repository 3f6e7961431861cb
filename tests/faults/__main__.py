"""`python -m tests.faults`: faults from a seed into real runs, what came of each, and the table for the page."""

import argparse
import signal
import sys
import tempfile
from pathlib import Path
from random import SystemRandom

from tests.faults import table
from tests.faults.campaign import Campaign, Outcome


def main() -> int:
    """Run it; 0 where all were struck and every invariant held."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6), help="of all that is drawn")
    parser.add_argument("--count", type=int, default=200, help="of faults (200)")
    parser.add_argument("--jobs", type=int, default=2, help="runs at once (2)")
    parser.add_argument("--folder", type=Path, help="for the runs; a temporary one")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the table on this page")
    args = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:  # by nohup, or a shell's &; what it starts would ignore them too
            signal.signal(number, signal.SIG_DFL)
    folder = args.folder or Path(tempfile.mkdtemp(prefix="faults-"))
    sys.stderr.write(f"seed {args.seed}; runs in {folder}\n")
    campaign = Campaign(args.seed, args.count, folder.absolute(), tell)
    outcomes = campaign.run(args.jobs)
    text = table.table(outcomes, args.seed, [kind.name for kind in campaign.missed])
    sys.stdout.write(f"{text}\n")
    if args.write:
        table.write(args.write, text)
    return int(bool(campaign.missed) or any(outcome.broken for outcome in outcomes))


def tell(outcome: Outcome) -> None:
    """A line for each fault, and for each invariant that did not hold."""
    lines = [f"{'BROKEN' if outcome.broken else 'ok'}: {outcome.kind}"]
    lines += [f"    {invariant}: {what}" for invariant, what in outcome.broken]
    sys.stderr.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
