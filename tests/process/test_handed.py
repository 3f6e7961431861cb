"""Objects of a caller's program: the texts that stand for them in a plan, and the way to a worker."""

import functools
import subprocess
import sys
import threading
from collections import OrderedDict
from pathlib import Path
from textwrap import dedent

import pytest

from bench.errors import BenchError
from bench.origins import handed as taken
from bench.origins import resolve
from bench.plan.origin import labels_of, parse
from bench.plan.task import HandedTask
from bench.process import entries
from bench.process.handed import Handing, spelled, texts_for
from bench.worker.handed import go_on
from tests.conftest import HANG

ROOT = Path(__file__).parents[2]
THREE = (lambda: 1, lambda: 2, functools.partial(max, 3, 1))


@pytest.fixture(autouse=True)
def nothing_taken(monkeypatch):
    monkeypatch.setattr(taken, "_objects", {})
    resolve.cache_clear()


def in_fresh_python(source, folder, *arguments):
    """What a program prints that runs as a script in the folder."""
    (folder / "script.py").write_text(dedent(source))
    command = [sys.executable, "script.py", *arguments]
    environment = {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "random"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=HANG, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_names_stay_and_what_is_installed_goes_by_its_name():
    fields = {"architectures": ["lenet5", OrderedDict], "optimizers": "sgd", "losses": (OrderedDict,), "epochs": 0}
    plain, objects = texts_for(fields)
    assert plain == {
        "architectures": ["lenet5", "collections:OrderedDict"],
        "optimizers": ["sgd"],
        "losses": ["collections:OrderedDict"],
        "epochs": 0,
    }
    assert objects == {}


def test_what_has_no_name_goes_by_value_and_comes_out_as_it_was():
    plain, objects = texts_for({"losses": [*THREE, THREE[0]]})
    texts = plain["losses"]
    assert [parse(text).name for text in texts] == ["lambda", "lambda", "max", "lambda"]
    assert (texts[0], len(objects)) == (texts[3], 3)
    assert set(labels_of(texts).values()) == {"max", *(f"{parse(text).digest}.lambda" for text in texts[:2])}
    taken.take(objects)
    assert [resolve(text).target() for text in texts] == [1, 2, 3, 1]
    facts = resolve(texts[0]).facts
    assert (facts["text"], Path(facts["file"]).name) == (texts[0], "test_handed.py")
    assert facts["pickle"].startswith(parse(texts[0]).digest)
    assert "value" not in facts


def test_the_text_alone_leads_to_nothing():
    with pytest.raises(BenchError, match="was an object of a Python program: run that program again"):
        resolve("python:MyNet#12345678")


def test_what_cannot_be_sent_is_one_line():
    lock = threading.Lock()
    with pytest.raises(
        BenchError, match=r"bench\.run: .*<lambda> of 'losses' cannot be sent .*: give a class"
    ) as error:
        texts_for({"losses": [lambda: lock]})
    assert "\n" not in str(error.value)


def test_an_object_that_cannot_be_made_again_is_one_line():
    class Strange:
        def __call__(self):
            pass

        def __reduce__(self):
            return (int, ("no number",))

    plain, objects = texts_for({"losses": [Strange()]})
    taken.take(objects)
    with pytest.raises(BenchError, match=r"cannot be made again here: ValueError: invalid literal"):
        resolve(plain["losses"][0])


def test_a_script_hands_its_own_over_by_value_and_its_neighbours_by_file(tmp_path):
    (tmp_path / "beside.py").write_text("class Net:\n    pass\n")
    (tmp_path / "package").mkdir()
    (tmp_path / "package/__init__.py").write_text("def build():\n    pass\n")
    source = """
        import beside, package
        from bench.process.handed import texts_for
        class Own:
            def __init__(self, width=8):
                self.width = width
        plain, objects = texts_for({"architectures": [beside.Net, package.build, Own]})
        print(*plain["architectures"], len(objects))
        """
    (first,) = in_fresh_python(source, tmp_path)
    assert first.split()[:2] == ["beside.py:Net", "package:build"]
    assert first.split()[2].startswith("python:Own#")
    assert in_fresh_python(source, tmp_path) == [first]  # the same text when the program runs again


def test_the_executor_gives_the_objects_before_the_task():
    started, sent = [], []

    class Local:
        slots, nodes, problems = 3, ("here",), ("slow",)

        def start(self, entry, task):
            started.append((entry, task))

    objects = texts_for({"losses": [THREE[1]]})[1]
    handing = Handing(Local(), objects)
    handing.start(entries.MACHINE_FACTS, 5)
    (entry, task), *_ = started
    assert (entry, handing.slots, handing.nodes, handing.problems) == (entries.HANDED, 3, ("here",), ("slow",))
    assert (task.objects, task.entry, task.task) == (objects, entries.MACHINE_FACTS, 5)
    assert task.path == tuple(str(Path(folder).resolve()) for folder in sys.path)
    before = list(sys.path)
    go_on(HandedTask(objects, f"{__name__}:answer", sent, ("/nowhere",)), None)
    assert sent[0] == 2
    assert "/nowhere" in sent[1]
    assert sys.path == before


def answer(sent, _):
    """As an entry: what the object gives that was handed over."""
    (text,) = taken._objects
    sent += [resolve(text).target(), list(sys.path)]


def test_the_command_tells_objects_by_their_names():
    assert spelled(["lenet5", OrderedDict, 3]) == "['lenet5', OrderedDict, 3]"
