"""Categories: what an operator or a kernel is for, by its name and by the operators it was called in."""

import re
from collections.abc import Iterable
from functools import lru_cache

from bench.vocabulary import PHASE_PURPOSES

CATEGORIES = (
    "convolution",
    "matrix multiply",
    "normalization",
    "activation",
    "pooling",
    "elementwise",
    "loss",
    "optimizer",
    "copy/cast",
    "data",
    "memory set/copy",
    "communication",
    "attention",
    "other",
)

# Names that settle the matter, and with it that of all they call: a copy within a convolution is part of it. Tried in
# this order; names are in lower case. The sources of the names are torch's native_functions.yaml, the nodes of its
# autograd engine, and the kernels of ATen, cuDNN, cuBLAS, CUTLASS, NCCL, inductor, MIOpen and Tensile.
_STRONG = tuple(
    (category, re.compile(pattern))
    for category, pattern in (
        ("communication", r"nccl|gloo|c10d::|all_?reduce|all_?gather|reduce_?scatter|record_param_comms|all_?to_?all"),
        ("data", r"^enumerate\(dataloader\)"),
        ("attention", r"attention|attn|fmha|flash_(fwd|bwd)"),
        ("optimizer", r"^optimizer\.|_fused_(adam|sgd|adagrad)|multi_tensor_apply|foreach_|addcdiv|addcmul|lerp"),
        ("loss", r"nll_?loss|cross_?entropy|(log_?softmax|logsoftmax)|softmax_warp|cunn_softmax|mse_loss|nllloss"),
        (
            "convolution",
            r"conv(?!ert)|fprop|dgrad|wgrad|winograd|im2col|col2im|implicit_gemm|igemm|scudnn|nchwtonhwc|nhwctonchw|computeoffsets",
        ),
        ("normalization", r"(batch|layer|group|instance|response)_?norm|(^|[^a-z])bn_(fw|bw)|welford|norm_(fw|bw)"),
        ("pooling", r"pool"),
        (
            "activation",
            r"relu|sigmoid|tanh|gelu|silu|(?<![a-z])s?elu|softplus|hardswish|leaky|mish|threshold|softmax",
        ),
        (
            "matrix multiply",
            r"addmm|(^|[^a-z])b?mm(backward|_|$)|matmul|(?<!i)linear|baddbmm|(?<!fb)gemm|gemv|cijk_|nvjet|addmv|::(mv|dot)$|cutlass|splitk|mmbackward",
        ),
        ("copy/cast", r"^aten::(to|_to_copy|_autocast.*)$|tocopybackward"),
    )
)

# What an operator does, for those that serve no purpose above; it yields to the purpose of the operator that calls it.
# By the name without namespace, underscores and the "Backward0" of a node of autograd.
_MEMORY = (
    "empty",
    "zeros",
    "ones",
    "full",
    "new",
    "resize",
    "set",
    "zero",
    "fill",
    "localscalar",
    "item",
)  # beginnings
_COPIES = re.compile(
    r"""copy|copybackwards|copyslices|clone|contiguous|cat|stack|pad|constantpadnd|reflectionpad2d|replicationpad2d|roll
    |narrow|slice|select|index|indexput|indexselect|gather|scatter|scatteradd|view|viewas|flatten|unflatten|reshape
    |reshapealias|unsafeview|t|transpose|permute|expand|expandas|asstrided|detach|squeeze|unsqueeze|chunk|split
    |splitwithsizes|alias|unfold|repeat|movedim|swapaxes|channelshuffle|nativechannelshuffle|unbind|resolveconj
    |resolveneg|lift|liftfresh|numpyt|flip|embedding|embeddingdense""",
    re.VERBOSE,
)
_ELEMENTWISE = re.compile(
    r"""add|sub|rsub|mul|div|pow|sqrt|rsqrt|exp|expm1|log|log2|log1p|neg|abs|sign|sum|mean|max|min|amax|amin|maximum
    |minimum|clamp|clampmin|clampmax|where|eq|ne|lt|gt|le|ge|bernoulli|rand|randlike|randn|uniform|normal|random
    |dropout|nativedropout|featuredropout|var|std|varmean|norm|linalgvectornorm|square|round|floor|ceil|trunc
    |reciprocal|bitwiseand|bitwisenot|bitwiseor|logicaland|logicalnot|logicalor|any|all|isnan|isfinite|cumsum|arange
    |argmax|argmin|sin|cos|erf|maskedfill|maskedscale|accumulategrad|torch::autograd::accumulategrad""",
    re.VERBOSE,
)
_KERNELS = (
    ("memory set/copy", re.compile(r"^mem(cpy|set)|fillfunctor|fill_kernel")),
    (
        "copy/cast",
        re.compile(
            r"copy_kernel|embedding|catarray|reflection_pad|replication_pad|index_kernel|indexselect|gather|scatter"
        ),
    ),
    ("elementwise", re.compile(r"elementwise|reduce_kernel|triton_|cpp_fused|dropout|distribution|unrolled")),
)


def category_of(names: Iterable[str], phase: str = "", kernel: str = "") -> str:
    """One of CATEGORIES.

    Args:
        names: of the operator, then of those it was called in, the innermost first.
        phase: the phase of the step, where it is known.
        kernel: the name of the kernel on the device, if it is about one; what has called it settles the matter first.

    """
    if phase in PHASE_PURPOSES:
        return PHASE_PURPOSES[phase]
    names = tuple(names)
    for name in (*names, kernel):
        if purpose := _purpose(name):
            return purpose
    if kernel and (purpose := _of_kernel(kernel)):
        return purpose
    return next((deed for name in names if (deed := _deed(name))), "other")


@lru_cache(maxsize=10_000)
def _purpose(name: str) -> str | None:
    plain = name.lower()
    return next((category for category, pattern in _STRONG if pattern.search(plain)), None) if name else None


@lru_cache(maxsize=10_000)
def _deed(name: str) -> str | None:
    """What the operator of this name does."""
    stem = re.sub(r"backward\d*$", "", name.rpartition(": ")[2].lower()).removeprefix("aten::")
    stem = stem.replace("_", "")
    if _COPIES.fullmatch(stem):
        return "copy/cast"
    if _ELEMENTWISE.fullmatch(stem):
        return "elementwise"
    return "memory set/copy" if stem.startswith(_MEMORY) else _of_kernel(name)


@lru_cache(maxsize=10_000)
def _of_kernel(name: str) -> str | None:
    plain = name.lower()
    return next((category for category, pattern in _KERNELS if pattern.search(plain)), None)
