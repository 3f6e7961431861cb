"""Sameness, from the parent's side: what planted results say, what the log keeps, and how every report words it."""

from types import SimpleNamespace

import pytest

from bench.cli.render.decision import show
from bench.compare import sameness as module
from bench.compare.facts import SideFacts
from bench.compare.log import ComparisonLog
from bench.compare.pairs import Side
from bench.compare.records import FailureRecord, SamenessRecord
from bench.compare.sameness import judged, note_sameness, other_by_intent
from bench.compare.sides import Comparison
from bench.compare.trace_difference import distance, first_difference
from bench.compare.verdicts import decide
from bench.plan.cell import STEP, Cell
from bench.plan.step import source_named
from bench.process.worker import WorkerError
from bench.verdict.junit import junit
from bench.verdict.markdown import markdown
from tests.compare.test_pairs import Scripted

ONE = ("lenet5",)
FLOAT32, BFLOAT16 = 2.0**-23, 2.0**-7


def sketch(value=1.0, size=10):
    return {"size": size, "norm": abs(value), "bins": [value] + [0.0] * 63}


def figures(**changed):
    return {name: sketch(changed.get(name, 1.0)) for name in ("losses", "gradients", "update")}


def result(bits="a", *, exact=1.0, epsilon=FLOAT32, own=1.0, spread=0.0, repeats=True, **errors):
    usual = {"output": 1e-7, "loss": 1e-7, "gradient": 2e-7, "update": 1e-6}
    return {
        "bits": bits,
        "repeats": repeats,
        "spread": spread,
        "epsilon": epsilon,
        "own": figures(gradients=own),
        "exact": None if exact is None else figures(gradients=exact),
        "errors": {**usual, **errors},
    }


@pytest.mark.parametrize(
    ("before", "after", "alike", "expected"),
    [
        (result(), result(), True, "equal"),
        (result(), result("b", exact=1 + 1e-13), True, "float error"),
        (result(), result("b", exact=1 + 1e-6), True, "changed"),
        # arithmetic that got worse, though float64 is the same
        (result(), result("b", output=1e-5), True, "changed"),
        (result("b", output=1e-5), result(), True, "changed"),
        (result(), result("b", output=7e-6), True, "float error"),  # 64 epsilons are 7.6e-6
        (result(output=1e-5), result("b", output=2e-5), True, "float error"),
        (result(), result("b", gradient=0.1), True, "float error"),  # of a deep net, with batch normalization
        (result(), result("b", gradient=0.9), True, "changed"),
        (result(), result("b", update=0.01), True, "changed"),
        (result(), result("b", update=0.01, epsilon=BFLOAT16), False, "changed"),  # weights are in float32
        # another type or layout
        (result(), result("b", epsilon=BFLOAT16, output=3e-3, gradient=0.02), False, "float error"),
        (result(), result("b", output=8e-5, gradient=8e-3), False, "float error"),  # channels_last
        (result(), result("b", output=3e-3), False, "changed"),  # a narrower type that the cell does not name
        # without float64
        (result(exact=None), result("b", exact=None, own=1 + 1e-5), True, "float error"),
        (result(exact=None), result("b", exact=None, own=1.01), True, "changed"),
        (result(), result("b", exact=None, own=1.01), True, "changed"),
        # a side that differs from itself
        (result(), result("b", spread=0.1, repeats=False), True, "not known"),
        (result(spread=0.1, repeats=False), result("b"), True, "not known"),
        (result(), result("b", spread=1e-12, repeats=False), True, "float error"),
    ],
)
def test_what_two_results_say(before, after, alike, expected):
    finding = judged(before, after, alike=alike)
    assert finding.sameness == expected, finding
    assert (finding.arithmetic is not None) == (expected == "changed")


