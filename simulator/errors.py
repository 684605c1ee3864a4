"""The errors that a user can cause, each with where, what, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

_MOST_SHOWN: Final = 200
"""Characters that are shown of a value: enough to find it."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one input.

    Attributes
    ----------
    file : path as the user knows it, or a name such as ``--set``.
    line : 1-based line, or None where the input has no lines.
    field : dotted path of the field, as it is written in the file.
    value : the offending value, as it was given.
    message : what is wrong.
    allowed : what is allowed there.
    advice : what to do.
    """

    file: str
    field: str
    message: str
    value: object = None
    line: int | None = None
    allowed: str = ""
    advice: str = ""

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        parts = [f"{where}: {self.field}: {self.message}" if self.field else f"{where}: {self.message}"]
        if self.value is not None:
            parts.append(f"    value:   {_short(self.value)}")
        if self.allowed:
            parts.append(f"    allowed: {self.allowed}")
        if self.advice:
            parts.append(f"    to do:   {self.advice}")
        return "\n".join(parts)


def _short(value: object) -> str:
    """Return a value as it was given, or its beginning and how long it is."""
    text = repr(value)
    if len(text) <= _MOST_SHOWN:
        return text
    return f"{text[:_MOST_SHOWN]} ... ({len(text)} characters)"


class CorridorError(Exception):
    """Base of every error that Corridor raises on purpose."""


class InputError(CorridorError):
    """One or more problems in what the user gave; all of them, not the first."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class InputWarning(UserWarning):
    """Something that a user gave and that changes nothing, or counts twice; the run is made all the same.

    Attributes
    ----------
    problem : where, what, and what would work.
    """

    def __init__(self, problem: Problem):
        self.problem = problem
        super().__init__(str(problem))


class ConservationError(CorridorError):
    """People were lost or made: a defect of the simulator, never of the input."""


class ChoiceError(CorridorError):
    """Route choice has no finite value: the corridor's cycles are worth going round for ever."""


def nearest(word: str, known: Sequence[str]) -> str:
    """Return advice naming the known words nearest to `word`, or an empty string."""
    if len(word) > _MOST_SHOWN:  # nobody means that, and the search for what is like it would take long
        return ""
    matches = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {matches[0]!r}?" if matches else ""
