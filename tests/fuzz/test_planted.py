"""What fuzzing found: the smallest input of each kind, and the line that it is refused with."""

import base64
import gzip
import io
import json
import os
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from bench import data, files
from bench.cli import run_command_line
from bench.compare.log import ComparisonLog
from bench.compare.records import EndRecord
from bench.data import idx
from bench.errors import LONGEST_LINE, BenchError
from bench.plan.origin import parse
from bench.plan.plan import parse as parse_flag
from bench.plan.plan import plan_from
from bench.regression.tolerances import tolerances
from bench.report.decision import check_of
from bench.store.run import load
from bench.trace.analysis import analyze
from bench.trace.events import load as load_trace
from bench.trace.tree import grow
from bench.training.checkpoint import unpacked
from tests.compare.conftest import facts_of
from tests.fuzz import seeds


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to stand in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def said(here, capsys):
    """Runs a command that has to refuse in one line; gives the line."""

    def run(*words):
        code = run_command_line(list(words))
        lines = capsys.readouterr().err.splitlines()
        assert (code, len(lines)) == (2, 1)
        assert lines[0].startswith("bench: ")
        assert len(lines[0]) <= LONGEST_LINE + 20
        return lines[0]

    return run


@pytest.mark.parametrize("kind", ["pipe", "/dev/zero"])
@pytest.mark.parametrize(
    "words", ["import {}", "trace {}", "ab --recompute {}", "check seed --tolerances {}", "run --suite {}", "show r"]
)
def test_what_may_never_end_is_not_read(here, said, kind, words):
    path = "r/results.jsonl" if words == "show r" else "own.toml" if "suite" in words else "own"
    (here / "r").mkdir()
    (here / "r" / "run.json").write_text('{"schema": 2}')
    os.mkfifo(path) if kind == "pipe" else (here / path).symlink_to(kind)
    assert "it is no regular file" in said(*words.format(path).split())


@pytest.mark.parametrize(
    "words", ["show {}", "report {}", "explain {} {}", "import {}", "trace {}", "trace x --report {}"]
)
def test_a_name_that_no_file_can_have(said, words):
    line = said(*words.format("x" * 5000, "x" * 5000).split())
    assert words.startswith("explain") or "x" * 100 in line  # a run is looked for first


def test_a_circle_of_links(here, said):
    (here / "loop.json").symlink_to("loop.json")
    assert "symbolic links" in said("import", "loop.json")


def test_an_error_is_one_line_that_no_terminal_obeys():
    assert str(BenchError("a\nb\x1b[31m\u202e\ud800\x00 é")) == r"a b\x1b[31m\u202e\ud800\x00 é"
    assert len(str(BenchError(f"cannot read {'x' * 5000}: too long"))) < 400
    long = str(BenchError(f"start {'x ' * 10**6}remedy"))
    assert long.startswith("start x")
    assert long.endswith("x remedy")
    assert len(long) == LONGEST_LINE


def test_a_terminal_obeys_no_stored_text(here, capsys):
    run = seeds.recorded("seed", here / "results")
    run.note(command="\x1b]0;title\x07 \u202e \x00")
    assert run_command_line(["show", "seed"]) == 0
    shown = capsys.readouterr().out
    assert r"\x1b]0;title\x07 \u202e \x00" in shown
    assert {sign for sign in shown if not sign.isprintable()} <= {"\n"}


@pytest.mark.parametrize(
    "arguments",
    ["{[]: 1}", f"0x{'f' * 5000}", "-" * 5000 + "1", "(" * 300, "*a", "a=1, a=1", "1)(2", "\x00"],
    ids=["unhashable", "giant", "deep", "open", "star", "twice", "called", "nul"],
)
def test_arguments_that_are_no_literals(arguments):
    with pytest.raises(BenchError, match=r"arguments are Python literals|names nothing that can be imported"):
        parse(f"m:N({arguments})")


