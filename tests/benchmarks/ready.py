"""The least a worker can do."""


def ready(_, channel):
    """Say that there is a process that could measure."""
    channel.send("ready", None)
