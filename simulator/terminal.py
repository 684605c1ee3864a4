"""What the command line shows: tables, JSON, progress, and errors in one place."""

from __future__ import annotations

import functools
import io
import json
import math
import os
import shutil
import sys
import textwrap
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, ParamSpec, TypeVar

import typer

from simulator.errors import CorridorError, InputError, InputWarning, Problem
from simulator.numbers import FEW, FEW_WORDS, count, figure, fixed, percent, signed, whole

P = ParamSpec("P")
R = TypeVar("R")

OK, FAILED, WRONG_INPUT, INTERRUPTED, CLOSED = 0, 1, 2, 130, 141
WIDE = 200
"""Columns of a table that goes to a file or a pipe."""
READABLE = 120
"""Columns of running text at most."""
SHOWN_EVERY = 30.0
"""Seconds between lines of progress in a file."""
MANY = 8
"""Fields of one file that name one source: more stand in one line together."""


class OutputError(Exception):
    """Standard output cannot be written to: it is closed, or the disk behind it is full."""


class _Output(io.TextIOWrapper):
    """Standard output, whose errors are not taken for those of files that are being written."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError as error:
            raise OutputError(error) from error

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            raise OutputError(error) from error


def prepare_streams() -> None:
    """Let output go on whatever stands behind it: what its encoding lacks is replaced, what is closed is nothing."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    out = sys.stdout
    if isinstance(out, io.TextIOWrapper) and not isinstance(out, _Output):
        encoding, lines = out.encoding, out.line_buffering
        sys.stdout = _Output(out.detach(), encoding=encoding, errors="replace", line_buffering=lines)


def silence(stream: Any) -> None:
    """Let what is still to be written to a stream go nowhere, so that leaving does not fail on it."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError, AttributeError):
        return


def say(text: str) -> None:
    """Print a line on standard error, where it does not mix with results; if nobody can be told, go on."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        silence(sys.stderr)


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors that users can cause into messages and exit statuses: no traceback.

    2: something is wrong with the input. 1: the machine would not do it, or two results differ.
    130: interrupted.
    """

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except InputError as error:
            count = len(error.problems)
            say(f"{error}\n{count} problem{'s' if count != 1 else ''}; nothing was written")
            raise typer.Exit(WRONG_INPUT) from None
        except CorridorError as error:
            say(f"corridor: {error}\nThis is a defect of Corridor, not of your input; nothing was written.")
            raise typer.Exit(FAILED) from None
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            say(f"corridor: {where}{error.strerror or error}; nothing was written")
            raise typer.Exit(FAILED) from None
        except MemoryError:
            say("corridor: out of memory; use fewer rows with --persons-per-agent; nothing was written")
            raise typer.Exit(FAILED) from None
        except KeyboardInterrupt:
            say("interrupted; nothing was written")
            raise typer.Exit(INTERRUPTED) from None

    return wrapper


@contextmanager
def heard(*, aloud: bool = False) -> Iterator[list[Problem]]:
    """Collect what Corridor warns of in the block, in place of showing it as Python does.

    Parameters
    ----------
    aloud : whether each is printed as it comes.
    """
    found: list[Problem] = []
    with warnings.catch_warnings():
        warnings.simplefilter("always", InputWarning)
        show = warnings.showwarning

        def hear(message: Warning | str, *rest: Any) -> None:
            if not isinstance(message, InputWarning):
                show(message, *rest)
                return
            found.append(message.problem)
            if aloud:
                print_warnings([message.problem])

        warnings.showwarning = hear  # type: ignore[assignment]
        yield found


def print_warnings(doubts: Sequence[Problem]) -> None:
    """Print what changes nothing, or counts twice, on standard error."""
    for doubt in doubts:
        say(f"warning: {doubt}")


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it; numbers that do not exist become null."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):  # a number of NumPy's, or a list of them
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def print_json(content: Any) -> None:
    """Print JSON on standard output."""
    print(json.dumps(plain(content), indent=2, ensure_ascii=False))


def cell(value: Any) -> str:
    """Return a number as a table shows it: a count whole, all else of three figures; nothing as a dash."""
    value = plain(value)
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return count(value)
    if isinstance(value, float):
        return figure(value)
    return str(value)


def _is_number(value: Any) -> bool:
    """Return whether a text is a number that is written out, with a mark or without."""
    return isinstance(value, str) and value.removesuffix(FEW).replace(",", "").isdecimal()


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], caption: str = "") -> None:
    """Print a table on standard output, as wide as the terminal, or wide where there is none."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else WIDE, highlight=False)
    table = Table(title=title or None, box=box.SIMPLE, title_justify="left")
    for place, column in enumerate(columns):
        values = [plain(row[place]) for row in rows]
        numeric = any(isinstance(value, int | float) or _is_number(value) for value in values)
        table.add_column(column.replace("_", " "), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell(value)) for value in row))
    console.print(table)
    if caption:
        print(caption)


