"""No number without source or range, no entry without document or use, no loose end."""

from __future__ import annotations

import copy
import pkgutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from simulator.errors import InputError, Problem
from simulator.scenario import seeds
from simulator.scenario.evidence import Source
from simulator.scenario.evidence_checks import check_findings, check_publishers, unsupported_numbers
from simulator.scenario.evidence_uses import citations, drafts_of, read_corridors, table
from simulator.scenario.library import names
from simulator.scenario.load import load
from simulator.scenario.new import new
from simulator.scenario.references import kind_of
from simulator.scenario.seeds import Entry, Finding, Publisher
from simulator.scenario.yaml_file import Mark

STATEMENT = "mpi-council-statement-2017"
CROSSING = "simulator.stages.crossing.hazards"
TEST = "tests/test_findings.py::test_no_effort_seals_a_border"


@cache
def plain(name: str, *overrides: str) -> dict[str, Any]:
    """Return a resolved scenario as a record holds it."""
    return load(name, overrides=overrides).model_dump(mode="json", by_alias=True)


@cache
def corridors() -> Any:
    return read_corridors()


@cache
def findings() -> dict[str, Entry[Finding]]:
    return {name: entry for name in seeds.finding_names() if (entry := seeds.read_finding(name))}


@cache
def publishers() -> dict[str, Entry[Publisher]]:
    return {name: entry for name in seeds.publisher_names() if (entry := seeds.read_publisher(name))}


# Numbers of scenarios ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*names("scenario"), *names("corridor")])
def test_every_number_of_a_shipped_scenario_has_source_or_range(name: str) -> None:
    assert unsupported_numbers(plain(name), name) == []


@pytest.mark.parametrize("override", names("override"))
def test_every_number_of_a_shipped_override_has_source_or_range(override: str) -> None:
    assert unsupported_numbers(plain("eu-turkey-2016", override), override) == []


def test_every_number_of_the_template_has_source_or_range(tmp_path: Path) -> None:
    new(tmp_path / "mine")
    content = load(tmp_path / "mine").model_dump(mode="json", by_alias=True)
    assert unsupported_numbers(content, "template") == []


