"""What a comparison notes of code and data that a user named: whether it is the same on both sides."""

from bench.compare.capabilities import Capabilities
from bench.compare.own_code import code_notes
from bench.plan.catalogue import Catalogue
from bench.plan.cell import Cell

FILE = {"text": "nets.py:Net", "file": "/a/nets.py", "sha256": "a" * 64}
PACKAGE = {"text": "lib:Sgd", "package": "lib", "version": "1.0"}
CELLS = [Cell("Net", optimizer="Sgd"), Cell("lenet5")]


def side(file=FILE, package=PACKAGE):
    nets = {"Net": {"name": "Net", "origin": file} if file else {"name": "Net"}, "lenet5": {"name": "lenet5"}}
    return Capabilities(Catalogue(nets, {"Sgd": {"origin": package}}, {}, (), {}, 2), (), {})


def test_the_same_code_is_told_as_such_wherever_it_lies():
    notes = code_notes([side(), side({**FILE, "file": "/b/nets.py"})], CELLS)
    assert notes == (
        f"nets.py:Net is the same on both sides (nets.py, SHA-256 {'a' * 12}); what it imports may differ",
        "lib:Sgd is the same on both sides (lib 1.0); what it imports may differ",
    )


def test_another_file_and_another_version_are_told():
    other = side({**FILE, "sha256": "b" * 64}, {**PACKAGE, "version": "1.1"})
    assert code_notes([side(), other], CELLS) == (
        f"nets.py:Net is nets.py, SHA-256 {'a' * 12} before, and nets.py, SHA-256 {'b' * 12} after",
        "lib:Sgd is lib 1.0 before, and lib 1.1 after",
    )


def test_what_only_the_second_side_names_is_told():
    assert code_notes([side(None), side()], CELLS)[0] == f"nets.py:Net is nets.py, SHA-256 {'a' * 12}, after alone"


def test_a_side_that_is_compared_with_itself_says_what_it_is():
    assert code_notes([side()], CELLS) == (f"nets.py:Net is nets.py, SHA-256 {'a' * 12}", "lib:Sgd is lib 1.0")


def test_a_net_of_several_outputs_is_told_as_the_second_side_has_it():
    def giving(outputs):
        nets = {"Net": {"name": "Net", "outputs": {"mnist": outputs}}}
        return Capabilities(Catalogue(nets, {"sgd": {}}, {}, (), {}, 2), (), {})

    first, *others = code_notes([giving("a, b"), giving("a, b, c")], [Cell("Net"), Cell("Net", dataset="synthetic")])
    assert first == "Net gives several outputs (a, b, c): its loss is that of the first"
    assert others == []
