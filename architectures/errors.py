"""What can be wrong with a request for an architecture: one line each, safe to send between processes."""


class RegistryError(ValueError):
    """The registry cannot do what was asked of it."""


class ShapeError(RegistryError):
    """The architecture cannot take an input of that shape."""


class UnknownArchitecture(RegistryError, LookupError):  # noqa: N818 - it reads as what it is where it is caught
    """No architecture has the name, or matches the glob; `suggestions` holds the nearest names, best first."""

    def __init__(self, name: str, suggestions: tuple[str, ...] = ()) -> None:
        super().__init__(name, suggestions)  # both arguments, so that a copy sent by pickle can be made again
        self.name = name
        self.suggestions = suggestions

    def __str__(self) -> str:
        hint = f": did you mean '{self.suggestions[0]}'?" if self.suggestions else ", nor one of a similar name"
        return f"unknown architecture '{self.name}'{hint}"