def policy_with(part: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def of(content: dict[str, Any]) -> dict[str, Any]:
        policies = content["corridor"]["policies"].values()
        return next(each for policy in policies for each in policy[part] if each["kind"] != "measured")

    return of


def parameter(content: dict[str, Any]) -> dict[str, Any]:
    return content["corridor"]["parameters"]["smuggling"]["price_elasticity"]


def column(content: dict[str, Any]) -> dict[str, Any]:
    return content["corridor"]["tables"]["legs"]["columns"]["price_eur"]


def policy(content: dict[str, Any]) -> dict[str, Any]:
    return content["corridor"]["policies"]["niger-law"]


def act(content: dict[str, Any]) -> dict[str, Any]:
    return content["corridor"]["regimes"]["acts"]["border"]["hold"]


LEVER, PAYMENT = policy_with("levers"), policy_with("payments")
BREAKS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "parameter without source": (
        lambda c: parameter(c).update(source=None),
        "price_elasticity: is estimated, but has no s",
    ),
    "parameter without range": (
        lambda c: parameter(c).update(range=None),
        "price_elasticity: is estimated, but has no r",
    ),
    "parameter of no width": (lambda c: parameter(c).update(range=[0.17, 0.17]), "its range has no width"),
    "parameter of nobody": (lambda c: parameter(c).update(source="nobody"), "source that does not exist: nobody"),
    "column without evidence": (
        lambda c: c["corridor"]["tables"]["legs"]["columns"].pop("days"),
        "legs.days: is a column of numbers without",
    ),
    "column without range": (lambda c: column(c).update(factor=None), "legs.price_eur: is estimated, but has no range"),
    "column without source": (lambda c: column(c).update(source=None), "legs.price_eur: is estimated, but has no s"),
    "row of nobody": (lambda c: c["diaspora"][0].update(source="nobody"), "diaspora.AFG.AUT.2010: names a source that"),
    "lever without range": (lambda c: LEVER(c).update(factor=None), ".levers: is assumed, but has no range"),
    "payment without range": (lambda c: PAYMENT(c).update(factor=None), ".payments: is"),
    "payment without source": (
        lambda c: PAYMENT(c).update(source=None, kind="measured"),
        ".payments: is measured, but has no source",
    ),
    "policy of nobody": (
        lambda c: policy(c).update(source="nobody"),
        "policies.niger-law: names a source that does not",
    ),
    "partnership without range": (
        lambda c: c["corridor"]["partnerships"][0].update(trust_range=None),
        "corridor.partnerships: is assumed, but has no range",
    ),
    "act without range": (lambda c: act(c).update(public_range=None), "border.hold.public: is a number without source"),
    "act of no width": (lambda c: act(c).update(compliance_range=[0.5, 0.5]), "compliance: is assumed, but its range"),
    "regime without range": (
        lambda c: c["corridor"]["regimes"]["regimes"]["more-for-more"]["publicity"].update(range=None),
        "more-for-more.publicity: is assumed, but has no range",
    ),
    "bargain of nobody": (
        lambda c: c["corridor"]["bargains"]["mali-returns"]["aid"].update(source="nobody"),
        "mali-returns.aid: names a source that does not exist: nobody",
    ),
    "series of nobody": (
        lambda c: c["corridor"]["observed"]["arrivals-greece"].update(source="nobody"),
        "arrivals-greece: names a source that does not exist",
    ),
    "a field that is new": (lambda c: policy(c).update(cost=3.5), "policies.niger-law.cost: is a number without"),
    "a column that is new": (lambda c: c["places"][3].update(beds=70), "places.beds: is a column of numbers without"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_number_without_source_or_range_is_found(name: str) -> None:
    break_it, says = BREAKS[name]
    content = copy.deepcopy(plain("eu-turkey-2016"))
    break_it(content)
    (problem,) = unsupported_numbers(content, "broken")
    assert says in str(problem)


def test_what_an_override_adds_is_looked_at() -> None:
    content = copy.deepcopy(plain("eu-turkey-2016"))
    added = copy.deepcopy(content["corridor"]["policies"]["niger-law"])
    added["levers"][0].update(kind="estimated", source=None)
    content["corridor"]["policies"]["added"] = added
    (problem,) = unsupported_numbers(content, "broken")
    assert problem.field == "corridor.policies.added.levers"


# Entries -----------------------------------------------------------------------------------------------------------


def test_the_files_of_evidence_have_no_problem() -> None:
    assert seeds.check_seeds() == []


def test_every_finding_has_a_document_and_a_use_or_says_why_not() -> None:
    found = citations(corridors())
    assert check_findings(findings(), publishers(), found, drafts_of(corridors())) == []


def test_every_publisher_is_cited_or_says_why_not() -> None:
    documents = {entry.content.document for entry in findings().values()}
    assert check_publishers(publishers(), documents, citations(corridors()), drafts_of(corridors())) == []


def test_every_mechanism_can_be_imported() -> None:
    """Dotted names are found in syntax trees; here they are imported, too."""
    code = {name for entry in findings().values() for name in entry.content.mechanism if kind_of(name) == "code"}
    assert len(code) > 20
    for name in code:
        assert pkgutil.resolve_name(name) is not None


def test_findings_and_the_tests_that_carry_them_name_each_other() -> None:
    """Above each test stands which findings it carries: who changes it sees them, and who names it must have looked."""
    named = {(test, name) for name, entry in findings().items() for test in entry.content.test}
    marked = set()
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        carried: list[str] = []
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("# Carries "):
                carried.append(line.removeprefix("# Carries "))
            elif line.startswith("def test_"):
                function = line.removeprefix("def ").partition("(")[0]
                marked |= {(f"tests/{path.name}::{function}", name) for name in carried}
                carried = []
    assert sorted(named - marked) == []
    assert sorted(marked - named) == []
    assert len(named) > 80


def check_one(identifier: str = "a-document.a-finding", cited: bool = False, **fields: Any) -> list[Problem]:
    """Return the problems of a single finding that is right but for what is given."""
    content = {"document": "a-document", "section": "1", "date": "2016", "finding": "So it is.", "kind": "measured"}
    entry = Entry(Finding.model_validate({**content, **fields}), Mark("seeds/evidence/a-document.yaml", 7))
    names_cited = [identifier] if cited else []
    return check_findings({identifier: entry}, ["a-document"], names_cited, drafts_of(corridors()))


@pytest.mark.parametrize(
    "fields",
    [
        {"unused": "Nobody has read it."},
        {"unused": "No corridor has it.", "no_corridor_has": ["ATL"]},
        {"unused": "Later than the corridor us-mexico.", "later_than": "us-mexico", "date": "2022"},
        {"cited": True},
        {"used_by": "scenarios/mediterranean/observed.csv"},
        {"used_by": "tests/test_evidence.py"},
        {"used_by": ["observed.arrivals-greece.2016-02", "country_years.population", "policies.niger-law.levers.0"]},
        {"used_by": ["legs.izmir--lesvos.price_eur", "switches.hump", "partnerships.0.trust"]},
        {"mechanism": CROSSING, "test": TEST},
        {"mechanism": ["parameters.smuggling.price_elasticity", "switches.hump"], "test": [TEST]},
        {"mechanism": "simulator.governments.agent.Government.act", "test": TEST},
        {"mechanism": "simulator.stages.crossing", "test": TEST},
    ],
    ids=str,
)
def test_a_sound_finding_has_no_problem(fields: dict[str, Any]) -> None:
    assert check_one(**fields) == []


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "nothing uses this entry, and it does not say why"),
        ({"unused": "Later.", "cited": True}, "says why nothing uses the entry, but something does"),
        ({"unused": "Later.", "used_by": "switches.hump"}, "says why nothing uses the entry, but something does"),
        ({"identifier": "b-document.x", "cited": True, "document": "b-document"}, "is no entry of publishers.yaml"),
        ({"identifier": "b-document.x", "cited": True}, "is not what the id starts with"),
        ({"used_by": "scenarios/mediterranean/nothing.csv"}, "used_by: names a file that is not there"),
        ({"used_by": "scenarios/../README.md"}, "used_by: names a file that is not there"),
        ({"used_by": "policies.no-such-policy"}, "used_by: names a field that is not there"),
        ({"used_by": "parameters.news.wieght"}, "used_by: names a field that is not there"),
        ({"used_by": "legs.no--where"}, "used_by: names a field that is not there"),
        ({"used_by": "legs.no_such_column"}, "used_by: names a field that is not there"),
        ({"used_by": "observed.arrivals-greece.1999-01"}, "used_by: names a field that is not there"),
        ({"mechanism": "simulator.stages.crossing.hazard", "test": TEST}, "mechanism: names a function that is not"),
        ({"mechanism": "simulator.stages.crosing.hazards", "test": TEST}, "mechanism: names a function that is not"),
        ({"mechanism": "parameters.news.wieght", "test": TEST}, "mechanism: names a field that is not there"),
        ({"mechanism": "policies.niger-law", "test": TEST}, "is neither a function nor a parameter or switch"),
        ({"unused": "No corridor has it."}, "says 'No corridor', which nothing checks"),
        ({"unused": "The corridor is not built yet."}, "says 'not built', which nothing checks"),
        ({"unused": "No.", "no_corridor_has": ["ATL", "USA"]}, "says that no corridor has USA, but the corridor"),
        ({"unused": "Later.", "later_than": "us-mexico", "date": "2014"}, "does not lie behind the corridor's last"),
        ({"unused": "Later.", "later_than": "atlantis"}, "names a corridor that is not there"),
        ({"mechanism": CROSSING}, "a mechanism needs a test that carries it"),
        ({"mechanism": CROSSING, "test": TEST + "s"}, "test: names a test that is not there"),
        ({"mechanism": CROSSING, "test": "tests/test_nothing.py::test"}, "test: names a test that is not there"),
        ({"mechanism": CROSSING, "test": "tests/test_findings.py"}, "is not written as tests/FILE.py::NAME"),
    ],
    ids=str,
)
def test_a_broken_finding_is_found(fields: dict[str, Any], says: str) -> None:
    found = check_one(**fields)
    problem = found[0]
    assert len({found_.field for found_ in found}) == 1  # of one kind; a country may be in several corridors
    assert says in str(problem)
    assert (problem.file, problem.line) == ("seeds/evidence/a-document.yaml", 7)


