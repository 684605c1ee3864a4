"""Broken bargains, regimes and responses: the template of `corridor new` with all three, and one thing broken each.

Cases are written as in `broken_scenarios`; `says` begins with where, if nothing else is said.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from broken_scenarios import CORRIDOR, Broken

from simulator.scenario.new import new

REGIMES, BARGAINS, RESPONSES = "regimes.yaml", "strait/bargains.yaml", "strait/responses.yaml"
FILES = {
    REGIMES: """acts:
  readmission:
    refuse: {compliance: 0.0, public: 0.0, value: {value: 0.1, unit: "1", kind: assumed, range: [0, 0.2]}}
    agree: {compliance: 1.0, public: 1.0, value: {value: 70, unit: percent, kind: assumed, range: [50, 90]}}
  border:
    open: {compliance: -1.0, public: 0.0, value: {value: 0.1, unit: "1", kind: assumed, range: [0, 0.2]}}
    hold: {compliance: 1.0, public: 0.0, value: {value: 1.5, unit: "1", kind: assumed, range: [1, 2]}}
regimes:
  threat:
    label: A threat
    summary: Aid is withdrawn.
    source: invented
    publicity: {value: 0.8, unit: "1", kind: assumed, range: [0.5, 1]}
    shared_priorities: {value: 0.1, unit: "1", kind: assumed, range: [0, 0.3]}
    items:
      - {lever: aid, due: refusal, of_aid: true, amount: {value: -0.5, unit: "1", kind: assumed, range: [-1, -0.2]}}
  price:
    label: A price
    summary: Money for control.
    source: assumed
    publicity: {value: 0.2, unit: "1", kind: assumed, range: [0, 0.5]}
    shared_priorities: {value: 0.2, unit: "1", kind: assumed, range: [0, 0.5]}
    items:
      - lever: aid
        due: compliance
        rises: true
        amount: {value: 9, unit: million_eur/year, kind: assumed, range: [5, 20]}
  places:
    label: Places
    summary: Places to move legally.
    source: assumed
    publicity: {value: 0.2, unit: "1", kind: assumed, range: [0, 0.5]}
    shared_priorities: {value: 0.9, unit: "1", kind: assumed, range: [0.5, 1]}
    items:
      - lever: legal_pathways
        due: compliance
        of_asked: true
        amount: {value: 0.5, unit: "1", kind: assumed, range: [0.1, 1]}
""",
    BARGAINS: """highland-returns:
  label: Westmark and Highland
  summary: Whether citizens are taken back.
  source: assumed
  active: true
  donor: XWE
  partner: XHI
  about: readmission
  from: 2015-01-01
  until: 2017-01-01
  regime: threat
  destinations: [XWE, XNO]
  aid: {value: 30, unit: million_eur/year, kind: assumed, range: [10, 60]}
  interests: {money: {value: 1, unit: "1", kind: assumed, range: [0.5, 2]}}
strand-border:
  label: Westmark and Strand
  summary: Whether the beach is watched.
  source: assumed
  active: true
  donor: XWE
  partner: XST
  about: border
  from: 2015-03-01
  regime: price
  destinations: [XWE]
  legs: [narrow-sea]
""",
    RESPONSES: """westmark:
  label: What Westmark does
  source: assumed
  active: true
  government: XWE
  from: 2015-01-01
  answers:
    more-decisions:
      relief: 0.4
      relief_range: [0.2, 0.6]
      cost: {value: 20, unit: million_eur/year, kind: assumed, range: [10, 40]}
      levers:
        - {lever: asylum_capacity, do: multiply, value: {value: 1.5, unit: "1", kind: assumed, range: [1.2, 2]}}
        - {lever: rescue, at: [narrow-sea], value: {value: 0.2, unit: "1", kind: assumed, range: [0.1, 0.3]}}
        - {lever: legal_pathways, at: [XHI], value: {value: 50, unit: person/year, kind: assumed, range: [10, 90]}}
    as-it-is:
      relief: 0.0
      cost: {value: 0, unit: million_eur/year, kind: assumed, range: [0, 0]}
