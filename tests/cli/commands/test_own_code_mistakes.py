"""What can be wrong with code of a user's own: one line on stderr, exit code 2, nothing measured and no folder made."""

import os
import re
import shutil
from pathlib import Path

import pytest

NETS = Path(__file__).parents[2] / "origins" / "own_nets.py"
FLAGS = ("--suite", "tiny", "--datasets", "mnist", "--epochs", "0", "--concurrent")

# The flag, what is named, and what the line says: cause, place and remedy.
MISTAKES = {
    "no such file": (
        "architectures",
        "nowhere.py:Net",
        ["cannot read", "nowhere.py", "No such file", "check the path"],
    ),
    "a folder": ("architectures", "folder.py:Net", ["cannot read", "folder.py", "Is a directory"]),
    "not readable": ("architectures", "circle.py:Net", ["cannot read", "circle.py", "symbolic links"]),
    "no name": ("architectures", "own_nets.py", ["'own_nets.py' names nothing", "FILE.py:NAME"]),
    "no literals": ("architectures", "own_nets.py:Lazy(width=wide)", ["Python literals such as width=128"]),
    "a syntax error": ("architectures", "broken.py:Net", ["SyntaxError", "(broken.py, line 2)"]),
    "a failing import": ("architectures", "failing.py:Net", ["ZeroDivisionError", "(failing.py, line 3)"]),
    "an import that leaves": ("architectures", "leaving.py:Net", ["SystemExit: 7", "(leaving.py, line 1)"]),
    "an import of what is not there": ("architectures", "lacking.py:Net", ["No module named 'nowhere'", "line 1"]),
    "a relative import": ("architectures", "relative.py:Net", ["relative import", "package.module:NAME"]),
    "no such module": ("architectures", "no_such.nets:Net", ["no module 'no_such.nets'", "install it, or name a file"]),
    "a near name": ("architectures", "own_nets.py:Plane", ["own_nets.py has no 'Plane'", "did you mean 'Plain'?"]),
    "arguments that it needs": ("architectures", "own_nets.py:Configured", ["needs arguments: config", "(config=...)"]),
    "arguments that it does not know": ("architectures", "own_nets.py:Lazy(wdth=1)", ["(num_classes=10, wdth=1)"]),
    "arguments that it cannot use": (
        "architectures",
        "own_nets.py:Lazy(width='a')",
        ["width='a'", "(own_nets.py, line"],
    ),
    "a builder that raises": (
        "architectures",
        "own_nets.py:failing",
        ["ValueError: no such net today (own_nets.py, line"],
    ),
    "no module": ("architectures", "own_nets.py:gives_a_number", ["gives int, no torch.nn.Module"]),
    "a class of something else": ("architectures", "torch.optim:Adam", ["a class, and none of torch.nn.Module"]),
    "an instance": ("architectures", "own_nets.py:BUILT", ["is a network that is built already", "name a class"]),
    "a number": ("architectures", "own_nets.py:NUMBER", ["is int, no network"]),
    "other images": ("architectures", "own_nets.py:Coloured", ["images of 1x28x28", "3 channels", "--input 3x224x224"]),
    "other classes": (
        "architectures",
        "own_nets.py:Many",
        ["1000 logits", "1x28x28", "10 classes", "--input 1x28x28:1000"],
    ),
    "no logits": (
        "architectures",
        "own_nets.py:Wrong",
        ["gives (2, 1, 28, 28)", "2 images of 1x28x28", "return logits"],
    ),
    "features before logits": ("architectures", "own_nets.py:FeaturesFirst", ["as the first of tuple of 2 tensors"]),
    "whole numbers": ("architectures", "own_nets.py:Whole", ["gives int64", "real numbers"]),
    "token ids": ("architectures", "own_nets.py:Tokens", ["whole numbers, such as the ids of tokens"]),
    "two inputs": ("architectures", "own_nets.py:Masked", ["wants 2 inputs (images, mask)"]),
    "no forward pass": ("architectures", "own_nets.py:Unfinished", ["NotImplementedError", "forward"]),
    "a forward pass that leaves": ("architectures", "own_nets.py:Leaving", ["SystemExit: gone (own_nets.py, line"]),
    "weights of another type": ("architectures", "own_nets.py:Halved", ["same dtype", "(own_nets.py, line"]),
    "no parameters": ("architectures", "own_nets.py:Empty", ["no parameters that its logits depend on"]),
    "frozen parameters": ("architectures", "own_nets.py:Frozen", ["no parameters that its logits depend on"]),
    "no such net of timm": ("architectures", "timm:resnet19", ["timm has no network", "'timm:resnet"]),
    "no such net of torchvision": ("architectures", "torchvision:resnet19", ["torchvision has no network"]),
    "a net that classifies nothing": ("architectures", "torchvision:fcn_resnet50", ["that classifies images"]),
}

FILES = {
    "broken.py": "x = 1\nclass Net(\n",
    "failing.py": "import sys\n\nx = 1 / 0\n",
    "leaving.py": "raise SystemExit(7)\n",
    "lacking.py": "import nowhere\n",
    "relative.py": "from .blocks import Net\n",
}


@pytest.mark.parametrize(
    "mistake", [pytest.param(name, marks=[pytest.mark.slow] * ("timm" in name)) for name in MISTAKES]
)
def test_a_mistake_is_one_line_before_anything_is_measured(typed, tmp_path, mistake):
    flag, text, words = MISTAKES[mistake]
    if text.startswith("timm:"):
        pytest.importorskip("timm")
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    shutil.copy(NETS, tmp_path)
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "circle.py").symlink_to("circle.py")
    before = sorted(tmp_path.iterdir())

    named = () if flag == "architectures" else ("--architectures", "debug")
    done = typed("run", *FLAGS, *named, f"--{flag}", text)

    lines = [line for line in done.stderr.splitlines() if line.startswith("bench: ")]
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert len(lines) == 1, done.stderr
    assert [word for word in words if word not in lines[0]] == [], lines[0]
    assert not re.search(r"Traceback", done.stderr)
    assert sorted(tmp_path.iterdir()) == before


def test_a_file_that_may_not_be_read(typed, tmp_path):
    shutil.copy(NETS, tmp_path)
    (tmp_path / "own_nets.py").chmod(0)
    if os.access(tmp_path / "own_nets.py", os.R_OK):
        pytest.skip("this user may read everything")
    done = typed("run", *FLAGS, "--architectures", "own_nets.py:Plain")
    assert done.returncode == 2
    assert "Permission denied" in done.stderr


@pytest.mark.slow
def test_the_traceback_stands_behind_a_flag(bench):
    (bench.folder / "failing.py").write_text(FILES["failing.py"])
    plain, whole = (bench("list", "architectures", "failing.py:Net", *flags) for flags in ([], ["--traceback"]))
    assert (plain.returncode, whole.returncode) == (2, 2)
    assert "Traceback" not in plain.stderr
    assert "Traceback" in whole.stderr
    assert 'failing.py", line 3' in whole.stderr
    assert plain.stderr.splitlines()[-1] == whole.stderr.splitlines()[-1]
