"""FLOPs: operators against arithmetic by hand, and nets against what their layers say of themselves."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import architectures
from bench.measure.costs import measure_costs
from bench.measure.flops import flop_counter
from tests.measure.by_hand import Tally, by_hand, first_of

SLOW = ("googlenet", "resnet34", "resnet50", "resnet101", "resnet152", "vgg19")


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)  # so small that threads would only wait for each other


def counted(net, *inputs):
    """The FLOPs that are counted, forward and backward."""
    with flop_counter() as forward:
        outputs = first_of(net(*inputs))
    with flop_counter() as backward:
        outputs.float().sum().backward()
    return forward.get_total_flops(), backward.get_total_flops()


def forward_of(net, *inputs):
    with flop_counter() as forward:
        net(*inputs)
    return forward.get_total_flops()


LAYERS = [  # unpadded, so that each product is one of a weight and a number of the input
    (nn.Conv1d(4, 6, 3), (4, 9)),
    (nn.Conv1d(4, 8, 3, groups=4, stride=2, dilation=2), (4, 11)),
    (nn.Conv2d(3, 5, (3, 1)), (3, 6, 5)),
    (nn.Conv2d(8, 8, 3, groups=4), (8, 5, 6)),
    (nn.Conv2d(8, 8, 3, groups=8), (8, 6, 5)),
    (nn.Conv2d(4, 12, 2, groups=4, stride=3), (4, 8, 7)),
    (nn.Conv2d(4, 6, 3, dilation=(2, 1)), (4, 7, 5)),
    (nn.Conv3d(2, 4, 2, groups=2, stride=(1, 2, 1)), (2, 3, 5, 4)),
    (nn.ConvTranspose1d(6, 4, 3, groups=2), (6, 5)),
    (nn.ConvTranspose2d(4, 3, 3, stride=2), (4, 3, 4)),
    (nn.ConvTranspose2d(6, 6, (2, 3), groups=6, dilation=2), (6, 3, 4)),
    (nn.ConvTranspose3d(4, 2, 2, groups=2, stride=2), (4, 2, 3, 2)),
    (nn.Linear(7, 3), (7,)),
    (nn.Linear(7, 3), (4, 7)),
]


@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=[str(layer) for layer, _ in LAYERS])
def test_a_layer_costs_two_for_each_weight_that_meets_a_number(layer, shape):
    """Those meetings are the entries of its Jacobian that are not 0: no formula is needed to count them."""
    with torch.no_grad():
        layer.weight.fill_(1.0)
    image = torch.rand(1, *shape)
    meetings = torch.autograd.functional.jacobian(layer, image).count_nonzero().item()
    batch = image.expand(3, *shape)

    assert counted(layer, batch.clone().requires_grad_()) == (6 * meetings, 12 * meetings)
    assert counted(layer, batch) == (6 * meetings, 6 * meetings)  # a first layer has no gradient of its input
    layer.weight.requires_grad_(False)
    assert counted(layer, batch.clone().requires_grad_()) == (6 * meetings, 6 * meetings)
    layer.weight.requires_grad_(True)


@pytest.mark.parametrize(("groups", "was"), [(4, 5), (32, 33)])
def test_the_backward_pass_with_groups_costs_twice_the_forward(groups, was):
    from torch.utils.flop_counter import FlopCounterMode

    layer, images = nn.Conv2d(32, 32, 3, padding=1, groups=groups), torch.rand(2, 32, 8, 8, requires_grad=True)
    ahead, back = counted(layer, images)
    with FlopCounterMode(display=False) as torchs:
        layer(images).sum().backward()

    assert (ahead, back) == (2 * 2 * 32 * 64 * (32 // groups) * 9, 2 * ahead)
    assert torchs.get_total_flops() in (ahead * (1 + was), 3 * ahead)  # the second once torch has mended it


def test_counts_are_the_same_on_no_device_under_autocast_and_in_inference():
    def net():
        return nn.Sequential(nn.Conv2d(4, 8, 3, groups=2), nn.ConvTranspose2d(8, 4, 2), nn.Flatten(), nn.Linear(144, 5))

    plain = counted(net(), torch.rand(2, 4, 7, 7))
    with torch.device("meta"):
        assert counted(net(), torch.rand(2, 4, 7, 7)) == plain == by_hand(net(), torch.rand(2, 4, 7, 7))
    with torch.autocast("cpu", torch.bfloat16):
        assert counted(net(), torch.rand(2, 4, 7, 7)) == plain
    with torch.inference_mode():
        assert forward_of(net(), torch.rand(2, 4, 7, 7)) == plain[0]


A, B, V = torch.rand(2, 3, 5), torch.rand(2, 5, 4), torch.rand(5)
PRODUCTS = {
    "mm": (lambda: A[0] @ B[0], 3 * 5 * 4),
    "addmm": (lambda: torch.addmm(torch.rand(4), A[0], B[0]), 3 * 5 * 4),
    "bmm": (lambda: A @ B, 2 * 3 * 5 * 4),
    "baddbmm": (lambda: torch.baddbmm(torch.rand(2, 3, 4), A, B), 2 * 3 * 5 * 4),
    "baddbmm_": (lambda: torch.rand(2, 3, 4).baddbmm_(A, B), 2 * 3 * 5 * 4),
    "addbmm": (lambda: torch.addbmm(torch.rand(3, 4), A, B), 2 * 3 * 5 * 4),
    "mv": (lambda: A[0] @ V, 3 * 5),
    "addmv": (lambda: torch.addmv(torch.rand(3), A[0], V), 3 * 5),
    "dot": (lambda: V @ V, 5),
    "broadcast": (lambda: A @ B[0], 2 * 3 * 5 * 4),
    "einsum": (lambda: torch.einsum("bij,bjk->bik", A, B), 2 * 3 * 5 * 4),
    "linear": (lambda: F.linear(A, B[0].t()), 2 * 3 * 5 * 4),
    "out": (lambda: torch.mm(A[0], B[0], out=torch.empty(3, 4)), 3 * 5 * 4),
    "thnn_conv2d": (lambda: torch._C._nn.thnn_conv2d(torch.rand(2, 3, 5, 5), torch.rand(4, 3, 3, 3), 3),
                    2 * 4 * 9 * 27),
    "conv_tbc": (lambda: torch.conv_tbc(torch.rand(5, 2, 3), torch.rand(2, 3, 4), torch.rand(4)), 4 * 2 * 4 * 6),
}  # fmt: skip


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_cost_two_a_multiply_add(name):
    product, multiply_adds = PRODUCTS[name]
    assert forward_of(product) == 2 * multiply_adds
    with torch.inference_mode():
        assert forward_of(product) == 2 * multiply_adds


KERNELS = {  # backward, a fused kernel makes the scores again
    torch.nn.attention.SDPBackend.FLASH_ATTENTION: (3, 2),
    torch.nn.attention.SDPBackend.MATH: (2, 2),
}


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_attention_costs_its_scores_and_its_sums_of_values(kernel):
    query, key, value = (torch.rand(2, 4, length, 8, requires_grad=True) for length in (6, 10, 10))
    scores = sums = 2 * 2 * 4 * 6 * 10 * 8
    again, back = KERNELS[kernel]

    with torch.nn.attention.sdpa_kernel(kernel):
        found = counted(F.scaled_dot_product_attention, query, key, value)
    assert found == (scores + sums, again * scores + back * sums)


@pytest.mark.parametrize("name", ["flash_attention", "efficient_attention", "cudnn_attention"])
def test_the_kernels_of_gpus_cost_as_that_of_cpus(name):
    """They run on no CPU, so their formula is asked for shapes; values are narrower than keys."""
    from bench.measure.flops import FORMULAS

    query, key, value = (2, 4, 6, 8), (2, 4, 10, 8), (2, 4, 10, 5)
    ahead = FORMULAS[getattr(torch.ops.aten, f"_scaled_dot_product_{name}")]
    back = FORMULAS[getattr(torch.ops.aten, f"_scaled_dot_product_{name}_backward")]
    assert ahead(query, key, value) == 2 * 2 * 4 * 6 * 10 * (8 + 5)
    assert back((2, 4, 6, 5), query, key, value) == 2 * 2 * 4 * 6 * 10 * (3 * 8 + 2 * 5)


def test_a_layer_of_attention_costs_the_same_in_one_operator():
    layer = nn.TransformerEncoderLayer(8, 2, 12, dropout=0.0, batch_first=True)
    tokens = torch.rand(3, 5, 8)
    projections, heads, forward = 4 * 2 * 3 * 5 * 8 * 8, 2 * 2 * 3 * 5 * 5 * 8, 2 * 2 * 3 * 5 * 8 * 12

    assert forward_of(layer, tokens) == projections + heads + forward
    layer.eval()
    with torch.inference_mode(), flop_counter() as fast:
        layer(tokens)
    assert fast.get_total_flops() == projections + heads + forward
    assert [str(name) for name in fast.get_flop_counts()["Global"]] == ["aten._transformer_encoder_layer_fwd"]


@pytest.mark.parametrize(("first", "second", "outputs"), [(5, 6, 7), (3, 40, 2), (40, 3, 50)])
def test_a_bilinear_layer_costs_two_products(first, second, outputs):
    """One input meets every weight; the other meets what comes of it, or both are multiplied before."""
    layer = nn.Bilinear(first, second, outputs)
    inputs = (torch.rand(4, width, requires_grad=True) for width in (first, second))
    between = min(4 * first * second, 4 * first * outputs, 4 * second * outputs)
    once = 2 * (4 * first * second * outputs + between)
    assert counted(layer, *inputs) == (once, 3 * once)


@pytest.mark.parametrize(("kind", "gates"), [(nn.LSTM, 4), (nn.GRU, 3), (nn.RNN, 1)])
def test_recurrent_layers_use_each_matrix_at_each_time(kind, gates):
    net = kind(6, 5, num_layers=2, bidirectional=True)
    inputs = torch.rand(7, 3, 6, requires_grad=True)
    once = 2 * 7 * 3 * 2 * gates * (5 * (6 + 5) + 5 * (10 + 5))

    ahead, back = counted(net, inputs)
    assert ahead == once
    # what went in before the first time needs no gradient: one product a layer and direction may be left out
    assert 2 * once - 2 * 2 * 2 * 3 * gates * 25 <= back <= 2 * once


def test_a_grouped_product_costs_each_row_its_own_matrix():
    """As a mixture of experts computes: rows to 8 meet the first matrix, those to 16 the second."""
    rows, experts = (torch.rand(*shape, dtype=torch.bfloat16, requires_grad=True) for shape in ((16, 32), (2, 32, 8)))
    ends = torch.tensor([8, 16], dtype=torch.int32)
    once = 2 * 16 * 32 * 8
    assert counted(lambda: torch._grouped_mm(rows, experts, offs=ends)) == (once, 2 * once)
    assert forward_of(lambda: torch._grouped_mm(experts, experts.new_ones(2, 8, 32))) == (2 * 2 * 32 * 8 * 32)


def test_an_operator_without_a_formula_counts_nothing():
    assert forward_of(lambda: torch.relu(A) + A.sum()) == 0


def names_of_the_catalogue():
    return [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in architectures.names()]


@pytest.mark.parametrize("name", names_of_the_catalogue())
def test_a_net_of_the_catalogue_costs_what_its_layers_say(name):
    with torch.device("meta"):
        net, images = architectures.build(name), torch.rand(2, *architectures.get(name).input_shape)
        expected = by_hand(net, images)
        assert counted(net, images) == expected
    assert min(expected) > 0


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_step_is_charged_what_the_layers_say(workload, dtype):
    work = workload("conv_grouped", batch_size=4, dtype=dtype)
    counts = {one.metric: one.value for one in measure_costs(work)}
    assert (counts["flops_forward"], counts["flops_backward"]) == by_hand(work.model, work.images[:4])


# grouped, depthwise with squeeze and excitation, depthwise 7x7 with layer norm, attention
TIMMS = ["regnetx_002", "mobilenetv3_small_050", "convnext_atto", "vit_tiny_patch16_224"]


@pytest.mark.parametrize("device", ["meta", pytest.param("cpu", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", TIMMS)
def test_nets_of_timm_cost_what_their_layers_say(name, device):
    timm = pytest.importorskip("timm")
    with torch.device(device):
        net, images = timm.create_model(name), torch.rand(1, 3, 224, 224)
        found, expected = counted(net, images), by_hand(net, images)
    heads = Tally()
    for _ in range(12 if name.startswith("vit") else 0):  # 14 x 14 patches and the class, 192 wide; no layer of torch's
        heads.attend(1, 197, 192, fused=device == "cpu")
    assert found == (expected[0] + heads.forward, expected[1] + heads.backward)


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnext50_32x4d", "convnext_tiny", "vit_b_32"])
def test_nets_of_torchvision_of_other_kinds_cost_what_their_layers_say(name):
    from torchvision import models

    with torch.device("meta"):
        net, images = models.get_model(name, weights=None), torch.rand(1, 3, 224, 224)
        assert counted(net, images) == by_hand(net, images)
