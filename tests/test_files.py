"""Files: no reader sees half of one, a cut last line is passed over, and each fault is told in one line."""

import json
import os
import resource
import signal
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench import files
from bench.errors import BenchError


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("content", ["é\n", "é\n".encode(), lambda file: file.write("é\n".encode())])
def test_a_file_is_replaced_whole(tmp_path, content):
    path = tmp_path / "run.json"
    path.write_text("old")
    files.replace(path, content)
    assert path.read_bytes() == "é\n".encode()
    assert names(tmp_path) == ["run.json"]


def test_the_new_content_is_on_the_disk_before_it_takes_the_place(tmp_path, monkeypatch):
    path, seen = tmp_path / "run.json", []
    path.write_text("old")

    def note(descriptor):
        opened = Path(f"/proc/self/fd/{descriptor}").readlink()
        seen.append((opened.name, path.read_text(), names(tmp_path)))

    monkeypatch.setattr(os, "fsync", note)
    files.replace(path, "new")
    both = ["run.json", "run.json.new"]
    assert seen == [("run.json.new", "old", both), (tmp_path.name, "new", ["run.json"])]  # and then its name is


def test_several_files_are_replaced_once_all_can_be(tmp_path):
    (tmp_path / "a").write_text("old")
    (tmp_path / "b").write_text("old")
    (tmp_path / "b.new").mkdir()
    with pytest.raises(BenchError, match=r"^cannot write .*/b: Is a directory; make room$"):
        files.replace_together({tmp_path / "a": "new", tmp_path / "b": "new"}, "make room")
    assert [(tmp_path / name).read_text() for name in "ab"] == ["old", "old"]
    assert names(tmp_path) == ["a", "b", "b.new"]
    (tmp_path / "b.new").rmdir()
    files.replace_together({tmp_path / "a": "new", tmp_path / "b": "new"})
    assert [(tmp_path / name).read_text() for name in "ab"] == ["new", "new"]
    assert names(tmp_path) == ["a", "b"]


@pytest.mark.parametrize("name", ["run.json", "results.jsonl", "page.html", "weights.best.pt", "none"])
def test_what_is_being_written_stands_beside_under_one_suffix(tmp_path, name):
    seen = []
    files.replace(tmp_path / name, lambda _: seen.extend(names(tmp_path)))
    assert seen == [f"{name}.new"]


def test_a_writer_that_fails_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "weights.pt"
    path.write_text("old")

    def writer(file):
        file.write(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.replace(path, writer)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["weights.pt"]


def test_a_lone_surrogate_never_costs_the_page(tmp_path):
    files.replace(tmp_path / "page.html", "a\udcffb")
    assert (tmp_path / "page.html").read_text() == "a?b"


def test_a_folder_in_the_way_is_told_with_cause_place_and_remedy(tmp_path):
    (tmp_path / "run.json").mkdir()
    with pytest.raises(BenchError, match=rf"^cannot write {tmp_path}/run\.json: Is a directory; make room$"):
        files.replace(tmp_path / "run.json", "new", "make room")
    assert names(tmp_path) == ["run.json"]


def test_a_file_is_removed_if_it_is_there(tmp_path):
    (tmp_path / "file").touch()
    files.remove(tmp_path / "file")
    files.remove(tmp_path / "file")
    assert names(tmp_path) == []
    (tmp_path / "sub").mkdir()
    with pytest.raises(BenchError, match=r"^cannot remove .*/sub: .*; make room$"):
        files.remove(tmp_path / "sub", "make room")


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BenchError, match=r"cannot write .*/file/sub: Not a directory; run from a folder you may"):
        files.make_folder(tmp_path / "file" / "sub")
    files.make_folder(tmp_path / "a" / "b")
    files.make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_lines_are_appended_and_seen_on_the_disk(tmp_path, monkeypatch):
    path, seen = tmp_path / "log.jsonl", []
    monkeypatch.setattr(os, "fsync", lambda _: seen.append(path.read_text()))
    files.append_line(path, "1")
    files.append_line(path, "é")
    assert seen == ["1\n", "1\n", "1\né\n"]  # the name of a new file too