def test_odd_escapes_of_arguments_warn_nobody(recwarn):
    assert parse("m:N('\\d')").name == "N"
    assert not recwarn.list


TABLES = {
    "giant": ("epochs = 1" + "0" * 400, "largest that TOML has"),
    "many digits": ("epochs = " + "9" * 5000, "not valid TOML"),
    "hexadecimal": ("epochs = 0x" + "f" * 5000, "largest that TOML has"),
    "deep list": ("seeds = " + "[" * 3000 + "]" * 3000, "nested too deeply"),
    "deep names": ("a" + ".a" * 3000 + " = 1", "nested too deeply"),
    "not text": ("\udcff", "not UTF-8"),
    "long name": ("x" * 100_000 + " = 1", "unknown key"),
    "long text": (f"epochs = '{'x' * 100_000}'", "takes a whole number"),
}


@pytest.mark.parametrize(("text", "words"), TABLES.values(), ids=TABLES)
def test_tables_are_read_within_bounds(here, text, words):
    (here / "own.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    for read in (lambda: plan_from({"suite": "own.toml"}), lambda: tolerances(here / "own.toml")):
        with pytest.raises(BenchError) as refused:
            read()
        assert len(str(refused.value)) <= LONGEST_LINE
    with pytest.raises(BenchError, match=words):
        plan_from({"suite": "own.toml"})


def test_a_mark_of_the_byte_order_before_a_table_is_passed_over(here):
    (here / "own.toml").write_bytes(b"\xef\xbb\xbfepochs = 3\n")
    assert plan_from({"suite": "own.toml"}).epochs == 3
    (here / "own.toml").write_bytes(b"\xef\xbb\xbf[tolerances]\nrelative_cost = 0.2\n")
    assert tolerances(here / "own.toml").share("mlp", "relative_cost") == 0.2


@pytest.mark.parametrize("budget", ["9" * 400, "9" * 30 + "h"])
def test_a_time_without_end_is_none(budget):
    with pytest.raises(BenchError, match="takes a duration"):
        parse_flag("budget", budget)


def rewritten(run, change):
    """The run with its first line changed."""
    path = run.folder / "results.jsonl"
    first, *rest = path.read_text().splitlines()
    stored = json.loads(first)
    change(stored)
    path.write_text("\n".join([json.dumps(stored, separators=(",", ":")), *rest]) + "\n")
    return load(run.name, run.folder.parent)


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


LINES = {
    "a sample that is none": lambda line: line["samples"].update(step=base64.b64encode(np.float32("nan")).decode()),
    "an infinite sample": lambda line: line["samples"].update(step=base64.b64encode(np.float32("inf")).decode()),
    "a number whose square is none": lambda line: line["measurements"][0].update(value=1e308),
    "a time without end": lambda line: line.update(seconds=1e300),
    "a deep profile": lambda line: line.update(profile=nested(40)),
    "a deep system": lambda line: line["system"].update(x=nested(500)),
}


@pytest.mark.parametrize("change", LINES.values(), ids=LINES)
def test_a_line_that_nobody_can_reckon_with_is_damage(here, change):
    run = rewritten(seeds.recorded("seed", here / "results"), change)
    with pytest.raises(BenchError, match=r"results\.jsonl line 1 is damaged"):
        list(run.lines())


@pytest.mark.parametrize("damage", [{"evidence": 1}, {"verdict": "odd"}, {"ratio": 1}, {"cell": nested(40)}])
def test_a_damaged_check_costs_the_page_nothing(here, damage):
    run = seeds.recorded("seed", here / "results")
    check = seeds.a_check()
    (run.folder / "check.json").write_text(json.dumps(check))
    assert check_of(run)["overall"] == "regression"
    check["verdicts"][0].update(damage)
    (run.folder / "check.json").write_text(json.dumps(check))
    assert check_of(run).keys() == {"unreadable"}
    assert "check.json is damaged (" in check_of(run)["unreadable"]


PAIRS = {
    "log_ratio": (1e308, True, "0.1", 60),
    "before": (0, -1, 1e300, True),
    "run": (True, 1.5, 3),
    "phases": ({"forward": [1]}, [], {"forward": ["a", 1]}, {"forward": [True, 1]}),
    "faults": (-1, 1.5, 2**70),
    "steady": (1, "yes"),
    "busy": ("much", -1),
    "clocks": ([1e9], [0, 1e9], ["a", 1e9]),
    "dropped": (-1, 1.5),
    "layouts": ([{"heap": "x"}, {}], [{}]),
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in PAIRS.items() for value in values])
def test_a_pair_that_nobody_can_reckon_with_is_damage(here, key, value):
    path = here / "log.jsonl"
    seeds.comparison(path)
    lines = path.read_text().splitlines()
    number = next(at for at, line in enumerate(lines) if '"kind":"pair"' in line)
    lines[number] = json.dumps({**json.loads(lines[number]), key: value})
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(BenchError, match=rf"line {number + 1} is damaged"):
        ComparisonLog.load(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("blocks", True), ("blocks", "3"), ("order_seed", 1.5), ("notes", "note"), ("machine", []),
        ("tolerance", 1e999),
        ("cells", {"mlp": [{"architecture": 3}, {"architecture": "mlp"}]}), ("before", {"label": []}),
        ("unmatched", [1]),
    ],
)  # fmt: skip
def test_a_first_line_of_another_shape_is_damage(here, key, value):
    path = here / "log.jsonl"
    seeds.comparison(path)
    first, *lines = path.read_text().splitlines()
    path.write_text("\n".join([json.dumps({**json.loads(first), key: value}), *lines]) + "\n")
    with pytest.raises(BenchError, match="line 1 is damaged"):
        ComparisonLog.load(path)


