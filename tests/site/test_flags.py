"""The lists of commands and flags in the documents are what --help says."""

import pytest

from bench.cli.parser.main import build_parser
from tests.conftest import ROOT
from tests.site.flags import commands, pages, short


@pytest.mark.parametrize("page", pages())
def test_a_list_is_what_the_parser_says(page):
    assert (ROOT / page).read_text("utf-8") == pages()[page], "write it anew: python -m tests.site.flags"


def test_every_command_and_flag_stands_on_the_page_of_commands():
    text = (ROOT / "docs/commands.md").read_text("utf-8")
    for name, parser in commands(build_parser()):
        section = text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        flags = {flag for action in parser._actions for flag in action.option_strings} - {"-h", "--help"}
        assert [flag for flag in flags if f"{flag}" not in section] == []
    assert all(f"\n{name} " in short() for name in ("run", "ab", "import"))
