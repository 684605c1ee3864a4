"""A comparison as files: tables, figures, a record, and one page that holds everything to read."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any, Final

import pandas as pd

from simulator.analysis.experiment_figures import draw, luck_label
from simulator.analysis.findings import Findings
from simulator.analysis.panels import heading, side
from simulator.errors import InputError, Problem
from simulator.numbers import FEW, FEW_WORDS, amount, fixed, percent, rate
from simulator.outputs.whole import check_place, put_back, whole_folder

RECORD: Final = "record.json"
PAGE: Final = "index.html"
DESIGN: Final = "design.yaml"
LIMITS: Final = (
    "Differences, not forecasts. Arms share all luck and all drawn values, so that their differences are sharper than "
    "the level of any one of them.",
    "The 95% interval is that of the mean over the draws that were made. How far the draws lie apart (90% of them) "
    "says more of what is not known.",
    "Ranges say what is plausible, not how likely: every part of a range is drawn as often. A share of draws is a "
    "count of what was drawn, and no probability that a policy works.",
    "Only what is listed under what was drawn varies. All else stays at its best value, and the equations of the model "
    "stay what they are.",
)
"""What every page says of what it shows."""
STYLE: Final = """
body{font:16px/1.5 system-ui,sans-serif;color:#1a1a1a;max-width:1100px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;line-height:1.25}h2{margin-top:2.4rem}p,li{max-width:75ch}
table{border-collapse:collapse;font-size:.86rem;margin:.6rem 0 1.4rem}
th,td{padding:.25rem .6rem;border-bottom:1px solid #d9d9d9;vertical-align:top}
th{text-align:left;background:#f4f4f4}td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.wide{overflow-x:auto}img{max-width:100%;height:auto}figure{margin:1.2rem 0}
caption{text-align:left;color:#595959;padding:.2rem 0}.quiet{color:#595959}code{font-size:.92em}
"""


EVEN: Final = 0.5
"""Chance that says nothing."""


def check_folder(folder: Path, *, overwrite: bool) -> None:
    """Check that a comparison may be written to a folder, before anything is simulated.

    Raises
    ------
    InputError
        If something else stands there, or a comparison that is not to be replaced.
    """
    check_place(folder)
    put_back(folder)
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not ((folder / RECORD).is_file() and (folder / PAGE).is_file() and (folder / "differences.parquet").is_file()):
        said = "is there already, and is no comparison"
        raise InputError([Problem("--out", "", said, str(folder), advice="name a folder that does not exist")])
    if not overwrite:
        said = "holds a comparison already"
        raise InputError([Problem("--out", "", said, str(folder), advice="use --overwrite, or name another folder")])


def write(findings: Findings, design: Path, folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Write a comparison to a folder, whole or not at all, and return its files.

    Parameters
    ----------
    design : file of the experiment, of which a copy is kept.

    Raises
    ------
    InputError
        If it may not be written there.
    """
    check_folder(folder, overwrite=overwrite)
    with whole_folder(folder) as hidden:
        for name, table in findings.tables.items():
            table.to_parquet(hidden / f"{name}.parquet", index=False)
        shutil.copyfile(design, hidden / DESIGN)
        (hidden / PAGE).write_text(page(findings, draw(findings, hidden)), encoding="utf-8")
        files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(hidden.iterdir())}
        record = {**findings.content, "created": datetime.now(UTC).isoformat(timespec="seconds"), "files": files}
        text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)
        (hidden / RECORD).write_text(text + "\n", encoding="utf-8")
    return sorted(folder.iterdir())


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], caption: str = "") -> str:
    """Return an HTML table; numbers stand on the right."""
    parts = [f"<caption>{escape(caption)}</caption>" if caption else ""]
    parts.append("<tr>" + "".join(f'<th scope="col">{escape(name)}</th>' for name in head) + "</tr>")
    parts.extend("<tr>" + "".join(_cell(value) for value in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table>{"".join(parts)}</table></div>'


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return '<td class="n">-</td>'
    if isinstance(value, int | float):
        return f'<td class="n">{amount(float(value))}</td>'
    return f"<td>{escape(str(value))}</td>"


def _between(low: float, high: float) -> str:
    return "-" if math.isnan(low) or math.isnan(high) else f"{amount(low)} to {amount(high)}"


def page(findings: Findings, figures: Mapping[str, tuple[Path, str]]) -> str:
    """Return the page to read, with its figures inside it.

    Parameters
    ----------
    figures : PNG file and its text by name, as `experiment_figures.draw` returns them.
    """
    content = findings.content
    parts = [
        f"<h1>{escape(content['question'])}</h1>",
        f'<p class="quiet">Experiment <code>{escape(content["experiment"])}</code>, made by <code>corridor compare '
        f"{escape(content['experiment'])}</code>, Corridor {escape(content['versions']['corridor'])}. Numbers in full: "
        "the tables beside this page; what they were made from: <code>record.json</code>.</p>",
        _reading(content),
        _arms(content),
        *(_case(findings, case, figures) for case in content["cases"]),
        "<h2>Limits</h2>" + _bullets(LIMITS),
    ]
    head = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(content["question"])}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style></head>'
    )
    return f"{head}<body>{''.join(parts)}</body></html>\n"


