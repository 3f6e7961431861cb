"""The half that knows torch: what a worker process builds, trains and measures."""