def test_bits_that_do_not_repeat_are_told():
    reason = judged(result(), result("b", spread=1e-12, repeats=False), alike=True).reason
    assert "bits differ from one computation to the next" in reason


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"threads": 2, "dtype": "bfloat16", "memory_format": "channels_last", "mode": "compile"}, []),
        ({"implementation": "fused", "denormals": "flush", "device": "cuda"}, []),
        ({"optimizer": "adam", "batch_size": 128}, ["optimizer", "batch size"]),
        ({"learning_rate": 0.5, "normalization": "standard", "seed": 1}, ["learning rate", "normalization", "seed"]),
    ],
)
def test_cells_that_differ_in_more_than_arithmetic_are_others_by_intent(fields, expected):
    assert other_by_intent(Cell("mlp"), Cell("mlp", **fields)) == expected


def operator(name="aten.addmm", value=1.0, shape=(4, 4), module="first", phase="forward"):
    output = sketch(value, shape[0] * shape[1])
    return {
        "operator": name, "module": module, "phase": phase, "step": 1, "shapes": [list(shape)], "output": output,
    }  # fmt: skip


def trace(*operators, **weights):
    return {"weights": {name: sketch(value) for name, value in weights.items()}, "operators": list(operators)}


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ((operator(), operator("aten.relu", 3.0)), "no operator"),
        ((operator(), operator("aten.relu", 4.0)), "aten.relu in module first, forward of step 1"),
        ((operator(), operator("aten.gelu", 4.0)), "aten.gelu in module first, forward of step 1 (before: aten.relu)"),
        ((operator(), operator("aten.clone", 1.0), operator("aten.relu", 4.0)), "aten.relu in module"),
        ((operator(), operator("aten.mul", 2.0), operator("aten.relu", 6.0)), "aten.mul in module first, forward of"),
        (
            (operator(shape=(4, 5)), operator("aten.relu", 3.0)),
            "aten.addmm in module first, forward of step 1 (another",
        ),
        ((operator("aten.relu", 3.0),), "aten.addmm in module first, forward of step 1 (only before)"),
    ],
)
def test_the_first_difference_of_two_traces(after, expected):
    before = trace(operator(), operator("aten.relu", 3.0))
    line, *_ = first_difference(before, trace(*after), "float64")
    assert expected in line


def test_weights_that_differ_from_the_start_are_told():
    lines = list(first_difference(trace(a=1.0, b=1.0, c=1.0), trace(a=1.0, b=2.0, d=1.0), "float64"))
    assert lines[1:] == ["weights of one side alone: d and c", "weights that differ from the start: b"]


def compared(told, before, after, *, mute=(), required=False, budget=None, **fields):
    """What the log keeps of one cell whose workers answer so; the second side's differs in the fields."""
    sides = {"mlp": (Side(before, Cell("mlp")), Side(after, Cell("mlp", **fields)))}
    comparison = Comparison(SideFacts("a"), SideFacts("b"), sides, {}, mute=mute)
    log = ComparisonLog(None, told.facts("mlp"))
    note_sameness(comparison, log, required=required, budget=budget)
    return log.cell_logs["mlp"].sameness


def test_a_trace_is_asked_for_only_after_a_change(told):
    sides = Scripted(("result", result())), Scripted(("result", result()))
    assert compared(told, *sides).sameness == "equal"
    assert [side.heard[1:] for side in sides] == [[None], [None]]
    changed = (
        Scripted(("result", result()), ("trace", trace(operator()))),
        Scripted(("result", result("b", exact=2.0)), ("trace", trace(operator(value=2.0)))),
    )
    record = compared(told, *changed, required=True)
    assert (record.sameness, record.required) == ("changed", True)
    assert record.evidence == ("first operator whose output differs: aten.addmm in module first, forward of step 1",)
    assert [side.heard[1:] for side in changed] == [["float64"], ["float64"]]


@pytest.mark.parametrize(
    ("fields", "dropout"),
    [({}, True), ({"implementation": "fused"}, True), ({"memory_format": "channels_last"}, False)],
)
def test_dropout_takes_part_where_both_sides_draw_alike(told, fields, dropout):
    sides = Scripted(("result", result())), Scripted(("result", result()))
    compared(told, *sides, **fields)
    assert [side.heard[0][1]["dropout"] for side in sides] == [dropout, dropout]


