"""Broken scenarios: the template of `corridor new` with one thing broken each, and what must be said about it.

Each case is a patch: in `file`, the text `old` becomes `new`. The message must match `says`, where ``{at}`` stands
for the file and the line of the text `at` in the patched file (by default: of `new`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from simulator.scenario.new import new

SCENARIO = "two-ways.yaml"
CORRIDOR = "strait/corridor.yaml"
PARAMETERS = "strait/parameters.yaml"
POLICIES = "strait/policies.yaml"
COUNTRIES, PLACES, LEGS = "strait/countries.csv", "strait/places.csv", "strait/legs.csv"
YEARS, SEASONS, OBSERVED = "strait/country_years.csv", "strait/seasons.csv", "strait/observed.csv"
OBSERVED_ORIGINS = "strait/observed_origins.csv"
OVERRIDE = "overrides/no-agreement.yaml"
EVERYTHING = "(everything)"
LAID_OVER = ((SCENARIO, "overrides: []", "overrides: [no-agreement]"),)


@dataclass(frozen=True)
class Broken:
    """One way to break the template."""

    name: str
    file: str
    old: str
    new: str
    says: str
    at: str = ""
    more: tuple[tuple[str, str, str], ...] = ()
    """Further patches: file, old, new."""

    def write(self, folder: Path) -> Path:
        """Write the broken scenario into a new folder and return its scenario file."""
        self.begin(folder)
        for file, old, text in ((self.file, self.old, self.new), *self.more):
            path = folder / file
            if old != EVERYTHING:
                before = path.read_text(encoding="utf-8")
                assert old in before, f"{file} has no {old!r}"
                text = before.replace(old, text, 1)
            path.write_bytes(text.encode("utf-8", "surrogateescape"))
        return folder / SCENARIO

    def begin(self, folder: Path) -> None:
        """Write what is to be broken."""
        new(folder)

    def pattern(self, folder: Path) -> re.Pattern[str]:
        """Return what the message must match, once the scenario is written."""
        if "{at}" not in self.says:
            return re.compile(self.says)
        text = (folder / self.file).read_bytes().decode("utf-8", "surrogateescape")
        line = text[: text.index(self.at or self.new)].count("\n") + 1
        where = re.escape(f"{self.file}:{line}: ")
        return re.compile(self.says.replace("{at}", where))


SHIFT = """override: shift
summary: Moves the agreement.
set:
  policies.sea-agreement.announced: 2016-04-01
