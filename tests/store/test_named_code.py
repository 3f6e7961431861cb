"""Named code: what was named in a folder may run again from there, unless it is another now; all else is asked for."""

from hashlib import sha256
from importlib.metadata import version

import pytest

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.origin import BASE
from bench.store.named_code import check_code, code_among, code_in, code_of, remember
from bench.store.run import create, load

TEXT = "nets.py:Net"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a file of code, in which one stands; nothing was ever named."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(BASE, raising=False)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "nets.py").write_text("Net = None\n")
    monkeypatch.chdir(tmp_path / "mine")
    return tmp_path / "mine"


@pytest.fixture
def used(folder, tmp_path):
    """A run that used what a text names, with these facts of it; of the file it is the digest."""

    def write(text=TEXT, **facts):
        facts = facts or {"file": str(folder / "nets.py"), "sha256": sha256(b"Net = None\n").hexdigest()}
        return create("mine", {"origins": {f"architecture={text}": {"text": text, **facts}}}, tmp_path / "results")

    return write


def test_what_names_code_is_told_from_names_shapes_and_files_of_data():
    texts = ("mlp", "npz:a.npz", "folder:images", "synthetic:3x8x8:5", TEXT, "timm:resnet18", TEXT, None, 3)
    assert code_among(texts) == [TEXT, "timm:resnet18"]
    plan = {"architectures": ["mlp", TEXT], "optimizers": ("torch.optim:Adam",), "losses": "a:b", "suite": "c:d"}
    assert code_in(plan) == [TEXT, "torch.optim:Adam"]
    named = (f"architecture={TEXT}", "loss=a:crossentropy")
    cells = [Cell("mlp"), Cell("Net", loss="crossentropy(x=1)", origins=named)]
    assert code_of(cells) == [TEXT, "a:crossentropy"]


def test_code_runs_again_where_it_was_named_or_is_allowed(used, folder, monkeypatch):
    run = used()
    refusal = r"^run 'mine' would run 'nets.py:Net' \(.*mine/nets\.py\), which you have not named .* add --allow-code$"
    with pytest.raises(BenchError, match=refusal):
        check_code(run, [TEXT])
    check_code(run, [TEXT], allowed=True)
    remember(["other.py:Net", TEXT])
    check_code(run, [TEXT])
    check_code(run, ())
    monkeypatch.chdir(folder.parent)
    (folder.parent / "nets.py").write_text("Net = None\n")
    with pytest.raises(BenchError, match=refusal):  # the same text means another file here
        check_code(run, [TEXT])


def test_what_is_named_twice_is_noted_once_and_a_damaged_note_hides_no_other(used, folder):
    remember([TEXT, TEXT])
    remember([TEXT])
    path = folder.parent / "cache" / "torch-architecture-bench" / "named.jsonl"
    assert len(path.read_text().splitlines()) == 1
    path.write_text('{\n3\n{"text": "x"}\n[]\n' + "[" * 100_000 + "\n" + path.read_text())
    check_code(used(), [TEXT])


def test_a_command_that_is_told_where_files_start_from_names_nothing_for_its_user(used, folder, monkeypatch):
    monkeypatch.setenv(BASE, str(folder))
    remember([TEXT])
    with pytest.raises(BenchError, match="which you have not named in this folder"):
        check_code(used(), [TEXT])


def test_a_file_that_is_another_now_does_not_run_even_where_it_is_allowed(used, folder):
    run = used()
    remember([TEXT])
    (folder / "nets.py").write_text("Net = 1\n")
    with pytest.raises(BenchError, match=r"^.*nets\.py has changed since run 'mine' used it: start a new run, or put"):
        check_code(run, [TEXT], allowed=True)
    (folder / "nets.py").unlink()
    with pytest.raises(BenchError, match=r"^cannot read .*nets\.py, which run 'mine' used: No such file or directory"):
        check_code(run, [TEXT], allowed=True)


def test_a_package_runs_again_in_the_version_it_had(used, tmp_path):
    text = "numpy:array"
    remember([text])
    check_code(used(text, package="numpy", version=version("numpy")), [text])
    (tmp_path / "results" / "mine").rename(tmp_path / "results" / "first")
    other = used(text, package="numpy", version="0.1")
    with pytest.raises(BenchError, match=rf"has version {version('numpy')} here and 0\.1 in run 'mine': install that"):
        check_code(other, [text])
    with pytest.raises(BenchError, match=r"^'json:loads' has version None here and None in run 'mine'"):
        check_code(other, ["json:loads"])  # nothing was recorded of it


def test_a_module_of_a_file_is_known_by_the_file_that_was_recorded(used, folder):
    text = "nets:Net"
    remember([text])
    run = used(text, file=str(folder / "nets.py"), sha256=sha256(b"Net = None\n").hexdigest())
    check_code(run, [text])
    (folder / "nets.py").write_text("Net = 1\n")
    with pytest.raises(BenchError, match=r"nets\.py has changed"):
        check_code(run, [text])


def test_an_object_of_a_program_cannot_run_again(used):
    with pytest.raises(BenchError, match=r"^'python:Net#12345678' was an object of the Python program that made run"):
        check_code(used("python:Net#12345678", pickle="0" * 64), ["python:Net#12345678"], allowed=True)


def test_a_package_that_is_gone_has_no_version(used):
    remember(["gone_since:array"])
    other = used("gone_since:array", package="gone-since", version="1.0")
    with pytest.raises(BenchError, match=r"^'gone_since:array' has version None here and 1\.0 in run 'mine'"):
        check_code(other, ["gone_since:array"])


def test_what_cannot_be_noted_has_to_be_allowed(used, folder):
    (folder.parent / "cache" / "torch-architecture-bench" / "named.jsonl").mkdir(parents=True)
    remember([TEXT])
    with pytest.raises(BenchError, match="which you have not named in this folder"):
        check_code(used(), [TEXT])
    check_code(load("mine", folder.parent / "results"), [TEXT], allowed=True)