@pytest.mark.parametrize(
    ("after", "fields", "sameness", "words"),
    [
        (Scripted(("failed", "ValueError: no")), {}, "not known", "after: ValueError: no"),
        (Scripted(WorkerError("failed", "ended by SIGKILL")), {}, "not known", "ended by SIGKILL"),
        (Scripted(), {"mute": ("revision HEAD~9",)}, "not known", "revision HEAD~9 cannot tell what it computes"),
        (Scripted(), {"optimizer": "adam"}, "changed", "by intent: another optimizer"),
    ],
)
def test_what_cannot_be_told_is_said(told, after, fields, sameness, words):
    record = compared(told, Scripted(("result", result())), after, **fields)
    assert record.sameness == sameness
    assert words in record.reason


@pytest.mark.parametrize("late", [0, 1])
def test_the_budget_bounds_what_the_sides_compute(told, late):
    """It comes before the first pair: a net that takes minutes in float64 would leave none of the time to it."""
    slow = Scripted(*([WorkerError("timeout", "no end in time")] * late))
    record = compared(told, slow, Scripted(("result", result())), budget=0.0)
    assert (record.sameness, record.reason) == ("not known", "the budget left no time to tell what it computes")
    assert slow.heard == []
    assert compared(told, *(Scripted(("result", result())) for _ in range(2)), budget=60.0).sameness == "equal"


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [
        (module.SHARE * 100.0, "the budget left no time to tell what it computes"),
        (1.0, "what it computes could not be told: no end in time"),  # there was time left: it is the side's fault
    ],
)
def test_an_answer_that_is_late_is_told_by_what_ended_it(told, monkeypatch, seconds, reason):
    clock = SimpleNamespace(now=0.0)

    class Late(Scripted):
        def receive(self, timeout):
            clock.now += seconds
            raise WorkerError("timeout", "no end in time")

    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    record = compared(told, Late(), Scripted(("result", result())), budget=100.0)
    assert (record.sameness, record.reason) == ("not known", reason)


def faster(told, sameness, *, required=False, path=None, **facts):
    log = told.log({("lenet5", 1): told.log_ratios(-0.1, 6)}, cells=ONE, path=path, **facts)
    log.note(SamenessRecord("lenet5", sameness, "why", ("where",), required))
    return log


def test_faster_is_never_said_without_what_it_computes(told, capsys):
    decision = decide(faster(told, "changed"))
    speed, computed = decision.verdicts
    assert (speed.verdict, decision.exit_code) == ("improved", 0)
    assert speed.reason.startswith("faster by 10 %")
    assert speed.reason.endswith("and computes something else")
    assert (computed.metric, computed.verdict, computed.evidence) == ("result", "changed", ("where",))
    show(decision)
    printed = capsys.readouterr().out
    for text in (printed, junit(decision), markdown(decision), str(decision.to_dict())):
        assert "computes something else" in text
        assert "where" in text


@pytest.mark.parametrize(
    ("sameness", "plain", "required"),
    [
        ("equal", ("unchanged", 0), ("unchanged", 0)),
        ("float error", ("unchanged", 0), ("unchanged", 0)),
        ("changed", ("changed", 0), ("regressed", 1)),
        ("not known", ("not known", 0), ("inconclusive", 3)),
    ],
)
def test_exit_codes_stay_unless_the_same_result_is_asked_for(told, tmp_path, sameness, plain, required):
    for asked, expected in ((False, plain), (True, required)):
        log = faster(told, sameness, required=asked, path=tmp_path / f"{asked}.jsonl")
        again = ComparisonLog.load(log.path)
        assert decide(again) == decide(log)
        assert (decide(again).verdicts[1].verdict, decide(again).exit_code) == expected
        asked_later = decide(again, same_result=True)
        assert (asked_later.verdicts[1].verdict, asked_later.exit_code) == required


def test_the_same_result_adds_no_word_to_a_speed(told):
    for sameness in ("equal", "float error"):
        assert decide(faster(told, sameness)).verdicts[0].reason == decide(faster(told, "equal")).verdicts[0].reason
    assert "not known" in decide(faster(told, "not known")).verdicts[0].reason


