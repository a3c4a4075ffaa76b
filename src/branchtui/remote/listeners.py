"""Telling who wants to know. A listener that fails is reported, and stops nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

E = TypeVar("E")


class Listeners(Generic[E]):
    """Plain callables, called on the event loop in the order they came; they must be quick."""

    def __init__(self) -> None:
        self._all: list[Callable[[E], None]] = []

    def add(self, listener: Callable[[E], None]) -> Callable[[], None]:
        """Tell `listener` from now on; the result, called any number of times, ends that."""
        self._all.append(listener)

        def leave() -> None:
            if listener in self._all:
                self._all.remove(listener)

        return leave

    def tell(self, event: E) -> None:
        """Tell everybody."""
        for listener in tuple(self._all):
            try:
                listener(event)
            except Exception as error:  # noqa: BLE001 - a broken screen must not stop a doubt from being settled
                context = {"message": "a listener of the link failed", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)
