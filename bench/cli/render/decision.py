"""Decision: shown on the terminal, and in the files that CI reads."""

import sys
from pathlib import Path

from bench.cli.render.columns import print_table
from bench.cli.render.document import print_document
from bench.cli.render.notice import notice
from bench.errors import BenchError, one_line
from bench.text import duration
from bench.verdict.junit import junit
from bench.verdict.markdown import change, confidences, markdown, quantity, since_anchor, visible
from bench.verdict.verdict import Decision
from bench.verdict.versions import version_lines


def tell(decision: Decision, *, as_json: bool, junit_file: str | None, markdown_file: str | None) -> None:
    """Write the files that are named, then print the decision; a file that cannot be written any more is only told."""
    for path, text in ((junit_file, junit), (markdown_file, markdown)):
        if path:
            _write(Path(path), text(decision))
    if as_json:
        print_document(decision.to_dict())
    else:
        show(decision)


def check_files(*paths: str | None) -> None:
    """See that the files can be written, before anything is measured for them.

    Raises:
        BenchError: one of them cannot.

    """
    for path in filter(None, paths):
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            with Path(path).open("ab"):
                pass
        except OSError as error:
            raise BenchError(f"cannot write {path}: {error.strerror}; name another file") from error


def show(decision: Decision) -> None:
    """A table, then why and what to do of each row that is no plain pass."""
    print(f"{decision.before} -> {decision.after}\n")
    print_table(
        [
            {
                "cell": verdict.cell,
                "metric": verdict.label,
                "before": quantity(verdict, verdict.before),
                "after": quantity(verdict, verdict.after),
                "change": change(verdict),
                **({"since anchor": since_anchor(verdict)} if decision.kind == "check" else {}),
                "n": str(verdict.ratio.n) if verdict.ratio else "-",
                "visible": visible(verdict),
                "verdict": verdict.verdict,
            }
            for verdict in decision.verdicts
        ]
    )
    print()
    for verdict in decision.verdicts:
        if verdict.reason and (verdict.verdict != "unchanged" or decision.kind == "ab"):
            print(f"{verdict.cell}, {verdict.label}: {verdict.reason}{'; ' + verdict.remedy if verdict.remedy else ''}")
        for line in verdict.evidence:
            print(f"    {line}")
    if sure := confidences(decision.verdicts):
        print(f"changes are with {sure}")
    if decision.versions:
        print("versions that differ:")
    for line in version_lines(decision.versions):
        print(f"    {line}")
    for note in decision.notes:
        print(f"note: {note}")
    where = f"; raw numbers: {decision.record}" if decision.record else ""
    print(f"{decision.overall}, after {duration(decision.seconds)}{where}")
    print(f"again: {decision.command}")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8", "replace")  # in place, for it may be a device or a pipe
    except OSError as error:
        notice(f"cannot write {path}: {error.strerror}; the decision is printed all the same")
    else:
        print(one_line(f"written: {path}"), file=sys.stderr)