@contextmanager
def largest_file(size):
    """Lets files of this process grow to so many bytes, as on a full disk: what fits is written, and no more."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_half_a_line_is_never_left(tmp_path):
    """The next line would be joined to it, and a damaged line in the middle costs the whole file."""
    path = tmp_path / "log.jsonl"
    files.append_line(path, "1" * 100)
    with largest_file(150), pytest.raises(BenchError, match=r"^cannot write .*: File too large; the lines before are"):
        files.append_line(path, "2" * 100)
    files.append_line(path, "3")
    assert path.read_text() == "1" * 100 + "\n3\n"


def test_an_interrupt_leaves_a_whole_line(tmp_path, monkeypatch):
    path = tmp_path / "log.jsonl"
    monkeypatch.setattr(os, "fsync", lambda _: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        files.append_line(path, "1")
    assert path.read_text() == "1\n"


def test_a_file_that_was_removed_is_not_begun_anew(tmp_path):
    with pytest.raises(BenchError, match=r"^cannot write .*log\.jsonl: No such file or directory; "):
        files.append_line(tmp_path / "log.jsonl", "1", new=False)
    assert names(tmp_path) == []


def test_what_is_moved_is_told_where_it_cannot_be(tmp_path):
    (tmp_path / "a").write_text("1")
    files.move(tmp_path / "a", tmp_path / "b")
    assert names(tmp_path) == ["b"]
    with pytest.raises(BenchError, match=r"^cannot write .*/none/b: .*; make room$"):
        files.move(tmp_path / "b", tmp_path / "none" / "b", "make room")


def test_json_never_holds_what_json_has_not():
    odd = {"nan": float("nan"), "inf": [float("-inf"), 1.5, 10**400], "half": "a\udcffb", 3: (True, None)}
    plain = {"nan": None, "inf": [None, 1.5, 10**400], "half": "a?b", "3": [True, None]}
    assert json.loads(files.json_line(odd)) == json.loads(files.document(odd)) == plain


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk(tmp_path):
    (tmp_path / "log.jsonl").symlink_to("/dev/full")
    with pytest.raises(BenchError, match=r"^cannot write .*log\.jsonl: No space left on device; the lines before are"):
        files.append_line(tmp_path / "log.jsonl", "1")


@pytest.mark.parametrize("cut", ["", "{", '{"a": 1}'])
def test_a_line_without_its_end_is_no_line(tmp_path, cut):
    path = tmp_path / "log.jsonl"
    path.write_text(f'{{"a": 0}}\n\n{cut}')
    lines = list(files.read_lines(path, "look elsewhere"))
    assert [(line.text, line.place) for line in lines] == [
        (b'{"a": 0}\n', f"{path} line 1"),
        (b"\n", f"{path} line 2"),
    ]
    assert files.cut_off(path).endswith("passed over" if cut else "")
    assert bool(files.cut_off(path)) == bool(cut)


def test_an_empty_file_has_no_lines_and_no_cut_one(tmp_path):
    (tmp_path / "log.jsonl").touch()
    assert list(files.read_lines(tmp_path / "log.jsonl", "")) == []
    assert files.cut_off(tmp_path / "log.jsonl") == ""


def test_a_file_of_lines_that_is_not_there(tmp_path):
    with pytest.raises(BenchError, match=r"^cannot read .*log\.jsonl: No such file or directory; look elsewhere$"):
        list(files.read_lines(tmp_path / "log.jsonl", "look elsewhere"))


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"3", b"\xff"])
def test_what_is_no_object_is_damaged(tmp_path, text):
    (tmp_path / "a.json").write_bytes(text)
    with pytest.raises(BenchError, match=r"^.*a\.json is damaged \(.+\): restore it$"):
        files.read_object(tmp_path / "a.json", "restore it")
    with pytest.raises(BenchError, match=r"^log line 3 is damaged \(.+\): remove that line to read the rest$"):
        files.parsed(files.Line(text, "log line 3"), files.REMOVE_LINE)


def test_a_document_that_is_not_there_is_the_caller_s_to_explain(tmp_path):
    with pytest.raises(FileNotFoundError):
        files.read_object(tmp_path / "a.json", "restore it")
    with pytest.raises(BenchError, match=r"cannot read .*: Is a directory; restore it"):
        files.read_object(tmp_path, "restore it")


def test_a_document_is_read_back_the_same(tmp_path):
    value = {"b": [1, 2.5], "a": None}
    files.replace(tmp_path / "a.json", files.document(value))
    assert files.read_object(tmp_path / "a.json", "") == value


def test_equal_data_has_one_digest():
    assert files.digest({"a": 1, "b": [2]}) == files.digest({"b": [2], "a": 1})
    assert files.digest({"a": 1}) != files.digest({"a": 2})
    assert len(files.digest({})) == 12


def test_nothing_else_replaces_files_or_waits_for_the_disk():
    own = Path(files.__file__)
    others = {path: path.read_text("utf-8") for path in own.parent.rglob("*.py") if path != own}
    assert [path.name for path, text in others.items() if "fsync(" in text or '.new"' in text] == []
