"""Undecided: a command that ended without a decision, in the same files, so that whoever reads them learns why."""

from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from bench.verdict.junit import clean, document
from bench.verdict.markdown import escaped
from bench.verdict.verdict import SCHEMA
from bench.vocabulary import DecisionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """What is known then.

    Attributes:
        kind: of the decision that was to be made.
        exit_code: of the command.
        reason: why it ended, in one line.
        command: repeats it, ready to be pasted.

    """

    kind: DecisionKind
    exit_code: int
    reason: str
    command: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As --json prints it; `overall` is no outcome of a decision."""
        return {
            "schema": SCHEMA,
            "overall": "undecided",
            "exit_code": self.exit_code,
            "kind": self.kind,
            "reason": self.reason,
            "command": self.command,
            "verdicts": [],
        }

    def junit(self) -> str:
        """The XML document: a single case, which is an error."""
        suite = ET.Element(
            "testsuite", name=f"bench {self.kind}", tests="1", failures="0", errors="1", skipped="0", time="0"
        )
        case = ET.SubElement(suite, "testcase", classname=f"bench {self.kind}", name="decision", time="0")
        error = ET.SubElement(case, "error", type="undecided", message=clean(self.reason))
        error.text = clean(f"{self.reason}\nexit code {self.exit_code}")
        return document(suite)

    def markdown(self) -> str:
        """The comment."""
        parts = [
            f"### Undecided: bench {self.kind} ended with exit code {self.exit_code}",
            escaped(self.reason),
            f"Repeat it: `{self.command.replace('`', '')}`" if self.command else "",
        ]
        return "\n\n".join(part for part in parts if part) + "\n"
