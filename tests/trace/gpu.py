"""A training on a GPU as Kineto writes it, made by hand: what each step launches is in a table, in microseconds."""

from dataclasses import dataclass

from tests.trace.handmade import annotation, kernel, launch, memory, operator

STEP, PERIOD = 350, 400  # how long a step takes on the host, and from the start of one to that of the next
BACKWARD = "autograd::engine::evaluate_function: "
CLAMP = "void vectorized_elementwise_kernel<4, clamp>"
MAIN, AUTOGRAD = 1, 2  # threads
DEVICE = {"id": 0, "name": "A GPU", "totalGlobalMem": 8 * 2**30, "computeMajor": 8, "computeMinor": 0, "numSms": 10}


@dataclass(frozen=True)
class Work:
    """What one operator launches; all begins after the step does.

    `called` is when the operator begins, whose launch returns after 5, and `host` is how long it takes. `sequence` ties
    it to a node of autograd; a copy or memset has a category of its own.
    """

    phase: str
    module: str
    operator: str
    sequence: int
    called: float
    name: str
    start: float
    length: float
    category: str = "kernel"
    stream: int = 7
    host: float = 8


WORKS = (
    Work("fetch", "", "aten::copy_", -1, 5, "Memcpy HtoD (Pageable -> Device)", 12, 8, "gpu_memcpy"),
    Work("zero_grad", "", "aten::zero_", -1, 22, "Memset (Device)", 30, 2, "gpu_memset"),
    Work("forward", "conv", "aten::conv2d", 1, 40, "cudnn_ampere_scudnn_128x64_relu_xregs_large_nn_v1", 50, 30),
    Work("forward", "act", "aten::relu", 2, 60, CLAMP, 80, 10),
    Work("forward", "fc", "aten::addmm", 3, 80, "ampere_sgemm_32x32_sliced1x4_tn", 95, 15),
    Work("loss", "(loss)", "aten::_log_softmax", 4, 132, "void softmax_warp_forward<float>", 140, 5),
    Work("loss", "(loss)", "aten::nll_loss_forward", 5, 141, "nll_loss_forward_reduce_cuda_kernel_2d", 149, 4),
    Work("backward", "(loss)", BACKWARD + "NllLossBackward0", 5, 155, "nll_loss_backward_reduce_cuda_kernel", 163, 5),
    Work("backward", "(loss)", BACKWARD + "LogSoftmaxBackward0", 4, 165, "void softmax_warp_backward<float>", 173, 5),
    Work("backward", "fc", BACKWARD + "AddmmBackward0", 3, 175, "ampere_sgemm_32x32_sliced1x4_nt", 183, 20),
    Work("backward", "act", BACKWARD + "ReluBackward0", 2, 190, CLAMP, 205, 10),
    Work("backward", "conv", BACKWARD + "ConvolutionBackward0", 1, 205, "sm80_dgrad_implicit_gemm", 215, 40, host=25),
    Work("backward", "conv", "aten::convolution_backward", -1, 214, "sm80_wgrad_implicit_gemm", 222, 30, stream=13),
    Work("optimizer", "", "aten::_fused_adam_", -1, 265, "void multi_tensor_apply_kernel<Adam>", 273, 12),
)
KERNELS = tuple(work for work in WORKS if work.category == "kernel")
BUSY = 8 + 2 + 40 + 15 + 5 + 4 + 5 + 5 + 20 + 50 + 12  # of a step; the kernels of two streams overlap
# When each phase and module begins on the host, and how long it takes there.
WINDOWS = {
    "fetch": (0, 21),
    "zero_grad": (21, 10),
    "forward": (32, 90),
    "loss": (130, 22),
    "backward": (153, 80),
    "optimizer": (261, 70),
}
MODULES = {"conv": (39, 12), "act": (59, 12), "fc": (79, 12)}


def training(steps=3):
    """The events of so many steps, with those that Kineto writes beside them."""
    events = [
        {"ph": "M", "name": "process_name", "pid": MAIN, "tid": 0, "ts": 0, "args": {"name": "python"}},
        {"ph": "X", "name": "a span of nobody", "pid": "Spans", "tid": "PyTorch Profiler", "ts": 0, "dur": 1},
        *memory(1, bytes_allocated=4096, total=2**20, device=0),
        *memory(2, bytes_allocated=512, total=1024, device=None),
    ]
    for step in range(steps):
        events += _step(step, 1000 + step * PERIOD)
    return events


def properties():
    """What such a trace says beside its events."""
    return {"schemaVersion": 1, "deviceProperties": [DEVICE]}


def _step(step, start):
    yield annotation(f"ProfilerStep#{step}", start, STEP)
    for name, (after, length) in WINDOWS.items():
        yield annotation(name, start + after, length)
    yield annotation("Optimizer.step#Adam.step", start + 262, 60)
    for name, (after, length) in MODULES.items():
        yield annotation(f"nn.Module: {name}", start + after, length)
    for at, work in enumerate(WORKS):
        yield from _work(work, start, 100 * step + at + 1, 10 * step + work.sequence if work.sequence >= 0 else -1)
    yield launch(start + 335, 10, 100 * step + 99, name="cudaDeviceSynchronize")  # launches nothing


def _work(work, start, correlation, sequence):
    thread = AUTOGRAD if work.phase == "backward" else MAIN
    facts = {"Sequence number": sequence} if sequence >= 0 else {}
    called = start + work.called
    yield operator(work.operator, called, work.host, thread, **{"External id": correlation}, **facts)
    yield launch(called + 2, 3, correlation, thread)
    yield kernel(work.name, start + work.start, work.length, correlation, work.category, stream=work.stream)
