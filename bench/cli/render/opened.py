"""Opened: shows a page in the user's browser."""

import webbrowser
from pathlib import Path

from bench.cli.render.notice import notice


def open_page(path: Path) -> None:
    """Open it; where there is no browser, that is told."""
    address = path.absolute().as_uri()
    if not webbrowser.open(address):
        notice(f"no browser to open it with: open {address}")
