"""Provenance: what is installed, read as an interpreter finds it."""

import platform

from bench.store.provenance import installed


def test_of_two_of_one_name_the_first_on_the_path_counts_and_a_nameless_one_is_passed_over(tmp_path, monkeypatch):
    for folder, name, version in (("a", "My_Tools", "1.0"), ("b", "my-tools", "2.0"), ("b", "other.tool", "0.1")):
        about = tmp_path / folder / f"{name}-{version}.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (tmp_path / "b" / "half_removed-1.0.dist-info").mkdir()
    for folder in ("b", "a"):
        monkeypatch.syspath_prepend(tmp_path / folder)
    versions = installed()
    assert (versions["my-tools"], versions["other-tool"]) == ("1.0", "0.1")
    assert versions["Python"].startswith(platform.python_version())
    assert "torch" in versions
    assert all(versions.values())
