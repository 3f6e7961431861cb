"""The comment for a pull request: what stands first, and that no name becomes markup."""

import pytest

from bench.stats.interval import Interval
from bench.verdict.markdown import MOST_ROWS, confidences, markdown
from bench.verdict.verdict import Anchor
from tests.verdict.decisions import SLOWER, decision, verdict

CALM = verdict("unchanged", "mlp-sgd", unit="s", before=1e-3, after=1e-3)


def test_the_verdict_stands_first_then_the_table_then_why_and_what_to_do():
    text = markdown(decision(CALM, SLOWER, machine={"cpu": "AMD EPYC", "torch": "2.14.1", "threads": 1}))
    lines = text.splitlines()
    assert lines[0] == "### Regression: the working tree against HEAD~1"
    assert "**1 regressed**, 1 unchanged" in text
    row = next(line for line in lines if line.startswith("| lenet5"))
    assert row.split(" | ")[2:] == ["4.00 ms", "4.40 ms", "+10.0 % (+7.0 to +13.0)", "4.2 %", "**regressed** |"]
    assert text.index("| cell |") < text.index("slower by 10 %") < text.index("Repeat it: `python -m bench ab HEAD~1`")
    assert "What to do: see what differs." in text
    assert "  - operators\\_backward 51 -\\> 63" in text
    assert "1 more verdict is unchanged." in text
    assert "Measured on AMD EPYC, torch 2.14.1, 1 thread." in text


def test_a_pass_shows_what_was_compared():
    text = markdown(decision(CALM))
    assert text.startswith("### No regression")
    assert "| mlp-sgd | step | 1.00 ms | 1.00 ms |" in text


def test_a_hostile_name_is_text():
    name = "a|b`c`\n# heading <script>alert(1)</script> @somebody"
    hostile = verdict("failed", name, reason="[click](http://x) **bold**\r\n- item")
    text = markdown(decision(hostile, command="python -m bench `rm`"))
    assert "<script>" not in text
    assert "[click]" not in text
    assert "@somebody" not in text
    assert "\n# heading" not in text
    assert "\n- item" not in text
    assert all(line.replace("\\|", "").count("|") == 8 for line in text.splitlines() if line.startswith("| a"))


def test_versions_that_differ_are_listed():
    text = markdown(decision(CALM, versions={"torch": ("2.4", "2.5"), "a<b>": (None, "1.0")}))
    assert "Versions that differ:\n\n- torch 2.4 -\\> 2.5\n- a\\<b\\> not installed -\\> 1.0\n" in text
    many = {f"package{number}": ("1.0", None) for number in range(MOST_ROWS + 2)}
    assert "- 2 more packages" in markdown(decision(CALM, versions=many))


def test_a_long_decision_fits_a_comment():
    many = [verdict("missing", f"cell{number}", reason="x" * 200) for number in range(500)]
    text = markdown(decision(*many))
    assert len(text) < 65_536
    assert f"{500 - MOST_ROWS} more rows left out." in text


def test_every_interval_says_how_sure_it_is():
    """A printed interval means nothing without its confidence; the levels of one decision may differ."""
    cells = [
        verdict("unchanged", name, metric="step", ratio=Interval(1.0, 0.9, 1.1, 6), confidence=0.99) for name in "ab"
    ]
    mean = verdict("unchanged", "geometric mean of 2 cells", ratio=Interval(1.0, 0.9, 1.1, 6), confidence=0.996)
    assert confidences(cells) == "intervals of 99 %"
    assert confidences([*cells, mean]) == "intervals of 99 % (step), 99.6 % (geometric mean of 2 cells)"
    assert confidences([verdict("failed", "a", reason="no")]) == ""
    assert "Changes are with intervals of 99 %." in markdown(decision(*cells))


@pytest.mark.parametrize(
    ("words", "headline", "counts"),
    [
        (["unchanged"], "No regression", "1 unchanged"),
        (["new", "new", "new"], "Nothing to compare", "3 new, nothing to compare"),
        (["new", "unchanged"], "No regression", "1 new, 1 unchanged"),
        (["changed", "unchanged"], "No slowdown", "1 changed, 1 unchanged"),
        (["not known", "improved"], "No slowdown", "1 not known, 1 improved"),
        (["new", "missing"], "Not comparable", "**1 missing**, 1 new"),
    ],
)
def test_a_pass_is_called_no_more_than_it_is(words, headline, counts):
    """Where memory, counts or what is computed changed, only the time is known to have passed."""
    text = markdown(decision(*(verdict(word, f"cell{at}") for at, word in enumerate(words))))
    assert text.startswith(f"### {headline}: the working tree against HEAD~1\n\n{counts}\n")


def test_two_versions_of_torch_are_both_named():
    two = decision(CALM, versions={"torch": ("2.13.0", "2.14.1")}, machine={"torch": "2.14.1"})
    assert "Measured on torch 2.13.0 and 2.14.1." in markdown(two)


