"""The command `trace`, typed: tables, JSON, a page, and what is refused in one line."""

import gzip
import json

import pytest

from tests.trace import gpu
from tests.trace.handmade import annotation, operator

EVENT = {"ph": "X", "cat": "cpu_op", "name": "aten::add", "pid": 1, "tid": 1, "ts": 1.0, "dur": 2.0}


@pytest.fixture
def traced(typed, tmp_path):
    """Writes each content to a file and types the command on them."""

    def run(*contents, flags=()):
        paths = [f"{number}.pt.trace.json" for number, _ in enumerate(contents, 1)]
        for path, content in zip(paths, contents, strict=True):
            (tmp_path / path).write_bytes(content)
        return typed("trace", *paths, *flags)

    return run


def document(events, **properties):
    return json.dumps({"traceEvents": list(events), **properties}).encode()


TRAINING = document(gpu.training(), **gpu.properties())


def test_it_prints_where_the_time_of_a_step_goes(traced):
    done = traced(gzip.compress(TRAINING))
    assert (done.returncode, done.stderr) == (0, "")
    assert "1.pt.trace.json: 350 µs, the mean of 3 steps of 350 µs to 350 µs" in done.stdout
    for words in ("convolution backward", "kernels by total time", "idle device", "host wait", "aten::addmm"):
        assert words in done.stdout
    assert done.stdout.count("100.0 %") >= 4


def test_two_traces_are_compared(traced):
    slow = [{**event, "dur": event["dur"] * 20} if event.get("cat") == "kernel" else event for event in gpu.training()]
    done = traced(TRAINING, document(slow))
    assert done.returncode == 0
    assert "2.pt.trace.json is " in done.stdout
    assert "slower than 1.pt.trace.json" in done.stdout
    assert "the second step is " in done.stdout


def test_json_is_one_document_whose_parts_add_up(traced):
    found = json.loads(traced(TRAINING, flags=["--json"]).stdout)
    assert sum(row["share"] for row in found["parts"]["operator"]) == pytest.approx(1)
    both = json.loads(traced(TRAINING, TRAINING, flags=["--json"]).stdout)
    assert both["difference"] == 0


def test_the_page_is_written_where_it_is_asked_for(traced, tmp_path):
    done = traced(TRAINING, flags=["--report", "new/page.html"])
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("new/page.html\n")
    assert "flame-device" in (tmp_path / "new/page.html").read_text("utf-8")
    kept = traced(TRAINING, flags=["--report", "new/page.html", "--json"])
    json.loads(kept.stdout)


def test_steps_that_are_left_out_are_told(traced):
    events = [annotation("ProfilerStep#7", 3000, 5), *gpu.training()]
    assert "note: 1 of 4 steps is left out: ProfilerStep#7 (no kernel in it)" in traced(document(events)).stdout


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"{}", "no list 'traceEvents'"),
        (b"not JSON", "not valid JSON"),
        (gzip.compress(TRAINING, mtime=0)[:300], "cut short or damaged"),
        (document([]), "no timed event"),
        (document([{**EVENT, "ts": float("nan")}]), "no timed event"),
        (document([{**EVENT, "dur": float("inf")}]), "no timed event"),
        (document([{**EVENT, "ts": 10**400}]), "no timed event"),
        (document([{**EVENT, "dur": True}]), "no timed event"),
        (document([{**EVENT, "dur": -5}]), "no timed event"),
        (document([{**EVENT, "tid": [1]}]), "no timed event"),
        (document([{**EVENT, "cat": {"a": 1}}]), "no timed event"),
        (b"1" * 5000, "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"traceEvents": [{"ph": "X", "name": "a\\m"}]}', "not valid JSON"),
        (b'{"traceEvents": [{"name": "k\xff"}]}', "not valid JSON"),
        (b'{"traceEvents": [{"x": N/A}]}', "not valid JSON"),
        (document([{**EVENT, "cat": "toplevel"}]), "no operator and no kernel"),
        (document([annotation("mine", 0, 5)]), "no operator and no kernel"),
    ],
)
def test_what_is_no_trace_is_refused_in_one_line(traced, content, words):
    check(traced(content), words, "1.pt.trace.json")


def test_a_file_that_is_not_there_and_a_folder_are_refused(typed, tmp_path):
    check(typed("trace", "nowhere.json"), "No such file", "nowhere.json")
    check(typed("trace", str(tmp_path)), "directory", tmp_path.name)


def test_a_page_that_cannot_be_written_is_refused(typed, traced, tmp_path):
    check(traced(TRAINING, flags=["--report", str(tmp_path)]), "it is a folder", "trace.html")
    check(traced(TRAINING, flags=["--report", "1.pt.trace.json/page.html"]), "cannot write", "name another path")
    check(traced(TRAINING, flags=["--report", "./1.pt.trace.json"]), "it is the trace itself")
    check(
        typed("trace", "nowhere.json", "--report", "/proc/page.html"), "cannot write /proc/page.html"
    )  # before reading


def test_the_second_file_is_checked_too(traced):
    check(traced(TRAINING, b"{}"), "no list 'traceEvents'", "2.pt.trace.json")


def test_unsound_events_among_sound_ones_are_counted(traced):
    events = [*gpu.training(), {**EVENT, "dur": float("nan")}, {**EVENT, "ts": None}]
    assert "note: 2 events without a sound time or form passed over" in traced(document(events)).stdout


def test_one_step_and_no_mark_is_fine(traced):
    assert "no step is marked" in traced(document([operator("aten::mm", 0, 10)])).stdout


def check(done, *words):
    assert done.returncode == 2, done.stdout
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("bench: ")
    assert [word for word in words if word not in done.stderr] == []