HEADERS = {
    "no dimension": b"\0\0\x08\x00",
    "cut short": b"\0\0\x08\x03" + b"\0\0\0\x01" * 2,
    "giant": b"\0\0\x08\x03" + b"\xff\xff\xff\xff" * 3,
    "255 dimensions": b"\0\0\x08\xff" + b"\xff\xff\xff\xff" * 255,
    "nothing of much": b"\0\0\x08\x02" + b"\0\0\0\0" + b"\xff\xff\xff\xff",
}


@pytest.mark.parametrize("content", HEADERS.values(), ids=HEADERS)
def test_a_header_that_claims_too_much_is_refused(tmp_path, content):
    (tmp_path / "own.gz").write_bytes(gzip.compress(content))
    for read in (lambda: idx.parse(content), lambda: idx.read(tmp_path / "own.gz", "", limit=2)):
        with pytest.raises(idx.IdxError) as refused:
            read()
        assert len(str(refused.value)) < 200


def test_a_folder_of_headers_that_claim_too_much(here):
    raw = here / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (raw / f"{name}-ubyte").write_bytes(HEADERS["giant"] + b"\0")
    with pytest.raises(BenchError, match=r"cannot load fashion_mnist: .*says to hold"):
        data.load("fashion_mnist", here)


def test_arrays_that_unpack_without_end_are_refused(here):
    content = io.BytesIO()
    np.savez_compressed(content, train_images=np.zeros((300_000, 28, 28), np.uint8))
    (here / "own.npz").write_bytes(content.getvalue())
    with pytest.raises(BenchError, match=r"it unpacks to 235 MB, over 500 times its size"):
        data.load("npz:own.npz")


def test_more_classes_than_there_can_be(here):
    arrays = dict(np.load(io.BytesIO(seeds.npz())))
    np.savez(here / "own.npz", **{**arrays, "classes": np.arange(3000)})
    with pytest.raises(BenchError, match="there are 3,000 classes"):
        data.load("npz:own.npz")


