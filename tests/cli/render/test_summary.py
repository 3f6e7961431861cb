"""Summary: what all cells share once, names by what differs, the columns that fit, the best, and signs."""

import pytest

from bench.cli.render.paint import plain
from bench.cli.render.signs import SIGNS, legend, signs_of
from bench.cli.render.summary import summary, wide
from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.store.result import Measurement, Result
from bench.store.run import create
from bench.store.warning import Warning
from bench.vocabulary import WarningKind, get_args

COSTS = {"mlp": (1.0, 1.01, 0.99), "lenet5": (2.0, 2.02, 1.98), "vgg4": (0.5, 0.51, 0.49)}


@pytest.fixture
def run(tmp_path):
    """Three nets in two batch sizes, three processes each; the larger batch costs half."""
    run = create("mine", {"plan": {"precision": 0.1}}, tmp_path)
    for batch_size in (64, 256):
        for net, costs in COSTS.items():
            cell = Cell(net, optimizer="adam", batch_size=batch_size)
            for repeat, cost in enumerate(costs):
                measured = (
                    Measurement.of_value("relative_cost", cost * 64 / batch_size, "p10", 1),
                    Measurement.of_value("step", cost / 1000, "p25", 1),
                    Measurement.of_value("parameters", 1000.0, "exact"),
                )
                warnings = (Warning("phases", "drifting", 0.5, "-"),) if net == "mlp" and not repeat else ()
                run.append(Result(cell, "ok", repeat=repeat, measurements=measured, warnings=warnings))
    return run


def lines(run, **words):
    return list(map(plain, summary(run, **words)))


def table_of(text):
    """The title and the rows: what stands between the first two blank lines."""
    first = text.index("")
    return text[first + 1 : text.index("", first + 1)]


def names_of(text):
    """The first column of the rows."""
    return [line.partition("  ")[0] for line in table_of(text)[1:]]


def test_what_all_cells_share_is_said_once_and_stands_in_no_row(run):
    heading, *rest = lines(run, width=100)
    assert heading == "6 cells: adam \u00b7 mnist \u00b7 cpu \u00b7 1 thread; parameters 1,000"
    assert not any("adam" in line or "1,000" in line for line in rest)


def test_rows_are_named_by_what_differs_and_sorted_by_relative_cost(run):
    order = ["vgg4 256", "mlp 256", "vgg4 64", "lenet5 256", "mlp 64", "lenet5 64"]
    expected = [name.replace(" ", " \u00b7 batch ") for name in order]
    assert sorted(names_of(lines(run, width=100))) == sorted(expected)
    costs = [float(line.split()[4]) for line in lines(run, width=100)[3:9]]
    assert costs == sorted(costs)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_no_line_of_the_table_is_wider_than_there_is_room(run, width):
    table = table_of(lines(run, width=width))
    assert max(map(len, table)) <= width
    assert len(table) == 7


def test_what_had_no_room_is_named_with_the_way_to_it(run):
    narrow, wide = ("\n".join(lines(run, width=width)) for width in (45, 200))
    assert "step ms" in narrow.partition("no room for ")[2]
    assert "step_median" not in narrow
    assert "no room for" not in wide


def test_only_what_none_is_certainly_better_than_is_marked(run):
    marked = [line.partition("  ")[0] for line in lines(run, width=100) if "*" in line.partition("\u2588")[0]]
    assert marked[:-1] == ["vgg4 \u00b7 batch 256"]
    assert marked[-1].startswith("* best: none is certainly better")


def test_columns_that_are_asked_for_stand_alone_in_the_order_of_asking(run):
    titles = table_of(lines(run, width=20, columns=["parameters", "step"]))[0]
    assert titles.split() == ["parameters", "step", "ms"]
    with pytest.raises(BenchError, match="unknown column 'stepp': did you mean 'step'"):
        summary(run, columns=["stepp"])


def test_the_bars_grow_with_the_cost_and_need_no_blocks(run):
    bars = [line.count("\u2588") for line in lines(run, width=100)[3:9]]
    assert bars == sorted(bars)
    assert bars[-1] == 8
    poor = [line.count("#") for line in map(plain, summary(run, width=100, encoding="ascii"))][3:9]
    assert poor[-1] == 8


def test_a_warning_is_a_sign_and_the_legend_says_what_it_means(run):
    text = lines(run, width=200)
    rows = {line.partition("  ")[0]: line.split()[-1] for line in text[3:9]}
    assert {name: sign for name, sign in rows.items() if "mlp" in name} == {
        "mlp \u00b7 batch 64": "d1",
        "mlp \u00b7 batch 256": "d1",
    }
    assert "signs: d drifting from block to block; a number: in so many of its processes, else in all" in text


