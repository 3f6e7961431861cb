"""Trace difference: where two traces of the first steps part, named by the operator and the module it runs in."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import chain

import numpy as np

from bench.process.messages import OperatorOutput, Sketch, StepTrace
from bench.text import joined
from bench.vocabulary import Arithmetic

# From which distance on, relative, the outputs of one operator differ: in float64 rounding makes some 1e-15 of it; in
# the cell's own type half of the digits of float32 have to agree.
DIFFERENT: dict[Arithmetic, float] = {"float64": 1e-8, "own": 3e-4}


def distance(before: Sketch, after: Sketch) -> float:
    """How far apart two sketched results are, relative to the larger; infinite for different sizes."""
    if before["size"] != after["size"]:
        return float("inf")
    largest = max(before["norm"], after["norm"])
    apart = float(np.linalg.norm(np.subtract(before["bins"], after["bins"])))
    return apart / largest if largest else 0.0


def first_difference(before: StepTrace, after: StepTrace, arithmetic: Arithmetic) -> Iterator[str]:
    """A line on the first operator whose output differs, and one on the weights that differ from the start."""
    place = _parting(before["operators"], after["operators"], DIFFERENT[arithmetic])
    if place is None:
        yield "no operator of an eager step differs in its output"
    else:
        yield f"first operator whose output differs: {_named(*place)}"
    old, new = before["weights"], after["weights"]
    names = [name for name in dict.fromkeys(chain(new, old)) if name not in old or name not in new]
    if names:
        yield f"weights of one side alone: {joined(names)}"
    drawn = [name for name in old if name in new and distance(old[name], new[name]) > 0]
    if drawn:
        yield f"weights that differ from the start: {joined(drawn)}"


Outputs = Sequence[OperatorOutput]
Place = tuple[OperatorOutput | None, OperatorOutput | None]


def _parting(before: Outputs, after: Outputs, allowed: float) -> Place | None:
    """The operators of either side at the first difference; None on a side that has none there.

    Both sequences are aligned by what is called on which shapes. An operator that only one side calls is passed over
    where it gives what there was already, as a copy does.
    """
    matcher = SequenceMatcher(None, [_key(one) for one in before], [_key(one) for one in after], autojunk=False)
    old = new = 0  # where the sides stand after the last match
    for block in matcher.get_matching_blocks():  # the last one is empty, at both ends
        alone = _fresh(before, old, block.a, after, allowed), _fresh(after, new, block.b, before, allowed)
        if any(alone):
            return alone
        for first, second in zip(before[block.a :][: block.size], after[block.b :][: block.size], strict=True):
            if distance(first["output"], second["output"]) > allowed:
                return first, second
        old, new = block.a + block.size, block.b + block.size
    return None


def _fresh(own: Outputs, start: int, end: int, other: Outputs, allowed: float) -> OperatorOutput | None:
    """The first operator from `start` to `end` whose output neither side has elsewhere."""
    for at in range(start, end):
        output = own[at]["output"]
        if not any(distance(output, known["output"]) <= allowed for known in chain(own[:at], other)):
            return own[at]
    return None


def _key(output: OperatorOutput) -> tuple[object, ...]:
    return output["step"], output["phase"], output["operator"], tuple(map(tuple, output["shapes"]))


def _named(before: OperatorOutput | None, after: OperatorOutput | None) -> str:
    """Such as "aten.gelu in module layers.2, forward of step 1 (before: aten.relu)"."""
    shown = after or before
    assert shown is not None
    place = f" in module {shown['module']}" if shown["module"] else ""
    phase = f"{shown['phase'] or 'outside the phases'} of step {shown['step']}"
    where = f"{shown['operator']}{place}, {phase}"
    if before is None:
        return f"{where} (only after)"
    if after is None:
        return f"{where} (only before)"
    if before["operator"] != after["operator"]:
        return f"{where} (before: {before['operator']})"
    if before["shapes"] != after["shapes"]:
        return f"{where} (another shape)"
    return where
