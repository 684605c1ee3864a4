"""The scorecard as files: a page to read, JSON, tables, figures; a short page for docs, and a line for the README."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from simulator.errors import InputError, Problem
from simulator.numbers import count, figure, percent, signed
from simulator.outputs.whole import check_place, put_back, whole_folder
from simulator.validation.criteria import ROLES
from simulator.validation.figures import draw
from simulator.validation.origins_of_values import in_short
from simulator.validation.scorecard import STATUSES, Scorecard

NAME: Final = "scorecard"
JSON: Final = f"{NAME}.json"
BEGIN, END = "<!-- scorecard: made by corridor validate -->", "<!-- end of scorecard -->"
"""What stands around the line of the README."""
SHORT: Final = "docs/scorecard.md"
"""Where the short page stands."""
HEADLINES: Final = (
    "f10.fall", "f10.fitted", "f10.tested", "f10.without", "f3.fall", "f3.total", "f3.central", "f3.deaths",
    "f3.central-SYR", "f3.central-AFG", "f3.weak-claims", "f3.strong-claims", "f3.apart", "f2.beside",
    "f2.changed-way", "f7.sanctions-soon", "f8.risk", "f8.withdrawn",
)  # fmt: skip
"""Facts that the short page shows with their values."""
UNFITTED: Final = ("tested", "hindsight", "seen")
"""Roles of figures that nothing was fitted to or set from."""


def check_folder(folder: Path, *, overwrite: bool) -> None:
    """Check that a scorecard may be written to a folder.

    Raises
    ------
    InputError
        If something else stands there, or a scorecard that is not to be replaced.
    """
    check_place(folder)
    put_back(folder)
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / JSON).is_file():
        said = "is there already, and is no scorecard"
        raise InputError([Problem("--out", "", said, str(folder), advice="name a folder that does not exist")])
    if not overwrite:
        said = "holds a scorecard already"
        raise InputError([Problem("--out", "", said, str(folder), advice="use --overwrite, or name another folder")])


def write(scorecard: Scorecard, folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Write a scorecard to a folder, whole or not at all, and return its files.

    Raises
    ------
    InputError
        If it may not be written there.
    """
    check_folder(folder, overwrite=overwrite)
    with whole_folder(folder) as hidden:
        content = scorecard.plain()
        (hidden / JSON).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        (hidden / f"{NAME}.md").write_text(page(content, scorecard.tables), encoding="utf-8")
        values = pd.DataFrame(
            [(line.criterion.id, *key, value) for line in scorecard.lines for key, value in line.values.items()],
            columns=["id", "member", "seed", "value"],
        )
        for name, rows in {**scorecard.tables, **_tables(content), "values": values}.items():
            rows.to_csv(hidden / f"{name}.csv", index=False, float_format="%.6g")
        draw(scorecard, hidden)
    return sorted(folder.iterdir())


