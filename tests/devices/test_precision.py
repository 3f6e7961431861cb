"""Precision of float32 products: flags by kind of operator, put back for references, and what a device really does."""

import pytest
import torch

from bench.devices import CpuDevice, precision
from bench.devices.precision import compute_in, flags_of, is_narrow, torchs_own
from bench.vocabulary import FP32_PRECISIONS


class Flag:
    """torch's flag of one kind of operator, of a backend that knows ieee and tf32."""

    def __init__(self, value="none"):
        self.__dict__["value"] = value

    fp32_precision = property(lambda self: self.value, lambda self, value: self.put(value))

    def put(self, value):
        if value not in ("none", "ieee", "tf32"):
            raise RuntimeError(f"backend does not support precision '{value}'")
        self.__dict__["value"] = value


class Device(CpuDevice):
    """A device with flags of its own."""

    def __init__(self):
        self.fp32_flags = {"matmul": Flag(), "conv": Flag("tf32"), "rnn": Flag("tf32")}


@pytest.fixture
def device(monkeypatch):
    monkeypatch.setattr(precision, "_own", {})
    return Device()


@pytest.mark.parametrize(
    ("wanted", "flags"),
    [
        ("default", ("none", "tf32", "tf32")),
        ("ieee", ("ieee", "ieee", "ieee")),
        ("tf32", ("tf32", "tf32", "tf32")),
        ("matmul_tf32", ("tf32", "ieee", "ieee")),
        ("conv_tf32", ("ieee", "tf32", "ieee")),
        ("rnn_tf32", ("ieee", "ieee", "tf32")),
    ],
)
def test_a_word_sets_all_kinds_of_operators_or_one_and_leaves_ieee_to_the_others(device, wanted, flags):
    compute_in(device, wanted)
    assert tuple(flags_of(device).values()) == flags
    with torchs_own(device):
        assert tuple(flags_of(device).values()) == ("none", "tf32", "tf32")
    assert tuple(flags_of(device).values()) == flags


def test_every_word_names_an_operator_and_an_arithmetic(device):
    for word in FP32_PRECISIONS[1:]:
        operator, _, arithmetic = word.rpartition("_")
        assert operator in ("", *device.fp32_flags)
        assert arithmetic in ("ieee", "tf32", "bf16")


def test_what_a_device_computes_in_is_seen_by_its_products_not_by_its_word(device, monkeypatch):
    assert not is_narrow(device, "ieee")
    assert not is_narrow(device, "tf32")  # its flag says so, and its products are as exact as before
    assert not is_narrow(device, "bf16")  # it does not know the word
    monkeypatch.setattr(Flag, "put", lambda self, value: self.__dict__.update(value=value))
    product = torch.Tensor.__matmul__

    def narrow(left, right):
        if device.fp32_flags["matmul"].value == "bf16" and left.dtype == torch.float32:
            left, right = (each.bfloat16().float() for each in (left, right))
        return product(left, right)

    monkeypatch.setattr(torch.Tensor, "__matmul__", narrow)
    assert is_narrow(device, "bf16")
    assert not is_narrow(device, "ieee")
    assert flags_of(device)["matmul"] == "none"  # put back


def test_a_processor_says_why_it_has_none_of_it():
    unsupported = CpuDevice.available()["cpu"].unsupported
    for word in ("tf32", "bf16"):
        assert is_narrow(CpuDevice(), word) != (word in unsupported)
    assert "ieee" not in unsupported
