"""The module path while a user's code runs: the order of folders on it, and what is left of it afterwards."""

import sys

from bench.origins.module_path import modules_from, on_path


def test_folders_of_a_user_come_after_python_s_own_and_before_what_is_installed(tmp_path, monkeypatch):
    """Also where the suite's own folder, which is first in a tree server, is that of installed packages."""
    import json

    library = json.__file__.rpartition("/json/")[0]
    site = "/somewhere/site-packages"
    monkeypatch.setattr(sys, "path", [site, library, f"{library}/lib-dynload", site])
    with modules_from([str(tmp_path), library]):
        assert sys.path == [library, f"{library}/lib-dynload", str(tmp_path), site, site]
    assert sys.path == [site, library, f"{library}/lib-dynload", site]


def test_what_an_import_adds_to_the_module_path_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", ["/mine", "/somewhere/site-packages"])
    with on_path(tmp_path):
        assert sys.path == [str(tmp_path), "/mine", "/somewhere/site-packages"]
        sys.path.append("/theirs")
    assert sys.path == ["/mine", "/somewhere/site-packages", "/theirs"]
    with on_path(tmp_path):
        sys.path.remove(str(tmp_path))
    assert sys.path == ["/mine", "/somewhere/site-packages", "/theirs"]
