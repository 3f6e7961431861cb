"""Power: the picture of a calibration: how often the gate finds a slowdown of each size on this machine."""

import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import seaborn as sns
from matplotlib.figure import Figure

COLOURS = ("#0b62a4", "#c2410c", "#4d7c0f")
DASHES = ("-", "--", ":")


def power_curve(curves: Sequence[dict[str, Any]], real: Sequence[dict[str, Any]], title: str) -> str:
    """An SVG document.

    Args:
        curves: each `tolerance`, `slowdowns` and `found`, shares.
        real: real comparisons: `slowdown`, `share` found, and `low` and `high` of its 95 % interval, `count`.
        title: one line above the picture.

    """
    look: dict[Any, Any] = {**mpl.rcParamsDefault, **sns.axes_style("ticks"), "svg.fonttype": "none", "font.size": 9.5}
    look |= {"backend": mpl.rcParams["backend"], "text.parse_math": False, "svg.hashsalt": "bench"}
    with mpl.rc_context(look):
        figure = Figure(figsize=(6.2, 3.6), layout="constrained")
        axes = figure.add_subplot()
        for one, colour, dash in zip(curves, COLOURS, DASHES, strict=False):
            label = f"resampled, tolerance {one['tolerance'] * 100:.3g} %"
            shares = [found * 100 for found in one["found"]]
            axes.plot([size * 100 for size in one["slowdowns"]], shares, dash, color=colour, label=label)
        for number, one in enumerate(real):
            errors = [[(one["share"] - one["low"]) * 100], [(one["high"] - one["share"]) * 100]]
            named = "real comparisons, 95 % interval" if number == 0 else None
            axes.errorbar(
                one["slowdown"] * 100, one["share"] * 100, yerr=errors, fmt="o", color="#444444", capsize=3, label=named
            )
        axes.set(xlabel="true slowdown, %", ylabel="comparisons that fail, %", ylim=(-3, 103), xlim=(-0.3, None))
        axes.set_title(title, loc="left", fontsize=9.5)
        axes.grid(axis="y", linewidth=0.5, color="#dddddd")
        axes.legend(frameon=False, loc="lower right")
        sns.despine(ax=axes)
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata={"Date": None})
    return written.getvalue()
