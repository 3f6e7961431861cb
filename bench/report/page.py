"""The page of a run and the index of all pages: a pure function of the run's files and the folder's pages."""

import base64
import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Mapping
from functools import cache, partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Required, TypedDict
from urllib.parse import quote

import jinja2
from markupsafe import Markup, escape

from bench import files
from bench.report import decision
from bench.report.cell_panel import panels
from bench.report.conclusions import conclusions, counts
from bench.report.first_screen import first_screen
from bench.report.load import read
from bench.report.packed import packed
from bench.report.plotting import Picture
from bench.report.provenance import machine, revision, trust
from bench.report.record import Record
from bench.report.rounds import rounds
from bench.report.sections import Section, drawn
from bench.report.step_flames import flames
from bench.report.table import columns, entries, kin, placed
from bench.report.table_data import table_data
from bench.report.units import quantity, state, tied
from bench.store.beside import beside
from bench.store.published import comparisons
from bench.store.run import REPORTS, Run
from bench.text import plural, tenths

FREE = "free the path, or run from another folder"  # where a page cannot be written
META = "bench-run"
MOST_WORDED = 200  # rows whose numbers are put in words on hovering; of more, these would be a third of a page
_OTHER_PAGES = ("index", "history")
# The modules of the page's script, in an order in which each finds what it needs where it begins.
_MODULES = (
    "elements", "cells", "numbers", "comparison", "marks", "frames", "rows", "reference", "times", "preference",
    "copying", "difference", "drawing", "dialog", "flame", "steps", "paths", "panel", "side",
    "state",
)  # fmt: skip
# Outlines of the markers in a box of 12 by 12, in the order of svg.MARKERS.
_GLYPHS = (
    "M6 1.5a4.5 4.5 0 1 0 .01 0z",
    "M2 2h8v8H2z",
    "M6 1.2 11 10.4H1z",
    "M6 .8 11.2 6 6 11.2.8 6z",
    "M1 1.6h10L6 10.8z",
    "M4 1h4v3h3v4H8v3H4V8H1V4h3z",
    "M3.2 1 6 3.8 8.8 1 11 3.2 8.2 6 11 8.8 8.8 11 6 8.2 3.2 11 1 8.8 3.8 6 1 3.2z",
)


def write(run: Run, folder: Path = REPORTS, record: Record | None = None) -> Path:
    """Write the page of `run`, of which the `record` may have been read, and the index beside it; the page's path.

    Raises:
        BenchError: the run's files are damaged, or the folder cannot be written.

    """
    path = write_to(page_of(run.name, folder), run, record)
    files.replace(folder / "index.html", index(folder), FREE)
    return path


def write_to(path: Path, run: Run, record: Record | None = None) -> Path:
    """Write the page of `run` there, without an index beside it; the page's path.

    Raises:
        BenchError: the run's files are damaged, or the place cannot be written.

    """
    files.make_folder(path.parent, FREE)
    files.replace(path, page(record or read(run)), FREE)
    return path


def page_of(name: str, folder: Path = REPORTS) -> Path:
    """Where the page of the run of that name stands; a run may be named as a page of another kind is, or as that."""
    others = re.fullmatch(rf"(run-)*({'|'.join(_OTHER_PAGES)})", name, re.IGNORECASE)
    return folder / f"{'run-' if others else ''}{name}.html"


def page(record: Record) -> str:
    """The run's page as one HTML document that needs nothing else."""
    shown, claims, script = columns(record), conclusions(record), page_script()
    sections, profiled = drawn(record)
    panes, ranks = panels(record), placed(record)
    first = first_screen(record, claims, [picture for *_, pictures in sections for picture in pictures], shown)
    return template("page.html").render(
        record=record,
        meta=json.dumps(_summary(record), sort_keys=True),
        meta_name=META,
        status=record.facts.status,
        counts=counts(record),
        machine=machine(record),
        fingerprint=record.fingerprint(),
        revision=revision(record.facts.git),
        started=_moment(record.facts.started),
        first=first,
        sentences=claims,
        columns=shown,
        entries={column.metric: entries(record, column) for column in shown},
        ranks=ranks,
        kin=kin(record),
        data=packed({**panes, "table": table_data(record, shown, ranks)}),
        data_percentiles=panes["percentiles"] if any(row.percentiles for row in record.rows) else {},
        data_aims=panes["aims"] if any(cell["preference"] for cell in panes["cells"].values()) else {},
        most_worded=MOST_WORDED,
        sections=[section for section in map(partial(_without, first.picture), sections) if section[3]],
        kernels=profiled,
        flames=flames(profiled.profiled) if profiled else None,
        rounds=rounds(record),
        check=decision.checked(record),
        published=[
            *comparisons(record.results, record.facts, record.machines),
            *beside(record.results, record.elsewhere, record.machines),
        ],
        trust=trust(record),
        glyphs=_GLYPHS,
        style=style_sheet() + (Markup(asset("flame.css")) if profiled else ""),  # noqa: S704 - our file
        script=Markup(script),  # noqa: S704 - our file
        script_hash=hash_of(script),
    )