def _bullets(texts: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>"


def _reading(content: Mapping[str, Any]) -> str:
    for_these = content.get("reading_of") and str(content.get("hash", "")).startswith(str(content["reading_of"]))
    if content["reading"].strip() and not for_these:
        of = (f"the runs <code>{escape(str(content['reading_of'])[:12])}</code>" if content.get("reading_of")
              else "runs that it does not name (<code>reading_of</code>)")  # fmt: skip
        return (f'<p class="quiet">The design has a reading, which was written for {of}, and not for these '
                f"(<code>{escape(str(content.get('hash', ''))[:12])}</code>: other draws, arms, measures, seeds, "
                "or another version or processor): it is left out.</p>")  # fmt: skip
    if not content["reading"].strip():
        return '<p class="quiet">Nobody has written yet what the results say: <code>reading</code> in the design.</p>'
    paragraphs = [part.strip() for part in content["reading"].strip().split("\n\n")]
    return "<h2>Reading</h2>" + "".join(f"<p>{escape(part)}</p>" for part in paragraphs)


def _arms(content: Mapping[str, Any]) -> str:
    rows = []
    for name, arm in content["arms"].items():
        asked = content["design"]["arms"][name]
        changed = [*(f"with {each}" for each in asked["overrides"]), *(f"without {each}" for each in asked["without"]),
                   *(f"{field} = {value}" for field, value in asked["set"].items())]  # fmt: skip
        label = arm["label"] + (" (baseline)" if name == content["baseline"] else "")
        rows.append((label, arm["summary"] or "-", "; ".join(changed) or "the scenario as it is"))
    return "<h2>What is compared</h2>" + table(("arm", "meaning", "laid over the scenario"), rows)


def _case(findings: Findings, case: str, figures: Mapping[str, tuple[Path, str]]) -> str:
    """Return the part of the page on one case."""
    content = findings.content
    about, several = content["cases"][case], len(content["cases"]) > 1
    after = f"-{case}" if several else ""
    runs = findings.tables["runs"]
    of_case = runs[runs["case"] == case]
    draws = f"{about['draws']} draws" if about["draws"] else "the best values, nothing drawn"
    parts = [
        f"<h2>{escape(about['label'])}</h2><p>Scenario <code>{escape(about['scenario'])}</code> "
        f"({escape(about['title'])}), {about['period'][0]} to {about['period'][1]}; {draws}, {content['replicates']} "
        f"{'seed' if content['replicates'] == 1 else 'seeds'} each, {len(of_case)} runs; "
        f"{about['persons_per_agent']:,} people a row.</p>",
        _failures(of_case),
        _figure(figures, f"trade-off{after}"),
        _figure(figures, f"differences{after}"),
        _summary_table(findings, case),
        _figure(figures, f"shares{after}"),
        _pairs_table(findings, case),
        _regions_table(findings, case),
        _luck(findings, case, figures, after),
        _drawn(about),
    ]
    return "".join(part for part in parts if part)


def _figure(figures: Mapping[str, tuple[Path, str]], name: str) -> str:
    if name not in figures:
        return ""
    path, said = figures[name]
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return f'<figure><img src="data:image/png;base64,{data}" alt="{escape(said, quote=True)}"></figure>'


def _failures(runs: pd.DataFrame) -> str:
    failed = runs[runs["failed"] != ""]
    if failed.empty:
        return ""
    draws = sorted(failed["draw"].unique())
    return (
        f"<p><strong>{len(failed)} runs failed</strong>, in {len(draws)} draws, which are left out of everything below:"
        f" {escape('; '.join(failed['failed'].unique()))}</p>"
    )


def _summary_table(findings: Findings, case: str) -> str:
    """Return the table of all measures of all arms."""
    content = findings.content
    rows = []
    for each in findings.summary(case):
        measure = content["measures"][each["measure"]]
        base = each["arm"] == content["baseline"]
        rows.append((
            heading(measure), side(measure["better"]), each["arm_label"],
            f"{amount(each['mean'])}{FEW}" if each["few"] else each["mean"],
            "baseline" if base else each["mean_difference"], "" if base else _between(each["low"], each["high"]),
            "" if base else _between(each["p5"], each["p95"]), "" if base else percent(each["better"]),
            "" if base else percent(each["same"]), "" if base else each["least"], each["mean_regret"], each["p90"],
            percent(each["best"]),
        ))  # fmt: skip
    over = findings.summary(case)[0]["over"]
    head = ("measure", "judged", "arm", "mean", "against the baseline", "95% interval of the mean", f"90% of {over}",
            "better than the baseline in", "the same in", "least difference that matters", "mean regret",
            f"regret, 90% of {over} below",
            "no arm better in")  # fmt: skip
    said = f"Shares and regret are over {over}. Under the least difference that matters arms do the same."
    if any(each["few"] for each in findings.summary(case)):
        said += f" {FEW_WORDS}"
    return "<h3>All measures of all arms</h3>" + table(head, rows, said)


def _pairs_table(findings: Findings, case: str) -> str:
    """Return the differences between arms other than the baseline, each pair once."""
    content = findings.content
    others = [arm for arm in content["arms"] if arm != content["baseline"]]
    pairs = [(one, other) for place, one in enumerate(others) for other in others[:place]]
    if not pairs:
        return ""
    found = {
        (each["measure"], each["arm"], each["against"]): each
        for each in findings.tables["differences"].to_dict(orient="records") if each["case"] == case
    }  # fmt: skip
    rows = []
    for measure, about in content["measures"].items():
        for one, other in pairs:
            each = found[measure, one, other]
            rows.append((heading(about), content["arms"][one]["label"], content["arms"][other]["label"], each["mean"],
                         _between(each["low"], each["high"]), _between(each["p5"], each["p95"])))  # fmt: skip
    head = ("measure", "arm", "less", "mean difference", "95% interval of the mean", "90% of draws")
    return "<h3>Other arms against each other</h3>" + table(head, rows)


def _regions_table(findings: Findings, case: str) -> str:
    """Return the table of where in the drawn ranges an arm does best."""
    content, found = findings.content, findings.tables["regions"]
    found = found[found["case"] == case]
    if found.empty:
        return ""
    rows = [
        (heading(content["measures"][each["measure"]]), content["arms"][each["arm"]]["label"], percent(each["best"]),
         each["field"], "higher" if each["higher"] > EVEN else "lower", _between(each["low"], each["high"]),
         fixed(each["higher"], 2), rate(each["p"]))
        for each in found.to_dict(orient="records")
    ]  # fmt: skip
    head = ("measure", "arm", "no arm better in", "field", "where it is best, the field is", "then between",
            "chance of being higher", "p")  # fmt: skip
    said = (
        "For each arm the three drawn numbers that set the draws in which it does best apart most. "
        f"{found['fields'].max()} numbers were looked at, and p is not corrected for that: one in twenty would lie "
        "below 0.05 by chance."
    )
    return "<h3>In which part of the ranges an arm does best</h3>" + table(head, rows, said)


def _luck(findings: Findings, case: str, figures: Mapping[str, tuple[Path, str]], after: str) -> str:
    """Return what common luck saves."""
    content = findings.content
    if "luck" not in findings.tables:
        return ""
    rows = [
        (content["arms"][each["arm"]]["label"], luck_label(content, case, each), each["independent"], each["common"],
         each["ratio"], _between(each["low"], each["high"]))
        for each in findings.luck() if each["case"] == case
    ]  # fmt: skip
    head = ("arm", "measure", "variance, independent luck", "variance, common luck", "ratio", "95% interval")
    said = (
        f"<h3>What common luck saves</h3><p>The baseline and each arm named, with {content['luck']['replicates']} "
        "seeds at the best values. The ratio of the variances of a difference says how many times fewer replicates "
        "give the same interval, if arms share their luck. A route is touched if a policy acts on its legs in one arm "
        "and not in the other.</p>"
    )
    caption = "-: does not vary; or a median, which has no variances."
    return said + _figure(figures, f"luck{after}") + table(head, rows, caption)


def _drawn(about: Mapping[str, Any]) -> str:
    """Return what was drawn, and from what range."""
    parts = ["<h3>What was drawn</h3>"]
    if not about["draws"]:
        parts.append("<p>Nothing: every number is at its best value.</p>")
    elif about["members"]:
        named = ", ".join(map(str, about["members"]))
        parts.append(f"<p>Members of the fit, which hold the fitted values together: {named}.</p>")
    rows = [
        (each["field"], each["what"], each["best"], f"{amount(each['low'])} to {amount(each['high'])}",
         "" if each["unit"] == "1" else each["unit"], each["scale"], each["kind"], each["source"])
        for each in about["drawn"]
    ]  # fmt: skip
    if rows:
        head = ("field", "of", "best value", "range", "unit", "drawn evenly on a scale that is", "kind", "source")
        parts.append(table(head, rows, "Latin hypercube: each range in as many equal slices as there are draws."))
    if about["left_out"]:
        parts.append("<p>Not drawn:</p>" + _bullets(about["left_out"]))
    return "".join(parts)
