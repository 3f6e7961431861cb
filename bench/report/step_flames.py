"""Step flames: the parts of profiled steps as plain data, from which the page's script draws their flame graphs."""

import json
from collections.abc import Sequence

from markupsafe import Markup

from bench.report.flame import look_of
from bench.report.kernels import Profiled


def flames(profiled: Sequence[Profiled]) -> Markup:
    """The text of a script element of JSON, in which no markup can begin.

    `cells` has by row its `label`, `network`, `seconds` a step and `rows` of phase, category, operator, module and
    seconds; `looks` the classes of each category in the style sheet.
    """
    cells = {
        step.row.key: {
            "label": step.row.label,
            "network": step.row.cell["architecture"],
            "seconds": step.timed.step,
            "rows": [
                [part.phase, part.category, part.operator, part.module, float(f"{part.slower:.4g}")]
                for part in step.bare
            ],
        }
        for step in profiled
    }
    looks = {part.category: look_of(part.category) for step in profiled for part in step.bare}
    text = json.dumps({"cells": cells, "looks": looks}, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - nothing in it ends the element
