"""One declaration of an action feeds its key, the footer, the palette and the help."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual.binding import Binding, BindingType

if TYPE_CHECKING:
    from textual.dom import DOMNode

WhyNot = Callable[[str], str | None]
"""Asked with an action id: the sentence that says why it may not be done now, or None when it may."""

_KEY_NAMES: Final = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "apostrophe": "'",
    "space": "space",
    "escape": "esc",
    "pagedown": "pgdn",
    "pageup": "pgup",
}


@dataclass(frozen=True)
class Action:
    """Something a person may do on a screen.

    `id` is the name of the `action_<id>` method with `_` or `-`; `key` and `also` are Textual key names;
    `label` is for the footer, `tooltip` the sentence of help and palette; `show` puts it in the footer.
    `changes`: what it begins ends in a change, and is in vain while nothing can be sent. `needs` is the permission of
    what is begun without a row whose actions would tell; empty where anybody may.
    """

    id: str
    key: str
    label: str
    tooltip: str = ""
    group: str = "This screen"
    show: bool = True
    also: tuple[str, ...] = ()
    priority: bool = False
    changes: bool = False
    needs: str = ""

    @property
    def method(self) -> str:
        """The action as Textual names it: `post_record` for the id `post-record`."""
        return self.id.replace("-", "_")

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key, the main one first."""
        return (self.key, *self.also)

    @property
    def shown_key(self) -> str:
        """The main key as a person reads it: `ctrl+s`, `?`, `esc`."""
        return _KEY_NAMES.get(self.key, self.key)


@dataclass(frozen=True)
class Choice:
    """One line of a menu, footer or palette: the action and, when it is refused now, why."""

    action: Action
    refusal: str | None = None


class ActionTable:
    """The actions of one screen, in the order they were declared; keys and ids are unique."""

    def __init__(self, *actions: Action) -> None:
        self._by_id: dict[str, Action] = {}
        by_key: dict[str, str] = {}
        for action in actions:
            if action.id in self._by_id:
                raise ValueError(f"two actions are named {action.id}")
            self._by_id[action.id] = action
            for key in action.keys:
                # The framework would drop one of the two without a word.
                if key in by_key:
                    raise ValueError(f"{action.id} and {by_key[key]} share the key {key}")
                by_key[key] = action.id

    def __iter__(self) -> Iterator[Action]:
        return iter(self._by_id.values())

    def __getitem__(self, action_id: str) -> Action:
        return self._by_id[action_id]

    def __contains__(self, action_id: object) -> bool:
        return action_id in self._by_id

    def bindings(self) -> list[BindingType]:
        """For `BINDINGS`: one binding a key."""
        return [
            Binding(
                key=",".join(action.keys),
                action=f"perform('{action.id}')",
                description=action.label,
                show=action.show,
                key_display=action.shown_key,
                tooltip=action.tooltip or action.label,
                id=action.id,
                priority=action.priority,
            )
            for action in self
        ]

    def choices(self, why_not: WhyNot | None = None, only: Iterable[str] | None = None) -> list[Choice]:
        """The actions with their refusals as they stand now; `only` picks some, in its order."""
        picked = list(self) if only is None else [self[action_id] for action_id in only]
        return [Choice(action, why_not(action.id) if why_not else None) for action in picked]


class ActionHost:
    """Mixin before Screen, Widget or App: a refused key says why and opens nothing.

    class BalancesScreen(ActionHost, Screen[None]):
        ACTIONS = ActionTable(Action("post", "p", "Post"))
        BINDINGS = ACTIONS.bindings()

        def why_not(self, action_id: str) -> str | None: ...
        def say_refusal(self, sentence: str) -> None: self.status.say(sentence, "warning")
        async def action_post(self) -> None: ...
    """

    ACTIONS: ClassVar[ActionTable] = ActionTable()

    def why_not(self, action_id: str) -> str | None:
        """Why the action may not be done now, as a sentence; None when it may. A screen overrides it."""
        return None

    def say_refusal(self, sentence: str) -> None:
        """Put the reason on the status line. A screen overrides it."""

    async def action_perform(self, action_id: str) -> None:
        """What every key of the table is bound to: do it, or say why not."""
        refusal = self.why_not(action_id)
        if refusal is not None:
            self.say_refusal(refusal)
            return
        node = cast("DOMNode", self)
        await node.app.run_action(self.ACTIONS[action_id].method, default_namespace=node)