def index(folder: Path, more: Mapping[str, Mapping[str, Any]] | None = None, script: str = "") -> str:
    """The index of all pages in `folder`, newest first; it knows them by the summary each page carries.

    Args:
        folder: where the pages are.
        more: the summaries of pages that are no file there, or not any more what the file says, by file name.
        script: what keeps the index fresh where it is served; "" in a file.

    """
    known = (path for path in folder.glob("*.html") if not (script and path.is_symlink()))  # which may lead anywhere
    pages = [(path.name, summary) for path in known if (summary := summary_of(path)) is not None]
    pages = [*((name, summary) for name, summary in pages if name not in (more or {})), *(more or {}).items()]
    pages.sort(key=lambda page: (str(page[1].get("started") or ""), page[0]), reverse=True)
    runs = [
        {**_ABSENT, **summary, "file": quote(os.fsencode(name)), "started": _moment(summary.get("started"))}
        for name, summary in pages
    ]
    history = (folder / "history.html").exists()
    return template("index.html").render(runs=runs, history=history, script=script, style=style_sheet())


def page_script() -> str:
    """The script of a run's page: its modules within one function, in the order of their names in _MODULES.

    It waits for the data to be unpacked, so that the page is there before the script is.
    """
    modules = "\n".join(asset(f"page/{name}.js") for name in _MODULES)
    return f'"use strict";\n(async () => {{\n{modules}}})();\n'


def _without(picture: Picture | None, section: Section) -> Section:
    """A section without the picture that the first screen has."""
    name, heading, lead, pictures = section
    return name, heading, lead, [each for each in pictures if each is not picture]


def _summary(record: Record) -> dict[str, Any]:
    """What the index says of a page."""
    return {
        "run": record.name,
        "started": record.facts.started or None,
        "revision": revision(record.facts.git),
        "machine": machine(record),
        "status": record.facts.status,
        "counts": counts(record),
        "check": decision.summary(record),
        "tally": dict(sorted(Counter(row.standing for row in record.rows).items())),
    }


class _Check(TypedDict):
    overall: str
    before: str


class _Summary(TypedDict, total=False):
    """What of a page's summary the index shows."""

    run: Required[str]
    started: str | None
    revision: str
    machine: str
    status: str
    counts: str
    check: _Check | None


_ABSENT = dict.fromkeys(("revision", "machine", "status", "counts"), "")  # what a summary may lack


class _Meta(HTMLParser):
    """Finds the summary in a page's head."""

    content: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the content of the one meta element that is ours."""
        pairs = dict(attrs)
        if tag == "meta" and pairs.get("name") == META and self.content is None:
            self.content = pairs.get("content")


def summary_of(path: Path) -> Mapping[str, Any] | None:
    """The summary that a page carries; None where the file is not one of ours."""
    parser = _Meta()
    try:
        with files.opened(path) as file:
            parser.feed(file.read(16_384).decode("utf-8", "replace"))  # the summary stands at the top of the head
        summary = files.decoded((parser.content or "").encode())
        files.check_shape(summary, _Summary)
    except (OSError, ValueError, RecursionError):
        return None
    return summary


def _moment(started: Any) -> str:
    """2026-01-31 09:05 from an ISO time, whatever is there otherwise."""
    text = str(started or "time unknown")
    return f"{text[:10]} {text[11:16]}" if len(text) >= 16 and text[10] == "T" else text


def style_sheet() -> Markup:
    """The look that all pages share."""
    return Markup(asset("style.css"))  # noqa: S704 - our file


def hash_of(script: str) -> str:
    """The script's hash for the content security policy, under which no other script runs."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def asset(name: str) -> str:
    """The text of a file beside the templates."""
    return (Path(__file__).parent / "templates" / name).read_text("utf-8")


@cache
def _environment() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["state"] = state
    environment.filters["seconds"] = partial(quantity, "step", "s")
    environment.filters["plural"] = plural
    environment.filters["share"] = lambda share: tied(tenths(share))
    environment.filters["script"] = Markup  # our own, whose hash the page names
    environment.filters["hash"] = hash_of
    environment.filters["breakable"] = lambda name: escape(name).replace("_", Markup("_<wbr>"))
    environment.filters["svg"] = Markup  # pictures alone: their texts are escaped where they are drawn
    return environment


def template(name: str) -> jinja2.Template:
    """One of the templates beside this file; what is put into it is text, never markup."""
    return _environment().get_template(name)
