"""Checkpoint: what the file holds, and whether its model still scores what was recorded."""

from bench.cli.render.document import print_document
from bench.errors import EXIT_PASS, EXIT_REGRESSION
from bench.process.messages import Scores, Verification
from bench.text import PERCENT, plural, quantity


def print_checkpoint(verification: Verification, *, as_json: bool) -> int:
    """Print what was verified; 1 where the model does not score the same."""
    if as_json:
        print_document(verification)
    else:
        _print(verification)
    return EXIT_PASS if verification["again"]["same"] else EXIT_REGRESSION


def _print(facts: Verification) -> None:
    entry, again = facts["entry"], facts["again"]
    shape = "x".join(map(str, facts["input_shape"]))
    print(f"{facts['id']}: {facts['parameters']:,} parameters, input {shape}, {facts['num_classes']} classes")
    steps = plural(entry["steps"], "step")
    print(f"weights after epoch {entry['epoch']:g}, {steps}, {entry['seconds']:.1f} s of training")
    if not facts["verified"]:
        print("unverified: an older file, which has no digest that would tell damage")
    recorded, now = (quantity(score["test_accuracy"], PERCENT) for score in (entry, again))
    print(f"test accuracy {recorded} as recorded, {now} now on {plural(again['images'], 'image')}: {_verdict(again)}")


def _verdict(again: Scores) -> str:
    if not again["apart"]:
        return "the same"
    difference = f"{abs(again['apart']):,} {'more' if again['apart'] > 0 else 'fewer'} right"
    if again["same"]:
        return f"the same but for rounding elsewhere ({difference}, up to {again['allowed']} may be)"
    return f"NOT the same ({difference}; {again['allowed'] or 'none'} may differ)"
