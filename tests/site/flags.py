"""Flags: the lists of commands and flags in documents; `python -m tests.site.flags` writes them from the parser."""

import argparse
import re

from bench.cli.parser.main import build_parser
from tests.conftest import ROOT

BEGIN, END = "<!-- {} of --help begin; python -m tests.site.flags writes them anew -->", "<!-- they end -->"
WHOLE, SHORT = ("docs/commands.md", "flags"), ("README.md", "commands")


def commands(parser, words=()):
    """Each command that can be called, with its words and its parser, in the order of --help."""
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield " ".join(words), parser
    for action in below:
        for name, child in action.choices.items():
            yield from commands(child, (*words, name))


def summaries():
    """The commands in the words of --help: name and purpose."""
    (action,) = [each for each in build_parser()._actions if isinstance(each, argparse._SubParsersAction)]
    return [(choice.dest, choice.help) for choice in action._choices_actions]


def short():
    width = max(len(name) for name, _ in summaries())
    return "\n".join(["```text", *(f"{name:{width}}  {purpose}" for name, purpose in summaries()), "```"])


def whole():
    return "\n\n".join(section(name, parser) for name, parser in commands(build_parser()))


def section(name, parser):
    head = [f"## {name}", "", escaped(parser.description or ""), "", "| argument | what |", "|---|---|"]
    formatter = parser._get_formatter()
    rows = [
        f"| {invocation(action)} | {escaped(formatter._expand_help(action))} |"
        for action in parser._actions
        if not isinstance(action, argparse._HelpAction) and action.help
    ]
    return "\n".join(head + rows)


def invocation(action):
    """How the argument is typed, the same under every version of Python, which word their own help differently."""
    value = action.metavar or ("{" + ",".join(action.choices) + "}" if action.choices else action.dest.upper())
    names = ", ".join(action.option_strings) or value
    takes = {None: f" {value}", "?": f" [{value}]", "*": f" [{value} ...]", "+": f" {value} ..."}
    if action.option_strings and action.nargs != 0:
        names += takes.get(action.nargs, f" {value}" * (action.nargs if isinstance(action.nargs, int) else 1))
    elif not action.option_strings:
        names = takes[action.nargs].strip()
    return f"`{names}`".replace("|", "\\|")


def escaped(words):
    """Text as Markdown shows it: a star, a bar or an underline would be markup."""
    return re.sub(r"([*|<_])", r"\\\1", words)


def written(page, kind, block):
    """The page with this block between its marks."""
    text = (ROOT / page).read_text("utf-8")
    begin = BEGIN.format(kind)
    before, _, rest = text.partition(begin)
    assert rest, f"{page} has no line: {begin}"
    return f"{before}{begin}\n\n{block}\n\n{END}{rest.partition(END)[2]}"


def pages():
    """The text that each page with such a list has to have."""
    return {page: written(page, kind, make()) for (page, kind), make in ((WHOLE, whole), (SHORT, short))}


if __name__ == "__main__":
    for name, text in pages().items():
        (ROOT / name).write_text(text, "utf-8")
