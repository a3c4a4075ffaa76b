"""What people meant, and what they were told: a bookkeeper who knows nothing of how the program works.

Each change that somebody begins is an `Intent`. Its words are what a person was told of it, in order: that it is
done, or that it is not. Whoever was told that a change is not done must never be told later that it is, and the other
way round only where an operator restored an older ledger in between.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from typing import TYPE_CHECKING, Final

from branchtui.remote.resolver import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.simulator.world import World


class Kind(Enum):
    """What somebody means to do."""

    CUSTOMER = "new customer"
    ACCOUNT = "open account"
    CREATE = "key balance"
    EDIT = "change balance"
    DELETE = "delete balance"
    POST = "post balance"
    REVERSE = "reverse balance"
    POST_ALL = "post all"
    DELETE_ALL = "delete all"
    ASSOCIATE = "associate"
    DISASSOCIATE = "disassociate"
    FILE = "ask for approval"
    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"


class Word(Enum):
    """What a person is told in the end."""

    DONE = "done"
    NOT_DONE = "not done"


RESTORE: Final = "a restore"
_WORD_OF: Final = {
    Verdict.RECORDED: Word.DONE,
    Verdict.REFUSED: Word.NOT_DONE,
    Verdict.NOT_RECORDED: Word.NOT_DONE,
}


@dataclass(frozen=True, slots=True)
class Said:
    """A word, who or what said it, and how often the ledger had been restored by then."""

    word: Word
    by: str
    restores: int


@dataclass(slots=True, eq=False)
class Intent:
    """One change somebody begins.

    `mark` is a text that nobody else uses and that the effect carries. `subject` is the mark of the record, payment or
    request that is changed, in the version `seen`; `customer` whom it concerns; `amount` and `count` what it states.
    """

    number: int
    kind: Kind
    who: str
    mark: str
    subject: str = ""
    seen: int = 0
    customer: str = ""
    account_kind: str = ""
    amount: int = 0
    count: int = 0
    terminal: str = ""
    key: str | None = None
    said: list[Said] = field(default_factory=list)

    @property
    def was_recorded(self) -> bool:
        """Whether anybody was ever told that it is done, or that it was and a restore took it."""
        return any(said.word is Word.DONE or said.by == RESTORE for said in self.said)

    @property
    def word(self) -> Word | None:
        """The last word about it."""
        return self.said[-1].word if self.said else None

    def __str__(self) -> str:
        words = ", ".join(f"{each.word.value} ({each.by})" for each in self.said) or "nothing"
        return f"#{self.number} {self.kind.value} {self.mark} by {self.who}, told: {words}"


class Oracle:
    """Keeps all intents, and what is wrong with the words about them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._numbers = count(1)
        self._keys = count(1)
        self.by_key: dict[str, Intent] = {}
        self.faults: list[str] = []

    def begin(self, kind: Kind, who: str, **more: str | int) -> Intent:
        """Somebody means to do something."""
        number = next(self._numbers)
        return Intent(number, kind, who, f"mark-{number:05d}", **more)  # type: ignore[arg-type]  # by name

    def key_for(self, intent: Intent | None, terminal: str) -> str:
        """The key under which the client core sends it; only now is it more than an intention."""
        key = f"00000000-0000-4000-8000-{next(self._keys):012x}"
        if intent is None or intent.key is not None:
            self.faults.append(f"a second key was drawn for {intent}")
        else:
            intent.key, intent.terminal = key, terminal
            self.by_key[key] = intent
            self._world.asked()
            self._world.note(intent.who, f"begins {intent.kind.value} #{intent.number}")
        return key

    def say(self, intent: Intent, word: Word, by: str) -> None:
        """A person is told."""
        said = Said(word, by, self._world.house.restores)
        self._world.note(intent.who, f"#{intent.number} {word.value}: {by}")
        if intent.said and intent.said[-1].word is not word:
            last = intent.said[-1]
            # A restore takes what was done; who reads of both at once may read them in any order.
            if word is Word.DONE or (last.restores == said.restores and by != RESTORE):
                self.faults.append(f"told {word.value} by {by} after the contrary: {intent}")
        intent.said.append(said)

    def settled(self, key: str, verdict: Verdict) -> None:
        """The resolver says how a doubt ended."""
        self.say(self.by_key[key], _WORD_OF[verdict], f"the resolver: {verdict.name.lower()}")

    def told_lost(self, keys: Iterable[str]) -> None:
        """A terminal says what a restore took."""
        for key in keys:
            self.say(self.by_key[key], Word.NOT_DONE, RESTORE)
