"""Tensor cores are told by the names of kernels that cuBLAS, cuDNN and CUTLASS give theirs."""

import pytest

from bench.trace.tensor_cores import on_tensor_cores, share_on_tensor_cores

ON_THEM = (
    "nvjet_tst_128x64_64x8_1x2_h_bz_coopA_NNT",
    "sm90_xmma_fprop_implicit_gemm_bf16bf16_bf16f32_f32_nhwckrsc_nhwc_tilesize128x128x64",
    "sm80_xmma_fprop_implicit_gemm_tf32f32_tf32f32_f32_nhwckrsc_nchw_tilesize128x128x16",
    "void cutlass::Kernel2<cutlass_80_tensorop_bf16_s16816gemm_bf16_64x64_32x6_nn_align8>(Params)",
    "cutlass3x_sm90_tensorop_s64x128x16gemm_bf16",
    "ampere_fp16_s16816gemm_fp16_128x64_ldg8_f2f_stages_32x6_tn",
    "volta_fp16_s884gemm_fp16_64x128_ldg8_f2f_nn",
    "turing_fp16_s1688gemm_fp16_128x64_sliced1x2_ldg8_f2f_tn",
    "void pytorch_flash::flash_fwd_kernel<Flash_fwd_kernel_traits<64, 128, 64, 4>>",
)
NOT_ON_THEM = (
    "sm80_xmma_gemm_f32f32_f32f32_f32_tn_n_tilesize64x64x8_stage3_warpsize1x4x1_ffma_aligna4_alignc4_execute_kernel",
    "cutlass_80_simt_sgemm_128x128_8x4_nn_align1",
    "ampere_sgemm_128x64_nn",
    "volta_sgemm_32x128_nn",
    "void gemmSN_TN_kernel<float, 128, 16, 2, 4, 8, 9, false>",
    "void at::native::vectorized_elementwise_kernel<4, at::native::FillFunctor<float>>",
    "void multi_tensor_apply_kernel<TensorListMetadata<1688>>",
)


@pytest.mark.parametrize("name", ON_THEM)
def test_products_on_them_are_known(name):
    assert on_tensor_cores(name)


@pytest.mark.parametrize("name", NOT_ON_THEM)
def test_others_are_not_taken_for_such(name):
    assert not on_tensor_cores(name)


def test_their_share_is_of_the_kernels_time():
    assert share_on_tensor_cores([(ON_THEM[0], 3.0), (NOT_ON_THEM[0], 1.0)]) == 0.75
    assert share_on_tensor_cores([]) == 0.0
