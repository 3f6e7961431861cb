"""What a comparison notes where a text names other code on either side."""

from dataclasses import replace

from bench.compare.capabilities import Capabilities, other_code
from bench.plan.catalogue import Catalogue

FILE = {"text": "nets.py:Net", "file": "/a/nets.py", "sha256": "a" * 64}
PACKAGE = {"text": "lib:Sgd", "package": "lib", "version": "1.0"}


def side(file=FILE, package=PACKAGE):
    nets = {"Net": {"name": "Net", "origin": file}, "lenet5": {"name": "lenet5"}}
    catalogue = Catalogue(nets, {"Sgd": {"origin": package}}, {}, (), {}, 2)
    return Capabilities(catalogue, (), {})


def test_the_same_code_is_no_note_wherever_it_lies():
    assert other_code([side(), side({**FILE, "file": "/b/nets.py"})]) == ()


def test_another_file_and_another_version_are_told():
    other = side({**FILE, "sha256": "b" * 64}, {**PACKAGE, "version": "1.1"})
    assert other_code([side(), other]) == (
        f"'nets.py:Net' is other code on either side: a file of SHA-256 {'a' * 12} and a file of SHA-256 {'b' * 12}",
        "'lib:Sgd' is other code on either side: lib 1.0 and lib 1.1",
    )


def test_what_only_one_side_has_is_no_note():
    alone = side()
    without = replace(alone, catalogue=replace(alone.catalogue, architectures={}))
    assert other_code([alone, without]) == ()
