"""Events made by hand, as Kineto writes them; times in microseconds."""


def operator(name, start, length, thread=1, **facts):
    """An event of an operator on the host; times in microseconds."""
    return {
        "ph": "X",
        "cat": "cpu_op",
        "name": name,
        "pid": 1,
        "tid": thread,
        "ts": start,
        "dur": length,
        "args": facts,
    }


def annotation(name, start, length, thread=1):
    """An event of a mark on the host."""
    return {"ph": "X", "cat": "user_annotation", "name": name, "pid": 1, "tid": thread, "ts": start, "dur": length}


def launch(start, length, correlation, thread=1):
    """An event of a call that launches a kernel."""
    return {
        "ph": "X", "cat": "cuda_runtime", "name": "cudaLaunchKernel", "pid": 1, "tid": thread, "ts": start,
        "dur": length, "args": {"correlation": correlation},
    }  # fmt: skip


def kernel(name, start, length, correlation, category="kernel"):
    """An event on the device."""
    return {
        "ph": "X", "cat": category, "name": name, "pid": 0, "tid": 7, "ts": start, "dur": length,
        "args": {"correlation": correlation, "device": 0, "stream": 7},
    }  # fmt: skip
