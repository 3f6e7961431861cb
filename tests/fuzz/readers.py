"""Readers: everything that reads what others wrote, each with its mutants and with its share of them."""

import argparse
import gzip
import io
import json
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import strategies as st

from bench import data
from bench.cli import run_command_line
from bench.cli.parser.main import build_parser
from bench.compare.calibration import shown_on
from bench.compare.log import ComparisonLog
from bench.compare.verdicts import decide
from bench.data import idx
from bench.errors import BenchError
from bench.explain.traces import explain_traces
from bench.plan.matching import matches
from bench.plan.origin import (
    file_of,
    from_anywhere,
    handed_name,
    is_path,
    labels_of,
    parse,
    split_outside_brackets,
)
from bench.plan.plan import plan_from
from bench.regression.accepted import begun
from bench.regression.tolerances import tolerances
from bench.report import decision as check_on_page
from bench.report.load import clean
from bench.report.page import index
from bench.report.trace import page_of_traces
from bench.session import listing
from bench.store import baseline, elsewhere, named_code, pytest_benchmark, timm_csv
from bench.store import run as store
from bench.store.beside import beside
from bench.store.frame import configurations, frame
from bench.store.seeds import asked_of
from bench.store.summary import summaries
from bench.trace.analysis import analyze
from bench.trace.events import load as load_trace
from bench.trace.summary import summarize
from bench.training.checkpoint import unpacked
from bench.verdict.junit import junit
from bench.verdict.markdown import markdown
from tests.fuzz import hostile, mutants, seeds
from tests.fuzz.watch import Breach, is_obeyed
from tests.report import report_sample as sample

