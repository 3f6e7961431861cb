"""Categories: what operators, nodes of autograd and kernels are for, from their real names."""

import pytest

from bench.trace.categories import CATEGORIES, category_of

OPERATORS = {
    "aten::mkldnn_convolution": "convolution",
    "aten::convolution_backward": "convolution",
    "aten::addmm": "matrix multiply",
    "aten::mm": "matrix multiply",
    "aten::bmm": "matrix multiply",
    "aten::linear": "matrix multiply",
    "aten::_scaled_dot_product_flash_attention": "attention",
    "aten::embedding": "copy/cast",
    "aten::native_batch_norm": "normalization",
    "aten::cudnn_batch_norm_backward": "normalization",
    "aten::local_response_norm": "normalization",
    "aten::relu_": "activation",
    "aten::clamp_min": "elementwise",
    "aten::gelu_backward": "activation",
    "aten::elu": "activation",
    "aten::max_pool2d_with_indices": "pooling",
    "aten::_adaptive_avg_pool2d": "pooling",
    "aten::add_": "elementwise",
    "aten::mean": "elementwise",
    "aten::bernoulli_": "elementwise",
    "aten::nll_loss_forward": "loss",
    "aten::_log_softmax": "loss",
    "aten::_foreach_add_": "optimizer",
    "aten::_fused_adam_": "optimizer",
    "aten::_to_copy": "copy/cast",
    "aten::cat": "copy/cast",
    "aten::view": "copy/cast",
    "aten::constant_pad_nd": "copy/cast",
    "aten::t": "copy/cast",
    "aten::fill_": "memory set/copy",
    "aten::empty_strided": "memory set/copy",
    "nccl:all_reduce": "communication",
    "autograd::engine::evaluate_function: ConvolutionBackward0": "convolution",
    "autograd::engine::evaluate_function: TBackward0": "copy/cast",
    "ViewBackward0": "copy/cast",
    "AddmmBackward0": "matrix multiply",
    "MmBackward0": "matrix multiply",
    "MeanBackward1": "elementwise",
    "AddBackward0": "elementwise",
    "torch::autograd::AccumulateGrad": "elementwise",
    "a name that nobody has heard of": "other",
}
KERNELS = {
    "ampere_sgemm_32x32_sliced1x4_tn": "matrix multiply",
    "nvjet_tst_128x64_64x8_1x2_h_bz_coopA_NNT": "matrix multiply",
    "void cutlass::Kernel<cutlass_80_tensorop_s1688gemm_128x128>(Params)": "matrix multiply",
    "Cijk_Alik_Bljk_SB_Bias_AS_SAV_UserArgs_MT64x16x32_MI16x16x1_SN": "matrix multiply",
    "igemm_fwd_gtcx2_nhwc_fp32_bx0_ex0_bt256x64x16": "convolution",
    "void flash_fwd_kernel<Flash_fwd_kernel_traits<64, 128, 128, 4>>(Flash_fwd_params)": "attention",
    "cudnn_ampere_scudnn_128x64_relu_xregs_large_nn_v1": "convolution",
    "sm80_xmma_fprop_implicit_gemm_indexed_tf32f32_tf32f32_f32": "convolution",
    "void cudnn::bn_bw_1C11_kernel_new<float, float, float2, 128, true, 1>(float)": "normalization",
    "void at::native::(anonymous namespace)::max_pool_forward_nchw<float>(int)": "pooling",
    "ncclKernel_AllReduce_RING_LL_Sum_float(ncclWorkElem)": "communication",
    "ncclDevKernel_AllReduce_Sum_f32_RING_LL": "communication",
    "Memcpy HtoD (Pageable -> Device)": "memory set/copy",
    "Memset (Device)": "memory set/copy",
    "void at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<float>>(int)": "elementwise",
    "void at::native::vectorized_elementwise_kernel<4, at::native::FillFunctor<float>>(int)": "memory set/copy",
    "void at::native::unrolled_elementwise_kernel<at::native::direct_copy_kernel_cuda()>": "copy/cast",
    "void at::native::(anonymous namespace)::multi_tensor_apply_kernel<TensorListMetadata<2>>": "optimizer",
    "triton_poi_fused_relu_threshold_backward_0": "activation",
    "triton_per_fused_native_batch_norm_backward_3": "normalization",
    "triton_poi_fused_add_1": "elementwise",
}


@pytest.mark.parametrize(("name", "category"), OPERATORS.items())
def test_an_operator_is_known_by_its_name(name, category):
    assert category_of([name]) == category


@pytest.mark.parametrize(("name", "category"), KERNELS.items())
def test_a_kernel_is_known_by_its_name(name, category):
    assert category_of([], kernel=name) == category


def test_what_an_operator_calls_serves_that_operator_s_purpose():
    assert category_of(["aten::copy_", "aten::convolution_backward"]) == "convolution"
    assert category_of(["aten::sum", "autograd::engine::evaluate_function: AddmmBackward0"]) == "matrix multiply"
    assert category_of(["aten::copy_", "aten::_to_copy", "aten::to", "aten::conv2d"]) == "copy/cast"
    assert category_of(["aten::conv2d"], kernel="void at::native::elementwise_kernel<add>") == "convolution"


@pytest.mark.parametrize(
    ("phase", "category"),
    [("fetch", "data"), ("optimizer", "optimizer"), ("zero_grad", "optimizer"), ("loss", "loss")],
)
def test_some_phases_serve_one_purpose(phase, category):
    assert category_of(["aten::mul"], phase) == category


def test_all_are_categories():
    assert {*OPERATORS.values(), *KERNELS.values(), "data"} == set(CATEGORIES)
