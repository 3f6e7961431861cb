from bench.verdict.versions import differing, version_lines


def test_packages_that_differ_are_told_in_the_order_of_the_first_side():
    before = {"torch": "2.4", "numpy": "1.26", "only-before": "1"}
    after = {"only-after": "2", "numpy": "1.26", "torch": "2.5"}
    versions = differing(before, after)
    assert list(versions.items()) == [
        ("torch", ("2.4", "2.5")),
        ("only-before", ("1", None)),
        ("only-after", (None, "2")),
    ]
    assert version_lines(versions) == [
        "torch 2.4 -> 2.5",
        "only-before 1 -> not installed",
        "only-after not installed -> 2",
    ]
    assert differing(after, after) == {}