Strategy = st.SearchStrategy[Any]
CODES = (0, 1, 2, 3, 4)
# What of each command is fuzzed; those that start workers, servers or measurements are parsed alone.
COMMANDS = (
    ("show", "seed"), ("show", "seed", "--json"), ("show", "seed", "--csv"),
    ("history", "--no-report"), ("list", "runs"),
    ("history", "mlp*", "--json", "--no-report"), ("baseline", "show", "--name", "main"),
    ("baseline", "list", "--json"),
    ("baseline", "save", "seed", "--name", "fresh"), ("baseline", "drop", "other", "--name", "fresh"),
    ("check", "seed", "--no-ab", "--baseline", "main"), ("check", "seed", "--no-ab", "--json", "--cells", "mlp*"),
    ("explain", "mlp", "lenet5", "--run", "seed"), ("explain", "seed", "other", "--json"),
    ("ab", "--recompute", "results/ab/log.jsonl"), ("trace", "trace.json"), ("trace", "trace.json", "trace.json.gz"),
    ("import", "bench.json", "--run", "imported"), ("import", "timm.csv"), ("import", "."),
)  # fmt: skip
PARSED = (
    *COMMANDS, ("run", "--suite", "mine.toml", "--dry-run", "--budget", "5m"),
    ("run", "--threads", "1", "--seeds", "0"),
    ("run", "--architectures", "x.py:N", "--input", "1x1x1", "--learning-rates", "0.1"), ("tensorboard", "seed"),
    ("ab", "main", "--tolerance", "5%"), ("calibrate", "--pairs", "3"), ("profile", "mlp"), ("doctor", "--pairs", "2"),
    ("show", "checkpoint", "x.pt"), ("list", "architectures", "x.py:N"), ("run", "--resume", "seed", "--until", "99%"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader.

    Attributes:
        name: what it reads.
        share: of 10,000 mutants.
        genuine: what it has to read.
        mutants: of that.
        read: reads one, in the folder that the process stands in.

    """

    name: str
    share: int
    genuine: Any
    mutants: Strategy
    read: Callable[[Any], object]


def readers(folder: Path) -> list[Reader]:
    """All of them, their files in that folder, which is the working directory."""
    kept = seeds.everything(folder)
    return [*_of_ours(kept), *_of_others(folder), *_of_data(folder), *_of_words(), *_of_commands(kept)]


def _of_ours(kept: Mapping[str, Path]) -> list[Reader]:
    """Files that the suite wrote."""
    content = {name: path.read_bytes() for name, path in kept.items()}
    ours = [
        ("results", 900, mutants.records, _results),
        ("run.json", 500, mutants.documents, _facts),
        ("check.json", 400, mutants.documents, _check),
        ("baseline", 500, mutants.records, _baseline),
        ("comparison log", 500, mutants.records, _comparison),
        ("calibration", 300, mutants.documents, lambda: shown_on(seeds.MACHINE)),
        ("published figures", 300, mutants.documents, _published),
    ]
    files = [
        Reader(name, share, content[name], strategy(content[name]), _from_file(kept[name], read, content[name]))
        for name, share, strategy, read in ours
    ]
    head = seeds.page_head()
    place = Path("reports/seed.html")
    place.parent.mkdir()
    return [*files, Reader("page's summary", 200, head, mutants.texts(head.decode(), ("&#34;", "<", *hostile.CSV)),
                           _from_file(place, lambda: index(Path("reports")), head)), *_of_the_user()]  # fmt: skip


def _of_the_user() -> list[Reader]:
    """Files that are kept for the user: what is damaged in them is as if it was not there."""
    named = b'{"text":"x.py:N","folder":"/x"}\n{"text":"a:b","folder":"/y"}\n'
    listed = json.dumps({"files": {"x.py": ""}, "entries": [{"name": "x"}]}).encode()
    return [
        Reader("named code", 150, named, mutants.records(named),
               _from_file(Path("named.jsonl"), lambda: list(named_code._entries(Path("named.jsonl"))), named)),
        Reader("kept listing", 150, listed, mutants.documents(listed),
               _from_file(Path("list.json"), lambda: listing._kept(Path("list.json")), listed)),
    ]  # fmt: skip


def _of_others(folder: Path) -> list[Reader]:
    """Files of other tools, and those that a person writes."""
    made = (seeds.STORED / "pytest_benchmark_4.json").read_bytes()
    timm = (seeds.STORED / "timm_infer.csv").read_text()
    trace = seeds.trace()
    written = [
        ("pytest-benchmark", 800, made, mutants.documents(made), "made.json", _benchmarks),
        ("timm CSV", 400, timm.encode(), mutants.texts(timm, hostile.CSV), "own.csv", timm_csv.read),
        ("trace", 450, trace, mutants.documents(trace), "own.json", _trace),
        (
            "tolerances",
            500,
            seeds.TOLERANCES.encode(),
            mutants.texts(seeds.TOLERANCES, hostile.TOML),
            "t.toml",
            _tolerances,
        ),
        ("suite", 500, seeds.SUITE.encode(), mutants.texts(seeds.SUITE, hostile.TOML), "s.toml", _suite),
    ]
    files = [
        Reader(name, share, genuine, strategy, _at(folder / place, read))
        for name, share, genuine, strategy, place, read in written
    ]
    packed = gzip.compress(trace)
    again = mutants.documents(trace).map(lambda content: gzip.compress(content, 1))
    both = st.one_of(mutants.damaged(packed), mutants.damaged(packed), again)
    return [*files, Reader("trace, packed", 250, packed, both, _at(folder / "own.json.gz", _trace))]


def _of_data(folder: Path) -> list[Reader]:
    """Data sets and weights."""
    seeds.images(folder / "pets")
    raw = folder / "data" / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (raw / f"{name}-ubyte").write_bytes(seeds.idx())
    npz = (seeds.npz(), seeds.npz(packed=False))
    kinds = {kind: seeds.image(kind) for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")}
    weights = seeds.checkpoint()
    images = st.one_of([mutants.damaged(content) for content in kinds.values()])
    return [
        Reader("IDX", 400, gzip.compress(seeds.idx()), mutants.damaged(seeds.idx()), _idx),
        Reader("IDX folder", 150, seeds.idx(), mutants.damaged(seeds.idx()), _idx_folder(raw)),
        Reader("npz", 350, npz[0], st.one_of(*map(mutants.damaged, npz)), _at(folder / "own.npz", _npz)),
        Reader("image folder", 250, kinds["PNG"], images, _at(folder / "pets" / "cat" / "0.png", _pets)),
        Reader("checkpoint", 250, weights, st.one_of(mutants.damaged(weights), _other_checkpoints()), _checkpoint),
    ]


def _of_words() -> list[Reader]:
    """What a person types."""
    return [
        Reader("names and origins", 900, "mlp", mutants.words(), _name),
        Reader("command line, parsed", 700, ["show", "seed"], mutants.commands(PARSED), _parse),
    ]


def _of_commands(kept: Mapping[str, Path]) -> list[Reader]:
    """Whole commands: words that are odd, and files that are odd read by every command that reads them."""
    whole = [Reader("command line, run", 250, ["show", "seed"], mutants.commands(COMMANDS), _command)]
    by_command = {
        "results": (20, ("show seed", "show seed --json", "check seed --no-ab",
                         "baseline save seed --name fresh --contended",
                         "explain mlp lenet5 --run seed", "explain seed other", "history --no-report",
                         "show seed --csv")),
        "run.json": (20, ("show seed", "show seed --json", "list runs", "check seed --no-ab", "history --no-report")),
        "baseline": (40, ("check other --no-ab --baseline main", "baseline show --name main --json", "baseline list")),
        "comparison log": (40, ("ab --recompute results/ab/log.jsonl --json",)),
    }  # fmt: skip
    for name, (share, texts) in by_command.items():
        path, content = kept[name], kept[name].read_bytes()
        strategy = mutants.documents if name == "run.json" else mutants.records
        pairs = st.tuples(strategy(content), st.sampled_from([text.split() for text in texts]))
        read = _restoring(path, content)
        whole.append(Reader(f"{name}, by commands", share * len(texts) // 2, (content, texts[0].split()), pairs, read))
    path, content = kept["results"], kept["results"].read_bytes()
    page = st.tuples(mutants.records(content), st.just(["report", "seed"]))
    return [*whole, Reader("results, as a page", 15, (content, ["report", "seed"]), page, _restoring(path, content))]


def _from_file(path: Path, read: Callable[[], object], content: bytes) -> Callable[[bytes], object]:
    """Reads a file of its content, and puts the genuine one back."""

    def of_content(mutant: bytes) -> object:
        path.write_bytes(mutant)
        try:
            return read()
        finally:
            path.write_bytes(content)

    return of_content


def _at(path: Path, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    def of_content(mutant: bytes) -> object:
        path.write_bytes(mutant)
        return read(path)

    return of_content


def _restoring(path: Path, content: bytes) -> Callable[[tuple[bytes, list[str]]], object]:
    """Runs a command while the file is another."""

    def of_pair(pair: tuple[bytes, list[str]]) -> object:
        return _from_file(path, lambda: _command(pair[1]), content)(pair[0])

    return of_pair


def _results() -> object:
    run = store.load("seed")
    list(run.lines())
    run.results()
    return [frame(run), configurations(run), summaries(run)]


def _facts() -> object:
    run = store.load("seed")
    store.load_each()
    return [run.facts.code, clean(run.stored), asked_of(run.facts.plan), named_code.code_in(run.facts.plan), frame(run)]


def _check() -> object:
    run = store.load("seed")
    stored = clean(check_on_page.check_of(run))
    return [check_on_page.checked(sample.record_of(check=stored)), begun(run, "main")]


def _baseline() -> object:
    return [baseline.load("main").runs(), baseline.names()]


def _comparison() -> object:
    decision = decide(ComparisonLog.load(Path("results/ab/log.jsonl")))
    _check_json(json.dumps(decision.to_dict()))
    return [junit(decision), markdown(decision)]


def _published() -> object:
    figures, _ = elsewhere.load_each()
    return beside(store.load("other").lines(), [*figures.values()], {})


def _benchmarks(path: Path) -> object:
    _, results = pytest_benchmark.read(path)
    return [result.to_line() for result in results]


def _trace(path: Path) -> object:
    explanation = explain_traces(analyze(path))
    _check_json(json.dumps(explanation.to_dict()))
    _check_json(json.dumps(summarize(load_trace(path))))
    return page_of_traces(explanation)


def _tolerances(path: Path) -> object:
    allowed = tolerances(path)
    return [allowed.share("lenet5-x", "relative_cost"), allowed.budgets("mlp"), allowed.unused(["mlp"])]


def _suite(path: Path) -> object:
    return plan_from({"suite": path.name})


def _idx(content: bytes) -> object:
    for packed in (content, gzip.compress(content, 1)):
        Path("own.gz").write_bytes(packed)
        for limit in (2, None):
            with suppress(idx.IdxError):  # their callers say where
                idx.read(Path("own.gz"), "", limit)
    with suppress(idx.IdxError):
        idx.parse(content)
    return None


def _idx_folder(raw: Path) -> Callable[[bytes], object]:
    def of_content(mutant: bytes) -> object:
        (raw / "train-images-idx3-ubyte").write_bytes(mutant)
        return data.load("fashion_mnist", Path("data"))

    return of_content


def _npz(_: Path) -> object:
    return data.load("npz:own.npz")


def _pets(_: Path) -> object:
    return data.load("folder:pets", limit=3), data.load("folder:pets:3x4x4")


def _checkpoint(content: bytes) -> object:
    return unpacked(content, "own.pt")


@st.composite
def _other_checkpoints(draw: Any) -> bytes:
    """Whole ones, the digest right, in which one field is another."""
    value = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.sampled_from(hostile.WORDS),
        st.lists(st.integers(0, 9), max_size=3), st.just(10**400), st.builds(_deep),
    )  # fmt: skip
    cell = seeds.Cell("softmax_regression").to_dict()
    field = draw(
        st.sampled_from(("format", "input_shape", "num_classes", "machine", "cell", "entry", "in cell", "in entry"))
    )
    other = draw(value)
    if field == "in cell":
        changes = {"cell": {**cell, draw(st.sampled_from(sorted(cell))): other}}
    elif field == "in entry":
        changes = {"entry": {**seeds.ENTRY, draw(st.sampled_from(sorted(seeds.ENTRY))): other}}
    else:
        changes = {field: other}
    with suppress(ValueError, RecursionError, UnicodeError):  # what no digest can be made of
        return seeds.checkpoint(**changes)
    return seeds.checkpoint()


def _deep() -> list[Any]:
    nested: list[Any] = []
    for _ in range(200):
        nested = [nested]
    return nested


def _name(word: str) -> object:
    origins = [origin for text in (word, f"m.py:N({word})") if (origin := _or_none(parse, text))]
    labels = [_or_none(labels_of, [word, "mlp", "x.py:N"]), *(origin.full_label for origin in origins)]
    parts = [split_outside_brackets(word), from_anywhere(word), handed_name(word), matches("lenet5-[1]", word)]
    is_code = ":" in word and not is_path(word)  # which the user who names it wants to be run
    files = [_or_none(file_of, word, Path()), _or_none(store.load, word), is_code or _or_none(data.facts_of, word)]
    plan = _or_none(plan_from, {"suite": word}), _or_none(baseline.load, word), _or_none(store.check_name, word)
    return [labels, parts, files, plan]


def _or_none(read: Callable[..., Any], *args: Any) -> Any:
    """What it gives, or None where it refuses in a line that holds what a line must."""
    try:
        return read(*args)
    except BenchError as error:
        if is_obeyed(str(error)) or len(str(error)) > 1000:
            raise
        return None


def _parse(words: list[str]) -> argparse.Namespace | None:
    with redirect_stderr(io.StringIO()) as said, redirect_stdout(io.StringIO()):
        try:
            return build_parser().parse_args(words)
        except SystemExit as ended:
            _check_end(ended.code, said.getvalue())
            return None


def _command(words: list[str]) -> object:
    """Run a command line; what it writes is one line a trouble, and JSON where that was asked for."""
    args = _parse(words)
    if args and ((args.command == "ab" and not args.recompute) or (args.command == "check" and args.ab)):
        return None  # it would measure
    with redirect_stderr(io.StringIO()) as said, redirect_stdout(io.StringIO()) as shown:
        try:
            code: Any = run_command_line(words)
        except SystemExit as ended:
            code = ended.code
    _check_end(code, said.getvalue())
    if "--json" in words and code != 2 and (text := shown.getvalue()).startswith(("{", "[")):
        _check_json(text)
    return code


def _check_end(code: Any, said: str) -> None:
    if code not in CODES:
        raise Breach(f"exit code {code}: {said[-1500:]}")
    if code == 2:
        last = said.rstrip("\n").rpartition("\n")[2]
        if not last.startswith("bench: ") or len(last) > 1100 or is_obeyed(last):
            raise Breach(f"exit code 2 and no line of ours: {said[-300:]!r}")


def _check_json(text: str) -> None:
    """See that it is JSON as every reader has it: no NaN, no infinity."""
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise Breach(f"it printed what is no JSON ({error}): {text[:200]}") from error


def scaled(every: list[Reader], mutants_in_all: int) -> list[Reader]:
    """The readers with shares that make so many mutants together."""
    whole = sum(reader.share for reader in every)
    return [replace(reader, share=max(1, round(reader.share * mutants_in_all / whole))) for reader in every]
