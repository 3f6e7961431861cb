"""Golden: what commands say of the files that are kept; `python -m tests.format.golden` keeps anew what they say."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "golden"
EXPECTED = GOLDEN / "expected"
DEBUG, SMALL = (f"{name}-sgd-synthetic-b64-cpu-t1-flush-fused-one_cycle" for name in ("debug", "Small(width=8)"))
COMMANDS = {
    "show.txt": ("show", "second"),
    "show.csv": ("show", "second", "--csv"),
    "show.json": ("show", "second", "--json"),
    "imported.csv": ("show", "imported", "--csv"),
    "report.json": ("report", "second"),
    "check.json": ("check", "second", "--no-ab", "--json"),
    "history.json": ("history", "--no-report", "--json"),
    "explain.json": ("explain", DEBUG, SMALL, "--run", "second", "--json"),
    "baseline.json": ("baseline", "show", "main", "--json"),
    "ab.json": ("ab", "--recompute", "results/ab/golden.jsonl", "--json"),
}
PASSING = ("started", "seconds", "command")  # of the command itself, not of what is kept


def laid_out(folder):
    """The files that are kept, in a folder of their own, where commands may write."""
    shutil.copytree(GOLDEN / "results", folder / "results")


def said(name, stdout, folder):
    """What a command said, as it is kept."""
    if name == "report.json":
        return numbers_of((folder / stdout.strip()).read_text("utf-8"))
    if not name.endswith(".json"):
        return stdout
    document = json.loads(stdout)
    if name in ("check.json", "ab.json"):
        document = {key: value for key, value in document.items() if name == "ab.json" or key not in PASSING}
    return document


def numbers_of(page):
    """The numbers of a page's table, a list a row, headed by its name."""
    body = page.partition('id="rows"')[2].partition("</table>")[0]
    rows = re.findall(r"<tr.*?</tr>", body, re.DOTALL)
    return [
        [re.sub(r"<[^>]+>|\s+", " ", cell).split() for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)]
        for row in rows
    ]


def main():
    with tempfile.TemporaryDirectory() as place:
        laid_out(Path(place))
        EXPECTED.mkdir(exist_ok=True)
        for name, words in COMMANDS.items():
            done = subprocess.run(
                [sys.executable, "-m", "bench", *words], cwd=place, capture_output=True, text=True, check=False
            )
            assert done.stdout, done.stderr
            kept = said(name, done.stdout, Path(place))
            text = kept if isinstance(kept, str) else json.dumps(kept, indent=1) + "\n"
            (EXPECTED / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
