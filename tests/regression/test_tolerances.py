"""The file of tolerances and budgets: what wins, and how each mistake is told."""

import pytest

from bench.errors import BenchError
from bench.metrics import METRICS
from bench.regression.tolerances import Tolerances, tolerances


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "mine.toml"
        path.write_text(text)
        return path

    return write


def test_a_later_table_wins_where_the_cell_matches(file):
    found = tolerances(
        file(
            '[tolerances]\nrelative_cost = "8 %"\npeak_memory = 0.2\n'
            '[cells."lenet*".tolerances]\nrelative_cost = 0.12\n'
            '[cells."lenet5-*".tolerances]\nrelative_cost = "15%"\n'
            '[budgets]\nstep = 0.01\n[cells."lenet5-*".budgets]\nstep = 0.002\naccuracy = 0.9\n'
        )
    )
    assert found.share("mlp-sgd", "relative_cost") == pytest.approx(0.08)
    assert found.share("lenet_wide-sgd", "relative_cost") == pytest.approx(0.12)
    assert found.share("lenet5-sgd", "relative_cost") == pytest.approx(0.15)
    assert found.share("lenet5-sgd", "peak_memory") == pytest.approx(0.2)
    assert found.budgets("mlp-sgd") == {"step": 0.01}
    assert found.budgets("lenet5-sgd") == {"step": 0.002, "accuracy": 0.9}
    assert found.unused(["mlp-sgd", "lenet_wide-sgd"]) == ["lenet5-*"]


def test_without_a_file_there_are_defaults(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = tolerances()
    assert found == Tolerances()
    assert found.share("any", "relative_cost") == 0.05
    assert found.share("any", "operators_forward", exact=True) == 0
    assert (found.share("any", "accuracy"), found.share("any", "peak_memory")) == (0.001, 0.10)
    assert (found.share("any", "flops"), found.share("any", "peak_memory", exact=True)) == (0, 0)
    (tmp_path / "bench.toml").write_text("[tolerances]\nrelative_cost = 0.2\n")
    assert tolerances().share("any", "relative_cost") == 0.2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[tolerances\n", "is not valid TOML"),
        ("[tolerance]\n", "unknown key 'tolerance': did you mean 'tolerances'"),
        ("tolerances = 3\n", "takes a table, not 3"),
        ("[cells]\nlenet5 = 3\n", "takes a table, not 3"),
        ('[cells."lenet5".tolerance]\n', "unknown key 'tolerance': did you mean 'tolerances'"),
        ("[tolerances]\nrelative_cost = 'much'\n", "takes a share such as 0.05"),
        ("[tolerances]\nrelative_cost = 'x %'\n", "takes a share such as 0.05"),
        ("[tolerances]\nrelative_cost = 5\n", "takes a share such as 0.05"),
        ("[tolerances]\nrelative_cost = true\n", "takes a share such as 0.05"),
        ("[budgets]\nstep = '10 ms'\n", "a number in SI units"),
        ("[budgets]\nstep = -1\n", "a number in SI units"),
        ("[budgets]\nstep = inf\n", "a number in SI units"),
        ("[tolerances]\nrelative_costs = 0.1\n", "unknown metric 'relative_costs': did you mean 'relative_cost'"),
        ("[budgets]\nxyzzy = 1\n", "unknown metric 'xyzzy': see python -m bench list metrics"),
        ("[tolerances]\nstep = 0.01\n", "tolerances.step: nothing judges this metric"),
        ('[cells."lenet5".tolerances]\ntest_loss = 0.1\n', "tolerances.test_loss: nothing judges this metric"),
        ("[budgets]\nprofiler_overhead = 2\n", "budgets.profiler_overhead: neither lower nor higher is better"),
        ("[budgets]\nstep_median = 1\n", "budgets.step_median: it is only shown, never stored"),
    ],
)
def test_a_mistake_is_told_in_one_line_with_its_place(file, text, words):
    with pytest.raises(BenchError) as raised:
        tolerances(file(text))
    assert words in str(raised.value)
    assert "mine.toml" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[tolerances]\noperators_fetch = 0.1\n", "'operators_fetch' in this run or the baseline that the tolerance"),
        ("[tolerances]\nflops = 0.1\n", "no 'flops' in this run or the baseline"),  # measured, yet of a single step
        ("[budgets]\ntest_loss = 0.1\n", "no 'test_loss' in this run that the budget could be held to"),
    ],
)
def test_a_limit_on_what_is_not_there_is_refused(file, text, words):
    limits = tolerances(file(text))

    def check():
        limits.check_budgets(["step", "flops", "parameters"])
        limits.check_tolerances({"lenet5": {"parameters"}})

    with pytest.raises(BenchError, match=words):
        check()


def test_the_refusal_names_no_gate_where_none_has_anything(file):
    with pytest.raises(BenchError, match="could be held to: measure it, or remove the line"):
        tolerances(file("[tolerances]\nflops = 0.1\n")).check_tolerances({"lenet5": set()})


@pytest.mark.parametrize("metric", [metric for metric, row in METRICS.items() if row.judged_by])
@pytest.mark.parametrize(
    ("form", "judgeable", "place"),
    [
        ("[tolerances]", {"lenet5": set(), "mlp": set()}, "mine.toml: there is no"),
        ('[cells."lenet*".tolerances]', {"lenet5": set()}, 'mine.toml: [cells."lenet*"]: there is no'),
        ('[cells."lenet*".tolerances]', {"lenet5": set(), "mlp": None}, 'mine.toml: [cells."lenet*"]: there is no'),
    ],
)
def test_a_tolerance_that_has_nothing_to_judge_is_refused_with_what_there_is(file, metric, form, judgeable, place):
    others = {"relative_cost", "peak_memory", "operators_loss", "operators_forward"} - {metric}
    judgeable = {cell: others | ({metric} if more is None else more) for cell, more in judgeable.items()}
    with pytest.raises(BenchError) as raised:
        tolerances(file(f"{form}\n{metric} = 0.1\n")).check_tolerances(judgeable)
    text = str(raised.value)
    assert place in text
    assert f"no '{metric}' in this run or the baseline that the tolerance could be held to, only " in text
    assert text.endswith("or remove the line")
    assert ("train (--epochs)" in text) == (metric == "accuracy")
    listed = text.partition("only ")[2].partition(":")[0]
    assert ("relative_cost" in listed, "exact count" in listed) == (metric != "relative_cost", True)


@pytest.mark.parametrize("metric", ["accuracy", "peak_memory", "relative_cost", "flops"])
def test_a_tolerance_is_kept_where_one_of_its_cells_can_be_judged_or_none_ran(file, metric):
    everywhere = tolerances(file(f"[tolerances]\n{metric} = 0.1\n"))
    everywhere.check_tolerances({"lenet5": {metric}, "mlp": {"parameters"}})
    everywhere.check_tolerances({})  # no cell ran, which the verdicts tell
    tolerances(file(f'[cells."vgg*".tolerances]\n{metric} = 0.1\n')).check_tolerances({"lenet5": {"parameters"}})


def test_a_file_that_is_not_there_or_is_no_text(tmp_path):
    with pytest.raises(BenchError, match=r"cannot read .*none\.toml"):
        tolerances(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BenchError, match="not UTF-8"):
        tolerances(tmp_path / "bytes.toml")
