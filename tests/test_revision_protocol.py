"""Revision protocol: whoever changes a word or a payload meets this test, and raises the version."""

from typing import get_type_hints, is_typeddict

from bench import revision_protocol
from bench.revision_protocol import Word

VERSION = 2
WORDS = {"ABOUT": "about", "COUNTS": "counts", "READY": "ready", "BLOCK": "block", "FAILED": "failed"}
PAYLOADS = {
    "AboutTask": {"device": "str", "threads": "int", "datasets": "list[str]", "data_dir": "str"},
    "CellTask": {"cell": "dict[str, typing.Any]", "data_dir": "str", "inject": "float"},
    "About": {"catalogue": "dict[str, typing.Any]", "cell_fields": "list[str]", "system": "dict[str, typing.Any]"},
    "Ready": {"steps": "int", "steady": "bool"},
    "Block": {"seconds": "list[float]", "phases": "dict[str, list[float]]", "faults": "int"},
}


def shown(kind):
    return kind.__name__ if isinstance(kind, type) and not hasattr(kind, "__args__") else str(kind)


def test_words_and_payloads_are_those_of_the_version():
    table = vars(revision_protocol)
    assert {name: word.name for name, word in table.items() if isinstance(word, Word)} == WORDS
    payloads = {name: get_type_hints(payload) for name, payload in table.items() if is_typeddict(payload)}
    assert {name: {key: shown(kind) for key, kind in fields.items()} for name, fields in payloads.items()} == PAYLOADS
    assert revision_protocol.VERSION == VERSION