@pytest.mark.parametrize(
    ("used", "fields", "says"),
    [
        ((), {}, "nothing uses this entry, and it does not say why"),
        (("cited",), {"unused": "Later."}, "says why nothing uses the entry, but something does"),
        (("documents",), {"unused": "Later."}, "says why nothing uses the entry, but something does"),
        ((), {"used_by": "tools/nothing.py"}, "names a file that is not there"),
        (("cited",), {}, ""),
        (("documents",), {}, ""),
        ((), {"unused": "Later."}, ""),
        ((), {"used_by": "tools/outlines.py"}, ""),
    ],
    ids=str,
)
def test_a_broken_publisher_is_found(used: tuple[str, ...], fields: dict[str, Any], says: str) -> None:
    content = Publisher.model_validate({"publisher": "A", "title": "B", "date": 2016, **fields})
    given = {name: ["p"] if name in used else [] for name in ("cited", "documents")}
    found = check_publishers(
        {"p": Entry(content, Mark("publishers.yaml", 3))}, **given, corridors=drafts_of(corridors())
    )
    assert [says in str(problem) for problem in found] == ([True] if says else [])


SOUND = """a-document.one:
  document: a-document
  section: "1"
  date: 2016
  finding: "So it is."
  value: 5
  unit: person
  kind: measured
"""