def print_explanation(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print where values came from: field, value with unit and range, evidence, and place."""
    lines = []
    for row in rows:
        value = row["value"]
        shown = f"{value:g}" if isinstance(value, float) else str("-" if value is None else value)
        limits = f"{row['range'][0]:g} to {row['range'][1]:g}" if row["range"] else ""
        where = row["file"] if row["line"] is None else f"{row['file']}:{row['line']}"
        by = f"{where} ({row['override']})" if row["override"] else where
        unit = row["unit"] if row["unit"] != "1" else ""
        lines.append((row["field"], f"{shown} {unit}".strip(), limits, row["kind"], row["source"], by))
    print_table("", ("field", "value", "range", "kind", "source", "from"), lines)
    named = {row["source"] or row["value"]: row["evidence"] for row in rows if row["evidence"]}
    if named:
        print("Sources:")
    for identifier, said in named.items():
        print_wrapped(f"{identifier}: {said}", indent="  ")


def _choice_rows(choice: Mapping[str, Any]) -> tuple[Sequence[str], list[tuple[object, ...]]]:
    """Return a decision as a table: a column for each option, a row for each term, then utility and chance."""
    options = choice["options"]
    header = ("term", *(each["option"] for each in options))
    rows: list[tuple[object, ...]] = [
        (term, *(_score(each["terms"][term]) for each in options)) for term in options[0]["terms"]
    ]
    rows.append(("utility", *(_score(each["utility"]) for each in options)))
    rows.append(("chance", *(percent(each["chance"]) for each in options)))
    return header, rows


def _score(value: float) -> str:
    return signed(fixed(value, 2), value)


def print_choices(choices: Sequence[Mapping[str, Any]]) -> None:
    """Print what governments decided: a table a decision, with a column for each option."""
    for choice in choices:
        header, rows = _choice_rows(choice)
        towards = f", towards {choice['partner']}" if choice["partner"] else ""
        title = f"{choice['date']}  {choice['government_name']} as {choice['role']}{towards}: {choice['question']}"
        print(title)  # not as the table's own, which would be broken at the width of the table
        print_table("", header, rows, f"Taken: {choice['taken']}. Terms are in utility; luck decides.\n")


def print_wrapped(text: str, indent: str = "") -> None:
    """Print text on lines as wide as the terminal, the later ones further in."""
    width = min(shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDE, READABLE)
    print(textwrap.fill(text, width, initial_indent=indent, subsequent_indent=f"{indent}    ",
                        break_long_words=False, break_on_hyphens=False))  # fmt: skip


_SHOWN_LATER = ("id", "uses", "findings", "file", "line", "unit", "used_by", "mechanism", "test")


def print_evidence(entry: Mapping[str, Any]) -> None:
    """Print an entry of the evidence in full, and what depends on it."""
    print(f"{entry['id']}  ({_place(entry)})")
    for key, value in entry.items():
        if key not in _SHOWN_LATER and value not in ("", None):
            unit = entry["unit"] if key == "value" and entry["unit"] != "1" else ""
            print_wrapped(f"{key.replace('_', ' ')}: {cell(value)} {unit}".rstrip(), indent="  ")
    if entry.get("findings"):
        columns = ("section", "date", "value", "unit", "kind", "uses")
        rows = [(row["id"], *(row[column] for column in columns)) for row in entry["findings"]]
        print_table("Its findings", ("id", *columns), rows)
    if entry["uses"]:
        print_table("What depends on it", ("how", "what", "of", "where"), _gathered(entry["uses"]))
    else:
        print("Nothing depends on it.")


def _place(row: Mapping[str, Any]) -> str:
    return row["file"] if row["line"] is None else f"{row['file']}:{row['line']}"


def _gathered(uses: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str, str]]:
    """Return uses as rows to print; what many rows of one file name stands in one, with its first and last line."""
    together: dict[tuple[str, str, str, str], list[Mapping[str, Any]]] = {}
    for use in uses:
        head = use["what"].partition(".")[0] if use["how"] == "source" else use["what"]
        together.setdefault((use["how"], use["within"], use["file"], head), []).append(use)
    shown = []
    for (how, within, file, head), group in together.items():
        lines = [use["line"] for use in group if use["line"] is not None]
        if len(group) > MANY and lines:
            shown.append((how, f"{head}: {len(group)} fields", within, f"{file}:{min(lines)} to {max(lines)}"))
        else:
            shown.extend((how, use["what"], within, _place(use)) for use in group)
    return shown


def print_scorecard(content: Mapping[str, Any]) -> None:
    """Print what came out of each criterion, and how many pass, by role."""
    rows = [(line["what"], *line["shown"].values(), line["status"], line["role"]) for line in content["lines"]]
    columns = ("figure", "band", "best fit", "all runs", "status", "role")
    counts = "; ".join(
        f"{role}: " + ", ".join(f"{n} {status}" for status, n in found.items() if n)
        for role, found in content["counts"].items()
    )
    print_table(content["title"], columns, rows, counts + ".")


def print_comparison(
    content: Mapping[str, Any], rows: Mapping[str, Sequence[Mapping[str, Any]]], luck: Sequence[Mapping[str, Any]]
) -> None:
    """Print every measure of every arm, a table a case, and what common luck saves."""
    columns = ("measure", "arm", "mean", "difference", "95% interval", "better", "same", "worse", "mean regret",
               "regret, 90%", "none better")  # fmt: skip
    for case, found in rows.items():
        about = content["cases"][case]
        lines = [
            (each["label"], each["arm_label"], shown_mean(each), each["mean_difference"], _limits(each),
             *(_percent(each[key]) for key in ("better", "same", "worse")), each["mean_regret"], each["p90"],
             _percent(each["best"]))
            for each in found
        ]  # fmt: skip
        few = f"\n{FEW_WORDS}" if any(each["few"] for each in found) else ""
        over, base = found[0]["over"], content["arms"][content["baseline"]]["label"]
        caption = (
            f"Difference and shares of {found[0]['n']} {over}: against {base}. Regret: how much worse than the best "
            f"arm of the same {over[:-1]}. None better: share of {over} in which no arm is better "
            f"by a difference that matters.{few}"
        )
        print_table(about["label"], columns, lines, caption)
    if luck:
        lines = [(each["case"], each["arm"], each["measure"], each["ratio"], _limits(each)) for each in luck]
        caption = "How many times fewer replicates common luck needs, measured over seeds at the best values."
        print_table("Common luck", ("case", "arm", "measure", "ratio", "95% interval"), lines, caption)


def shown_mean(row: Mapping[str, Any]) -> Any:
    """Return the mean of an arm, with a mark where it rests on few rows of people."""
    return f"{figure(row['mean'])}{FEW}" if row["few"] else row["mean"]


def _limits(row: Mapping[str, Any]) -> str | None:
    ends = [row["low"], row["high"]]
    if all(plain(end) is None for end in ends):
        return None
    return " to ".join("any" if math.isinf(end) else cell(end) for end in ends)


def _percent(share: Any) -> str | None:
    return None if plain(share) is None else percent(share)


@contextmanager
def progress_bar() -> Iterator[Callable[[int, int, int], None] | None]:
    """Show steps, people on the move and time left on standard error; nothing where it is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("simulating"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[people]:>10,} on the move"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("steps", total=None, people=0)

        def advance(done: int, steps: int, people: int) -> None:
            progress.update(task, completed=done, total=steps, people=people)

        yield advance


@contextmanager
def sweep_progress() -> Iterator[tuple[Callable[[Any], None], Callable[[int], None]]]:
    """Show how a sweep is going on standard error: one line that is renewed, or one every half minute in a file.

    Gives a function to be told of progress, and one to be told how many scenarios were checked.
    """
    live = sys.stderr.isatty()
    last = [float("-inf")]

    def line(now: Any) -> str:
        ended = now.before + now.done + now.failed
        left = "-" if math.isnan(now.left_seconds) else str(timedelta(seconds=whole(now.left_seconds)))
        memory = f", {now.workers_bytes / 2**30:.1f} GiB" if now.workers_bytes else ""
        return (f"{ended:,} of {now.total:,} runs: {now.done:,} done, {now.failed:,} failed, {now.running:,} sent; "
                f"{now.rate:.2f} a second, {left} left{memory}")  # fmt: skip

    def show(text: str, *, every: float) -> None:
        if live:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
        elif time.monotonic() - last[0] >= every:
            last[0] = time.monotonic()
            say(text)

    def progress(now: Any) -> None:
        show(line(now), every=SHOWN_EVERY)

    def checked(number: int) -> None:
        show(f"scenarios checked: {number:,}", every=SHOWN_EVERY)

    try:
        yield progress, checked
    finally:
        if live:
            print(file=sys.stderr)
