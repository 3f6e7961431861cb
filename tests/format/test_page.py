"""The page of the format is what the code says, and no field changes without a decision on the schema's number."""

import tomllib
from hashlib import sha256
from pathlib import Path

import pytest

from tests.format import page
from tests.format.documents import DOCUMENTS

TABLES = [(document.title, table) for document in DOCUMENTS for table in document.tables]
NUMBERED = [document for document in DOCUMENTS if document.schema is not None]
DECIDED = tomllib.loads((Path(__file__).parent / "schemas.toml").read_text("utf-8"))


def test_the_page_is_what_the_code_says():
    assert page.PATH.read_text("utf-8") == page.text(), "write it anew: python -m tests.format.page"


@pytest.mark.parametrize("table", [table for _, table in TABLES], ids=[table.title for _, table in TABLES])
def test_every_field_has_a_meaning_and_every_number_a_unit(table):
    rows = table.rows()
    assert [row.name for row in rows if not row.meaning] == []
    assert [row.name for row in rows if row.is_number and row.unit == "-"] == []
    names = {row.name for row in rows}
    assert [name for name in (*table.units, *table.changed) if name not in names] == []


def test_no_two_tables_have_the_same_title():
    titles = [table.title for _, table in TABLES]
    assert sorted(set(titles)) == sorted(titles)


def test_every_link_leads_to_a_table():
    titles = {page_anchor(table.title) for _, table in TABLES}
    links = {part.partition(")")[0] for part in page.text().split("](#")[1:]}
    assert links <= titles


def page_anchor(title):
    return title.lower().replace(" ", "-")


def digest_of(document):
    """Twelve digits of all fields of a file: their names, types, and whether they may be missing."""
    facts = [(table.title, row.name, row.type, row.missing) for table in document.tables for row in table.rows()]
    return sha256(repr(facts).encode()).hexdigest()[:12]


@pytest.mark.parametrize("document", NUMBERED, ids=[document.title for document in NUMBERED])
def test_fields_change_with_a_decision_alone(document):
    key = document.title.partition(":")[0]
    assert DECIDED[key] == {"schema": document.schema, "fields": digest_of(document)}, (
        f"the fields of '{document.title}' have changed. Would a reader of schema {document.schema} misread the file, "
        "or a reader of now an older one? Then raise its SCHEMA. Either way write the number and the digest into "
        "tests/format/schemas.toml, the page anew (python -m tests.format.page), and new golden files where it was "
        "raised (tests/golden/README.md)."
    )
