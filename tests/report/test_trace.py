"""The page of traces: self-contained, its numbers those of the analysis, and names of others as text alone."""

import json
import re

import pytest

from bench.explain.traces import explain_traces
from bench.report.flame import MOST_BOXES, NARROWEST, flame, look_of
from bench.report.trace import page_of_traces
from bench.trace.analysis import analyze
from bench.trace.flame import Frame, grown
from tests.report.test_page import Elements
from tests.trace import gpu
from tests.trace.handmade import annotation, kernel, launch, operator

HOSTILE = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)>{{7*7}}"


def analysis_of(folder, events, name="trace.json"):
    path = folder / name
    path.write_text(json.dumps({"traceEvents": list(events), **gpu.properties()}))
    return analyze(path)


@pytest.fixture
def two(tmp_path):
    """Two trainings, of which the second takes twice as long in everything."""
    slow = [{**event, **{key: 2 * event[key] for key in ("ts", "dur") if key in event}} for event in gpu.training()]
    return analysis_of(tmp_path, gpu.training(), "first.json"), analysis_of(tmp_path, slow, "second.json")


def test_the_page_needs_nothing_else(two):
    for text in (page_of_traces(explain_traces(two[0])), page_of_traces(explain_traces(two[1], two[0]))):
        elements = Elements(text)
        assert not re.search(r"""(?:src|href)=["'](?!#)""", text)
        assert "url(" not in text
        policy = next(meta["content"] for meta in elements.of("meta") if "http-equiv" in meta)
        assert policy.startswith("default-src 'none'")
        assert "script-src 'sha256-" in policy
        ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
        assert len(ids) == len(set(ids))
        targets = [link["href"].removeprefix("#") for link in elements.of("a")]
        assert set(targets) <= set(ids)


def test_the_names_of_others_are_text_in_the_page(tmp_path):
    events = [annotation("ProfilerStep#0", 0, 100), annotation(f"nn.Module: {HOSTILE}", 0, 90)]
    events += [operator(HOSTILE, 1, 50), launch(2, 5, 1), kernel(HOSTILE, 20, 50, 1)]
    path = tmp_path / "a<b>&.json"
    path.write_text(json.dumps({"traceEvents": [*events, annotation(f"ProfilerStep#{HOSTILE}", 100, 5)]}))
    one = analyze(path)
    plain = [name for name, _ in Elements(page_of_traces(explain_traces(one))).found]
    for text in (page_of_traces(explain_traces(one)), page_of_traces(explain_traces(one, one))):
        elements = Elements(text)
        assert [name for name, _ in elements.found].count("script") == plain.count("script") == 1
        assert elements.of("img") == []
        assert not any(name.startswith("on") for _, attributes in elements.found for name in attributes)
        assert "{{7*7}}" in text
        assert "a&lt;b&gt;&amp;.json" in text


def test_boxes_hold_the_seconds_of_the_step(two):
    drawn = flame("f", "t", "c", grown(two[0].host), both=False)
    root, *others = drawn.boxes
    assert (root.left, root.width, root.row) == (0, pytest.approx(100), 0)
    top = [box for box in others if box.row == 1]
    assert sum(box.width for box in top) == pytest.approx(100)
    for box in others:
        above = [other for other in drawn.boxes if other.row == box.row - 1]
        assert any(
            other.left <= box.left + 1e-6 and box.left + box.width <= other.left + other.width + 1e-6 for other in above
        )


def test_a_difference_has_the_room_of_the_longer_side_and_says_what_grew(two):
    first, second = two
    root = grown(second.device, first.device)
    boxes = flame("f", "t", "c", root, both=True).boxes
    assert root.difference == pytest.approx(second.seconds - first.seconds) == pytest.approx(350e-6)
    assert (boxes[0].change, boxes[0].look) == ("+350\u00a0µs", "grown strong")
    assert "grown strong" in {box.look for box in boxes if box.name == "backward"}
    assert {box.look for box in flame("f", "t", "c", grown(first.device, second.device), both=True).boxes} & {
        "shrunk", "shrunk strong",
    }  # fmt: skip


def test_the_changes_that_are_listed_add_up(two):
    explanation = explain_traces(two[1], two[0])
    text = page_of_traces(explanation)
    section = text.partition('id="changed"')[2].partition("</section>")[0]
    assert "(all)" in section
    assert "sm80_dgrad_implicit_gemm" in section


def test_a_picture_of_many_frames_is_bounded():
    root = Frame("step")
    for at in range(4000):
        root.within[str(at)] = Frame(str(at), after=1.0 + at / 4000, own_after=1.0 + at / 4000)
    root.after = sum(frame.after for frame in root.within.values())
    boxes = flame("f", "t", "c", root, both=False).boxes
    assert len(boxes) <= MOST_BOXES
    assert all(box.width >= 100 * NARROWEST * 0.999 for box in boxes)


def test_every_category_has_a_look_and_idleness_its_own():
    assert look_of("idle device: host wait") == "idle"
    assert look_of("convolution") != look_of("matrix multiply")
    assert look_of("") == "neutral"
