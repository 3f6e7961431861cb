"""Listing: what is registered is kept while no source of it changes, and never longer."""

import importlib
import os

import pytest

from bench.cli.commands import list as command
from bench.plan.catalogue import Catalogue
from bench.session import listing
from bench.session.listing import MOST_KEPT, listed

ENTRIES = [{"name": "net", "parameters": 5}]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder that is kept in."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/torch-architecture-bench"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Stands for the suite: a package with a module, and a plug-in that is worked on."""
    source = tmp_path / "source"
    (source / "ours_for_a_test/room").mkdir(parents=True)
    (source / "ours_for_a_test/__init__.py").write_text("raise RuntimeError('nobody imports it')")
    (source / "ours_for_a_test/room/net.py").write_text("width = 1")
    (source / "plugin_for_a_test.py").write_text("depth = 1")
    (source / "plugin-0.1.dist-info").mkdir()
    (source / "plugin-0.1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: plugin\nVersion: 0.1\n")
    text = "[bench.anything]\nname = plugin_for_a_test:build\n"
    (source / "plugin-0.1.dist-info/entry_points.txt").write_text(text)
    monkeypatch.syspath_prepend(source)
    monkeypatch.setattr(listing, "OURS", ("ours_for_a_test",))
    return source


@pytest.fixture
def asked(folder, package, tmp_path):
    """Lists, and tells whether that had to be asked for; another file is followed from too."""
    (tmp_path / "beside.py").write_text("height = 1")

    def ask(used=(str(tmp_path / "beside.py"),), entries=ENTRIES):
        calls = []

        def answer():
            calls.append(1)
            return entries, used

        importlib.invalidate_caches()
        assert listed("nets", answer) == ENTRIES
        return bool(calls)

    return ask


def test_it_is_asked_for_once(asked):
    assert [asked(), asked(), asked()] == [True, False, False]


@pytest.mark.parametrize(
    "file",
    [
        "source/ours_for_a_test/room/net.py",
        "source/ours_for_a_test/room/another.py",
        "source/plugin_for_a_test.py",
        "source/fresh-2.0.dist-info",
        "beside.py",
    ],
)
def test_a_source_that_changes_is_seen(asked, tmp_path, file):
    asked()
    before = (tmp_path / "source/ours_for_a_test/room/net.py").stat()
    (tmp_path / file).write_text("width = 2")
    os.utime(tmp_path / file, ns=(before.st_atime_ns, before.st_mtime_ns))  # times tell nothing, the content does
    assert [asked(), asked()] == [True, False]


def test_a_source_that_is_gone_is_seen(asked, tmp_path):
    asked()
    (tmp_path / "beside.py").unlink()
    assert asked()


def test_a_distribution_that_is_installed_again_is_seen(asked, package):
    asked()
    os.utime(package / "plugin-0.1.dist-info", ns=(0, 0))
    assert asked()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": {}, "entries": [5]}', '{"files": 1, "entries": []}', "\0"])
def test_what_is_damaged_is_as_if_it_was_not_there(asked, folder, text):
    asked()
    (kept,) = folder.glob("list-nets-*.json")
    kept.write_text(text)
    assert [asked(), asked()] == [True, False]


def test_what_cannot_be_kept_is_asked_for_each_time(asked, folder, tmp_path):
    (tmp_path / "cache").write_text("in the way")
    assert [asked(), asked()] == [True, True]


def test_a_folder_that_others_may_write_to_is_left_alone(asked, folder):
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    assert [asked(), asked()] == [True, True]
    assert list(folder.iterdir()) == []


def test_what_is_not_whole_is_not_kept(asked):
    assert [asked(None), asked(None)] == [True, True]


def test_few_are_kept(asked, package, folder):
    for number in range(MOST_KEPT + 3):
        (package / "plugin_for_a_test.py").write_text(f"depth = {number}")
        assert asked()
    assert len(list(folder.iterdir())) == MOST_KEPT
    assert not asked()


@pytest.mark.usefixtures("folder")
def test_the_command_asks_no_worker_for_what_is_kept_and_keeps_nothing_with_problems(monkeypatch, capsys):
    facts = {"description": "steps", "learning_rate": 0.1, "implementations": ["default"], "unsupported": {"cpu": {}}}
    problems, asked = ["broken"], []

    def catalogue(globs):
        asked.append(globs)
        return Catalogue({}, {"sgd": {"name": "sgd", **facts}}, {}, (), {}, 1, problems=tuple(problems))

    monkeypatch.setattr(command, "_catalogue", catalogue)
    first = command._registered("optimizers", ())
    assert first == [{"name": "sgd", "learning_rate": 0.1, "implementations": ["default"], "description": "steps"}]
    problems.clear()
    assert [command._registered("optimizers", ()) for _ in range(3)] == [first] * 3
    assert len(asked) == 2
    assert capsys.readouterr().err == "bench: plug-in left out: broken\n"
