"""Slim: what nobody sees is gone from a picture, and what refers to something still finds it."""

import re
from xml.etree import ElementTree as ET

import pytest

from bench.report.load import read
from bench.report.slim import slim
from bench.report.svg import SVG, style
from bench.report.tradeoffs import choosing
from tests.report import report_sample as sample

DRAWN = """<svg xmlns="http://www.w3.org/2000/svg">
 <g id="axes_1">
  <g id="line2d_1" />
  <defs> <path id="m0f" d="M 0 2.5  C 0.66 2.5 1.3 2.24 1.7 1.7  z " /> <clipPath id="p9"><rect /></clipPath> </defs>
  <g clip-path="url(#p9)"> <use href="#m0f" x="1" /> <path style="fill: url(#h1); stroke: #00ff00" /> </g>
  <pattern id="h1" />
  <g id="text_1"><text transform="rotate(-0 245.4 206.3)"> </text><text transform="rotate(-90 1 2)">up</text></g>
 </g>
</svg>"""


@pytest.fixture
def slimmed():
    root = ET.fromstring(DRAWN)
    slim(root, "costs")
    return root


def test_what_refers_to_something_finds_it_under_its_new_name(slimmed):
    ids = {element.get("id"): element for element in slimmed.iter() if "id" in element.attrib}
    assert ids.keys() == {"costs-1", "costs-2", "costs-3"}
    assert ids[slimmed.find(f".//{SVG}use").get("href")[1:]].tag == SVG + "path"
    (group,) = (each for each in slimmed.iter(SVG + "g") if "clip-path" in each.attrib)
    assert ids[group.get("clip-path")[5:-1]].tag == SVG + "clipPath"
    filled = slimmed.find(f".//{SVG}path[@style]").get("style")
    assert ids[re.search(r"url\(#([\w-]+)\)", filled)[1]].tag == SVG + "pattern"
    assert "#00ff00" in filled


def test_blanks_empty_groups_and_turns_by_nothing_are_gone(slimmed):
    texts = slimmed.findall(f".//{SVG}text")
    assert [text.get("transform") for text in texts] == [None, "rotate(-90 1 2)"]
    assert [text.text for text in texts] == [" ", "up"]
    assert slimmed.find(f".//{SVG}defs/{SVG}path").get("d") == "M0 2.5C0.66 2.5 1.3 2.24 1.7 1.7z"
    assert all(len(group) for group in slimmed.iter(SVG + "g"))
    blank = [element.tag for element in slimmed.iter() if (element.text or "").isspace() or element.tail]
    assert blank == [SVG + "text"]


def test_every_reference_of_a_picture_has_its_target(tmp_path):
    record = read(sample.recorded(tmp_path, sample.results()))
    with style():
        pictures = choosing(record)
    for picture in pictures:
        referred = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', picture.svg))
        ids = re.findall(r' id="([^"]+)"', picture.svg)
        assert len(ids) == len(set(ids))
        assert referred
        assert {first or second for first, second in referred} | {f"{picture.name}-title", f"{picture.name}-desc"} == {
            *ids
        }