def test_the_mean_over_cells_says_how_many_compute_something_else(told):
    cells = ("a", "b", "c")
    log = told.log({(cell, 1): told.log_ratios(-0.1, 6) for cell in cells}, cells=cells)
    for cell in cells:
        log.note(SamenessRecord(cell, "equal" if cell == "a" else "changed", "why"))
    mean = next(verdict for verdict in decide(log).verdicts if verdict.cell.startswith("geometric mean"))
    assert mean.reason.endswith("; 2 cells of these compute something else")


def test_a_cell_that_fails_and_one_that_was_not_asked_have_no_row(told):
    log = faster(told, "not known")
    log.note(FailureRecord("lenet5", "after", "ValueError: no"))
    assert [verdict.metric for verdict in decide(log).verdicts] == ["step"]
    assert len(decide(told.log({("lenet5", 1): told.log_ratios(0.0, 6)}, cells=ONE)).verdicts) == 1


def test_the_same_result_does_not_follow_from_silence(told):
    """A comparison that asked neither side, or ended before, cannot show that the result is the same."""
    log = told.log({("lenet5", 1): told.log_ratios(0.0, 6)}, cells=ONE)
    assert decide(log).exit_code == 0
    decision = decide(log, same_result=True)
    assert decision.exit_code == 3
    assert decision.verdicts[1].reason == "neither side was asked what it computes"


def test_a_cell_says_nothing_of_what_others_compute(told):
    """One that failed, and one that was not asked, have no result: that of another cell is not theirs."""
    log = told.log({(cell, 1): told.log_ratios(0.0, 6) for cell in ("a", "b")}, cells=("a", "b", "c"))
    log.note(SamenessRecord("a", "changed", "why"))
    log.note(FailureRecord("c", "after", "ValueError: no"))
    reasons = {verdict.cell: verdict.reason for verdict in decide(log).verdicts if verdict.metric == "step"}
    assert reasons["a"].endswith("; it computes something else")  # no clause of what is said of its time
    assert "something else" not in reasons["b"] + reasons["c"]
    assert reasons["geometric mean of 2 cells"].endswith("1 cell of these computes something else")


def test_a_distance_is_relative_to_the_larger_and_none_between_nothings():
    assert distance(sketch(4.0), sketch(3.0)) == distance(sketch(3.0), sketch(4.0)) == 0.25
    assert distance(sketch(0.0), sketch(0.0)) == 0.0
    assert distance(sketch(0.0), sketch(2.0)) == 1.0
    assert distance(sketch(size=10), sketch(size=11)) == float("inf")


def test_what_is_in_no_phase_and_no_module_is_told_as_such():
    before, after = (trace(operator(value=value, module="", phase="")) for value in (1.0, 2.0))
    line, *_ = first_difference(before, after, "float64")
    assert line == "first operator whose output differs: aten.addmm, outside the phases of step 1"


def test_steps_of_ones_own_are_passed_over_and_cells_beside_them_are_not(told):
    answers = [Side(Scripted(("result", result())), Cell("mlp")) for _ in range(2)]
    own = Side(Scripted(), Cell.foreign("a.py:f", STEP), step=source_named("a.py:f"))
    comparison = Comparison(SideFacts("a"), SideFacts("b"), {"own": (own, own), "mlp": tuple(answers)}, {})
    log = ComparisonLog(None, told.facts("own", "mlp"))
    note_sameness(comparison, log, required=False)
    assert log.cell_logs["own"].sameness is None
    assert log.cell_logs["mlp"].sameness.sameness == "equal"


@pytest.mark.parametrize(
    ("part", "words"), [(("ready", {}), "the worker said ready where result was due"), (None, "said nothing")]
)
def test_another_answer_than_the_one_that_is_due_is_told_with_its_side(told, part, words):
    record = compared(told, Scripted(("result", result())), Scripted(part))
    assert record.sameness == "not known"
    assert "after: " in record.reason
    assert words in record.reason