"""

BROKEN = (
    # files and their form
    Broken("not-yaml", SCENARIO, "period:", "period: [", r"two-ways\.yaml:\d+: is not YAML"),
    Broken("empty-file", PARAMETERS, EVERYTHING, "", r"parameters\.yaml:1: parameters: is empty"),
    Broken("duplicate-key", SCENARIO, "seed: 1\n", "seed: 1\nseed: 2\n",
           r"{at}seed: key 'seed' is given twice; first on line \d+", at="seed: 2"),
    Broken("not-finite-yaml", PARAMETERS, "halflife: {value: 60", "halflife: {value: .inf",
           r"{at}parameters\.news\.halflife\.value: is not a finite number"),
    Broken("no-such-day", SCENARIO, "start: 2015-01-01", "start: 2015-02-30",
           r"{at}period\.start: is no day of the calendar"),
    Broken("file-not-there", CORRIDOR, "file: legs.csv", "file: leg.csv",
           r"{at}tables\.legs\.file: names a file that is not there(?s:.*)did you mean 'legs\.csv'\?"),
    Broken("not-utf8", LEGS, "The boats", "The boats \udcff",
           r"{at}is not UTF-8 text", at="beach--bay,"),
    Broken("other-tag", SCENARIO, "seed: 1", "seed: !!python/int 1", r"{at}seed: has the tag"),
    # keys and types
    Broken("unknown-key", SCENARIO, "persons_per_agent: 10", "person_per_agent: 10",
           r"{at}person_per_agent: is not a known key(?s:.*)did you mean 'persons_per_agent'\?"),
    Broken("unknown-parameter", PARAMETERS, "  halflife:", "  half_life:",
           r"{at}parameters\.news\.half_life: is not a known key(?s:.*)did you mean 'halflife'\?"),
    Broken("missing-key", SCENARIO, "title: Two ways to two destinations\n", "",
           r"two-ways\.yaml:\d+: title: is missing"),
    Broken("missing-parameter", PARAMETERS, "  halflife:", "  # halflife:",
           r"{at}parameters\.news\.halflife: is missing", at="news:"),
    Broken("not-a-number", PARAMETERS, "halflife: {value: 60", "halflife: {value: sixty",
           r"{at}parameters\.news\.halflife\.value: is not a number"),
    Broken("not-a-step", SCENARIO, "step_days: 7", "step_days: weekly",
           r"{at}step_days: (?s:.*)allowed: a whole number or 'month'"),
    Broken("too-small", SCENARIO, "persons_per_agent: 10", "persons_per_agent: 0",
           r"{at}persons_per_agent: is too small(?s:.*)allowed: at least 1\b"),
    Broken("bad-identifier", CORRIDOR, "  long-way: {label", "  Long Way: {label", r"{at}routes\.Long Way: "),
    # units and evidence
    Broken("unknown-unit", PARAMETERS, "halflife: {value: 60, unit: day", "halflife: {value: 60, unit: days",
           r"{at}parameters\.news\.halflife: unknown unit 'days'(?s:.*)did you mean 'day'\?"),
    Broken("wrong-unit", PARAMETERS, "halflife: {value: 60, unit: day", "halflife: {value: 60, unit: km",
           r"{at}parameters\.news\.halflife: unit 'km' measures distance, not time"),
    Broken("wrong-column-unit", CORRIDOR, "distance_km: {unit: km", "distance_km: {unit: day",
           r"{at}tables\.legs\.columns\.distance_km\.unit: is the wrong unit(?s:.*)allowed: km"),
    Broken("column-without-evidence", CORRIDOR,
           "      distance_km: {unit: km, kind: assumed, factor: [0.9, 1.2]}\n", "",
           r"{at}tables\.legs\.columns\.distance_km: the column has no evidence", at="columns:\n      days:"),
    Broken("impossible-value", PARAMETERS, "rescue_effect: {value: 0.7, unit: \"1\", kind: assumed, range: [0.4, 0.9]}",
           "rescue_effect: {value: 1.7, unit: \"1\", kind: assumed, range: [0.4, 1.9]}",
           r"{at}parameters\.crossing\.rescue_effect: 1\.7 lies outside what is possible"),
    Broken("outside-its-range", PARAMETERS, "halflife: {value: 60", "halflife: {value: 600",
           r"{at}parameters\.news\.halflife: value 600\.0 lies outside its range"),
    Broken("assumed-without-range", PARAMETERS, ", range: [20, 120]}", "}",
           r"parameters\.yaml:\d+: parameters\.news\.halflife: a number of kind 'assumed' needs a range"),
    Broken("measured-without-source", CORRIDOR, "distance_km: {unit: km, kind: assumed",
           "distance_km: {unit: km, kind: measured",
           r"{at}tables\.legs\.columns\.distance_km: a number of kind 'measured' needs a source"),
    Broken("unknown-source", CORRIDOR, "source: invented", "source: invnted",
           r"{at}observed\.sea-arrivals\.source: names a source that does not exist(?s:.*)did you mean 'invented'\?"),
    # tables
    Broken("unknown-column", LEGS, "price_eur", "price_euro",
           r"{at}price_euro: is not a column of this table(?s:.*)did you mean 'price_eur'\?", at="leg,tail"),
    Broken("missing-column", PLACES, "wait_days", "note", r"{at}wait_days: the column is missing", at="place,name"),
    Broken("ragged-row", COUNTRIES, "XDE,Delta,", "XDE,Delta, the,", r"{at}has 8 cells where the header has 7"),
    Broken("cell-not-a-number", LEGS, "560,1,50", "560,one,50",
           r"{at}legs\.strand-city--beach\.days: is not a number", at="strand-city--beach,"),
    Broken("cell-not-finite", LEGS, "560,1,50", "560,nan,50",
           r"{at}legs\.strand-city--beach\.days: is not a finite number", at="strand-city--beach,"),
    Broken("cell-out-of-bounds", PLACES, "37.0,35.0", "97.0,35.0",
           r"{at}places\.strand-city\.lat: is too large(?s:.*)allowed: at most 90", at="strand-city,"),
    Broken("empty-cell", PLACES, "37.0,35.0", ",35.0", r"{at}places\.strand-city\.lat: is empty", at="strand-city,"),
    Broken("unknown-mode", LEGS, "beach,bay,sea", "beach,bay,boat",
           r"{at}legs\.beach--bay\.mode: is not one of the values allowed(?s:.*)'land', 'sea' or 'air'"),
    Broken("place-twice", PLACES, "beach,The Beach", "bay,The Beach",
           r"{at}places\.bay: is given twice", at="bay,Landing"),
    Broken("country-year-twice", YEARS, "XHI,2014,", "XHI,2013,",
           r"{at}country_years\.XHI\.2013: is given twice", at="XHI,2013,8120000"),
    Broken("empty-table", SEASONS, EVERYTHING, "", r"seasons\.csv:1: is empty"),
    # names and the graph
    Broken("unknown-place", LEGS, "beach--bay,beach,bay,", "beach--bay,beach,bey,",
           r"{at}legs\.beach--bay\.head: is an unknown place(?s:.*)did you mean 'bay'\?"),
    Broken("unknown-country", PLACES, "beach,The Beach,XST", "beach,The Beach,XSD",
           r"{at}places\.beach\.country: is an unknown country(?s:.*)did you mean 'XST'\?"),
    Broken("unknown-route", LEGS, "sea,narrow-sea,", "sea,narow-sea,",
           r"{at}legs\.beach--bay\.route: is an unknown route(?s:.*)did you mean 'narrow-sea'\?", at="beach--bay,"),
    Broken("unknown-sea", LEGS, "3000,narrow,", "3000,narow,",
           r"{at}legs\.beach--bay\.sea: is an unknown sea(?s:.*)did you mean 'narrow'\?", at="beach--bay,"),
    Broken("month-missing", SEASONS, "narrow,6,0.95,0.7\n", "",
           r"seasons\.csv: seasons: the sea 'narrow' lacks the months 6"),
    Broken("loop", LEGS, "strand-city--beach,strand-city,beach", "strand-city--beach,strand-city,strand-city",
           r"{at}legs\.strand-city--beach\.head: is the place that the leg leaves from"),
    Broken("leg-twice", LEGS, "west-city--north-city,west-city,north-city,land", "bay--west,bay,west-city,land",
           r"{at}legs\.bay--west: is the same way, by the same mode, as 'bay--west-city'"),
    Broken("unreachable-destination", COUNTRIES, "XME,Meadow,meadow-town,false,false,false,1\n",
           "XME,Meadow,meadow-town,false,false,false,1\nXIS,Isle,isle,false,false,true,1\n",
           r"{at}countries\.XIS\.destination: cannot be reached from any origin", at="XIS,Isle",
           more=((PLACES, "bay,Landing", "isle,Isle,XIS,35,25,destination,0,true,false\nbay,Landing"),
                 (YEARS, "XHI,2013", "XIS,2013,100000,20000,0.1,30,0,0\nXHI,2013"))),
    Broken("origin-cut-off", LEGS, "high-city,strand-city,", "strand-city,high-city,",
           r"countries\.csv:2: countries\.XHI\.place: no destination can be reached from 'high-city'",
           more=((LEGS, "high-city,meadow-town,", "meadow-town,high-city,"),
                 (LEGS, "high-city,north-city,", "north-city,high-city,"))),
    Broken("home-in-other-country", COUNTRIES, "XHI,Highland,high-city", "XHI,Highland,bay",
           r"{at}countries\.XHI\.place: lies in XWE, not XHI"),
    Broken("destination-without-claims", PLACES, "destination,0,true", "destination,0,false",
           r"countries\.csv:7: countries\.XNO\.destination: has no place where asylum is claimed"),
    Broken("shares", CORRIDOR, "{name: richer, share: 0.5}", "{name: richer, share: 0.4}",
           r"{at}wealth_classes: has shares that do not add up to 1", at="wealth_classes:"),
    # time
    Broken("ends-before-it-starts", SCENARIO, "end: 2017-01-01", "end: 2014-06-01",
           r"{at}period\.end: is not after the start"),
    Broken("outside-the-inputs", SCENARIO, "end: 2017-01-01", "end: 2027-01-01",
           r"{at}period\.end: lies outside what the corridor covers(?s:.*)2014-01-01 to 2019-01-01"),
    Broken("not-covered", YEARS, "XHI,2013,", "XHI,2021,",
           r"country_years\.csv: country_years: population of XHI is given only from 2016",
           more=((YEARS, "XHI,2014,", "XHI,2022,"), (YEARS, "XHI,2015,", "XHI,2023,"))),
    Broken("month-skipped", OBSERVED, "sea-arrivals,2015-06,", "sea-arrivals,2014-06,",
           r"{at}observed\.sea-arrivals\.2014-06\.month: does not follow 2015-05"),
    # observed by origin and year
    Broken("unknown-observed-route", OBSERVED_ORIGINS, "narrow-sea,XDE,2015", "narow-sea,XDE,2015",
           r"{at}observed_origins\.narow-sea\.XDE\.2015\.route: is an unknown route"
           r"(?s:.*)did you mean 'narrow-sea'\?"),
    Broken("observed-origin-is-none", OBSERVED_ORIGINS, "narrow-sea,XDE,2015", "narrow-sea,XST,2015",
           r"{at}observed_origins\.narrow-sea\.XST\.2015\.origin: is a country that the table countries does not mark"
           r" as origin(?s:.*)allowed: XDE, XHI"),
    Broken("observed-year-not-covered", OBSERVED_ORIGINS, "narrow-sea,XDE,2015", "narrow-sea,XDE,2012",
           r"{at}observed_origins\.narrow-sea\.XDE\.2012\.year: lies outside what the corridor covers"
           r"(?s:.*)2013 to 2018"),
    Broken("observed-year-not-whole", OBSERVED_ORIGINS, "narrow-sea,XDE,2015", "narrow-sea,XDE,2015.5",
           r"{at}observed_origins\.narrow-sea\.XDE\.2015\.5\.year: is not a whole number"),
    Broken("observed-origin-twice", OBSERVED_ORIGINS, "narrow-sea,XDE,2015", "narrow-sea,XHI,2015",
           r"{at}observed_origins\.narrow-sea\.XHI\.2015: is given twice", at="narrow-sea,XHI,2015,5900"),
    Broken("observed-people-negative", OBSERVED_ORIGINS, "2015,5900", "2015,-5900",
           r"{at}observed_origins\.narrow-sea\.XDE\.2015\.people: is too small(?s:.*)allowed: at least 0"),
    Broken("observed-origins-without-evidence", CORRIDOR,
           "    columns:\n      people: {unit: person, kind: assumed, factor: [0.9, 1.1]}\n", "",
           r"{at}tables\.observed_origins\.columns\.people: the column has no evidence", at="observed_origins:"),
    Broken("observed-origins-not-there", CORRIDOR, "file: observed_origins.csv", "file: observed_origin.csv",
           r"{at}tables\.observed_origins\.file: names a file that is not there(?s:.*)'observed_origins\.csv'\?"),
    # policies
    Broken("unknown-lever", POLICIES, "lever: border_effort_departure", "lever: border_effort_departures",
           r"{at}policies\.sea-agreement\.levers\.0\.lever: is an unknown lever(?s:.*)'border_effort_departure'\?"),
    Broken("unknown-leg-of-lever", POLICIES, "at: [beach--bay]", "at: [beach--by]",
           r"{at}policies\.sea-agreement\.levers\.0\.at: names an unknown leg or route(?s:.*)'beach--bay'\?"),
    Broken("unknown-government", POLICIES, "government: XST", "government: XXT",
           r"{at}policies\.sea-agreement\.levers\.0\.government: names an unknown government(?s:.*)'XST'\?"),
    Broken("until-before-from", POLICIES, "until: 2018-07-01", "until: 2016-01-01",
           r"policies\.yaml:\d+: policies\.sea-agreement\.levers\.0: until 2016-01-01 is not after"),
    Broken("dates-out-of-order", POLICIES, "- {from: 2016-10-01", "- {from: 2015-10-01",
           r"policies\.yaml:\d+: policies\.sea-agreement\.levers\.0: values must be in order of date"),
    Broken("lever-out-of-limits", POLICIES, "value: 4, ramp_days", "value: 4000, ramp_days",
           r"{at}policies\.sea-agreement\.levers\.0\.values\.0\.value: is out of the reach of"),
    Broken("two-masters", POLICIES, "      factor: [0.3, 2]\n", """      factor: [0.3, 2]
      do: set
    - lever: border_effort_departure
      government: XWE
      at: [narrow-sea]
      do: set
      values: [{from: 2017-01-01, value: 1}]
      unit: "1"
      kind: assumed
      factor: [0.3, 2]
