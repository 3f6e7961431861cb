"""Page: docs/format.md from the documents; `python -m tests.format.page` writes it anew after the code has changed."""

import textwrap
from pathlib import Path

from bench.metrics import METRICS
from tests.format.documents import DOCUMENTS

PATH = Path(__file__).parents[2] / "docs" / "format.md"
HEAD = """\
# The format of the files

Every file that the suite writes, field by field. Fields, types and what may be missing are read off the code, and a
test holds this page to it; `python -m tests.format.page` writes it anew. Files that a real run wrote are kept in
`tests/golden/`, and read by every version.

- **Units** are SI without a prefix: s, B, 1/s; "1" is a count, a share or a ratio. Moments are UTC in ISO 8601.
- **What is unknown** is null or absent, never 0; the column "missing" says which. "-" means that it is always there.
- **JSON is strict**: UTF-8, no NaN, no infinity, no number that a double does not hold. A number that is not finite is
  stored as null.
- **The schema** is a number in each file. A reader takes its own number alone: a file of another one is refused in one
  line that names the file, its number, the number that is read here, and what to do. Fields that a newer version adds
  without a new number are passed over. The number goes up where an older reader would misread a file, and a test asks
  for that decision whenever a field changes.
"""
UNITS = """
## Units of metrics

A measurement has its unit beside it; it is the one that [metrics.md](metrics.md) gives to the metric:

"""
OTHERS = """
## Other files

| file | what |
|---|---|
| `results/RUN/traces/CELL/*.pt.trace.json.gz` | profiles as torch.profiler writes them, with `--profile` |
| `results/RUN/curves/` | learning curves as event files of TensorBoard, which `tensorboard` writes |
| `results/RUN/retrained/` | runs in which `check` trained cells again, one a side, each as any run |
| `reports/` | a page a run, `index.html` and `history.html`: for people, in no format that lasts |
| what `--junit` and `--markdown` name | JUnit XML, and a comment for a pull request |
| `named.jsonl`, `list-*.json` in the user's cache | which code the user has named; listings that are kept |

Where the id of a cell cannot be the name of a file or folder, what is odd in it is replaced by "_" and a checksum
follows.
"""


def text():
    """The whole page."""
    return HEAD + UNITS + metrics() + "".join(map(section, DOCUMENTS)) + OTHERS


def metrics():
    units = dict.fromkeys(row.unit for row in METRICS.values() if not row.derived)
    rows = [(unit, [row.name for row in METRICS.values() if row.unit == unit and not row.derived]) for unit in units]
    lines = [f"| {unit} | {', '.join(f'`{name}`' for name in names)} |" for unit, names in rows]
    return "\n".join(["| unit | metrics |", "|---|---|", *lines, ""])


def section(document):
    number = "" if document.schema is None else f" Schema {document.schema}."
    return f"\n## {document.title}\n\n{wrapped(document.text + number)}\n" + "".join(map(table, document.tables))


def table(each):
    head = ["| field | type | missing | unit | meaning |", "|---|---|---|---|---|"]
    lines = [
        f"| `{row.name}` | {escaped(row.type)} | {row.missing} | {row.unit} | {escaped(row.meaning)} |"
        for row in each.rows()
    ]
    return "\n".join(["", f"### {each.title}", "", wrapped(each.text), "", *head, *lines, ""])


def wrapped(words):
    """Prose in lines as the other pages have them."""
    return textwrap.fill(words, 120, break_long_words=False, break_on_hyphens=False)


def escaped(words):
    """A bar would end the cell of the table."""
    return words.replace("|", "\\|").rstrip(".")


if __name__ == "__main__":
    PATH.write_text(text(), "utf-8")
