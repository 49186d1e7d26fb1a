"""How long work tells its caller how far it is."""

from typing import Protocol


class Progress(Protocol):
    """Told about work as it goes on; may be called from any thread."""

    def start(self, what: str, /, *, files: int | None = None, bytes_: int | None = None) -> None:
        """A stage begins; totals where they are known."""

    def advance(self, *, files: int = 0, bytes_: int = 0) -> None:
        """So much more is done."""


class Silent:
    """Progress that nobody watches."""

    def start(self, what: str, /, *, files: int | None = None, bytes_: int | None = None) -> None:
        pass

    def advance(self, *, files: int = 0, bytes_: int = 0) -> None:
        pass
