"""From a matplotlib figure to inline SVG that follows the page's colours and links its marks to the table's rows."""

import io
import logging
import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from bench.report.slim import slim

# Stand-ins for the page's colours: matplotlib needs fixed ones, the page needs ones that follow its scheme.
INK, MUTED, LINE, SURFACE = "#010101", "#020202", "#030303", "#040404"
SERIES = tuple(f"#1000{number:02x}" for number in range(1, 9))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")  # seven, so that colour and marker together repeat after 56 rows
VARIABLES = {INK: "--ink", MUTED: "--muted", LINE: "--line", SURFACE: "--surface"} | {
    colour: f"--c{number}" for number, colour in enumerate(SERIES, 1)
}
SVG, _XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
_LONG = re.compile(r"-?\d+\.\d{3,}")
_SHAPES = (SVG + "use", SVG + "path")
_STYLE: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "lines.solid_capstyle": "round",
    "patch.edgecolor": SURFACE,
    "patch.force_edgecolor": True,
    "font.family": ["sans-serif"],
    "font.sans-serif": ["Arial", "DejaVu Sans", "Liberation Sans", "Bitstream Vera Sans", "sans-serif"],
    "font.size": 9.5,
    "axes.titlesize": 9.5,
    "axes.labelsize": 9.5,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 9.0,
    "ytick.labelsize": 9.0,
    "xtick.major.size": 3.0,
    "ytick.major.size": 0.0,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "text.parse_math": False,  # a dollar in a name is a dollar
    "legend.frameon": False,
    "hatch.linewidth": 0.8,
    "svg.fonttype": "none",
    "svg.image_inline": True,
}


@dataclass(slots=True)
class Canvas:
    """One picture being drawn: its axes, and what its marks mean.

    Attributes:
        name: the picture's name on the page, which prefixes all its ids.
        figure: what is drawn.
        axes: where to draw.
        marks: for each mark the keys of its rows and its text.
        many: for each artist that is a mark a shape, the keys and texts of these in order.

    """

    name: str
    figure: Figure
    axes: Axes
    marks: list[tuple[str, str]] = field(default_factory=list)
    many: list[Sequence[tuple[str, str]]] = field(default_factory=list)

    def mark(self, artists: Artist | Iterable[Any], keys: Iterable[str], text: str = "") -> None:
        """Tie artists to rows; `text` (name, value, interval, n) is shown on hovering and listed under the picture."""
        for artist in [artists] if isinstance(artists, Artist) else artists:
            artist.set_gid(f"mark{len(self.marks)}")
            self.marks.append((" ".join(keys), text))

    def mark_each(self, artist: Artist, marks: Sequence[tuple[str, str]]) -> None:
        """Tie the shapes of one artist to rows, each to the key and the text that come in its place."""
        artist.set_gid(f"many{len(self.many)}")
        self.many.append(marks)

    def texts(self) -> list[tuple[str, str]]:
        """The keys and text of each mark that has a text, once."""
        return list(dict.fromkeys(mark for mark in chain(self.marks, *self.many) if mark[1]))


def style() -> Any:
    """The context in which pictures are drawn and written: the page's look, and nothing of the user's matplotlibrc."""
    look: dict[Any, Any] = {**mpl.rcParamsDefault, **_STYLE, "backend": mpl.rcParams["backend"]}
    return mpl.rc_context(look)


def canvas(name: str, width: float = 320.0, height: float = 225.0) -> Canvas:
    """An empty picture of the given size in points."""
    figure = Figure(figsize=(width / 72, height / 72), layout="constrained")
    axes = figure.add_subplot()
    return Canvas(name, figure, axes)


def render(drawn: Canvas, title: str, description: str) -> str:
    """The picture as an <svg> element with a title and a description; the same bytes for the same drawing."""
    file = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": drawn.name}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # the browser's fonts draw the text
        logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
        # not savefig, which draws everything twice
        writer: Any = FigureCanvasSVG(drawn.figure)
        writer.print_svg(file, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    root = ET.fromstring(file.getvalue())  # noqa: S314 - written by matplotlib one line above
    for parent in list(root.iter()):
        for child in [child for child in parent if child.tag in (SVG + "metadata", SVG + "style")]:
            parent.remove(child)
    for element in root.iter():
        _adapt(element, drawn)
    for group in root.iter(SVG + "g"):
        _say_once(group)
    slim(root, drawn.name)
    head(root, drawn.name, title, description)
    ET.register_namespace("", SVG.strip("{}"))
    return ET.tostring(root, encoding="unicode")


def head(root: ET.Element, name: str, title: str, description: str) -> None:
    """Make the root fit the page: no size of its own, and a title and a description for those who do not see it."""
    for attribute in ("width", "height", "version"):
        root.attrib.pop(attribute, None)
    root.attrib |= {"role": "img", "aria-labelledby": f"{name}-title {name}-desc"}
    for place, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ET.Element(SVG + tag, {"id": f"{name}-{tag}"})
        element.text = text
        root.insert(place, element)


def _adapt(element: ET.Element, drawn: Canvas) -> None:
    """One element made the page's own: variables for colours, rows for marks."""
    identity = element.get("id", "")
    if re.fullmatch(r"mark\d+", identity):
        keys, text = drawn.marks[int(identity[4:])]
        _tie(element, keys, text)
    elif re.fullmatch(r"many\d+", identity):
        _tie_each(element, drawn.many[int(identity[4:])])
    if href := element.attrib.pop(_XLINK + "href", None):
        element.set("href", href)
    for attribute in {"d", "x", "y"} & element.attrib.keys():
        element.set(attribute, _LONG.sub(_hundredths, element.attrib[attribute]))
    if "style" in element.attrib:
        element.set("style", _style(element.attrib["style"]))
    for attribute in ("fill", "stroke"):
        if element.get(attribute) in VARIABLES:
            colour = element.attrib.pop(attribute)
            element.set("style", f"{attribute}: var({VARIABLES[colour]}); {element.get('style', '')}")


def _tie_each(element: ET.Element, marks: Sequence[tuple[str, str]]) -> None:
    """The shapes of one artist, each the mark of its row."""
    parts = [child for child in element if child.tag != SVG + "defs"]
    shapes = [shape for part in parts for shape in part.iter() if shape.tag in _SHAPES]
    for shape, (keys, text) in zip(shapes, marks, strict=True):
        _tie(shape, keys, text)


def _say_once(element: ET.Element) -> None:
    """What all shapes of a group look like, said by the group."""
    shapes = [child for child in element if child.tag in _SHAPES]
    styles = {shape.get("style", "") for shape in shapes}
    if len(shapes) > 1 and len(shapes) == len(element) and len(styles) == 1 and "style" not in element.attrib:
        element.set("style", styles.pop())
        for shape in shapes:
            shape.attrib.pop("style", None)


def _hundredths(number: re.Match[str]) -> str:
    """A coordinate without the digits that nobody can see."""
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def _tie(element: ET.Element, keys: str, text: str) -> None:
    element.attrib |= {"class": "mark", "data-rows": keys}
    if text:
        title = ET.Element(SVG + "title")
        title.text = text
        element.insert(0, title)


def _style(text: str) -> str:
    """A style with the page's variables for colours and its own font."""
    text = re.sub(
        r"#[0-9a-f]{6}", lambda colour: f"var({VARIABLES[colour[0]]})" if colour[0] in VARIABLES else colour[0], text
    )
    text = re.sub(r"font: (?:[\w ]*? )?([\d.]+)px [^;]*", r"font-size: \1px", text)
    return re.sub(r"font-family: [^;]*;?", "", text)
