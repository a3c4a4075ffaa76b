"""Commands and their options. Everything else is imported late, so that `--help` answers at once."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from branchtui import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DONE, REFUSED, WRONG_USAGE = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` names; 0 done, 1 refused or failed, 2 wrong usage."""
    arguments = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = arguments.run
    return run(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="branchtui",
        description="The counter of a branch in a terminal: customers, balances, payments, from the keyboard alone.",
    )
    parser.add_argument("--version", action="version", version=f"branchtui {__version__}")
    parser.add_argument(
        "--ledger", metavar="URL", help="the ledger to sign in to, e.g. https://ledger.example.org"
    )
    parser.add_argument("--user", metavar="NAME", help="who signs in; the password is asked")
    parser.add_argument("--ascii", action="store_true", help="draw with plain ASCII only")
    parser.set_defaults(run=_terminal)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    demo = commands.add_parser(
        "demo", help="a ledger with a demonstration branch, and the terminal signed in"
    )
    demo.add_argument(
        "--keep", action="store_true", help="keep the data and the ledger after the terminal ends"
    )
    demo.add_argument(
        "--serve-only", action="store_true", help="no terminal; prints one JSON object and serves"
    )
    demo.add_argument("--ascii", action="store_true", help="draw with plain ASCII only")
    demo.set_defaults(run=_demo)
    imports = commands.add_parser("import", help="import a file, as the import screen does")
    imports.add_argument("kind", metavar="KIND", help="what the rows are, e.g. balance-records")
    imports.add_argument("file", metavar="FILE")
    imports.add_argument("--ledger", metavar="URL", required=True)
    imports.add_argument(
        "--user", metavar="NAME", required=True, help="the password is asked, or read from a pipe"
    )
    imports.add_argument("--mode", choices=("all_or_nothing", "valid_rows"), default="all_or_nothing")
    imports.add_argument("--json", action="store_true", help="the result as one JSON object")
    imports.set_defaults(run=_import)
    _add_ledger_commands(commands.add_parser("ledger", help="run and look after a ledger"))
    return parser


def _add_ledger_commands(ledger: argparse.ArgumentParser) -> None:
    commands = ledger.add_subparsers(metavar="COMMAND", title="commands", required=True)

    def command(name: str, text: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text)
        added.add_argument("--database", metavar="URL", required=True, help="sqlite:///PATH")
        added.set_defaults(run=run)
        return added

    init = command("init", "make a new ledger with its first administrator", _ledger("init"))
    init.add_argument("--institution", metavar="NAME", required=True)
    init.add_argument("--branch", metavar="CODE", required=True, help="the first, topmost branch")
    init.add_argument("--branch-name", metavar="NAME", help="its name; the code when left out")
    init.add_argument("--currency", metavar="ISO", required=True, help="e.g. KES")
    init.add_argument("--timezone", metavar="ZONE", required=True, help="e.g. Africa/Nairobi")
    init.add_argument("--admin", metavar="NAME", required=True)
    init.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    user = commands.add_parser("user", help="users").add_subparsers(metavar="COMMAND", required=True)
    add = user.add_parser("add", help="add a user to a branch")
    add.add_argument("--database", metavar="URL", required=True)
    add.add_argument("--username", metavar="NAME", required=True)
    add.add_argument("--role", choices=("teller", "supervisor", "auditor", "administrator"), required=True)
    add.add_argument("--branch", metavar="CODE", required=True)
    add.add_argument("--limit", metavar="AMOUNT", help="largest single amount, in the branch's currency")
    add.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    add.set_defaults(run=_ledger("user_add"))
    serve = command("serve", "serve a ledger over HTTP", _ledger("serve"))
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8765, help="0 takes a free one; the URL is printed")
    command("migrate", "bring a ledger's tables to this version", _ledger("migrate"))
    command("check", "prove the ledger's invariants; prints nothing when all is well", _ledger("check"))
    seed = command("seed", "add realistic people and payments, for trials and benchmarks", _ledger("seed"))
    seed.add_argument("--branch", metavar="CODE", required=True)
    seed.add_argument("--customers", metavar="N", type=int, default=0)
    seed.add_argument("--payments", metavar="N", type=int, default=0)


def _ledger(name: str) -> Callable[[argparse.Namespace], int]:
    """The ledger command `name`, found when it is run; needs the extra branchtui[ledger]."""

    def run(arguments: argparse.Namespace) -> int:
        try:
            from branchtui.ledger import commands
        except ModuleNotFoundError as missing:
            return fail(f"This installation has no ledger ({missing.name}). Install branchtui[ledger].")
        found: Callable[[argparse.Namespace], int] = getattr(commands, name)
        return found(arguments)

    return run


def _terminal(arguments: argparse.Namespace) -> int:
    from branchtui.app import run_terminal
    from branchtui.settings import Settings

    settings = Settings.load(ledger=arguments.ledger, user=arguments.user, ascii_only=arguments.ascii)
    return run_terminal(settings)


def _demo(arguments: argparse.Namespace) -> int:
    from branchtui import demo

    if arguments.serve_only:
        return demo.serve_only(keep=arguments.keep)
    return demo.run(keep=arguments.keep, ascii_only=arguments.ascii)


def _import(arguments: argparse.Namespace) -> int:
    from branchtui import bulk

    return bulk.run(arguments)


def fail(sentence: str) -> int:
    """Say on standard error why not, and give the exit code for it."""
    sys.stderr.write(f"{sentence}\n")
    return REFUSED
