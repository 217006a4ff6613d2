"""The command line: every command's name, how it ends, and how a mistake reads. Only this package prints or exits."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from benchmark import __version__
from benchmark.cli import (
    ablate,
    check,
    data,
    plots,
    report,
    sample,
    score,
    show,
    statistics,
    status,
    store,
    suite,
    sweep,
    tracking,
)
from benchmark.cli.once import OnceCommand
from benchmark.errors import UserError, refusal, refused, unknown

SCRIPT = "timemar-bench"
"""The console script."""
COMPLETION = ("--install-completion", "--show-completion")

app = typer.Typer(
    help="Which time-series generator is better, by how much, and is the difference real?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
data_app = typer.Typer(help="Data sets: cards, download, checksums.", no_args_is_help=True)
config_app = typer.Typer(help="Configuration.", no_args_is_help=True)
app.add_typer(data_app, name="data")
app.add_typer(config_app, name="config")
store_app = typer.Typer(help="The files of a store: check, clean, export, import.", no_args_is_help=True)
app.add_typer(store_app, name="store")


def _print_version(asked: bool) -> None:
    if asked:
        print(f"{SCRIPT} {__version__}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit.")
    ] = False,
) -> None:
    """Options of the program itself."""


COMMANDS: dict[typer.Typer, dict[str, Callable[..., None]]] = {
    app: {
        "run": suite.run,
        "tables": suite.tables,
        "statistics": statistics.statistics,
        "status": status.status,
        "compare": status.compare,
        "doctor": status.doctor,
        "score": score.score,
        "sample": sample.sample,
        "list": show.list_command,
        "describe": show.describe,
        "check": check.check,
        "ablate": ablate.ablate,
        "sweep": sweep.sweep,
        "plots": plots.plots,
        "report": report.report,
        "sync": tracking.sync,
        "ui": tracking.ui,
    },
    config_app: {"show": suite.config_show},
    data_app: {
        "list": data.data_list,
        "show": data.data_show,
        "fetch": data.data_fetch,
        "check": data.data_check,
    },
    store_app: {
        "check": store.store_check,
        "gc": store.store_gc,
        "export": store.store_export,
        "import": store.store_import,
    },
}
for group, commands in COMMANDS.items():
    for name, command in commands.items():
        group.command(name, cls=OnceCommand)(command)


# The parser's errors: Typer brings Click along under a private name, and this is where they meet.
PARSER_ERROR: Any = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")


def main() -> None:
    """Run the command line; ends the process."""
    # A shell completes the name of a program, and `python -m benchmark` is none.
    name = SCRIPT if any(argument in COMPLETION for argument in sys.argv) else None
    try:
        code = app(standalone_mode=False, prog_name=name)
        sys.stdout.flush()
    except UserError as error:
        code = _complain(str(error))
    except PARSER_ERROR as error:
        code = 2 if type(error).__name__ == "NoArgsIsHelpError" else _complain(_sentence(error))
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except BrokenPipeError:
        code = 0
        _close_output()
    except OSError as error:
        if error.filename is None and refusal(error) is None:
            raise
        code = _complain(refused(error))
        _close_output()
    # Typer turns an interrupt of a command into this status itself.
    if code == 130:
        print("interrupted; run the same command again to go on from here", file=sys.stderr)
    sys.exit(code if isinstance(code, int) else 0)


def _sentence(error: Any) -> str:
    """A parser's error as one sentence with the nearest name."""
    message = error.format_message().rstrip(".")
    command = error.ctx.command if error.ctx else None
    if command and type(error).__name__ == "NoSuchOption":
        options = [name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)]
        return str(unknown("option", error.option_name, options, owner=f"'{error.ctx.info_name}'"))
    if command and message.startswith("No such command"):
        return str(unknown("command", message.split("'")[1], command.list_commands(error.ctx)))
    return f"{message[:1].lower()}{message[1:]}; see --help."


def _close_output() -> None:
    """Let nothing be written at the end of the process to an output that has refused it."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(sentence: str) -> int:
    print(f"error: {' '.join(sentence.split())}", file=sys.stderr)
    return 2
