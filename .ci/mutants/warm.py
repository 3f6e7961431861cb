"""Warm: a process that has imported what the tests need and nothing of the suite; each look at a mutant is a fork."""

import gc
import importlib
import importlib.util
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import coverage
import pytest
from draw import Mutant
from hypothesis import Phase, settings

OWN = {"bench", "architectures", "tests", "conftest", "__main__", "draw", "warm"}
POLL = 0.01  # seconds
PATIENCE = 20.0  # seconds that a mutant has beyond five times what its tests take without one
settings.register_profile(
    "mutants", deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate)
)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the tests of a room do while nothing is wrong.

    Attributes:
        seconds: of each test by its id.
        lines: by file and line, the tests that run it; "" stands for what runs while modules are imported.
        modules: what the tests import that is no part of this repository.
        failed: tests that fail, which nothing can be learnt from.

    """

    seconds: dict[str, float]
    lines: dict[str, dict[int, list[str]]]
    modules: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def order(self, mutant: Mutant, budget: float) -> list[str]:
        """The tests for a mutant: those that run its statement, then their neighbours for so many seconds.

        What a fixture of a whole file ran for its first test may matter to all of them, and what runs at an import to
        any test: a row of a table is read and not run, so that the quickest come first.
        """
        by_line = self.lines.get(mutant.path, {})
        running = {name for line in mutant.lines for name in by_line.get(line, ())}
        own = sorted(running - {""} - set(self.failed), key=self.seconds.__getitem__)
        files = {name.partition("::")[0] for name in own}
        module = {name for names in by_line.values() for name in names}
        others = sorted(
            set(self.seconds) - set(own) - set(self.failed),
            key=lambda name: (
                name.partition("::")[0] not in files,
                bool(own) and name not in module,
                self.seconds[name],
            ),
        )
        if not running:
            return []
        spent, order = 0.0, list(own)
        for name in others:
            spent += self.seconds[name]
            if spent <= budget and (not own or name.partition("::")[0] in files):
                order.append(name)
        return order


class _Chosen:
    """Runs these tests alone, in this order; all where none are named."""

    def __init__(self, order: Sequence[str]) -> None:
        self._order = {name: at for at, name in enumerate(order)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Sort and cut."""
        if self._order:
            items[:] = sorted(
                (item for item in items if item.nodeid in self._order), key=lambda item: self._order[item.nodeid]
            )


class _Recorder:
    """Keeps what each test took, and tells coverage which one runs."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self._measured = measured
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Around a test."""
        self._measured.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self._measured.switch_context("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """After each of its phases."""
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed:
            self.failed.append(report.nodeid)


class _Mutated:
    """Finds the mutated source for its module, and leaves all others to the finders after this one."""

    def __init__(self, mutant: Mutant) -> None:
        self._name = mutant.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        self._path, self._source = str(Path(mutant.path).resolve()), mutant.source()

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> Any:
        """A spec for the one module."""
        return importlib.util.spec_from_file_location(name, self._path, loader=self) if name == self._name else None

    def create_module(self, _spec: object) -> None:
        """Nothing of our own."""

    def exec_module(self, module: ModuleType) -> None:
        """Run it."""
        exec(compile(self._source, self._path, "exec"), module.__dict__)


class Warm:
    """Forks itself for each look at the tests."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._folder = Path(tempfile.mkdtemp(prefix="mu-"))
        os.environ["TMPDIR"] = str(self._folder)
        os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
        tempfile.tempdir = None

    def close(self) -> None:
        """Remove what the tests left."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def baseline(self, tests: Sequence[str]) -> Baseline:
        """Run the tests as they are, then import what they imported."""
        code, answer = self._forked(lambda: _record(tests), 1800.0)
        if answer is None:
            raise SystemExit(f"the tests do not run as they are (exit {code}): see {self._log}")
        lines = {path: {int(line): names for line, names in by.items()} for path, by in answer.pop("lines").items()}
        baseline = Baseline(**answer, lines=lines)
        for name in baseline.modules:
            with suppress(BaseException):  # what cannot be imported here, a test imports by itself
                importlib.import_module(name)
        gc.collect()
        gc.freeze()
        return baseline

    def outcome(self, mutant: Mutant, baseline: Baseline, budget: float) -> str:
        """What becomes of the tests: "killed", "timeout", "survived" or "no test"."""
        order = baseline.order(mutant, budget)
        if not order:
            return "no test"
        patience = PATIENCE + 5 * sum(baseline.seconds[name] for name in order)
        code, _ = self._forked(lambda: _try(mutant, order), patience)
        return {0: "survived", 5: "no test", None: "timeout"}.get(code, "killed")

    def _forked(self, work: Callable[[], tuple[int, Any]], patience: float) -> tuple[int | None, Any]:
        """The exit code and what the child answered; no code where it had to be ended."""
        answer = self._folder / "answer.json"
        answer.unlink(missing_ok=True)
        child = os.fork()
        if not child:
            self._be_child(work, answer)
        until = time.monotonic() + patience
        while not (done := os.waitpid(child, os.WNOHANG))[0]:
            if time.monotonic() > until:
                with suppress(ProcessLookupError):
                    os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return None, None
            time.sleep(POLL)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # servers that its tests left
        return os.waitstatus_to_exitcode(done[1]), json.loads(answer.read_text("utf-8")) if answer.exists() else None

    def _be_child(self, work: Callable[[], tuple[int, Any]], answer: Path) -> None:
        code = 3
        try:
            os.setsid()
            log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(log, 1)
            os.dup2(log, 2)
            code, content = work()
            answer.write_text(json.dumps(content), "utf-8")
        finally:
            os._exit(code)


def _run(files: Sequence[str], *more: str, plugins: Sequence[object]) -> int:
    # Its hook, which rewrites assertions, would find the modules of our plug-in before the finder of the mutant does.
    flags = ("--assert=plain", "-m", "not slow", "-p", "no:cacheprovider", "--hypothesis-profile=mutants", *more)
    return int(pytest.main([*files, *flags], plugins=list(plugins)))


def _record(tests: Sequence[str]) -> tuple[int, Any]:
    measured = coverage.Coverage(data_file=None, source_pkgs=["bench"], config_file=False)
    recorder = _Recorder(measured)
    measured.start()
    code = _run(tests, plugins=[recorder])
    measured.stop()
    data, root = measured.get_data(), Path.cwd()
    lines = {str(Path(path).relative_to(root)): data.contexts_by_lineno(path) for path in data.measured_files()}
    modules = [name for name in sys.modules if name.partition(".")[0] not in OWN]
    answer = {"seconds": recorder.seconds, "lines": lines, "modules": modules, "failed": recorder.failed}
    return code, answer


def _try(mutant: Mutant, order: Sequence[str]) -> tuple[int, Any]:
    sys.meta_path.insert(0, _Mutated(mutant))
    files = list(dict.fromkeys(name.partition("::")[0] for name in order))
    return _run(files, "-x", plugins=[_Chosen(order)]), None
