"""The table behind the `:` line: names by any unambiguous beginning. Knows no Textual."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A word of the fast path; `argument` names what may follow it, empty when nothing may."""

    name: str
    help: str
    aliases: tuple[str, ...] = ()
    argument: str = ""


class UnknownCommand(ValueError):
    """No command, or more than one, begins so; `str()` is the sentence for the person."""


def resolve(commands: Sequence[Command], typed: str) -> tuple[Command, str]:
    """The command that `typed` means and what follows its word: `cu wanj` is (customers, `wanj`).

    Raises:
        UnknownCommand: with the sentence for the person.
    """
    word, _, argument = typed.strip().removeprefix(":").strip().partition(" ")
    fitting = completions(commands, word)
    if not fitting:
        raise UnknownCommand(f":{word} is no command. [?] shows them all.")
    if len(fitting) > 1:
        names = ", ".join(command.name for command in fitting)
        raise UnknownCommand(f":{word} may be {names}. Type one letter more.")
    argument = argument.strip()
    if argument and not fitting[0].argument:
        raise UnknownCommand(f":{fitting[0].name} takes nothing behind it.")
    return fitting[0], argument


def completions(commands: Iterable[Command], word: str) -> list[Command]:
    """The commands a word may mean: the one of exactly that name, else all that begin so."""
    word = word.casefold()
    if not word:
        return []
    commands = list(commands)
    exact = [command for command in commands if word in (command.name, *command.aliases)]
    if exact:
        return exact[:1]
    return [
        command
        for command in commands
        if any(name.startswith(word) for name in (command.name, *command.aliases))
    ]
