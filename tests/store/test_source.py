"""The digest of the suite's own sources."""

from pathlib import Path

from bench.store.source import PACKAGES, digest_of, source_digest

ROOT = Path(__file__).parent.parent.parent


def test_it_changes_with_each_source_and_with_nothing_else(tmp_path):
    folders = {package: tmp_path / package for package in PACKAGES}
    for folder in folders.values():
        folder.mkdir()
        (folder / "a.py").write_text("x = 1\n")
    before = digest_of(folders)
    assert len(before) == 12
    (folders["bench"] / "a.pyc").write_bytes(b"compiled")
    assert digest_of(folders) == before
    seen = {before}
    for folder, name in ((folders["bench"], "a.py"), (folders["architectures"], "a.py"), (folders["bench"], "b.toml")):
        (folder / name).write_text("x = 2\n")
        seen.add(digest_of(folders))
    assert len(seen) == 4


def test_that_of_the_suite_is_one():
    assert source_digest() == digest_of({package: ROOT / package for package in PACKAGES})
    assert len(source_digest()) == 12
