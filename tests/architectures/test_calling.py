"""Calling: a class or function is given as much of what is offered as it takes, and never what it does not mean."""

import pytest

from architectures.calling import MissingArguments, Offer, arguments_of

OFFERS = (
    Offer((1, 28, 28), ("input_shape", "shape")),
    Offer(10, ("num_classes", "classes"), loose=True),
    Offer(1, ("in_channels",), by_place=False),
)


def called(target, placed=(), **named):
    return arguments_of(target, OFFERS, placed, named).call(target)


class Nothing:
    pass


class Named:
    def __init__(self, classes, width=5, in_channels=3):
        self.got = (classes, width, in_channels)


class Width:
    def __init__(self, width):
        self.got = width


class Keywords:
    def __init__(self, **settings):
        self.got = settings


class NoKeywords:
    def __init__(self, **settings):
        if settings:
            raise TypeError
        self.got = settings


def test_a_class_gets_what_its_parameters_name():
    assert called(Named).got == (10, 5, 1)
    assert called(Named, width=7).got == (10, 7, 1)
    assert called(Named, (2, 8), in_channels=4).got == (2, 8, 4)
    assert isinstance(called(Nothing), Nothing)


def test_a_class_is_given_no_shape_for_a_width():
    with pytest.raises(MissingArguments, match="width") as caught:
        called(Width)
    assert caught.value.names == ("width",)
    assert called(Width, (3,)).got == 3


def test_keywords_get_the_classes_where_they_are_taken():
    assert called(Keywords).got == {"num_classes": 10}
    assert called(Keywords, classes=3).got == {"classes": 3}
    assert called(NoKeywords).got == {}


def test_a_function_gets_the_rest_by_place():
    assert called(lambda a, b: (a, b)) == ((1, 28, 28), 10)
    assert called(lambda a, b=4: (a, b)) == ((1, 28, 28), 4)
    assert called(lambda a, classes: (a, classes)) == ((1, 28, 28), 10)
    assert called(lambda *, shape, classes: (shape, classes)) == ((1, 28, 28), 10)
    assert called(lambda: "none") == "none"
    assert called(lambda *all_of_them: all_of_them) == ()
    with pytest.raises(MissingArguments, match="c"):
        called(lambda a, b, c: None)


def test_parameters_without_names_are_filled_in_order():
    def placed(shape, count, /, width=4):
        return shape, count, width

    def optional(width=4, num_classes=3, /):
        return width, num_classes

    assert called(placed) == ((1, 28, 28), 10, 4)
    assert called(placed, ((3, 8, 8),), width=5) == ((3, 8, 8), 10, 5)
    assert called(optional) == (4, 3)  # the first is not known, and so the second cannot be given


def test_an_error_of_its_own_is_not_taken_for_one_of_calling():
    def fails(num_classes):
        raise TypeError("its own")

    with pytest.raises(TypeError, match="its own"):
        called(fails)


def test_what_cannot_be_looked_into_is_called_as_it_is():
    assert called(dict) == {}
