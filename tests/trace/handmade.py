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


def launch(start, length, correlation, thread=1, name="cudaLaunchKernel"):
    """An event of a call that launches a kernel."""
    return {
        "ph": "X",
        "cat": "cuda_runtime",
        "name": name,
        "pid": 1,
        "tid": thread,
        "ts": start,
        "dur": length,
        "args": {"correlation": correlation, "External id": correlation},
    }


def kernel(name, start, length, correlation, category="kernel", *, stream=7):
    """An event on the device; one of a kernel says how it fills the device too."""
    fill = {"blocks per SM": 4.0, "est. achieved occupancy %": 50} if category == "kernel" else {"bytes": 1024}
    facts = {"correlation": correlation, "External id": correlation, "device": 0, "stream": stream}
    return {
        "ph": "X",
        "cat": category,
        "name": name,
        "pid": 0,
        "tid": stream,
        "ts": start,
        "dur": length,
        "args": {**facts, **fill},
    }


def memory(at, bytes_allocated, total, device):
    """The events of memory that is taken, up to `total` bytes in use, and given back; device None is the CPU."""
    kind = {"Device Type": 0, "Device Id": -1} if device is None else {"Device Type": 1, "Device Id": device}
    for change, in_use in ((bytes_allocated, total), (-bytes_allocated, total - bytes_allocated)):
        facts = {**kind, "Addr": 64, "Bytes": change, "Total Allocated": in_use, "Total Reserved": 2 * total}
        yield {"ph": "i", "s": "t", "name": "[memory]", "pid": 1, "tid": 1, "ts": at, "args": facts}
