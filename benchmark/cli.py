"""The command line: the only place that prints or exits. What it prints is made elsewhere."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmark.errors import UserError, unknown
from benchmark.options import Budget, Csv, DataDir, Device, Json, Only, ProtocolOption, Seeds, Set, StoreOption, Suite

app = typer.Typer(
    help="Which time-series generator is better, by how much, and is the difference real?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
data_app = typer.Typer(help="Data sets: cards, download, checksums.", no_args_is_help=True)
config_app = typer.Typer(help="Configuration.", no_args_is_help=True)
app.add_typer(data_app, name="data")
app.add_typer(config_app, name="config")


# The parser's errors: Typer brings Click along under a private name, and this is where they meet.
PARSER_ERROR: Any = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")


def main() -> None:
    """Run the command line; ends the process."""
    try:
        code = app(standalone_mode=False)
    except UserError as error:
        code = _complain(str(error))
    except PARSER_ERROR as error:
        code = 2 if type(error).__name__ == "NoArgsIsHelpError" else _complain(_sentence(error))
    except (KeyboardInterrupt, typer.Abort):
        print("interrupted; run the same command again to go on from here", file=sys.stderr)
        code = 130
    except BrokenPipeError:
        code = 0
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


def _complain(sentence: str) -> int:
    print(f"error: {' '.join(sentence.split())}", file=sys.stderr)
    return 2


def _emit(text: str, record: Any, target: str | None) -> None:
    """Print the text; or the JSON instead, when it goes to standard output."""
    if target == "-":
        print(json.dumps(record, indent=2))
        return
    if target:
        try:
            Path(target).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise UserError(f"--json '{target}' cannot be written ({error.strerror}); choose another file.") from None
    print(text)


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@app.command()
def run(
    suite: Suite = "quick",
    budget: Budget = None,
    protocol: ProtocolOption = None,
    seeds: Seeds = None,
    only: Only = None,
    assign: Set = None,
    csv: Csv = None,
    data_dir: DataDir = None,
    store: StoreOption = Path("runs"),
    device: Device = "auto",
    workers: Annotated[int | None, typer.Option(min=1, help="Cells at a time; one a core unless said.")] = None,
    retry: Annotated[str | None, typer.Option(help="'failed': compute failed cells again too.")] = None,
    download: Annotated[bool, typer.Option(help="Fetch data files that are missing.")] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the cells, what is cached and an estimate.")] = False,
    json_target: Json = None,
) -> None:
    """Plan and run the missing cells of a suite, and end with its table.

    Example: python -m benchmark run --suite table1 --budget quick --only dataset=sines,stocks
    """
    from benchmark import outputs, session
    from benchmark.plan import Request, make_plan
    from benchmark.run.events import DONE
    from benchmark.store import Store
    from benchmark.suites import load_suite

    if retry not in (None, "failed"):
        raise unknown("value", retry or "", ["failed"], owner="--retry")
    request = Request(budget, protocol, seeds, tuple(only or ()), tuple(assign or ()), csv, data_dir)
    options = session.options(device, workers, data_dir, retry)
    plan = make_plan(load_suite(suite), request)
    results = Store(store)
    if dry_run:
        preview = session.preview(plan, results, options)
        _emit(session.preview_text(preview), preview, json_target)
        return
    results.create()
    if download and session.fetch_missing(plan, data_dir, _report):
        plan = make_plan(load_suite(suite), request)
    outcomes = session.run(plan, results, options, _report)
    result = outputs.suite_result(plan, results)
    files = outputs.write_outputs(plan, result, results)
    text = outputs.render(result, "markdown") + "\n" + "\n".join(f"wrote {path}" for path in files)
    _emit(text, outputs.as_json(plan, result, files), json_target)
    if any(outcome.state not in (DONE, "skipped") for outcome in outcomes):
        raise typer.Exit(1)


@app.command()
def tables(
    suite: Suite = "quick",
    budget: Budget = None,
    protocol: ProtocolOption = None,
    seeds: Seeds = None,
    only: Only = None,
    assign: Set = None,
    csv: Csv = None,
    data_dir: DataDir = None,
    store: StoreOption = Path("runs"),
    format_name: Annotated[str, typer.Option("--format", help="markdown, latex or csv.")] = "markdown",
    output: Annotated[Path | None, typer.Option(help="A file instead of standard output.")] = None,
) -> None:
    """Print a suite's table from what the store holds; nothing is computed.

    Example: python -m benchmark tables --suite table1 --format latex --output table1.tex
    """
    from benchmark import outputs
    from benchmark.plan import Request, make_plan
    from benchmark.store import Store, write_bytes
    from benchmark.suites import load_suite

    if format_name not in outputs.FILES.values():
        raise unknown("format", format_name, outputs.FILES.values(), owner="--format")
    request = Request(budget, protocol, seeds, tuple(only or ()), tuple(assign or ()), csv, data_dir)
    text = outputs.render(outputs.suite_result(make_plan(load_suite(suite), request), Store(store)), format_name)
    if output is None:
        print(text, end="")
        return
    if not output.parent.is_dir():
        raise UserError(f"the folder '{output.parent}' of --output does not exist; make it or choose another.")
    write_bytes(output, text.encode())
    print(f"wrote {output}")


@app.command()
def score(
    real: Annotated[Path, typer.Option(help="Real windows: npy, npz; or rows: csv, parquet.")],
    fake: Annotated[Path, typer.Option(help="Generated windows, in the same form.")],
    scores: Annotated[
        str, typer.Option(help="Names with commas between them, or all.")
    ] = "discriminative,predictive,context_fid",
    repetitions: Annotated[int, typer.Option(help="Repetitions of each score.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="What all random numbers come from.")] = 0,
    backend: Annotated[str, typer.Option(help="torch or tensorflow.")] = "torch",
    length: Annotated[int | None, typer.Option(min=2, help="Time steps in a window, for files of rows.")] = None,
    value_range: Annotated[str, typer.Option("--range", help="LOW,HIGH of all values; scaled to [0, 1].")] = "0,1",
    controls: Annotated[bool, typer.Option(help="Score the copy, gaussian and oracle controls too.")] = True,
    device: Device = "auto",
    json_target: Json = None,
) -> None:
    """Score anyone's samples from any program, beside the controls and the floors.

    Example: python -m benchmark score --real real.npy --fake fake.npy --scores all
    """
    from benchmark import outside, session
    from benchmark.report.render import markdown

    low, high = outside.parse_range(value_range)
    request = outside.Request(
        real,
        fake,
        tuple(scores.split(",")),
        repetitions,
        seed,
        backend,
        length,
        low,
        high,
        controls,
        session.choose_device(device),
    )
    result = outside.score_files(request, session.ticker(_report))
    _emit(markdown(outside.outside_table(result)), result, json_target)
    if any(entry.get("status") == "failed" for entry in result["scores"].values()):
        raise typer.Exit(1)


@app.command("list")
def list_command(
    kind: Annotated[str | None, typer.Argument(help="generators, datasets, scores, suites or budgets.")] = None,
    json_target: Json = None,
) -> None:
    """Name generators, data sets, scores, suites and budgets with a line each.

    Example: python -m benchmark list generators
    """
    from benchmark.explain import catalogue, catalogue_text

    found = catalogue()
    if kind is not None:
        if kind not in found:
            raise unknown("kind", kind, found)
        found = {kind: found[kind]}
    _emit(catalogue_text(found), found, json_target)


@app.command()
def describe(
    generator: Annotated[str, typer.Argument(help="A generator's name, module:Class or YAML file.")],
    dataset: Annotated[str, typer.Option(help="A data set's name or YAML file.")] = "stocks",
    length: Annotated[int, typer.Option(help="Time steps in a window.")] = 24,
    budget: Annotated[str, typer.Option(help="smoke, quick, fast or paper.")] = "fast",
    assign: Set = None,
    json_target: Json = None,
) -> None:
    """Show a generator's resolved parameters, where each came from, and its size by part.

    Example: python -m benchmark describe timemar_s --dataset etth --length 24
    """
    from benchmark.explain import description, description_text

    record = description(generator, dataset, length, budget, tuple(assign or ()))
    _emit(description_text(record), record, json_target)


@config_app.command("show")
def config_show(
    suite: Suite = "quick",
    budget: Budget = None,
    protocol: ProtocolOption = None,
    seeds: Seeds = None,
    only: Only = None,
    assign: Set = None,
    csv: Csv = None,
    data_dir: DataDir = None,
    json_target: Json = None,
) -> None:
    """Print a suite's resolved configuration and where each value came from.

    Example: python -m benchmark config show --suite quick --set timemar_s.vocab_size=256
    """
    from benchmark.explain import configuration, configuration_text
    from benchmark.plan import Request, make_plan
    from benchmark.suites import load_suite

    request = Request(budget, protocol, seeds, tuple(only or ()), tuple(assign or ()), csv, data_dir)
    tree = configuration(make_plan(load_suite(suite), request))
    _emit(configuration_text(tree), tree, json_target)


@data_app.command("list")
def data_list(data_dir: DataDir = None, json_target: Json = None) -> None:
    """List the data sets and whether each is here.

    Example: python -m benchmark data list
    """
    from benchmark import datasets_text

    records = datasets_text.listing(data_dir)
    _emit(datasets_text.listing_text(records), records, json_target)


@data_app.command("show")
def data_show(
    name: Annotated[str, typer.Argument(help="A data set's name or YAML file.")],
    data_dir: DataDir = None,
    json_target: Json = None,
) -> None:
    """Print a data set's card: origin, licence, ranges, window counts, known disagreements.

    Example: python -m benchmark data show stocks
    """
    from benchmark.data import card, card_text, load_spec

    record = card(load_spec(name), data_dir)
    _emit(card_text(record), record, json_target)


@data_app.command("fetch")
def data_fetch(
    names: Annotated[
        list[str] | None, typer.Argument(help="Data sets; all that can be downloaded unless said.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Download data sets from their origins and check them.

    Example: python -m benchmark data fetch stocks etth
    """
    from benchmark import datasets_text

    for line in datasets_text.fetch_all(names or [], data_dir, bars=sys.stderr.isatty()):
        print(line, flush=True)


@data_app.command("check")
def data_check(
    names: Annotated[list[str] | None, typer.Argument(help="Data sets; all unless said.")] = None,
    data_dir: DataDir = None,
    json_target: Json = None,
) -> None:
    """Check files, checksums, rows, features and window counts.

    Example: python -m benchmark data check stocks
    """
    from benchmark import datasets_text

    records = datasets_text.check_all(names or [], data_dir)
    _emit(datasets_text.check_text(records), records, json_target)
    if not all(record["ok"] for record in records):
        raise typer.Exit(1)
