"""World: a folder with everything that the documents' commands name: files of a user's own, traces, runs."""

import gzip
import json
import re
import shutil
from dataclasses import replace
from textwrap import dedent

import numpy as np
from PIL import Image

from tests.conftest import ROOT
from tests.explain import made
from tests.report.report_sample import recorded, results

RUNS = ("RUN", "OLD", "NEW", "laptop", "server", "gpu", "r9", "r2", "r1", "before", "after")
DATA = """
    import torch


    def load(year):
        images, labels = torch.rand(120, 1, 28, 28), torch.arange(120) % 10
        return images, labels, images, labels
    """


def block(page, start):
    """The block of code of a page that begins so."""
    blocks = re.findall(r"^ *```\w+\n(.*?)^ *```$", (ROOT / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)
    (text,) = [dedent(text) for text in blocks if dedent(text).startswith(start)]
    return text


def lay_out(folder):
    """Write all of it."""
    own = block("docs/bring-your-own.md", "import bench\nimport torch").partition("\n\n\nrun = ")[0]
    (folder / "my_nets.py").write_text(own)
    (folder / "my_opt.py").write_text("from torch.optim import SGD as Lion\n")
    (folder / "my_loss.py").write_text(block("docs/bring-your-own.md", "# my_loss.py"))
    (folder / "my_data.py").write_text(dedent(DATA))
    (folder / "mine.toml").write_text(block("docs/suites.md", "# mine.toml"))
    (folder / "limits.toml").write_text('[tolerances]\nrelative_cost = "50 %"\n')
    pictures(folder / "photos")
    pictures(folder / "photos" / "birds")
    digits(folder / "digits.npz")
    traces(folder)
    saved(folder)
    for name in RUNS:
        recorded(folder / "results", profiled(), name)


def profiled():
    """Results of the two nets that the documents compare, with a profile each."""
    return [
        replace(result, profile=made.profile()) if result.repeat == 0 else result
        for result in results(("lenet5", "resnet8"), repeats=2)
    ]


def pictures(folder):
    for part in ("train", "test"):
        for kind in range(2):
            (folder / part / f"kind{kind}").mkdir(parents=True, exist_ok=True)
            for number in range(40):
                pixels = np.full((30, 30), number + 100 * kind, np.uint8)
                Image.fromarray(pixels).save(folder / part / f"kind{kind}" / f"{number}.png")


def digits(path):
    images, labels = np.zeros((200, 28, 28), np.uint8), np.arange(200) % 10
    np.savez(path, train_images=images, train_labels=labels, test_images=images, test_labels=labels)


def traces(folder):
    """A real trace, packed as a profiler writes it and as plain JSON."""
    packed = (ROOT / "tests/trace/real/lenet5_h100.pt.trace.json.gz").read_bytes()
    (folder / "mine.pt.trace.json.gz").write_bytes(packed)
    for name in ("before.json", "after.json"):
        (folder / name).write_bytes(gzip.decompress(packed))


def saved(folder):
    """What pytest-benchmark and timm saved, as their own files have it."""
    source = ROOT / "tests/store/pytest_benchmark_4.json"
    (folder / ".benchmarks").mkdir()
    document = json.loads(source.read_text("utf-8"))
    for number, name in enumerate((".benchmarks/0001_first.json", "old.json", "new.json")):
        (folder / name).write_text(json.dumps({**document, "datetime": f"2026-01-0{number + 1}T00:00:00+00:00"}))
    figures = folder / "benchmark-infer-amp-nchw-pt240-cu124-rtx4090.csv"
    shutil.copy(ROOT / "tests/store/timm_infer.csv", figures)
