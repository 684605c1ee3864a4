"""The documents say what the code does: reference up to date, commands real, links whole, no name left out."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

from simulator.cli import app
from simulator.scenario.levers import LEVERS
from simulator.scenario.library import names
from simulator.scenario.load import load
from simulator.scenario.parameters import Parameters, Switches
from simulator.scenario.yaml_file import parse_yaml
from simulator.stages.schedule import STAGES

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "benchmarks" / "README.md"])
IDS = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
DOTTED = re.compile(r"`([a-z_]+)\.([a-z_]+)`")
MADE_IN_THE_TOUR = ("my-corridor",)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text_of(path), flags=re.DOTALL | re.MULTILINE)


def commands() -> list[tuple[str, list[str]]]:
    """Return every command of `corridor` in a block of shell commands, with the document that it stands in."""
    found = []
    for path in DOCUMENTS:
        for block in blocks(path, "bash"):
            for line in block.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                if words[:1] == ["corridor"]:
                    found.append((path.name, words[1:]))
    return found


def runs_of(document: str) -> set[str]:
    """Return the folders of runs that a document's commands make."""
    made = [words for name, words in commands() if name == document and words[0] == "run" and "--out" in words]
    return {words[words.index("--out") + 1] for words in made}


def slugs(path: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text_of(path), flags=re.S | re.M), flags=re.M):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number = 1
        while slug in found:
            slug, number = f"{slug.removesuffix(f'-{number - 1}')}-{number}", number + 1
        found.add(slug)
    return found


def maker(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look for the annotations of their fields
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["reference", "inputs"])
def test_a_page_made_from_the_files_is_up_to_date(page: str) -> None:
    made, kept = maker(f"make_{page}").render(), text_of(ROOT / "docs" / f"{page}.md")
    assert made == kept, f"run python docs/make_{page}.py"


def test_the_page_of_inputs_has_a_rule_for_every_column() -> None:
    """A new numeric column, or a note that says something new of how a cell was filled, has to be told of."""
    inputs = maker("make_inputs")
    assert set(inputs.columns()) == set(inputs.INPUTS)
    rule = inputs.by_note("people", "published")
    told = load("mediterranean").displaced[0]
    assert rule(told.model_copy(update={"note": "Held at 2017."})) == "held"
    with pytest.raises(ValueError, match="no rule knows"):
        rule(told.model_copy(update={"note": "Seen in a dream."}))


@pytest.mark.parametrize("path", DOCUMENTS, ids=IDS)
def test_relative_links_resolve(path: Path) -> None:
    broken = []
    for link in LINK.findall(re.sub(r"^```.*?^```", "", text_of(path), flags=re.S | re.M)):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if not target.exists() or (anchor and anchor not in slugs(target)):
            broken.append(link)
    assert not broken


def test_the_tour_uses_most_commands() -> None:
    group: Any = typer.main.get_command(app)
    shown = {words[0] for name, words in commands() if name == "README.md"}
    assert shown == set(group.commands) - {"schema"}


@pytest.mark.parametrize(("document", "words"), commands(), ids=str)
def test_commands_parse(document: str, words: list[str]) -> None:
    """Every command exists, with its arguments and options; what it names exists too."""
    group: Any = typer.main.get_command(app)
    assert words[0] in group.commands, f"{document}: there is no command {words[0]!r}"
    given = group.commands[words[0]].make_context(words[0], list(words[1:])).params
    known = {*names("scenario"), *names("corridor"), *MADE_IN_THE_TOUR}
    if words[0] == "explain" and (given["government"] or given["date"]):
        assert given["scenario"] in runs_of(document), f"{document}: no command before it makes this run"
    elif words[0] in ("run", "explain"):
        assert given["scenario"] in known
    if given.get("settings") or given.get("override") or given.get("end"):
        load(given["scenario"], overrides=given["override"] or (), set=given["settings"], end=given["end"])


def test_fields_that_are_explained_exist() -> None:
    from simulator.scenario.explain import explain

    for _, words in commands():
        if words[0] == "explain" and len(words) == 3 and words[1] not in MADE_IN_THE_TOUR:
            assert explain(words[1], words[2])


def test_examples_in_yaml_are_what_they_say(tmp_path: Path) -> None:
    """The scenario and the overrides that documents show can be loaded as they stand."""
    (tmp_path / "overrides").mkdir()
    shown = [block for path in DOCUMENTS for block in blocks(path, "yaml")]
    for block in shown:
        content = parse_yaml(block, "example").value
        if "override" in content:
            file = tmp_path / "overrides" / f"{content['override']}.yaml"
            file.write_text(block, encoding="utf-8")
            load("eu-turkey-2016", overrides=[str(file)])
        elif "scenario" in content:
            (tmp_path / f"{content['scenario']}.yaml").write_text(block, encoding="utf-8")
            load(tmp_path / f"{content['scenario']}.yaml")
    assert len(shown) >= 4


def test_model_description_names_every_parameter_and_no_other() -> None:
    """ODD, as built: every parameter, switch, lever and stage is told of, and none that is gone."""
    told = text_of(ROOT / "docs" / "odd.md")
    groups: dict[str, Any] = {name: info.annotation for name, info in Parameters.model_fields.items()}
    real = {f"{group}.{name}" for group, model in groups.items() for name in model.model_fields}
    missing = sorted(name for name in real if not re.search(rf"\b{re.escape(name)}\b", told))
    assert not missing
    named = {f"{group}.{name}" for group, name in DOTTED.findall(told) if group in groups and name != "py"}
    assert named <= real
    assert not [name for name in Switches.model_fields if f"| `{name}` |" not in told]
    assert not [name for name in LEVERS if not re.search(rf"\b{name}(?:_[a-z]{{1,2}})?\b", told)]  # may have indices
    schedule = told[told.index("why it stands there") :]
    stages = re.findall(r"^\| `([a-z_]+)` \|", schedule, flags=re.MULTILINE)[: len(STAGES)]
    assert stages == list(STAGES.names)
