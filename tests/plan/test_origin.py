"""Origins: the texts that name a file or module, their labels, and what is refused."""

import pytest

from bench.errors import BenchError
from bench.plan.origin import (
    Origin,
    code_in_words,
    handed_name,
    labels_of,
    parse,
    split_outside_brackets,
    with_names_alone,
)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("my_nets.py:MyNet", Origin("my_nets.py", "MyNet")),
        ("nets/my nets.py:MyNet(width=128)", Origin("nets/my nets.py", "MyNet", "width=128")),
        ("package.nets:build", Origin("package.nets", "build")),
        ("timm:vit_base_patch16_224.augreg_in21k", Origin("timm", "vit_base_patch16_224.augreg_in21k")),
        ("torch.optim:Adam(betas=(0.9, 0.95))", Origin("torch.optim", "Adam", "betas=(0.9, 0.95)")),
        ("a.py:Net(cfg={'k': 1}, act='(')", Origin("a.py", "Net", "cfg={'k': 1}, act='('")),
        ("folder:photos/birds", Origin("folder", "photos/birds")),
        ("npz:data/digits.npz", Origin("npz", "data/digits.npz")),
    ],
)
def test_a_text_that_names_an_origin(text, origin):
    assert parse(text) == origin


@pytest.mark.parametrize("text", ["lenet5", "resnet*", "synthetic", "synthetic:3x32x32:10", "mlp_[ab]"])
def test_a_name_or_glob_or_shape_names_none(text):
    assert parse(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "my_nets.py",
        "my_nets.py:",
        ":Net",
        "a.py:1net",
        "a.py:Net(x)",
        "a.py:Net(**x)",
        "a.py:Net(a=1, a=2)",
        "a.py:Net(",
        "npz:",
    ],
)
def test_what_looks_like_an_origin_and_is_none_is_refused(text):
    with pytest.raises(BenchError, match=r"write|Python literals"):
        parse(text)


def test_labels_are_short_and_unlike():
    texts = ["a.py:Net", "b.py:Net", "a.py:Net(width=2)", "x/a.py:Net", "lib.c:lenet5", "plain"]
    assert labels_of(texts, taken=["lenet5"]) == {
        "a.py:Net": "a.Net",
        "b.py:Net": "b.Net",
        "a.py:Net(width=2)": "Net(width=2)",
        "x/a.py:Net": "x/a.py:Net",
        "lib.c:lenet5": "c.lenet5",
    }


def test_a_long_label_is_cut_and_told_apart():
    first, second = (f"a.py:Net(text='{'x' * 300}{end}')" for end in "ab")
    labels = labels_of([first, second, "a.py:Net"])
    assert len(set(labels.values())) == 3
    assert max(map(len, labels.values())) < 80
    assert parse(first).call_arguments()[1] == {"text": "x" * 300 + "a"}


def test_arguments_are_kept_to_the_letter_and_shown_in_one_form():
    assert parse("a.py:Net( width = 1,name='a  b',)").label == "Net(width=1, name='a  b')"
    assert parse("a.py:Net('ü, \\n')").call_arguments() == (["ü, \n"], {})
    assert parse("a (old).py:Net").source == "a (old).py"
    assert parse("C:\\nets\\a.py:Net").source == "C:\\nets\\a.py"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"file": "/a/b.py", "sha256": "0" * 64}, "b.py, SHA-256 000000000000"),
        ({"package": "timm", "version": "1.0"}, "timm 1.0"),
        ({"pickle": "1" * 64}, "an object of a Python program, SHA-256 111111111111"),
        ({"pickle": "1" * 64, "file": "/a/b.py", "sha256": "0" * 64}, "b.py, SHA-256 000000000000"),
    ],
)
def test_code_is_a_file_a_package_or_an_object(facts, words):
    assert code_in_words(facts) == words


def test_commas_in_brackets_part_nothing():
    assert split_outside_brackets("a.py:Net(act='(,'),seed=1") == ["a.py:Net(act='(,')", "seed=1"]
    assert split_outside_brackets(r"a.py:Net(t='it\'s, \\'),seed=1") == [r"a.py:Net(t='it\'s, \\')", "seed=1"]
    assert split_outside_brackets("a.py:Net(w=1,d=(2,3)),optimizer=adam") == ["a.py:Net(w=1,d=(2,3))", "optimizer=adam"]


def test_what_a_program_handed_over_is_told_by_its_name():
    text = "python:Größe#1a2b3c4d"
    assert (parse(text).name, parse(text).digest, handed_name(text)) == ("Größe", "1a2b3c4d", "Größe")
    assert with_names_alone(f"'{text}' gives nothing, as a.py:Net") == "'Größe' gives nothing, as a.py:Net"
    assert parse(text).written_with("width=3") == "functools.partial(Größe, width=3)"
    assert parse("a.py:Net(depth=2)").written_with("width=3") == "a.py:Net(width=3)"
