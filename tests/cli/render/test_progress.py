"""Progress: a result in one line."""

import io

from bench.cli.render.progress import ProgressLine
from bench.plan.cell import Cell
from bench.session.scheduler import Progress
from bench.store.result import Measurement, Result
from bench.store.warning import Warning

CELL = Cell("mlp")
PROGRESS = Progress(CELL, 0, "", 0.5, 60.0)


def told(*warnings):
    """The line of a result whose step took 1 ms."""
    step = Measurement("step", "s", "lower", 0.001, "p25", 1)
    stream = io.StringIO()
    ProgressLine(stream).advanced(PROGRESS, Result(CELL, "ok", measurements=(step,), warnings=warnings))
    return stream.getvalue()


def test_a_result_without_a_warning_ends_with_its_numbers():
    assert told() == f"[ 50 %] {CELL.id}: ok, step 1.00 ms\n"


def test_a_result_of_a_cluster_says_on_which_node_it_was_measured():
    stream = io.StringIO()
    ProgressLine(stream).advanced(PROGRESS, Result(CELL, "ok", system={"cpu": "Xeon", "node": "box"}))
    assert stream.getvalue() == f"[ 50 %] {CELL.id}: ok, on box\n"


def test_each_kind_of_warning_is_named_once_whatever_its_sentence_says():
    warnings = (
        Warning("phases", "contended", 0.48, "the process had: 48 %, of its core"),
        Warning("relative cost", "contended", 0.5, "the process had 50 % of its core"),
        Warning("timing", "loss not finite", None, "the loss was not finite any more when timing ended"),
    )
    assert told(*warnings) == f"[ 50 %] {CELL.id}: ok, step 1.00 ms, contended, loss not finite\n"
