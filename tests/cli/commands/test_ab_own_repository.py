"""`ab` and `list` in a repository of a user's own, really run: pull requests of every kind, without a pair timed."""

import json
from textwrap import dedent
from xml.etree import ElementTree as ET

import pytest

from tests.cli.commands.test_ab import git
from tests.packages import project, skip_without_pip

pytestmark = pytest.mark.slow  # some 10 s each: two servers, and each revision installed

PROJECT = project("own-nets", {"own": "own_nets.nets"}, packages=["own_nets"])
NETS = """
    from architectures import Shape, register
    from torch import nn


    @register(family="own")
    def own_net(input_shape: Shape, num_classes: int) -> nn.Module:
        "A net of the user's own."
        channels, height, width = input_shape
        return nn.Sequential(nn.Flatten(), nn.Linear(channels * height * width, num_classes))
    """
FILES = ("--markdown", "out/comment.md", "--junit", "out/ab.xml", "--json", "--concurrent", "--datasets", "synthetic")


@pytest.fixture
def repository(tmp_path):
    """Commits files into the folder `libs/nets` of a repository: text, or None to remove one."""
    skip_without_pip()
    repo = tmp_path / "mono"
    repo.mkdir()
    git(repo, "init", "--quiet")
    git(repo, "commit", "--quiet", "--allow-empty", "--message", "before")

    def commit(files):
        for name, text in files.items():
            path = repo / "libs" / "nets" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))
        git(repo, "add", "--all")
        git(repo, "commit", "--quiet", "--message", "a change")

    commit({"README.md": "nothing yet"})
    return repo / "libs" / "nets", commit


WHOLE = {"pyproject.toml": PROJECT, "own_nets/__init__.py": "", "own_nets/nets.py": NETS}


def ended(bench, folder, code, *revisions):
    done = bench("ab", *revisions, "--repo", folder, *FILES)
    assert done.returncode == code, done.stderr
    document = json.loads(done.stdout)
    assert document["exit_code"] == code
    cases = list(ET.parse(bench.folder / "out" / "ab.xml").getroot().iter("testcase"))
    return document, (bench.folder / "out" / "comment.md").read_text("utf-8"), cases


def test_pull_requests_that_only_add_and_those_that_break(bench, repository):
    folder, commit = repository
    commit(WHOLE)
    document, comment, cases = ended(bench, folder, 0, "HEAD~1", "HEAD")
    assert [one["verdict"] for one in document["verdicts"]] == ["new"]
    assert comment.startswith("### Nothing to compare: HEAD")
    assert "1 new, nothing to compare" in comment
    assert [case.get("classname").partition("-")[0] for case in cases] == ["own_net"]

    commit({"own_nets/nets.py": "from architectures import registerr\n"})
    document, comment, cases = ended(bench, folder, 1, "HEAD~1", "HEAD")
    lost = document["verdicts"][0]
    assert lost["cell"] == "plug-in 'own' of own-nets"
    assert lost["reason"].startswith("it cannot be imported at HEAD (")
    assert "ImportError: cannot import name 'registerr' from 'architectures'" in lost["reason"]
    assert lost["reason"].endswith("(own_nets/nets.py, line 1)")
    assert comment.startswith("### Regression")
    assert cases[0].find("failure") is not None

    document, comment, _ = ended(bench, folder, 0, "HEAD", "HEAD~1")  # mended again
    assert any("cannot be imported at HEAD (" in note for note in document["notes"])
    document, comment, cases = ended(bench, folder, 2, "v9", "HEAD")
    assert "unknown revision 'v9'" in comment
    assert cases[0].find("error") is not None


ODD = """
    import os
    import signal

    from architectures import register
    from torch import nn


    class Net(nn.Module):
        def __init__(self, how, num_classes):
            super().__init__()
            if how == "crashes":
                os.kill(os.getpid(), signal.SIGSEGV)
            if how == "raises":
                raise ValueError("out of order")
            self.layer, self.how = nn.Linear(3072 if how == "other" else 784, num_classes), how

        def forward(self, images):
            logits = self.layer(images.flatten(1))
            if self.how == "item" and logits.mean().item() > 1e9:
                logits = logits * 2
            return (logits, logits) if self.how == "tuple" else logits


    def enter(how):
        def builder(input_shape, num_classes):
            return Net(how, num_classes)

        builder.__name__ = f"odd_{how}"
        register(family="odd")(builder)


    for how in ("tuple", "item", "other", "raises", "crashes", "good"):
        enter(how)
    register(family="odd")(nn.Linear)
    """


def test_odd_nets_are_listed_with_their_reasons_and_break_nothing(bench, tmp_path):
    (tmp_path / "odd-1.dist-info").mkdir()
    (tmp_path / "odd-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1\n")
    entries = "[bench.architectures]\nodd = odd_nets\ngone = odd_gone\n"
    (tmp_path / "odd-1.dist-info/entry_points.txt").write_text(entries)
    (tmp_path / "odd_gone.py").write_text("import os\nos._exit(0)\n")
    (tmp_path / "odd_nets.py").write_text(dedent(ODD))
    done = bench("list", "architectures", "odd_*", "Linear", "lenet5", "--json", plugin=tmp_path)
    assert done.returncode == 0, done.stderr
    entries = {entry["name"]: entry for entry in json.loads(done.stdout)}
    counted = [name for name, entry in entries.items() if entry["flops_forward"]]
    assert counted == ["odd_tuple", "odd_item", "odd_good", "lenet5"]
    for name, words in {
        "odd_other": "cannot take images of 1x28x28",
        "odd_raises": "ValueError: out of order",
        "odd_crashes": "ended by SIGSEGV",
        "Linear": "cannot be built",
    }.items():
        assert words in entries[name]["trouble"]
        assert done.stderr.count(f"bench: {entries[name]['trouble']}\n") == 1
    assert "plug-in 'gone' of odd is left out: OriginError: the process that tried it did not go on" in done.stderr
