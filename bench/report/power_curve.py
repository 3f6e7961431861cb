"""The power curve of a calibration: how often the gate finds a slowdown of each size on this machine."""

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
        for curve, colour, dash in zip(curves, COLOURS, DASHES, strict=False):
            label = f"resampled, tolerance {curve['tolerance'] * 100:.3g} %"
            shares = [share * 100 for share in curve["found"]]
            axes.plot([size * 100 for size in curve["slowdowns"]], shares, dash, color=colour, label=label)
        for number, point in enumerate(real):
            errors = [[(point["share"] - point["low"]) * 100], [(point["high"] - point["share"]) * 100]]
            named = "real comparisons, 95 % interval" if number == 0 else None
            axes.errorbar(
                point["slowdown"] * 100,
                point["share"] * 100,
                yerr=errors,
                fmt="o",
                color="#444444",
                capsize=3,
                label=named,
            )
        axes.set(xlabel="true slowdown, %", ylabel="comparisons that fail, %", ylim=(-3, 103), xlim=(-0.3, None))
        axes.set_title(title, loc="left", fontsize=9.5)
        axes.grid(axis="y", linewidth=0.5, color="#dddddd")
        axes.legend(frameon=False, loc="lower right")
        sns.despine(ax=axes)
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata={"Date": None})
    return written.getvalue()