def test_an_image_of_another_format_is_read_by_no_other_program(here, monkeypatch):
    seeds.images(here / "pets")
    monkeypatch.setattr("subprocess.Popen", None)
    (here / "pets" / "cat" / "0.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\n")
    with pytest.raises(BenchError, match=r"cannot read .*0\.png: cannot identify it as an image"):
        data.load("folder:pets:1x8x8")


def test_an_image_of_few_bytes_and_many_pixels(here):
    seeds.images(here / "pets")
    Image.new("1", (11_000, 10_000)).save(here / "pets" / "cat" / "0.png")
    with pytest.raises(BenchError, match=r"more pixels than the 100,000,000 that are read"):
        data.load("folder:pets:1x8x8")


def test_weights_that_are_repeated_or_packed(tmp_path):
    repeated = {"1.weight": torch.zeros(1).expand(10**9), "1.bias": torch.zeros(10)}
    content = io.BytesIO()
    torch.save({"format": 2, "digest": "", "weights": repeated}, content)
    with pytest.raises(BenchError, match="is damaged, its content is not what was written"):
        unpacked(content.getvalue(), "own.pt")
    packed = io.BytesIO()
    genuine = zipfile.ZipFile(io.BytesIO(seeds.checkpoint()))
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name in genuine.namelist():
            file.writestr(name, genuine.read(name))
        file.writestr("archive/data/bomb", bytes(10**7))
    with pytest.raises(BenchError, match=r"cannot read own\.pt"):
        unpacked(packed.getvalue(), "own.pt")


def marks(count):
    """So many marks of the user's, each within the one before."""
    return [
        {"ph": "X", "cat": "user_annotation", "name": "mine", "ts": at, "dur": 4 * count - 2 * at, "pid": 1, "tid": 1}
        for at in range(count)
    ]


def test_a_trace_of_deep_marks_is_read_in_a_moment(tmp_path):
    """Each mark looked through all that hold it: 30,000 took two minutes."""
    operator = {"ph": "X", "cat": "cpu_op", "name": "aten::mm", "ts": 30_000, "dur": 1, "pid": 1, "tid": 1, "args": {}}
    (tmp_path / "own.json").write_text(json.dumps({"traceEvents": [*marks(30_000), operator]}))
    assert analyze(tmp_path / "own.json").side == "host"


def test_a_truth_value_is_no_number_of_a_call(tmp_path):
    event = {
        "ph": "X",
        "cat": "cuda_runtime",
        "name": "cudaLaunchKernel",
        "ts": 1,
        "dur": 1,
        "args": {"correlation": True},
    }
    (tmp_path / "own.json").write_text(json.dumps([event]))
    assert [node.correlation for node in grow(load_trace(tmp_path / "own.json")).nodes] == [-1]


@pytest.mark.parametrize("text", ["[" + "[]," * 40 + "[]]", "[" + "0," * 400 + "0]"])
def test_a_trace_of_more_parts_than_events_have(tmp_path, text):
    (tmp_path / "own.json.gz").write_bytes(gzip.compress(text.encode()))
    with pytest.raises(BenchError, match="holds more than 3 events have"):
        load_trace(tmp_path / "own.json.gz", most_events=3)


def test_a_line_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MOST_BYTES", 100)
    (tmp_path / "log.jsonl").write_bytes(b"{}\n" + b" " * 200 + b"\n")
    with pytest.raises(BenchError, match=r"log\.jsonl line 2 is longer than the"):
        list(files.read_lines(tmp_path / "log.jsonl", "remove it"))


def test_a_command_that_is_no_utf_8_is_stored_so_that_it_can_be_read(here):
    run = seeds.recorded("seed", here / "results")
    run.note(command="python -m bench run --data-dir \udcff é")
    assert load("seed", here / "results").facts.command == "python -m bench run --data-dir ? é"
    log = ComparisonLog(here / "log.jsonl", facts_of("mlp", command="ab \udcff"))
    log.note(EndRecord("", 1.0))
    assert ComparisonLog.load(here / "log.jsonl").facts.command == "ab ?"