def test_each_kind_of_warning_has_a_sign_of_its_own():
    assert set(SIGNS) == set(get_args(WarningKind))
    letters = [sign for sign, _ in SIGNS.values()]
    assert len({*letters, "p", "?"}) == len(letters) + 2


def test_signs_count_processes_where_not_all_are_meant():
    assert signs_of("contended 4 of 4; not steady 1 of 4; target 3 % not met") == "c s1 p"
    assert signs_of("seen by a later version 1 of 2") == "?1"
    assert legend(["contended 4 of 4"]) == "signs: c contended: other work took its cores"
    assert legend(["", ""]) == ""


def test_what_all_rows_have_alike_is_no_sign_of_any(tmp_path):
    run = create("mine", {"plan": {}}, tmp_path)
    for net in ("mlp", "vgg4"):
        warnings = (Warning("training", "time limit", 3.0, "-"),)
        run.append(
            Result(Cell(net), "ok", measurements=(Measurement.of_value("step", 1.0, "p25", 1),), warnings=warnings)
        )
    text = lines(run, width=200)
    assert text[0].endswith("; training ended at its time limit")
    assert not any("signs" in line for line in text)


def test_what_gave_no_full_result_is_told_with_its_reason(tmp_path):
    run = create("mine", {"plan": {}}, tmp_path)
    run.append(Result(Cell("mlp"), "ok", measurements=(Measurement.of_value("step", 1.0, "p25", 1),)))
    for net in ("vgg4", "vgg6"):
        run.append(Result(Cell(net), "oom", "it took 9 GB\x1b[2J"))
    text = lines(run, width=200)
    assert [line.split()[1] for line in text[3:6]] == ["ok", "out", "out"]
    assert text[-1].startswith("out of memory: vgg4 and vgg6: it took 9 GB")


def test_a_row_that_an_interrupt_cut_short_has_its_figures_and_says_how_much_is_missing(tmp_path):
    run = create("mine", {"status": "interrupted", "plan": {"repeats": 3, "seeds": [0]}}, tmp_path)
    for net, count in (("mlp", 3), ("vgg4", 2)):
        for repeat in range(count):
            measured = (Measurement.of_value("step", 1.0 + repeat, "p25", 1),)
            run.append(Result(Cell(net), "ok", repeat=repeat, measurements=measured))
    run.append(Result(Cell("vgg6"), "skipped", "the run was interrupted before its turn"))
    text = lines(run, width=200)
    rows = {line.split()[0]: line.split()[1:] for line in table_of(text)[1:]}
    assert [rows[net][0] for net in ("mlp", "vgg4", "vgg6")] == ["ok", "2", "skipped"]
    assert rows["vgg4"][:3] == ["2", "of", "3"]
    assert float(rows["vgg4"][3]) > 1
    meaning = "so many of its processes were measured, then the run was interrupted"
    assert f"2 of 3: {meaning}; the rest: python -m bench run --resume mine" in text
    assert "skipped: vgg6: the run was interrupted before its turn" in text
    assert "2 of 3 measured" in wide(run)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"status": "interrupted"}, True),
        ({"status": "out of time"}, True),
        ({"status": "finished"}, False),
        ({"status": "interrupted", "merged": [{"run": "a"}, {"run": "b"}]}, False),
    ],
)
def test_a_run_that_was_cut_between_two_cells_says_how_to_have_the_rest(tmp_path, facts, told):
    run = create("mine", {"plan": {"repeats": 1, "seeds": [0]}, **facts}, tmp_path)
    run.append(Result(Cell("mlp"), "ok", measurements=(Measurement.of_value("step", 1.0, "p25", 1),)))
    run.append(Result(Cell("vgg6"), "skipped", "the run was interrupted before its turn"))
    assert ("the rest: python -m bench run --resume mine" in " ".join(lines(run, width=200))) is told


def test_a_hostile_name_takes_the_room_that_it_is_shown_in(tmp_path):
    run = create("mine", {"plan": {}}, tmp_path)
    for net, step in (("net\x1b[2J\u202e", 1.0), ("net\n\nnet", 2.0)):
        run.append(Result(Cell(net), "ok", measurements=(Measurement.of_value("step", step, "p25", 1),)))
    titles, *rows = table_of(lines(run, width=100))
    assert {row.partition("  ")[0] for row in rows} == {"net\\x1b[2J\\u202e", "net\\n\\nnet"}
    assert {len(line) for line in (titles, *rows)} == {len(titles)}


def test_cells_that_share_nothing_are_counted(tmp_path):
    run = create("mine", {"plan": {}, "imported": "file.json"}, tmp_path)
    for name in ("a", "b"):
        run.append(Result(Cell.foreign(name), "ok", measurements=(Measurement.of_value("call", 1.0, "median", 1),)))
    assert lines(run, width=100)[:4] == ["2 cells; call s 1.00", "", "a", "b"]