""", r"{at}policies\.sea-agreement\.levers\.1: sets 'border_effort_departure' of beach--bay while 'sea-agreement' does",
           at="    - lever: border_effort_departure\n      government: XWE"),
    Broken("trust-outside-its-range", CORRIDOR, "trust_range: [0.2, 0.8]", "trust_range: [0.6, 0.8]",
           r"{at}partnerships\.0\.trust_range: does not hold the trust"),
    # overrides
    Broken("unknown-base", SCENARIO, "base: strait", "base: straight",
           r"{at}base: 'straight': there is no corridor of this name(?s:.*)did you mean 'strait'\?"),
    Broken("unknown-override", SCENARIO, "overrides: []", "overrides: [no-agrement]",
           r"{at}overrides: there is no override of this name(?s:.*)did you mean 'no-agreement'\?"),
    Broken("unknown-comparison", SCENARIO, "compare: [no-agreement]", "compare: [no-agrement]",
           r"{at}compare: there is no override of this name(?s:.*)did you mean 'no-agreement'\?"),
    Broken("override-twice", SCENARIO, "overrides: []", "overrides: [no-agreement, no-agreement]",
           r"{at}overrides: is laid over twice"),
    Broken("overrides-clash", SCENARIO, "overrides: []", "overrides: [no-agreement, shift]",
           r"shift\.yaml:4: policies\.sea-agreement\.announced: is touched twice: by no-agreement "
           r"\(\S*no-agreement\.yaml:\d+\) and by shift(?s:.*)wins:",
           more=(("overrides/shift.yaml", EVERYTHING, SHIFT),)),
    Broken("removes-what-is-not-there", OVERRIDE, "policies.sea-agreement", "policies.see-agreement",
           r"{at}policies\.see-agreement: does not exist, and cannot be removed(?s:.*)'policies\.sea-agreement'\?",
           more=LAID_OVER),
    Broken("sets-what-is-not-there", OVERRIDE, "remove:\n  - policies.sea-agreement",
           "set:\n  parameters.news.wait.value: 1",
           r"{at}parameters\.news\.wait\.value: there is no 'wait' in parameters\.news", at="parameters.news.wait",
           more=LAID_OVER),
    Broken("adds-what-is-there", OVERRIDE, "remove:\n  - policies.sea-agreement", "add:\n  switches.hump: false",
           r"{at}switches\.hump: is there already, and cannot be added", at="switches.hump", more=LAID_OVER),
    Broken("override-misnamed", OVERRIDE, "override: no-agreement", "override: no-deal",
           r"{at}override: is not the name of its file", more=LAID_OVER),
)  # fmt: skip
