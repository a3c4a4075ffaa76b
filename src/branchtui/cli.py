"""Commands and their options. Everything else is imported late, so that `--help` answers at once."""

from __future__ import annotations

import sys

from branchtui import __version__
from branchtui.exits import fail

TYPE_CHECKING = False  # typing itself would take a tenth of the time that --help has
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    _Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - the type that add_subparsers answers

_PROVIDERS = ("mpesa",)
_DATABASE = "sqlite:///PATH or postgresql://HOST/DATABASE"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` names; 0 done, 1 refused or failed, 2 wrong usage."""
    given = sys.argv[1:] if argv is None else argv
    if "--fast" in given:
        # Before anything is imported that a session of the launcher has already.
        from branchtui.launcher.attach import attached

        code = attached(given)
        if code is not None:
            return code
    arguments = _parser(of_ledger="ledger" in given).parse_args(given)
    run: Callable[[argparse.Namespace], int] = arguments.run
    return run(arguments)


def _parser(*, of_ledger: bool) -> argparse.ArgumentParser:
    """What is understood; the many commands `of_ledger` are made only for whom they concern."""
    import argparse

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
    parser.add_argument(
        "--fast", action="store_true", help="on a session of the resident launcher, where one runs"
    )
    parser.add_argument("--socket", metavar="PATH", help="where that launcher listens, with --fast")
    parser.set_defaults(run=_terminal)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    _add_demo(
        commands.add_parser("demo", help="a ledger with a demonstration branch, and the terminal signed in")
    )
    _add_import(commands.add_parser("import", help="import a file, as the import screen does"))
    launcher = commands.add_parser("launcher", help="keep the program loaded, for many tellers on one host")
    launcher.add_argument(
        "--socket", metavar="PATH", dest="listen_at", help="where to listen; /run/branchtui as root"
    )
    launcher.set_defaults(run=_launcher)
    ledger = commands.add_parser("ledger", help="run and look after a ledger")
    if of_ledger:
        added = ledger.add_subparsers(metavar="COMMAND", title="commands", required=True)
        _add_running(added)
        _add_places(added)
        _add_users(added)
        _add_copies(added)
        _add_anchors(added)
    return parser


def _add_demo(demo: argparse.ArgumentParser) -> None:
    demo.add_argument(
        "--keep", action="store_true", help="keep the data and the ledger after the terminal ends"
    )
    demo.add_argument(
        "--serve-only", action="store_true", help="no terminal; prints one JSON object and serves"
    )
    demo.add_argument("--ascii", action="store_true", help="draw with plain ASCII only")
    demo.set_defaults(run=_demo)


def _add_import(imports: argparse.ArgumentParser) -> None:
    imports.add_argument("kind", metavar="KIND", help="what the rows are, e.g. balance-records")
    imports.add_argument("file", metavar="FILE")
    imports.add_argument("--ledger", metavar="URL", required=True)
    imports.add_argument(
        "--user", metavar="NAME", required=True, help="the password is asked, or read from a pipe"
    )
    imports.add_argument(
        "--branch", metavar="CODE", help="the office the rows are for; your own where it is left out"
    )
    imports.add_argument("--mode", choices=("all_or_nothing", "valid_rows"), default="all_or_nothing")
    imports.add_argument(
        "--date-order",
        choices=("iso", "day_first", "month_first"),
        help="how the file writes dates; recognised from all its rows when left out",
    )
    imports.add_argument(
        "--decimal",
        choices=("point", "comma"),
        help="how the file writes decimals; recognised from all its rows when left out",
    )
    imports.add_argument(
        "--above-zero",
        choices=("came_in", "went_out"),
        help="what an amount above zero is, where a statement leaves it open: many cards write spending so",
    )
    imports.add_argument("--json", action="store_true", help="the result as one JSON object")
    imports.set_defaults(run=_import)


def _command(
    commands: _Commands, name: str, text: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    """A command that works on a database."""
    added = commands.add_parser(name, help=text)
    added.add_argument("--database", metavar="URL", required=True, help=_DATABASE)
    added.set_defaults(run=run)
    return added


def _add_running(commands: _Commands) -> None:
    init = _command(commands, "init", "make a new ledger with its first administrator", _ledger("init"))
    init.add_argument("--institution", metavar="NAME", required=True)
    init.add_argument("--branch", metavar="CODE", required=True, help="the first, topmost branch")
    init.add_argument("--branch-name", metavar="NAME", help="its name; the code when left out")
    init.add_argument("--currency", metavar="ISO", required=True, help="e.g. KES")
    init.add_argument("--timezone", metavar="ZONE", required=True, help="e.g. Africa/Nairobi")
    init.add_argument("--admin", metavar="NAME", required=True)
    _add_password(init)
    serve = _command(commands, "serve", "serve a ledger over HTTP", _ledger("serve"))
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8765, help="0 takes a free one; the URL is printed")
    serve.add_argument(
        "--metrics", metavar="[HOST:]PORT", help="serve figures for Prometheus there; nowhere when left out"
    )
    serve.add_argument(
        "--proxy",
        metavar="ADDRESS",
        action="append",
        default=[],
        help="believe the X-Forwarded-For of this proxy (an address or a network); may stand several times",
    )
    serve.add_argument(
        "--callback-from",
        metavar="NETWORK",
        action="append",
        default=[],
        help="take a provider's callbacks from this network (or address) alone; may stand several times",
    )
    serve.add_argument(
        "--drain",
        metavar="SECONDS",
        type=float,
        default=1.0,
        help="how long new work is still taken once told to stop (default: 1)",
    )
    _command(commands, "migrate", "bring a ledger's tables to this version", _ledger("migrate"))
    check = _command(
        commands, "check", "prove the ledger's invariants; prints nothing when all is well", _ledger("check")
    )
    check.add_argument(
        "--anchors", metavar="FILE", help="prove that the ledger holds what was anchored there"
    )
    check.add_argument("--public-key", metavar="FILE", help="whose signature they carry")
    seed = _command(
        commands, "seed", "add realistic people and payments, for trials and benchmarks", _ledger("seed")
    )
    seed.add_argument("--branch", metavar="CODE", required=True)
    seed.add_argument("--customers", metavar="N", type=int, default=0)
    seed.add_argument("--payments", metavar="N", type=int, default=0)
    seed.add_argument("--balance-records", metavar="N", type=int, default=0)


def _add_places(commands: _Commands) -> None:
    branch = _group(commands, "branch", "branches")
    add = _command(branch, "add", "add a branch below another one", _upkeep("branch_add"))
    add.add_argument("--code", metavar="CODE", required=True)
    add.add_argument("--name", metavar="NAME", required=True)
    add.add_argument("--parent", metavar="CODE", required=True, help="the branch above it")
    add.add_argument("--timezone", metavar="ZONE", help="the one of the branch above when left out")
    payee = _group(commands, "payee", "numbers that customers pay to")
    add = _command(payee, "add", "give a short code to a branch", _upkeep("payee_add"))
    add.add_argument("--provider", choices=_PROVIDERS, required=True)
    add.add_argument("--number", metavar="NUMBER", required=True, help="e.g. 600100")
    add.add_argument("--branch", metavar="CODE", required=True)
    token = _command(
        commands,
        "callback-token",
        "make the secret of a provider's callback address; shown once",
        _upkeep("callback_token"),
    )
    token.add_argument("--provider", choices=_PROVIDERS, required=True)
    token.add_argument("--end-others", action="store_true", help="the secrets made before are refused")


def _add_users(commands: _Commands) -> None:
    user = _group(commands, "user", "users")
    add = _command(user, "add", "add a user to a branch", _ledger("user_add"))
    add.add_argument("--username", metavar="NAME", required=True)
    add.add_argument("--role", choices=("teller", "supervisor", "auditor", "administrator"), required=True)
    add.add_argument("--branch", metavar="CODE", required=True)
    add.add_argument("--limit", metavar="AMOUNT", help="largest single amount, in the branch's currency")
    _add_password(add)
    for name, text in (
        ("unlock", "let a user try again who mistyped the password too often"),
        ("password", "give a user a new password; the user's sessions end"),
        ("disable", "let a user no longer sign in; the user's sessions end"),
        ("forget-codes", "forget the one-time codes of a user whose device is lost"),
    ):
        change = _command(user, name, text, _upkeep(f"user_{name.replace('-', '_')}"))
        change.add_argument("--username", metavar="NAME", required=True)
        if name == "password":
            _add_password(change)


def _add_copies(commands: _Commands) -> None:
    backup = _command(
        commands, "backup", "copy a ledger, served or not, into a new file, and prove it", _upkeep("backup")
    )
    backup.add_argument("--to", metavar="FILE", required=True, help="refused when it exists")
    restore = _command(
        commands, "restore", "make a ledger from a copy, where there is none", _upkeep("restore")
    )
    restore.add_argument("--from", dest="source", metavar="FILE", required=True)
    _command(
        commands,
        "new-epoch",
        "after a database was restored by other means: end all sessions, let terminals ask anew",
        _upkeep("new_epoch"),
    )


def _add_anchors(commands: _Commands) -> None:
    key = commands.add_parser("anchor-key", help="make the two keys of anchors: one signs, one verifies")
    key.add_argument("--private", metavar="FILE", required=True, help="for who signs; refused when it exists")
    key.add_argument(
        "--public", metavar="FILE", required=True, help="for who verifies; refused when it exists"
    )
    key.set_defaults(run=_anchors("anchor_key"))
    _command(commands, "heads", "print where every audit chain stands", _anchors("heads"))
    anchor = commands.add_parser("anchor", help="sign where every audit chain stands, into a file")
    source = anchor.add_mutually_exclusive_group(required=True)
    source.add_argument("--database", metavar="URL", help=_DATABASE)
    source.add_argument(
        "--heads", metavar="FILE", help="what `ledger heads` printed elsewhere; - reads it here"
    )
    anchor.add_argument("--to", metavar="FILE", help="where they lie; BRANCHTUI_LEDGER_ANCHORS when left out")
    anchor.add_argument("--print", action="store_true", help="print it in short, for paper")
    anchor.set_defaults(run=_anchors("anchor"))


def _group(commands: _Commands, name: str, text: str) -> _Commands:
    return commands.add_parser(name, help=text).add_subparsers(metavar="COMMAND", required=True)


def _add_password(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")


def _ledger(name: str, module: str = "commands") -> Callable[[argparse.Namespace], int]:
    """The ledger command `name`, found when it is run; needs the extra branchtui[ledger]."""

    def run(arguments: argparse.Namespace) -> int:
        import importlib

        try:
            commands = importlib.import_module(f"branchtui.ledger.{module}")
        except ModuleNotFoundError as missing:
            return fail(f"This installation has no ledger ({missing.name}). Install branchtui[ledger].")
        found: Callable[[argparse.Namespace], int] = getattr(commands, name)
        return found(arguments)

    return run


def _upkeep(name: str) -> Callable[[argparse.Namespace], int]:
    """A command that looks after a ledger."""
    return _ledger(name, "upkeep_commands")


def _anchors(name: str) -> Callable[[argparse.Namespace], int]:
    """A command about anchors."""
    return _ledger(name, "anchor_commands")


def _terminal(arguments: argparse.Namespace) -> int:
    from branchtui.settings import Settings, SettingsError

    try:
        settings = Settings.load(ledger=arguments.ledger, user=arguments.user, ascii_only=arguments.ascii)
    except SettingsError as error:
        return fail(str(error))
    from branchtui.start import run_terminal

    return run_terminal(settings)


def _launcher(arguments: argparse.Namespace) -> int:
    from branchtui.launcher import command

    return command.run(arguments.listen_at)


def _demo(arguments: argparse.Namespace) -> int:
    from branchtui import demo

    if arguments.serve_only:
        return demo.serve_only(keep=arguments.keep)
    from branchtui.settings import Settings, SettingsError

    try:
        Settings.load(ascii_only=arguments.ascii)
    except SettingsError as error:
        # Before a ledger is set up for nothing.
        return fail(str(error))
    return demo.run(keep=arguments.keep, ascii_only=arguments.ascii)


def _import(arguments: argparse.Namespace) -> int:
    from branchtui import bulk
    from branchtui.privacy import keep_private

    keep_private()
    return bulk.run(arguments)
