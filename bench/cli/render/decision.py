"""Decision: shown on the terminal, and in the files that CI reads, which are written however a command ends."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.cli.render.columns import print_table
from bench.cli.render.document import print_document
from bench.cli.render.notice import notice
from bench.errors import EXIT_INTERNAL, EXIT_INTERRUPTED, BenchError, is_interrupt, one_line, reason_of
from bench.text import duration
from bench.verdict.junit import junit
from bench.verdict.markdown import change, confidences, markdown, quantity, since_anchor, summary, visible
from bench.verdict.undecided import Undecided
from bench.verdict.verdict import Decision
from bench.verdict.versions import version_lines
from bench.vocabulary import DecisionKind


@dataclass(slots=True, kw_only=True)
class Outputs:
    """Where a decision goes.

    Attributes:
        as_json: whether stdout gets the JSON document in place of the table.
        junit_file: for the XML; None for none.
        markdown_file: for the comment; likewise.

    """

    as_json: bool = False
    junit_file: str | None = None
    markdown_file: str | None = None
    _written: bool = field(default=False, init=False)

    @contextmanager
    def kept(self, kind: DecisionKind, command: str) -> Iterator[None]:
        """The block makes and tells a decision; where it ends without one, the files say why.

        Raises:
            BenchError: one of the files cannot be written; the others are, and nothing was measured.

        """
        try:
            self._check()
            yield
        except BaseException as error:
            if not self._written:
                self._tell_undecided(_undecided(error, kind, command))
            raise

    def tell(self, decision: Decision) -> None:
        """Write the files, then print the decision; a file that cannot be written any more is only told."""
        self._written = True
        for path, text in ((self.junit_file, junit), (self.markdown_file, markdown)):
            if path:
                _write(Path(path), text(decision))
        if self.as_json:
            print_document(decision.to_dict())
        else:
            show(decision)

    def _check(self) -> None:
        """See that the files can be written, before anything is measured for them."""
        paths = [path for path in (self.junit_file, self.markdown_file) if path]
        for path in paths:
            try:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                with Path(path).open("ab"):
                    pass
            except OSError as error:
                raise BenchError(f"cannot write {path}: {error.strerror}; name another file") from error
        files = [os.path.realpath(path) for path in paths if Path(path).is_file()]  # two pipes or devices may be one
        if len(set(files)) < len(files):
            raise BenchError(f"--junit and --markdown both name {paths[0]}: name two files")

    def _tell_undecided(self, undecided: Undecided) -> None:
        """Into the files, as far as that goes: what ended the command is told by whoever catches it."""
        for path, text in ((self.junit_file, undecided.junit()), (self.markdown_file, undecided.markdown())):
            if path:
                with suppress(OSError):
                    Path(path).parent.mkdir(parents=True, exist_ok=True)
                    Path(path).write_text(text, "utf-8", "replace")
        if self.as_json:
            print_document(undecided.to_dict())


def _undecided(error: BaseException, kind: DecisionKind, command: str) -> Undecided:
    """What an exception that ends a command makes of it."""
    if isinstance(error, BenchError):
        return Undecided(kind=kind, exit_code=error.exit_code, reason=str(error), command=command)
    if is_interrupt(error):
        return Undecided(kind=kind, exit_code=EXIT_INTERRUPTED, reason="it was interrupted", command=command)
    reason = f"unforeseen error, please report it: {reason_of(error)}"
    return Undecided(kind=kind, exit_code=EXIT_INTERNAL, reason=reason, command=command)


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
    counts = summary(decision).replace("*", "")
    print(f"{decision.overall} ({counts}), after {duration(decision.seconds)}{where}")
    print(f"again: {decision.command}")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8", "replace")  # in place, for it may be a device or a pipe
    except OSError as error:
        notice(f"cannot write {path}: {error.strerror}; the decision is printed all the same")
    else:
        print(one_line(f"written: {path}"), file=sys.stderr)
