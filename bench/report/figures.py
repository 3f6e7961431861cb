"""Figures: every picture of a page as a file for papers and slides: PNG, SVG and PDF, in the page's light colours."""

import base64
import io
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
import matplotlib.image as images
from matplotlib.colors import same_color
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bench import files
from bench.report import svg
from bench.report.drawing import Drawing
from bench.report.page import asset
from bench.report.plotting import MOST_ROWS, Drawn, Picture, dot, finish, kept
from bench.report.record import Record, Row
from bench.report.sections import each_picture
from bench.report.svg import SVG

_DPI = 200
_MARGIN = 12  # points
_FREE = "free the path, or name another folder"
_PROPERTIES = ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor")
# nothing in a file but the picture, so that the same picture is the same bytes
_METADATA: Mapping[str, Mapping[str, Any]] = {"png": {"Software": None}, "pdf": {"CreationDate": None}}
_FONT = "DejaVu Sans, Arial, sans-serif"  # matplotlib's own, which PNG and PDF have


def write(draw: Callable[[], Sequence[Picture]], folder: Path) -> int:
    """Write each of the pictures that `draw` gives in three files under its name; how many pictures.

    Raises:
        BenchError: the folder cannot be written.

    """
    files.make_folder(folder, _FREE)
    with svg.style(), kept() as drawn:
        pictures = draw()
        for picture in pictures:
            files.replace(folder / f"{picture.name}.svg", standalone(picture.svg), _FREE)
            if picture.name in drawn:
                _write_printed(drawn[picture.name], folder / picture.name)
    return len(pictures)


def standalone(text: str) -> str:
    """An inline picture as a file of its own: with its size, a white ground, and colours in the place of variables."""
    coloured = re.sub(r"var\((--[\w-]+)\)", lambda match: light()[match[1]], text)
    root = ET.fromstring(coloured)  # noqa: S314 - of our own making
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    place = dict.fromkeys(("x", "y"), f"{-_MARGIN}")  # texts may reach beyond a picture, which a page does not cut off
    size = {"width": f"{width + 2 * _MARGIN:g}", "height": f"{height + 2 * _MARGIN:g}"}
    root.attrib |= {name: f"{value}pt" for name, value in size.items()}
    root.attrib |= {"viewBox": f"{-_MARGIN} {-_MARGIN} {size['width']} {size['height']}", "font-family": _FONT}
    root.insert(2, ET.Element(SVG + "rect", {**place, **size, "fill": light()["--surface"]}))
    ET.register_namespace("", SVG.strip("{}"))
    return ET.tostring(root, encoding="unicode")


@cache
def light() -> Mapping[str, str]:
    """The page's light colours by variable, as its style sheet has them first."""
    return dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6});", asset("style.css").partition("}")[0]))


def _write_printed(drawn: Drawn, path: Path) -> None:
    """The PNG and the PDF."""
    figure = _figure(drawn) if isinstance(drawn, Drawing) else drawn.figure
    _recolour(figure)
    for kind, metadata in _METADATA.items():
        save = partial(_save, figure, kind, metadata)
        files.replace(path.with_name(f"{path.name}.{kind}"), save, _FREE)


def _save(figure: Figure, kind: str, metadata: Mapping[str, Any], file: IO[bytes]) -> None:
    with mpl.rc_context({"pdf.fonttype": 42}), warnings.catch_warnings():  # letters that stay letters
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        look: dict[str, Any] = {
            "dpi": _DPI,
            "bbox_inches": "tight",
            "facecolor": light()["--surface"],
            "metadata": dict(metadata),
        }
        figure.savefig(file, format=kind, **look)


def _recolour(figure: Figure) -> None:
    """Give all that is drawn the light colours in the place of the stand-ins, ticks that are made late included."""
    figure.draw_without_rendering()
    palette = {stand_in: light()[name] for stand_in, name in svg.VARIABLES.items()}
    for artist in figure.findobj():
        for name in _PROPERTIES:
            get, put = getattr(artist, f"get_{name}", None), getattr(artist, f"set_{name}", None)
            if get and put and (colour := _replaced(get(), palette)):
                put(colour)