@pytest.fixture
def own_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of seeds with one publisher and one finding."""
    (tmp_path / "evidence").mkdir()
    (tmp_path / "publishers.yaml").write_text('a-document: {publisher: A, title: B, date: "2017", note: "Mind it."}\n')
    (tmp_path / "evidence" / "a-document.yaml").write_text(SOUND)
    monkeypatch.setattr(seeds, "_folder", lambda: tmp_path)
    return tmp_path


def test_a_document_may_be_a_file_or_a_folder(own_seeds: Path) -> None:
    assert seeds.check_seeds() == []
    assert seeds.finding_names() == ["a-document.one"]
    folder = own_seeds / "evidence" / "a-document"
    folder.mkdir()
    (folder / "more.yaml").write_text(SOUND.replace("one:", "two:"))
    (own_seeds / "evidence" / "a-document.yaml").rename(folder / "first.yaml")
    assert seeds.check_seeds() == []
    assert seeds.finding_names("a-document") == ["a-document.one", "a-document.two"]
    sources, problems = seeds.read_sources(["a-document.two", "a-document", "nothing", "nothing.two"])
    assert not problems
    assert sources["a-document"] == Source(publisher="A", title="B", date="2017", note="Mind it.")
    assert sources["a-document.two"].cite() == "A: B, 1: So it is: 5 person."
    assert set(sources) == {"a-document", "a-document.two"}


@pytest.mark.parametrize(
    ("old", "new_", "says"),
    [
        ("a-document.one", "other.one", r"is not looked for in this file"),
        ("  unit: person\n", "", "a value needs a unit"),
        ("unit: person", "unit: persons", "unknown unit 'persons'"),
        ("value: 5", "value: many", "value"),
        ("value: 5", "value: [1, .inf]", "is not a finite number"),
        ("kind: measured", "kind: guessed", "is not one of the values allowed"),
        ("  document: a-document\n", "", "document: is missing"),
        ('  section: "1"\n', "", "section: is missing"),
        ("finding:", "findings:", "findings: is not a known key"),
    ],
)
def test_a_broken_file_of_evidence_is_found(own_seeds: Path, old: str, new_: str, says: str) -> None:
    text = SOUND.replace(old, new_, 1)
    assert text != SOUND
    (own_seeds / "evidence" / "a-document.yaml").write_text(text)
    assert any(says in str(problem) for problem in seeds.check_seeds())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SOUND.replace("a-document.one", "foo"), "foo: is not looked for in this file"),
        (SOUND.replace("a-document.one", "a-document."), "a-document.: is not looked for in this file"),
        (SOUND.replace("a-document.one", f"a-document.{'x' * 400}"), "is too long an id"),
        ("- a-document.one\n- 2\n", "is not a set of entries"),
        ("5\n", "is not a set of entries"),
        ("a-document.one: [1, 2]\n", "is not a set of keys"),
        ("a-document.one: 7\n", "is not a set of keys"),
        ("a-document.one:\n", "is not a set of keys"),
        (SOUND.replace("2016", "[2016, 2017]"), "date: is not text"),
        (SOUND.replace('"So it is."', "5"), "finding: is not text"),
        (SOUND.replace("a-document\n", "[a, b]\n"), "document: is not text"),
        (SOUND + "  used_by: 5\n", "used_by: is not a list"),
        (SOUND + "  no_corridor_has: [ATL]\n", "give reasons for 'unused'"),
    ],
    ids=lambda value: value[-30:],
)
def test_a_file_of_another_shape_is_one_clear_error(own_seeds: Path, text: str, says: str) -> None:
    """Whatever stands in a file, the command that lists findings says so, and where, once."""
    (own_seeds / "evidence" / "a-document.yaml").write_text(text)
    with pytest.raises(InputError) as caught:
        table()
    (problem,) = caught.value.problems
    assert says in str(problem)
    assert problem.line
    for identifier in ("foo", "a-document.", "a-document.one", "x" * 500, f"a-document.{'x' * 400}"):
        try:
            seeds.read_finding(identifier)
        except InputError as error:
            assert says in str(error)


def test_an_id_that_stands_twice_is_found(own_seeds: Path) -> None:
    (own_seeds / "evidence" / "a-document").mkdir()
    (own_seeds / "evidence" / "a-document" / "again.yaml").write_text(SOUND)
    (problem,) = seeds.check_seeds()
    assert "is also an entry of" in str(problem)


def test_a_run_reads_only_what_it_names(own_seeds: Path) -> None:
    """An entry that is broken is no hindrance to those that do not name it."""
    (own_seeds / "evidence" / "a-document.yaml").write_text(SOUND + "a-document.broken:\n  kind: nonsense\n")
    assert seeds.read_sources(["a-document.one"])[1] == []
    assert seeds.read_sources(["a-document.broken"])[1]
