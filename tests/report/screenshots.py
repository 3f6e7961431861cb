"""Screenshots of the page, and how far two of them lie apart. `python -m tests.report.screenshots` stores them anew."""

import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from bench.report import write
from bench.report.load import read
from bench.report.record import Record
from tests.report import report_sample as sample

STORED = Path(__file__).parent / "screenshots"
SHOTS = {  # fragment of the address, width, colour scheme
    "first": ("", 1440, "light"),
    "panel": ("#open=lenet5", 1440, "dark"),
    "side": ("#table&ticked=mlp&ticked=lenet5&side=open", 2200, "light"),
    "narrow": ("", 390, "dark"),
}
_TILE = 16  # pixels, within which letters and edges may differ
_FAR = 24  # levels of grey, of 255, by which a tile may be off
MOST_FAR = 0.04  # the share of tiles that may be further off


def seeded_page(root: Path) -> tuple[Path, Record]:
    """A page of seven configurations with three seeds of three repeats each, and its record."""
    run = sample.recorded(root / "results", sample.results(seeds=3), "seeded")
    return write(run, root / "reports"), read(run)


def shots(browser: Any, path: Path) -> Iterator[tuple[str, Any, bytes]]:
    """Of each view its name, its open page, and the screenshot."""
    for name, (fragment, width, scheme) in SHOTS.items():
        size = {"width": width, "height": 900}
        page = browser.new_page(viewport=size, color_scheme=scheme, reduced_motion="reduce")
        page.set_default_timeout(120_000)  # of a machine that is busy
        page.goto(path.as_uri() + fragment)
        page.locator("#tools").wait_for()  # the script has its data
        yield name, page, page.screenshot()
        page.close()


def far(shot: bytes, stored: bytes) -> float:
    """The share of tiles whose grey differs; all of them where the sizes do."""
    ours, theirs = _tiles(shot), _tiles(stored)
    return 1.0 if ours.shape != theirs.shape else float((np.abs(ours - theirs) > _FAR).mean())


def _tiles(shot: bytes) -> np.ndarray:
    """Levels of grey, one a tile: letters blur, and what stands where remains."""
    pixels = np.asarray(Image.open(io.BytesIO(shot)).convert("L"), dtype=float)
    high, wide = (size // _TILE for size in pixels.shape)
    return pixels[: high * _TILE, : wide * _TILE].reshape(high, _TILE, wide, _TILE).mean(axis=(1, 3))


def _main() -> None:
    from playwright.sync_api import sync_playwright

    STORED.mkdir(exist_ok=True)
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for name, _, shot in shots(browser, seeded_page(Path(folder))[0]):
            image = Image.open(io.BytesIO(shot)).convert("P", palette=Image.Palette.ADAPTIVE, colors=32)
            image.save(STORED / f"{name}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    _main()
