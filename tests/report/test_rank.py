from bench.report.rank import leaders, overlap, ranks
from tests.report.report_sample import row


def test_overlap_with_the_leader_shares_a_rank():
    rows = [row("a", 1.0, 0.1), row("b", 1.15, 0.1), row("c", 1.3, 0.1), row("d", 9.0, 0.1)]
    assert ranks(rows, "relative_cost") == {"a": 1, "b": 1, "c": 3, "d": 4}
    assert [one.label for one in leaders(rows, ranks(rows, "relative_cost"))] == ["a", "b"]


def test_a_wide_interval_shares_the_leaders_rank_across_a_narrow_one():
    rows = [row("a", 1.0, 0.1), row("b", 1.3, 0.01), row("c", 2.0, 0.95)]
    assert ranks(rows, "relative_cost") == {"a": 1, "c": 1, "b": 3}


def test_no_interval_no_rank():
    rows = [row("a", 1.0, None), row("b", 2.0, 0.1)]
    assert ranks(rows, "relative_cost") == {"b": 1}
    assert overlap(rows[0].values["relative_cost"], rows[1].values["relative_cost"])


def test_higher_is_better_where_the_metric_says_so():
    rows = [row("a", 0.9, 0.01, "accuracy"), row("b", 0.95, 0.01, "accuracy")]
    assert ranks(rows, "accuracy") == {"b": 1, "a": 2}