def _tables(content: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Return the criteria, and what was set from what, as tables."""
    criteria = [
        {**{key: line[key] for key in ("id", "group", "what", "role", "unit", "value")},
         "lowest": line["interval"][0], "highest": line["interval"][1], "runs": line["n"],
         "band_from": (line["band"] or [None, None])[0], "band_to": (line["band"] or [None, None])[1],
         "share_inside": line["inside"], "status": line["status"], "why": line["why"],
         "sources": " ".join(line["sources"]), "set_from": " ".join(line["set_from"]), "note": line["note"]}
        for line in content["lines"]
    ]  # fmt: skip
    settings = [
        {"field": each["field"], "how": each["how"], "sources": " ".join(each["sources"]),
         "interval_from": (each["interval"] or [None, None])[0], "interval_to": (each["interval"] or [None, None])[1],
         "shared_by": " ".join(each["shared_by"])}
        for each in content["settings"]
    ]  # fmt: skip
    return {"criteria": pd.DataFrame(criteria), "set-from-what": pd.DataFrame(settings)}


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def _role(line: Mapping[str, Any]) -> str:
    fields = ", ".join(f"`{field}`" for field in line["set_from"])
    return f"{line['role']}: {fields}" if fields else str(line["role"])


def _status(line: Mapping[str, Any]) -> str:
    status = f"**{line['status']}**" if line["status"] == "fails" else line["status"]
    if line["status"] == "not tested" or (line["value"] is None and line["why"]):
        return f"{status}: {line['why']}"
    inside = line["inside"]
    return f"{status} ({percent(inside)} of runs do)" if inside not in (None, 0.0, 1.0) and line["n"] > 1 else status


def page(content: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> str:
    """Return the page to read."""
    parts = [_head(content), _counts(content)]
    for group in dict.fromkeys(line["group"] for line in content["lines"]):
        rows = [
            (line["what"], *line["shown"].values(), _status(line), _role(line),
             " ".join(f"`{source}`" for source in line["sources"]) or "-")
            for line in content["lines"]
            if line["group"] == group
        ]  # fmt: skip
        head = ("figure", "band", "best fit", "all runs", "status", "role", "source")
        notes = [f"- {line['what']}: {line['note']}" for line in content["lines"]
                 if line["group"] == group and line["note"]]  # fmt: skip
        parts.append(f"## {group}\n\n{table(head, rows)}" + ("\n" + "\n".join(notes) + "\n" if notes else ""))
    parts.append(_nationalities(tables.get("nationalities", pd.DataFrame())))
    parts.append(_settings(content))
    return "\n".join(part for part in parts if part)


def rests_on(content: Mapping[str, Any]) -> str:
    """Return what was run, in words, and by which version of Corridor."""
    members, seeds = content["members"], len(content["seeds"])
    who = "the values of its files" if members == [None] else f"{len(members)} members of its fit"
    each = f"{seeds} seeds each" if seeds > 1 else "one seed each"
    version = content.get("versions", {}).get("corridor")
    by = f", Corridor {version}" if version else ""
    return f"{who}, {each}, {content['persons_per_agent']:,} people a row{by}"


def _head(content: Mapping[str, Any]) -> str:
    fit = content["fit"]
    fitted = (
        f"It was fitted to {fit['period'][0]} to {fit['period'][1]} ({', '.join(fit['data'])}) on {fit['fitted']}, "
        f"commit {fit['code']}."
        if fit
        else f"It has no fit: values were set by hand, and the months up to {content['fitted_months'][1]} are taken to "
        "have been in view."
    )
    return (
        f"# Scorecard of {content['scenario']}\n\nMade by `corridor validate {content['scenario']}`; do not edit by "
        f"hand. {content['title']}, {content['period'][0]} to {content['period'][1]}, with {rests_on(content)}. "
        f"{fitted}\n\n"
        "*Best fit* is the mean over the seeds of the best member, by which the status goes; *all runs* is from the "
        "lowest to the highest of all members and seeds. Roles: "
        + "; ".join(f"*{role}*, {meaning}" for role, meaning in ROLES.items())
        + ".\n\n![Arrivals by route and month](monthly.png)\n\n![Criteria and their bands](criteria.png)\n"
    )


def _counts(content: Mapping[str, Any]) -> str:
    rows = [(role, *(counts[status] for status in STATUSES)) for role, counts in content["counts"].items()]
    return table(("role", *STATUSES), rows)


def _nationalities(found: pd.DataFrame) -> str:
    if found.empty:
        return ""
    chosen: list[dict[str, Any]] = found[found["route"] == "all"].to_dict(orient="records")  # type: ignore[assignment]
    rows = [
        (row["period"], row["origin"], count(row["observed"]), figure(row["best"]),
         f"{figure(row['lowest'])} to {figure(row['highest'])}",
         "-" if pd.isna(row["error"]) else signed(percent(row["error"]), row["error"]))
        for row in chosen
    ]  # fmt: skip
    head = ("period", "nationality", "observed", "best fit", "all runs", "error")
    return f"## Totals by nationality, routes of first entry\n\nBy route: `nationalities.csv`.\n\n{table(head, rows)}"


def _settings(content: Mapping[str, Any]) -> str:
    rows = []
    for each in content["settings"]:
        interval = each["interval"]
        rows.append((
            f"`{each['field']}`", each["how"], ", ".join(f"`{source}`" for source in each["sources"]) or "-",
            "-" if interval is None else f"{interval[0]:g} to {interval[1]:g}", in_short(each["shared_by"]),
        ))  # fmt: skip
    head = ("field", "kind", "source", "what the data leave", "figures that share it")
    said = "Fitted fields, and numbers that share a source with a figure above or that it was set from."
    return f"## What was set from what\n\n{said} In full: `set-from-what.csv`.\n\n{table(head, rows)}"


def short_page(content: Mapping[str, Any]) -> str:
    """Return the scorecard in short, as docs keep it.

    Parameters
    ----------
    content : what ``scorecard.json`` holds.
    """
    lines = {line["id"]: line for line in content["lines"]}
    rows = [
        (line["what"], *line["shown"].values(), line["status"], line["role"])
        for name in HEADLINES
        if (line := lines.get(name)) is not None and line["status"] != "not tested"
    ]
    failing = [line["what"] for line in content["lines"] if line["status"] == "fails" and line["id"] not in HEADLINES]
    rest = "Also fails:\n\n" + "\n".join(f"- {each}" for each in failing) if failing else "Nothing else fails."
    head = ("figure", "band", "best fit", "all runs", "status", "role")
    return (
        f"# Scorecard in short\n\nMade by `python docs/make_scorecard.py` from `results/scorecard`, which `corridor "
        f"validate {content['scenario']}` writes; in full: [results/scorecard](../results/scorecard/scorecard.md). "
        f"It rests on {rests_on(content)}. Roles:\n\n"
        + "\n".join(f"- *{role}*: {meaning}" for role, meaning in ROLES.items())
        + f"\n\n{_counts(content)}\n{table(head, rows)}\n{rest}\n"
    )


def summary_line(content: Mapping[str, Any]) -> str:
    """Return what the README says of the scorecard, between its marks."""
    counts = content["counts"]

    def of(roles: Iterable[str]) -> str:
        passes, fails = (sum(counts.get(role, {}).get(status, 0) for role in roles) for status in ("passes", "fails"))
        return f"{passes} of {passes + fails}"

    others = [role for role in ROLES if role not in UNFITTED]
    return (
        f"{BEGIN}\n\n[Scorecard]({SHORT}), {rests_on(content)}: {of(UNFITTED)} criteria pass to which nothing was "
        f"fitted (held back with nothing known of them {of(['tested'])}, with inputs set with hindsight "
        f"{of(['hindsight'])}, seen before {of(['seen'])}), and {of(others)} that were fitted or set from.\n\n{END}"
    )
