"""The command `trace`: where the time of a step goes in a trace of anyone, or what differs between two."""

import argparse
import os
import sys
from pathlib import Path

from bench import files
from bench.cli.render.document import print_document
from bench.cli.render.trace import print_traces
from bench.errors import BenchError
from bench.explain.traces import explain_traces
from bench.trace.analysis import analyze

ELSEWHERE = "name another path"


def execute(args: argparse.Namespace) -> int:
    """Read the traces, print what their steps are made of, and write the page where one is asked for."""
    page = _page(args.report, [args.trace, args.second])
    first = analyze(Path(args.trace))
    explanation = explain_traces(analyze(Path(args.second)), first) if args.second else explain_traces(first)
    if page:
        from bench.report.trace import page_of_traces  # noqa: PLC0415 - drawing is imported only where a page is wanted

        files.replace(page, page_of_traces(explanation), ELSEWHERE)
    if args.json:
        print_document(explanation.to_dict())
    else:
        print_traces(explanation)
    if page:
        print(page, file=sys.stderr if args.json else sys.stdout)
    return 0


def _page(report: str | None, traces: list[str | None]) -> Path | None:
    """Where the page goes; a place that cannot be written is refused before anything is read.

    Raises:
        BenchError: it is a folder or one of the traces, or no file can be made there.

    """
    if report is None:
        return None
    path = Path(report)
    if files.is_folder(path) or not path.name:
        raise BenchError(f"cannot write {report}: it is a folder; name a file in it, such as {path / 'trace.html'}")
    if any(trace and os.path.realpath(path) == os.path.realpath(trace) for trace in traces):
        raise BenchError(f"cannot write {report}: it is the trace itself; {ELSEWHERE}")
    files.check_place(path, ELSEWHERE)
    return path