def _replaced(colour: Any, palette: Mapping[str, str]) -> Any:
    """The light colours for stand-ins, with their opacity; None where there is none to replace."""
    try:
        colours = mpl.colors.to_rgba_array(colour)
    except (TypeError, ValueError):
        return None
    known = [(rgba, light) for rgba in colours for stand_in, light in palette.items() if same_color(rgba[:3], stand_in)]
    if not known:
        return None
    lights = {tuple(rgba): mpl.colors.to_rgba(light, rgba[3]) for rgba, light in known}
    fresh = [lights.get(tuple(rgba), tuple(rgba)) for rgba in colours]
    return fresh if len(fresh) > 1 else fresh[0]


def _figure(drawing: Drawing) -> Figure:
    """A drawing of rectangles, texts and images as a figure of the same size."""
    figure = Figure(figsize=(drawing.width / 72, drawing.height / 72))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, drawing.width), ylim=(drawing.height, 0))
    axes.axis("off")
    for element in drawing.root.iter():
        if element.tag in _SHAPES:
            _SHAPES[element.tag](axes, element, dict(_declarations(element)))
    return figure


def _declarations(element: ET.Element) -> Iterator[tuple[str, str]]:
    """The names and values of a style, colours in the place of variables."""
    text = re.sub(r"var\((--[\w-]+)\)", lambda match: light()[match[1]], element.get("style", ""))
    for declaration in filter(None, text.split(";")):
        name, _, value = declaration.partition(":")
        yield name.strip(), value.strip()


def _place(element: ET.Element) -> tuple[float, ...]:
    return tuple(float(element.get(name, 0)) for name in ("x", "y", "width", "height"))


def _rect(axes: Any, element: ET.Element, style: Mapping[str, str]) -> None:
    x, y, width, height = _place(element)
    face = mpl.colors.to_rgba(style["fill"], float(style.get("fill-opacity", 1)))
    edge, line = style.get("stroke", "none"), float(style.get("stroke-width", "0").removesuffix("px"))
    axes.add_patch(Rectangle((x, y), width, height, facecolor=face, edgecolor=edge, linewidth=line))


def _text(axes: Any, element: ET.Element, style: Mapping[str, str]) -> None:
    x, y, *_ = _place(element)
    side = {"start": "left", "middle": "center", "end": "right"}[style["text-anchor"]]
    size = float(style["font-size"].removesuffix("px"))
    axes.text(x, y, element.text or "", ha=side, va="baseline", fontsize=size, color=style["fill"])


def _image(axes: Any, element: ET.Element, _: Mapping[str, str]) -> None:
    x, y, width, height = _place(element)
    content = base64.b64decode(element.attrib["href"].partition(",")[2])
    pixels = images.imread(io.BytesIO(content), format="png")
    axes.imshow(pixels, extent=(x, x + width, y + height, y), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_aspect("auto")


_SHAPES: Mapping[str, Callable[[Any, ET.Element, Mapping[str, str]], None]] = {
    SVG + "rect": _rect,
    SVG + "text": _text,
    SVG + "image": _image,
}


def key(rows: Sequence[Row]) -> Picture:
    """What the colours and markers of all pictures stand for, which a page says once."""
    drawn = svg.canvas("key", height=14.0 * len(rows) + 8)
    drawn.axes.set(xlim=(-0.5, 12), ylim=(len(rows) - 0.4, -0.6))
    drawn.axes.axis("off")
    for at, row in enumerate(rows):
        drawn.axes.plot(0, at, **dot(row))
        drawn.axes.text(0.6, at, row.label, va="center")
    return finish(drawn, "Key", "Colour and marker of each configuration, the same in every picture.")


def of_record(record: Record) -> list[Picture]:
    """All pictures of a run's page, in its order, and the key to them."""
    return [*each_picture(record), *([key(record.rows[:MOST_ROWS])] if record.rows else [])]
