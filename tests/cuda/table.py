"""Table: what the tests of this folder showed on a GPU and what they did not; a plug-in of pytest for `make test-cuda`.

A test's name is the claim; `record_property("figures", text)` puts what was measured beside it.
"""

from pathlib import Path

import torch

HERE = Path(__file__).parent.name
_WORDS = {"passed": "shown", "failed": "NOT SHOWN", "skipped": "not run"}
_outcomes = {}


def pytest_runtest_logreport(report):
    """Keep how each test ended."""
    if HERE not in Path(report.nodeid.partition("::")[0]).parts:
        return
    if report.when == "call" or report.outcome != "passed":
        figures = dict(report.user_properties).get("figures", "")
        reason = report.longrepr[2].removeprefix("Skipped: ") if report.skipped else ""
        _outcomes[report.nodeid] = (_WORDS[report.outcome], figures or reason)


def pytest_terminal_summary(terminalreporter):
    """Write the table."""
    try:
        where = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no GPU is here"
    except RuntimeError as error:  # one that stays, after which no call works in this process
        where = f"a GPU that answers no more ({error})"
    terminalreporter.section(f"on {where}, torch {torch.__version__}")
    for nodeid, (outcome, note) in _outcomes.items():
        claim = nodeid.rpartition("::")[2].removeprefix("test_").replace("_", " ")
        terminalreporter.write_line(f"{outcome:9}  {claim}" + (f": {note}" if note else ""))
    ended = [outcome for outcome, _ in _outcomes.values()]
    terminalreporter.write_line(", ".join(f"{ended.count(words)} {words}" for words in _WORDS.values()))
