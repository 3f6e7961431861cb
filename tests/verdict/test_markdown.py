"""The comment for a pull request: what stands first, and that no name becomes markup."""

import pytest

from bench.stats.interval import Interval
from bench.verdict.markdown import MOST_ROWS, confidences, markdown
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
