"""Scripted: a worker that sends what it is told to, and ends as it is told to."""


class Scripted:
    """A context, as a worker is."""

    def __init__(self, parts, error=None):
        self.parts, self.error = list(parts), error

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def receive(self, timeout):
        if not self.parts and self.error:
            raise self.error
        return self.parts.pop(0) if self.parts else None
