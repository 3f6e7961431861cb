"""JUnit: a decision as the XML that CI systems show: a suite, a case a cell and metric."""

import re
from xml.etree import ElementTree as ET

from bench.verdict.verdict import OVERALL, Decision, Verdict
from bench.verdict.versions import version_lines

# Characters that XML 1.0 cannot hold (2.2 of its recommendation).
_UNHOLDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def junit(decision: Decision) -> str:
    """The XML document.

    A regression is a failure; what could not be decided or compared is an error, which no CI system takes for a pass.
    """
    kinds = [_kind(verdict) for verdict in decision.verdicts]
    suite = ET.Element(
        "testsuite",
        name=clean(f"bench {decision.kind}: {decision.after} against {decision.before}"),
        tests=str(len(kinds)),
        failures=str(kinds.count("failure")),
        errors=str(kinds.count("error")),
        skipped="0",
        time=f"{decision.seconds:.3f}",
    )
    if decision.started:
        suite.set("timestamp", clean(decision.started))
    for verdict, kind in zip(decision.verdicts, kinds, strict=True):
        suite.append(_case(verdict, kind))
    if lines := [*version_lines(decision.versions), *decision.notes]:
        ET.SubElement(suite, "system-out").text = clean("\n".join(lines))
    return document(suite)


def document(suite: ET.Element) -> str:
    """The text of a document with this suite."""
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root, " ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _kind(verdict: Verdict) -> str:
    return {"regression": "failure", "pass": ""}.get(OVERALL[verdict.verdict], "error")


def _case(verdict: Verdict, kind: str) -> ET.Element:
    case = ET.Element("testcase", classname=clean(verdict.cell), name=clean(verdict.label), time="0")
    text = "\n".join(part for part in (verdict.reason, verdict.remedy, *verdict.evidence) if part)
    if kind:
        message = ET.SubElement(case, kind, type=verdict.verdict, message=clean(f"{verdict.verdict}: {verdict.reason}"))
        message.text = clean(text)
    elif text:
        ET.SubElement(case, "system-out").text = clean(f"{verdict.verdict}\n{text}")
    return case


def clean(text: str) -> str:
    """The text as XML can hold it."""
    return _UNHOLDABLE.sub("\ufffd", text)