""",
}
_POLICIES = "policies: policies.yaml"
_PARTNERS = "partnerships:\n"


def lay(folder: Path) -> None:
    """Write the template of `corridor new` with other bargains, regimes and responses into a new folder."""
    new(folder)
    shutil.rmtree(folder / "experiments")
    (folder / "overrides" / "delta-decides.yaml").unlink()
    for file, text in FILES.items():
        (folder / file).write_text(text, encoding="utf-8")
    path = folder / CORRIDOR
    text = re.sub(r"^(bargains|regimes): .*\n", "", path.read_text(encoding="utf-8"), flags=re.M)
    parts = "regimes: ../regimes.yaml\nbargains: bargains.yaml\nresponses: responses.yaml\n"
    text = text.replace(_POLICIES, f"{parts}{_POLICIES}", 1)
    partner = "  - {donor: XWE, partner: XHI, trust: 0.6, trust_range: [0.2, 0.8], source: assumed}\n"
    path.write_text(text.replace(_PARTNERS, f"{_PARTNERS}{partner}", 1), encoding="utf-8")


class BrokenBargain(Broken):
    """One way to break the template with bargains."""

    def begin(self, folder: Path) -> None:
        """Write what is to be broken."""
        lay(folder)


def _bargain(name: str, old: str, new: str, says: str, at: str = "") -> BrokenBargain:
    return BrokenBargain(name, BARGAINS, old, new, "{at}bargains\\." + says, at)


def _regime(name: str, old: str, new: str, says: str, at: str = "") -> BrokenBargain:
    return BrokenBargain(name, REGIMES, old, new, "{at}regimes\\." + says, at)


def _answer(name: str, old: str, new: str, says: str, at: str = "") -> BrokenBargain:
    return BrokenBargain(name, RESPONSES, old, new, "{at}responses\\.westmark\\." + says, at)


ITEM = r"threat\.items\.0"
BROKEN_BARGAINS = (
    # bargains: names
    _bargain("unknown-donor", "donor: XWE", "donor: XWF",
             r"highland-returns\.donor: is an unknown government(?s:.*)'XWF'(?s:.*)XHI, XDE(?s:.*)mean 'XWE'\?"),
    _bargain("unknown-partner", "partner: XHI", "partner: XHJ",
             r"highland-returns\.partner: is an unknown country(?s:.*)'XHJ'(?s:.*)did you mean 'XHI'\?"),
    _bargain("destination-is-none", "destinations: [XWE, XNO]", "destinations: [XWE, XST]",
             r"highland-returns\.destinations: is an unknown destination(?s:.*)'XST'(?s:.*)allowed: XWE, XNO"),
    _bargain("unknown-leg-of-bargain", "legs: [narrow-sea]", "legs: [narow-sea]",
             r"strand-border\.legs: is an unknown leg or route(?s:.*)'narow-sea'(?s:.*)mean 'narrow-sea'\?"),
    _bargain("unknown-regime", "regime: threat", "regime: thread",
             r"highland-returns\.regime: is an unknown regime(?s:.*)allowed: threat, price(?s:.*)mean 'threat'\?"),
    _bargain("no-partnership", "donor: XWE\n  partner: XHI", "donor: XNO\n  partner: XHI",
             r"highland-returns\.partner: has no partnership with the donor(?s:.*)'XHI'(?s:.*)add one of XNO and XHI",
             at="partner: XHI"),
    _bargain("nobody-to-take-back", "about: border\n  from: 2015-03-01\n  regime: price\n  destinations: [XWE]\n  "
             "legs: [narrow-sea]\n", "about: readmission\n  from: 2015-03-01\n  regime: price\n  destinations: [XWE]\n",
             r"strand-border\.partner: has no citizens in this corridor to take back(?s:.*)allowed: XHI, XDE",
             at="partner: XST"),
    _bargain("threatens-aid-that-is-not-there", "  aid: {value: 30, unit: million_eur/year, kind: assumed, range: "
             "[10, 60]}\n", "", r"highland-returns\.aid: is missing, and 'threat' is measured against it"
             r"(?s:.*)to do:   say what the donor gives", at="highland-returns:"),
    BrokenBargain("no-regimes", CORRIDOR, "regimes: ../regimes.yaml\n", "", r"bargains\.yaml:11: bargains\.highland"
                  r"-returns\.regime: is an unknown regime(?s:.*)'threat'(?s:.*)allowed: (?s:.*)less-for-less"),
    BrokenBargain("regimes-not-there", CORRIDOR, "regimes: ../regimes.yaml", "regimes: ../regime.yaml",
                  r"{at}regimes: names a file that is not there(?s:.*)did you mean 'regimes\.yaml'\?"),
    # bargains: shape
    _bargain("unit-of-aid", "aid: {value: 30, unit: million_eur/year", "aid: {value: 30, unit: million_eur",
             r"highland-returns: aid is in 'million_eur'; it must be in million_eur/year", at="highland-returns:"),
    _bargain("unit-of-income-and-asked", "  aid: {value: 30", "  income: {value: 9, unit: usd, kind: assumed, range: "
             "[1, 10]}\n  asked: {value: 9, unit: person, kind: assumed, range: [1, 10]}\n  aid: {value: 30",
             r"highland-returns: income is in 'usd'(?s:.*)asked is in 'person'; it must be in person/year",
             at="highland-returns:"),
    _bargain("border-without-legs", "  legs: [narrow-sea]\n", "",
             r"strand-border: about border: say which legs or routes with 'legs'", at="strand-border:"),
    _bargain("returns-over-legs", "  regime: threat\n", "  regime: threat\n  legs: [narrow-sea]\n",
             r"highland-returns: about readmission: leave 'legs' out", at="highland-returns:"),
    _bargain("ends-before-it-begins", "until: 2017-01-01", "until: 2014-01-01",
             r"highland-returns: until 2014-01-01 is not after from, 2015-01-01: until is the first day without it",
             at="highland-returns:"),
    _bargain("about-nothing-known", "about: border", "about: borders",
             r"strand-border\.about: is not one of the values allowed(?s:.*)'readmission' or 'border'"),
    _bargain("no-destinations", "destinations: [XWE]", "destinations: []", r"strand-border\.destinations: has too few"),
    _bargain("unknown-interest", "interests: {money:", "interests: {moneys:",
             r"highland-returns\.interests\.moneys: is not one of the values allowed(?s:.*)'money', 'jobs'"),
    _bargain("unit-of-interest", 'money: {value: 1, unit: "1"', "money: {value: 1, unit: km",
             r"highland-returns\.interests\.money: unit 'km' measures distance, not number"),
    _bargain("unknown-key-of-bargain", "  active: true\n  donor: XWE\n  partner: XHI", "  actve: true\n  donor: XWE\n  "
             "partner: XHI", r"highland-returns\.actve: is not a known key(?s:.*)did you mean 'active'\?",
             at="  actve: true"),
    _bargain("assumed-aid-without-range", "kind: assumed, range: [10, 60]}", "kind: assumed}",
             r"highland-returns\.aid: a number of kind 'assumed' needs a range"),
    _bargain("unknown-source-of-bargain", "source: assumed", "source: nobody",
             r"highland-returns\.source: names a source that does not exist"),
    # regimes and acts
    _regime("unknown-lever-of-item", "lever: aid, due: refusal", "lever: aids, due: refusal",
            rf"regimes\.{ITEM}\.lever: is not one of the values allowed(?s:.*)'aids'(?s:.*)'aid', 'root_cause"),
    _regime("unknown-due", "due: refusal", "due: never",
            rf"regimes\.{ITEM}\.due: is not one of the values allowed(?s:.*)'always', 'compliance' or 'refusal'"),
    _regime("share-of-aid-with-unit", 'of_aid: true, amount: {value: -0.5, unit: "1"', "of_aid: true, amount: {value: "
            "-0.5, unit: million_eur/year", rf"regimes\.{ITEM}: amount is in 'million_eur/year'; here it must be in"),
    _regime("share-of-aid-in-places", "of_asked: true", "of_aid: true",
            r"regimes\.places\.items\.0: of_aid stands for money a year; legal_pathways", at="- lever: legal_pathways"),
    _regime("share-of-people-in-money", "rises: true", "of_asked: true", r"regimes\.price\.items\.0: of_asked stands "
            "for people a year; aid is measured in million_eur/year", at="- lever: aid\n"),
    _regime("price-of-what-is-not-promised", "due: compliance\n        rises", "due: always\n        rises",
            r"regimes\.price\.items\.0: only what is due for compliance has a price that can rise",
            at="- lever: aid\n"),
    _regime("too-public", "publicity: {value: 0.8, unit: \"1\", kind: assumed, range: [0.5, 1]}",
            "publicity: {value: 8, unit: \"1\", kind: assumed, range: [5, 10]}",
            r"regimes\.threat\.publicity: 8 lies outside what is possible, 0 to 1"),
    _regime("unit-of-priorities", 'shared_priorities: {value: 0.1, unit: "1"', "shared_priorities: {value: 0.1, unit: "
            "utility", r"regimes\.threat\.shared_priorities: unit 'utility' measures utility, not number"),
    _regime("unknown-source-of-regime", "source: invented", "source: invnted",
            r"regimes\.threat\.source: names a source that does not exist(?s:.*)did you mean 'invented'\?"),
    _regime("beyond-compliance", "compliance: 1.0, public: 1.0", "compliance: 1.5, public: 1.0",
            r"acts\.readmission\.agree\.compliance: is too large(?s:.*)allowed: at most 1"),
    _regime("act-below-nothing", "{value: 1.5, unit: \"1\", kind: assumed, range: [1, 2]}", "{value: -1, unit: \"1\", "
            "kind: assumed, range: [-2, 2]}", r"acts\.border\.hold\.value: -1 lies outside what is possible"),
    _regime("nothing-to-choose-from", "    open: {compliance: -1.0, public: 0.0, value: {value: 0.1, unit: \"1\", "
            "kind: assumed, range: [0, 0.2]}}\n", "",
            r"acts\.border: has too few items(?s:.*)at least 2", at="  border:"),
    # responses
    _answer("response-of-no-destination", "government: XWE", "government: XST",
            r"government: is an unknown destination(?s:.*)'XST'(?s:.*)allowed: XWE, XNO"),
    _answer("unknown-lever-of-answer", "lever: asylum_capacity", "lever: asylum_capacities",
            r"answers\.more-decisions\.levers\.0\.lever: is an unknown lever(?s:.*)mean 'asylum_capacity'\?"),
    _answer("answer-elsewhere", "asylum_capacity, do", "asylum_capacity, at: [XNO], do",
            r"answers\.more-decisions\.levers\.0\.at: says where; the lever acts on the government's own country"
            r"(?s:.*)'XNO'(?s:.*)leave 'at' out"),
    _answer("answer-nowhere", "lever: rescue, at: [narrow-sea],", "lever: rescue,",
            r"answers\.more-decisions\.levers\.1\.at: is missing: 'rescue' acts on a leg(?s:.*)allowed: high-city"),
    _answer("unknown-leg-of-answer", "at: [narrow-sea]", "at: [narow-sea]",
            r"answers\.more-decisions\.levers\.1\.at: is an unknown leg or route(?s:.*)mean 'narrow-sea'\?"),
    _answer("unknown-origin-of-answer", "at: [XHI]", "at: [XST]",
            r"answers\.more-decisions\.levers\.2\.at: is an unknown origin(?s:.*)'XST'(?s:.*)allowed: XHI, XDE"),
    _answer("unit-of-answer", "value: {value: 50, unit: person/year", "value: {value: 50, unit: person",
            r"answers\.more-decisions\.levers\.2\.value\.unit: unit 'person' measures people, not flow"),
    _answer("unit-of-factor", 'value: {value: 1.5, unit: "1"', "value: {value: 1.5, unit: km",
            r"answers\.more-decisions\.levers\.0\.value\.unit: unit 'km' measures distance, not number"),
    _answer("answer-out-of-reach", "value: {value: 0.2, unit: \"1\", kind: assumed, range: [0.1, 0.3]}",
            "value: {value: 20, unit: \"1\", kind: assumed, range: [10, 30]}",
            r"answers\.more-decisions\.levers\.1\.value: is out of the reach of 'rescue'(?s:.*)value:   20"
            r"(?s:.*)allowed: -1 to 1 to add"),
    _answer("too-much-relief", "relief: 0.4", "relief: 1.4",
            r"answers\.more-decisions\.relief: is too large(?s:.*)allowed: at most 1"),
    _answer("unit-of-cost", "cost: {value: 20, unit: million_eur/year", "cost: {value: 20, unit: million_eur",
            r"answers\.more-decisions\.cost: unit 'million_eur' measures money, not spending"),
    _answer("only-one-answer", "    as-it-is:\n      relief: 0.0\n      cost: {value: 0, unit: million_eur/year, kind: "
            "assumed, range: [0, 0]}\n", "", r"answers: has too few items(?s:.*)at least 2", at="  answers:"),
)  # fmt: skip
