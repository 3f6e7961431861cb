"""Pages: what each path shows: the index, the report of a run, or the run as it goes on. Nothing is written."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from bench import files
from bench.errors import BenchError
from bench.report.history import FILE as HISTORY
from bench.report.load import read
from bench.report.page import asset, index, page, page_of, summary_of
from bench.serve.live import Snapshot, live_page, snapshot, standing
from bench.store.run import FACTS, REPORTS, RESULTS, RESULTS_FILE, Run, load, run_names
from bench.verdict.verdict import CHECK_FILE

_NAME = re.compile(r"[^/\\\x00]{1,250}\.html")
_SOURCES = (FACTS, RESULTS_FILE, CHECK_FILE)  # what a run's page is made of

Stamp = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of the runs and reports in two folders.

    Attributes:
        results: of the runs.
        reports: of the pages.

    """

    results: Path = RESULTS
    reports: Path = REPORTS
    _drawn: dict[str, tuple[Stamp, str]] = field(default_factory=dict)  # by run, with what its files were then
    _seen: dict[str, tuple[Stamp, Snapshot]] = field(default_factory=dict)  # of runs that go on
    _drawing: Lock = field(default_factory=Lock)  # matplotlib serves one thread at a time

    def answer(self, path: str, query: str = "") -> str | None:
        """The page at a path that begins with a slash, percent signs decoded; None where there is none.

        Raises:
            BenchError: it cannot be made: a run's files are damaged.

        """
        name = path[1:] or "index.html"
        if not path.startswith("/") or not _NAME.fullmatch(name):
            return None
        if name == "index.html":
            return index(self.reports, self._more(), asset("live.js"))
        run = next((known for known in run_names(self.results) if page_of(known).name == name), None)
        return self._of_run(run, query) if run else self._of_file(name)

    def _of_run(self, name: str, query: str) -> str:
        run = load(name, self.results)
        if run.facts.status == "running" and query != "whole":
            return live_page(self._snapshot(run), time.time())
        stamp, path = _stamp(run.folder), page_of(name, self.reports)
        if path.is_file() and not path.is_symlink() and path.stat().st_mtime_ns > max(stamp):
            return files.read(path, "write it again").decode("utf-8", "replace")
        with self._drawing:
            if self._drawn.get(name, ((), ""))[0] != stamp:
                self._drawn[name] = (stamp, page(read(run)))
            return self._drawn[name][1]

    def _snapshot(self, run: Run) -> Snapshot:
        """The run as it is, read again only after a result: reading takes from what is measured."""
        stamp = _stamp(run.folder)
        known, seen = self._seen.get(run.name, (None, None))
        if seen is None or known != stamp:
            seen = snapshot(run)
            self._seen[run.name] = stamp, seen
        return seen

    def _of_file(self, name: str) -> str | None:
        """A page in the folder that is of no run here; of other files there, and of what leads elsewhere, none."""
        path = self.reports / name
        if path.is_symlink() or not (name == HISTORY or summary_of(path)):
            return None
        try:
            return files.content(path).decode("utf-8", "replace")
        except OSError:
            return None

    def _more(self) -> Mapping[str, Mapping[str, Any]]:
        """The summaries of runs without a page and of those that go on, by the name of their page."""
        more = {}
        for name in run_names(self.results):
            path = page_of(name, self.reports)
            try:
                run = load(name, self.results)
                if run.facts.status == "running":
                    more[path.name] = _summary(run, standing(self._snapshot(run).progress))
                elif not path.is_file():
                    more[path.name] = _summary(run, "drawn when it is opened")
            except BenchError as error:
                more[path.name] = {"run": name, "status": "damaged", "counts": str(error)}
        return more


def _summary(run: Run, counts: str) -> dict[str, Any]:
    """What the index says of a run that has no page yet."""
    facts = run.facts
    known = {"run": run.name, "started": facts.started or None, "status": facts.status}
    return {**known, "counts": counts, "revision": facts.git.revision[:10]}


def _stamp(folder: Path) -> Stamp:
    """When each file that a run's page is made of was written; 0 for one that is not there."""
    return tuple(path.stat().st_mtime_ns if path.is_file() else 0 for path in (folder / name for name in _SOURCES))
