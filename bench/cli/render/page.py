"""Page: the HTML page of a run that a command writes beside its proper work."""

import sys

from bench.cli.render.notice import notice
from bench.store.run import Run


def write_page(run: Run) -> str | None:
    """The page's path; a page that cannot be written never costs the results."""
    from bench.cli.render.drawing import drawing_shown  # noqa: PLC0415 - drawing is imported only where a page is wanted
    from bench.report import write  # noqa: PLC0415 - likewise

    try:
        with drawing_shown(sys.stderr):
            return str(write(run))
    except Exception as error:  # whatever is wrong with the page, the measurements are worth more
        remedy = f"the results are safe: python -m bench report {run.name}"
        notice(f"cannot write the report ({error}); {remedy}")
        return None
