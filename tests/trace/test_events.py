"""Events: sound traces are read whatever their packing; all else is refused in one line that says why."""

import gzip
import json

import pytest

from bench.errors import BenchError
from bench.trace.events import load

EVENT = {"ph": "X", "cat": "cpu_op", "name": "aten::add", "pid": 1, "tid": 1, "ts": 1.0, "dur": 2.0}


@pytest.fixture
def file(tmp_path):
    def write(content, name="one.pt.trace.json"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def refusal(path, **limits):
    with pytest.raises(BenchError) as caught:
        load(path, **limits)
    told = str(caught.value)
    assert "\n" not in told
    assert str(path) in told
    assert "run --profile" in told
    return told


def test_a_trace_is_read_packed_or_not_and_as_a_bare_list_too(file):
    text = json.dumps({"schemaVersion": 1, "traceEvents": [EVENT]}).encode()
    for content in (text, gzip.compress(text), json.dumps([EVENT]).encode()):
        assert list(load(file(content)).events) == [EVENT]
    assert load(file(text)).properties == {"schemaVersion": 1}


def test_events_without_a_time_are_kept_too(file):
    name = {"ph": "M", "name": "process_name", "pid": 1, "args": {"name": "python"}}
    assert list(load(file(json.dumps([name, EVENT]).encode())).events) == [name, EVENT]


@pytest.mark.parametrize(("name", "count"), [("alexnet_train_a100", 1_408), ("ddp_rank0_v100", 68_692)])
def test_a_real_trace_holds_as_many_events_as_it_is_known_to(named, name, count):
    assert len(named(name).events) == count


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert "No such file" in refusal(tmp_path / "none.json")


def test_an_empty_file_is_refused(file):
    assert "it is empty" in refusal(file(b""))
    assert "it is empty" in refusal(file(gzip.compress(b"")))


def test_a_file_that_is_cut_short_is_refused(file):
    packed = gzip.compress(json.dumps({"traceEvents": [EVENT] * 1000}).encode())
    assert "cut short" in refusal(file(packed[: len(packed) // 2]))
    assert "cut short" in refusal(file(packed[:20] + b"\0\1\2\3\4\5\6\7" + packed[28:]))
    assert "not valid JSON" in refusal(file(b'{"traceEvents": [{"ph": "X"'))


def test_a_file_of_another_kind_is_refused(file):
    assert "no list 'traceEvents'" in refusal(file(b'{"rows": [1, 2]}'))
    assert "no list 'traceEvents'" in refusal(file(b"42"))
    assert "not valid JSON" in refusal(file(b"\x89PNG\r\n\x1a\n\0\0\0"))
    assert "no timed event" in refusal(file(b'{"traceEvents": []}'))
    assert "no timed event" in refusal(file(b'{"traceEvents": [1, "two", {"ph": 3}, {"ph": "X", "name": "no time"}]}'))
    assert "no timed event" in refusal(file(json.dumps([{**EVENT, "cat": ""}]).encode()))
    assert "not valid JSON" in refusal(file(b"[" * 200_000))


def test_events_that_are_not_sound_are_passed_over(file):
    untimed = [{**EVENT, "dur": None}, {**EVENT, "dur": True}, {**EVENT, "ts": "soon"}]
    broken = [*untimed, {**EVENT, "args": 3}, {"name": "no phase"}]
    assert list(load(file(json.dumps([*broken, EVENT]).encode())).events) == [EVENT]


def test_a_huge_file_is_left_before_it_fills_the_memory(file):
    bomb = gzip.compress(b" " * 50_000_000, 1)
    assert len(bomb) < 1_000_000
    assert "more than the 1 MiB" in refusal(file(bomb), most_bytes=2**20)
    many = json.dumps([EVENT] * 20).encode()
    assert "it holds 20 events, more than the 10" in refusal(file(many), most_events=10)