def crept(cell="mlp-sgd", word="unchanged", **more):
    """A verdict that tells the change since an anchor."""
    return verdict(word, cell, anchor=Anchor("r1", "abc", 9, Interval(1.042, 1.01, 1.075, 9), 0.98), **more)


def test_the_change_since_the_anchor_has_a_column_where_anything_tells_it():
    lines = markdown(decision(crept("lenet5", "new"), verdict("new", "mlp"))).splitlines()
    assert "| cell | metric | before | after | change | since anchor | smallest visible | verdict |" in lines
    assert "|---|---|---:|---:|---:|---:|---:|---|" in lines
    assert "| lenet5 | step | - | - | - | +4.2 % (+1.0 to +7.5), r1 | - | new |" in lines
    assert "| mlp | step | - | - | - | - | - | new |" in lines
    plain = markdown(decision(verdict("new"))).splitlines()
    assert "| cell | metric | before | after | change | smallest visible | verdict |" in plain
    assert "|---|---|---:|---:|---:|---:|---|" in plain


def test_cells_that_the_table_leaves_out_still_tell_the_change_since_their_anchor():
    text = markdown(decision(SLOWER, crept("a"), crept("b")))
    assert "Since the anchor, unchanged: a +4.2 % (+1.0 to +7.5), r1; b +4.2 % (+1.0 to +7.5), r1." in text
    assert "2 more verdicts are unchanged." in text
    many = [crept(f"c{at:03}") for at in range(MOST_ROWS + 1)]
    assert "; 1 more cell." in markdown(decision(SLOWER, *many))
    assert "more cell" not in markdown(decision(SLOWER, *many[1:]))


@pytest.mark.parametrize(("count", "words"), [(MOST_ROWS, None), (MOST_ROWS + 1, "1 more row left out.")])
def test_a_table_holds_so_many_rows(count, words):
    text = markdown(decision(*(verdict("missing", f"cell{at}") for at in range(count))))
    assert text.count("\n| cell") - 1 == MOST_ROWS
    assert ("left out" in text) == (words is not None)
    assert words is None or words in text


def test_what_was_installed_fits_too():
    versions = {f"package{at}": ("1.0", None) for at in range(MOST_ROWS)}
    text = markdown(decision(CALM, versions=versions))
    assert f"- package{MOST_ROWS - 1} 1.0 -\\> not installed" in text
    assert "more package" not in text
    assert "- 1 more package" in markdown(decision(CALM, versions={**versions, "z": ("1.0", None)}))


def test_the_gravest_stand_first_and_are_set_off():
    words = ("unchanged", "improved", "new", "inconclusive", "missing", "not comparable", "failed", "regressed")
    text = markdown(decision(*(verdict(word, f"of {word}", reason="why") for word in words)))
    rows = [line.split(" | ")[-1].removesuffix(" |") for line in text.splitlines() if line.startswith("| of")]
    bad = [f"**{word}**" for word in ("regressed", "failed", "not comparable", "missing", "inconclusive")]
    assert rows == [*bad, "new", "improved"]
    assert f"**1 {'**, **1 '.join(reversed(words[3:]))}**, 1 new, 1 improved, 1 unchanged" in text


def test_why_is_told_of_what_is_no_plain_pass():
    text = markdown(decision(verdict("improved", "a", reason="faster"), verdict("unchanged", "b", reason="calm")))
    assert "\n- a, step: faster.\n" in text
    assert "calm" not in text
    assert "- c, step" not in markdown(decision(verdict("new", "c")))


def test_the_foot_tells_machine_and_command_as_far_as_they_are_known():
    text = markdown(decision(SLOWER, machine={"cpu": "a_cpu", "gpu": "H100", "threads": 2}, notes=("dirty",)))
    assert "Measured on a\\_cpu, H100, 2 threads." in text
    assert "\n- Note: dirty\n" in text
    bare = markdown(decision(SLOWER, command=""))
    assert "Measured on" not in bare
    assert "Repeat it" not in bare


def test_the_levels_of_anchors_are_told_last():
    level = verdict("unchanged", "a", ratio=Interval(1.0, 0.9, 1.1, 6), confidence=0.8)
    assert confidences([crept("a"), level]) == "intervals of 80 %, 98 % since the anchor"
    assert confidences([crept("a")]) == "intervals of 98 % since the anchor"
    alone = verdict("unchanged", "a", ratio=Interval(1.0, None, None, 1), confidence=0.8)
    assert confidences([alone]) == ""


def test_a_level_of_several_cells_is_named_by_its_metrics():
    of = {"ratio": Interval(1.0, 0.9, 1.1, 6)}
    levels = [verdict("unchanged", "a", confidence=0.99, **of), verdict("unchanged", "b", confidence=0.99, **of)]
    memory = verdict("unchanged", "a", metric="peak_memory", confidence=0.95, **of)
    assert confidences([*levels, memory]) == "intervals of 99 % (step), 95 % (a)"
