"""Diversion: its arithmetic on cases worked out by hand, plain logit in closed form, and what it says of real runs."""

from __future__ import annotations

import copy
import json
from typing import Any

import dense
import numpy as np
import pandas as pd
import pytest
import small
from balloon_table import balloon_people, balloon_table
from scipy.stats import norm

from simulator import __version__
from simulator.analysis import style
from simulator.analysis.diversion import accounts, balloon, diversion, matrix
from simulator.analysis.diversion.balance import balances
from simulator.analysis.diversion.course import months_until
from simulator.analysis.diversion.elasticity import arc
from simulator.analysis.diversion.estimates import Estimate, mean_of, ratio_of, verdict
from simulator.analysis.diversion.pairs import make_pairs, routes_of
from simulator.analysis.diversion.within import GROUPS
from simulator.errors import InputError
from simulator.model import CorridorModel
from simulator.outputs.result import Result, Tables
from simulator.scenario.schema import Scenario

# Arithmetic ---------------------------------------------------------------------------------------------------------


def test_ratio_is_that_of_the_means_and_its_interval_is_fiellers() -> None:
    """Each end of the interval is a ratio at which the mean of top - r * bottom is just told apart from zero."""
    top, bottom = np.array([20.0, 26.0, 22.0, 31.0]), np.array([95.0, 104.0, 99.0, 110.0])
    found = ratio_of(top, bottom)
    assert found.mean == pytest.approx(99 / 408)
    for end in (found.low, found.high):
        rest = top - end * bottom
        t = rest.mean() / (rest.std(ddof=1) / 2)
        assert abs(t) == pytest.approx(3.182446, rel=1e-5)


def test_ratio_of_what_cannot_be_told_apart_from_zero_has_no_ends() -> None:
    found = ratio_of([5.0, 6.0, 4.0], [1.0, -1.0, 0.5])
    assert (found.low, found.high) == (-np.inf, np.inf)
    assert np.isnan(ratio_of([1.0], [2.0]).low)
    assert np.isnan(ratio_of([1.0, 1.0], [0.0, 0.0]).mean)


def test_fieller_covers_as_often_as_it_says() -> None:
    """3,000 sets of 5 pairs with a true ratio of 0.3: covered in 95%, give or take 4 standard errors (1.6 points)."""
    rng = np.random.default_rng(7)
    bottom = 100 + 12 * rng.standard_normal((3000, 5))
    top = 0.3 * bottom + 6 * rng.standard_normal((3000, 5))
    ends = [ratio_of(y, x) for y, x in zip(top, bottom, strict=True)]
    covered = np.mean([each.low <= 0.3 <= each.high for each in ends])
    assert abs(covered - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 3000)


FALL = Estimate(100.0, 90.0, 110.0, 5)


@pytest.mark.parametrize(
    ("fall", "low", "high", "kind", "may_be"),
    [
        (FALL, 0.2, 0.5, "partial", {"partial"}),
        (FALL, 0.92, 1.0, "full", {"full"}),
        (FALL, 0.0, 0.06, "none", {"none"}),
        (FALL, 0.5, 1.0, "not told apart", {"partial", "full"}),
        (FALL, 0.0, 1.0, "not told apart", {"none", "partial", "full"}),
        (FALL, np.nan, np.nan, "not told apart", set()),
        (Estimate(5.0, -3.0, 13.0, 5), 0.2, 0.5, "nothing fell", {"nothing fell"}),
        (Estimate(5.0, np.nan, np.nan, 1), np.nan, np.nan, "not told apart", {"not told apart"}),
    ],
)
def test_verdicts(fall: Estimate, low: float, high: float, kind: str, may_be: set[str]) -> None:
    found = verdict(fall, Estimate((low + high) / 2, low, high, 5))
    assert (found.kind, set(found.may_be)) == (kind, may_be)


def test_months_until_half_and_most() -> None:
    assert months_until([0, 10, 20, 30, 40], 0.5) == pytest.approx(3.0)
    assert months_until([10, 20, 30, 40], 0.9) == pytest.approx(3.6)
    assert months_until([30, 60, 10, 40], 0.5) == pytest.approx(3 + 1 / 3), "for good, not for the first time"
    assert np.isnan(months_until([5, -1], 0.5))


def test_arc_elasticity() -> None:
    assert arc([100], [100 / 3], [1], [3])[0] == pytest.approx(-1.0)
    assert arc([0], [50], [1], [2])[0] == pytest.approx(3.0)
    assert np.isnan(arc([0], [0], [1], [2])[0])
    assert np.isnan(arc([10], [5], [2], [2])[0])


# Plain logit --------------------------------------------------------------------------------------------------------


def logit_table(squeeze: float = 1.2, people: float = 1e6) -> pd.DataFrame:
    """Return the balloon of two routes and staying at home under plain logit: exp(u) shares, without any luck."""
    rows_ = []
    for squeezed in ("a", "b"):
        for effort in (0.0, 0.5, 1.0):
            weight = {"a": np.exp(0.4), "b": np.exp(-0.3), "home": 1.0}
            weight[squeezed] *= np.exp(-squeeze * effort)
            total = sum(weight.values())
            for route in ("a", "b"):
                flow = people * weight[route] / total
                rows_ += [(squeezed, effort, 0, replicate, route, flow, flow / 100, flow) for replicate in (0, 1)]
    return pd.DataFrame(rows_, columns=[*balloon.KEYS, "arrivals", "deaths", "attempts"])


def test_two_routes_under_plain_logit() -> None:
    """Of those who leave a route, the share s_b / (1 - s_a) takes the other, whatever the squeeze (IIA)."""
    weight = np.exp([0.4, -0.3, 0.0])
    a, b, _ = weight / weight.sum()
    for squeeze in (0.3, 1.2, 5.0):
        table = logit_table(squeeze)
        found = balloon.matrix(table, balloon_people(table)).set_index(["squeezed", "route"])["ratio"]
        assert found["a", "b"] == pytest.approx(b / (1 - a))
        assert found["b", "a"] == pytest.approx(a / (1 - b))


def test_elasticities_under_plain_logit() -> None:
    """For a small change the own elasticity is -k e (1 - s_a), and the cross elasticity k e s_a."""
    table = logit_table(0.01)
    table["effort"] = 1 + 0.001 * table["effort"]
    found = balloon.elasticities(table.query("squeezed == 'a'")).set_index(["route", "effort_to"])
    at, k = 1.0005, 0.01 / 0.001
    weight = np.exp([0.4 - 0.005, -0.3, 0.0])
    s_a = weight[0] / weight.sum()
    span = found.xs(1.001, level="effort_to").query("effort_from == 1.0")["elasticity"]
    assert span["a"] == pytest.approx(-k * at * (1 - s_a), rel=0.01)
    assert span["b"] == pytest.approx(k * at * s_a, rel=0.01)


def logit_corridor(barred: float = 0.0, **knobs: Any) -> Scenario:
    """Return a corridor whose route choice is plain logit: three ways out of one home, of which one has no route.

    Nobody learns, tells, is stopped or dies; all who can want to leave, so that as many do whatever a way is worth.
    The way a is worth less where a visa is asked for, which acts on its utility alone.
    """
    countries = [small.country("ORA", "home", origin=True)]
    places, legs = [small.place("home", "ORA", "origin", 0.0)], []
    for code, days in (("a", 0.5), ("b", 1.5), ("c", 1.0)):
        countries.append(small.country(f"DE{code.upper()}", f"city-{code}", destination=True))
        places.append(small.place(f"city-{code}", f"DE{code.upper()}", "destination", 0.0, claim=True))
        legs.append(small.leg("home", f"city-{code}", days=days, price_eur=0.0, visa=code == "a",
                              route="" if code == "c" else code, counted=code != "c"))  # fmt: skip
    ask = small.policy(small.change("visa_requirement", "DEA", ["ORA"], [("2016-01-01", barred)], to=["DEA"]))
    parameter = {"choice.transit_scale": 1.0, "choice.backlog_weight": 0.0, "choice.diaspora_weight": 0.0,
                 "departure.threshold": -500.0, "departure.highest_rate": 1.0, "choice.visa_penalty": 10.0,
                 "choice.day_weight": 0.6}  # fmt: skip
    return small.scenario(
        parameter=parameter, countries=countries, places=places, legs=legs, origins={"ORA": (1.0, 0.0)},
        country_years=[small.years("ORA", population=60_000), *(small.years(f"DE{c}") for c in "ABC")],
        recognition=[*small.builder.recognition("ORA", country="DEA"), *small.builder.recognition("ORA", country="DEB"),
                     *small.builder.recognition("ORA", country="DEC")],
        asylum_years=[small.builder.asylum(f"DE{c}") for c in "ABC"], wealth=(("all", 1.0),),
        switches={"learning": False, "diffusion": False, "hump": False},
        policies={"visa": ask} if barred else {}, end="2017-01-01", **knobs,
    )  # fmt: skip


def result_of(scenario: Scenario) -> Result:
    model = small.run(scenario)
    return Result.of_run(model.recorder, model.stats)


def test_the_model_reduced_to_plain_logit_diverts_by_the_closed_form() -> None:
    """Six pairs of about 35,000 departures: the standard error of the ratio is below 0.01, so that one off by 0.04

    would be found with power above 0.95.
    """
    model = CorridorModel(logit_corridor())
    model.step()
    s = dense.shares_of(model.world)[0, 0]
    assert s[:3].sum() == pytest.approx(1.0, abs=1e-6)
    without, with_ = ([result_of(logit_corridor(barred, seed=seed)) for seed in range(1, 7)] for barred in (0.0, 0.1))
    found = diversion(without, with_, ["a"])
    assert found.content["elsewhere"] == ["b"]
    closed = s[1] / (1 - s[0])
    error = (found.ratio.high - found.ratio.low) / 2 / 2.57
    assert error < 0.01
    assert abs(found.ratio.mean - closed) < norm.isf(0.0005) * error
    assert found.verdict.kind == "partial"
    assert found.fate("stay").mean == 0.0, "as many set out"
    gone = found.tables["people"].query("fate == 'destination'").set_index("country")["change"]
    assert gone["DEA"] < 0 < gone["DEC"]


# Pairs of runs of the small corridor --------------------------------------------------------------------------------


SHUT = {"shut": small.policy(small.change("border_effort_departure", "TRA", ["eastern"], [("2016-02-12", 30.0)]))}


@pytest.fixture(scope="module")
def pairs() -> tuple[list[Result], list[Result]]:
    """Three pairs of runs with and without controls at the eastern sea."""
    without, with_ = ([result_of(small.corridor(20_000, seed=seed, policies=policies)) for seed in (1, 2, 3)]
                      for policies in ({}, SHUT))  # fmt: skip
    return without, with_


def test_accounts_add_up(pairs: tuple[list[Result], list[Result]]) -> None:
    """Where people are adds up to nobody more or fewer; groups add up to all; routes to what frames say."""
    found = diversion(*pairs)
    assert found.content["treated"] == ["eastern"], "from the policy's levers"
    people = found.tables["people"]
    assert people["change"].sum() == pytest.approx(0.0, abs=1e-9)
    groups = found.tables["groups"].groupby("dimension")[["fallen", "moved", "others"]].sum()
    for dimension in GROUPS:
        for name in ("fallen", "moved", "others"):
            assert groups.loc[dimension, name] == pytest.approx(getattr(found, name).mean)
    assert found.fallen.mean >= found.fall.mean - 1e-6
    assert found.moved.mean + found.others.mean >= found.rise.mean - 1e-6
    routes = found.tables["routes"].set_index(["measure", "route"])
    for measure, where in (("arrivals", {}), ("deaths", {"route": "eastern"})):
        totals = [[float(run.frame(measure, where={"route": "eastern", **where})[measure].iloc[0]) for run in side]
                  for side in pairs]  # fmt: skip
        assert routes.loc[(measure, "eastern"), "without"] == pytest.approx(np.mean(totals[0]))
        assert routes.loc[(measure, "eastern"), "with_"] == pytest.approx(np.mean(totals[1]))
    assert found.ratio.mean == pytest.approx(found.tables["matrix"].set_index("route").loc["western", "ratio"])
    course = found.tables["course"].iloc[-1]
    assert (course["fall"], course["moved"]) == (pytest.approx(found.fall.mean), pytest.approx(found.moved.mean))
    assert (course["fall_low"], course["moved_high"]) == (
        pytest.approx(found.fall.low), pytest.approx(found.moved.high))  # fmt: skip
    assert found.fall.told
    assert found.fall.mean == pytest.approx(mean_of([
        float(one.frame("arrivals", where={"route": "eastern"})["arrivals"].iloc[0])
        - float(two.frame("arrivals", where={"route": "eastern"})["arrivals"].iloc[0])
        for one, two in zip(*pairs, strict=True)]).mean)  # fmt: skip


def test_it_can_be_written_and_limited_to_months(pairs: tuple[list[Result], list[Result]]) -> None:
    found = diversion(*pairs, effort=(1.0, 31.0))
    json.dumps(found.plain(), allow_nan=False)
    assert set(found.tables["elasticities"]["to"]) == {"effort", "interception"}
    assert (found.tables["elasticities"].query("where == 'treated' and flow == 'arrivals'")["elasticity"] < 0).all()
    early = diversion(*pairs, until="2016-01")
    assert early.fall.mean == 0.0
    assert early.verdict.kind == "nothing fell"
    both = matrix({"eastern": found, "western": found})
    assert set(both["squeezed"]) == {"eastern", "western"}


def test_a_route_that_another_leads_on_to_is_kept_apart() -> None:
    from small_result import small_scenario

    scenario = small_scenario()
    assert routes_of(dict(scenario.corridor.policies), scenario) == ["east"], "not the Balkan route as well"


def test_runs_that_make_no_pairs_are_refused_all_at_once(pairs: tuple[list[Result], list[Result]]) -> None:
    without, with_ = pairs
    with pytest.raises(InputError, match="2 runs without and 3 with"):
        make_pairs(without[:2], with_)
    with pytest.raises(InputError, match=r"pair 1: the runs differ in seed[\s\S]*pair 2: the runs differ in seed"):
        make_pairs(without[:2], [with_[1], with_[0]])
    with pytest.raises(InputError, match="same seed and draw"):
        make_pairs([without[0], without[0]], [with_[0], with_[0]])
    with pytest.raises(InputError, match=r"'estern'[\s\S]*eastern"):
        make_pairs(without, with_, ["estern"])
    with pytest.raises(InputError, match="name the route"):
        make_pairs(without, without)
    with pytest.raises(InputError, match="is not a whole month"):
        make_pairs(without, with_, since="2015-01")


def test_runs_of_different_versions_are_no_pair_and_a_figure_of_both_names_both(
    pairs: tuple[list[Result], list[Result]],
) -> None:
    """What differs between them may be the model."""
    older = [copy.copy(run) for run in pairs[0]]
    for run in older:
        run.record = {"versions": {"corridor": "0.0.1"}}
    with pytest.raises(InputError, match=rf"different versions of Corridor[\s\S]*0\.0\.1 and {__version__}"):
        make_pairs(older, pairs[1])
    assert make_pairs(older, older, ["eastern"]).without == tuple(older), "of one version, whichever it is"
    assert f"Corridor 0.0.1 and {__version__}, scenario" in style.source_line([older[0], pairs[1][0]])


# The table of a sweep -----------------------------------------------------------------------------------------------


def test_balloon_table_is_checked() -> None:
    table = balloon_table()
    with pytest.raises(InputError, match="lacks the columns deaths"):
        balloon.check(table.drop(columns="deaths"))
    with pytest.raises(InputError, match=r"same run and route twice[\s\S]*holds values that are no counts"):
        balloon.check(pd.concat([table, table.head(3)]).assign(deaths=-1.0))
    with pytest.raises(InputError, match="has one value only"):
        balloon.check(table.query("effort == 0"))


def test_draws_are_observations_and_replicates_lie_within_them() -> None:
    table = balloon_table(draws=4, replicates=3)
    found = balloon.curves(table)
    assert set(found["n"]) == {4}
    assert set(balloon.curves(table.query("draw == 0"))["n"]) == {3}
    at = table.query("squeezed == 'east' and effort == 0 and route == 'west'")["arrivals"].mean()
    mask = found["squeezed"].eq("east") & found["effort"].eq(0) & found["route"].eq("west")
    assert found[mask & found["measure"].eq("arrivals")]["mean"].iloc[0] == pytest.approx(at)
    assert not (found["route"].eq("all") & found["measure"].eq("arrivals")).any(), "that would count people twice"


def test_an_onward_route_is_no_diversion() -> None:
    table = balloon_table()
    people, onward = balloon_people(table), {"east": ["centre"]}
    for name in ("rise", "moved"):
        plain = balloon.diversion_by_effort(table, people).query("squeezed == 'east'")[name].to_numpy()
        apart = balloon.diversion_by_effort(table, people, onward).query("squeezed == 'east'")[name].to_numpy()
        assert (apart < plain).all()
    pairs_ = balloon.matrix(table, people, onward=onward)[["squeezed", "route"]].to_numpy().tolist()
    assert ["east", "centre"] not in pairs_
    assert ["east", "west"] in pairs_


def test_changes_are_from_effort_as_it_was_where_that_was_run() -> None:
    """From effort 1, the fall to 4 is that from 0 less that from 0 to 1; below 1 there is a rise."""
    table = balloon_table()
    least = balloon.diversion_by_effort(table, balloon_people(table)).set_index(["squeezed", "effort"])["fall"]
    was = balloon.diversion_by_effort(table, balloon_people(table), base=1.0).set_index(["squeezed", "effort"])["fall"]
    assert was["east", 4.0] == pytest.approx(least["east", 4.0] - least["east", 1.0])
    assert was["east", 0.0] == pytest.approx(-least["east", 1.0])
    assert balloon.base_efforts(table, 7.0) == dict.fromkeys(("east", "centre", "west"), 0.0), "an effort not run"
    assert balloon.base_efforts(table, 4.0)["east"] == 0.0, "the highest effort is compared with something"


def test_risk_is_the_ratio_of_means() -> None:
    table = balloon_table()
    found = balloon.curves(table).query("squeezed == 'east' and effort == 4 and measure == 'deaths_per_thousand'")
    part = table.query("squeezed == 'east' and effort == 4")
    on_route = part[part["route"] == "east"]
    risk = found.set_index("route")["mean"]
    assert risk["east"] == pytest.approx(1000 * on_route["deaths"].sum() / on_route["attempts"].sum())
    assert risk["all"] == pytest.approx(1000 * part["deaths"].sum() / part["attempts"].sum())
    nobody = table.assign(attempts=table["attempts"] * (table["route"] != "west"))
    gone = balloon.curves(nobody).query("measure == 'deaths_per_thousand' and route == 'west'")
    assert np.isinf(gone["low"]).all(), "where nobody tries, nothing is said of the risk"


def test_the_balance_of_a_route_adds_up() -> None:
    table = balloon_table()
    found = balances(table, balloon_people(table), {"east": ["west"]}, 1.0)
    assert [each.squeezed for each in found] == ["west", "centre", "east"], "the largest share first"
    found = tuple(sorted(found, key=lambda each: -each.fall.mean))
    for each in found:
        assert sum(to.mean for to in each.to.values()) == pytest.approx(each.moved.mean), "people, as shares"
        assert sum(more.mean for more in each.deaths_on.values()) == pytest.approx(each.deaths.mean)
        assert each.set_out is None, "where that was not measured"
        assert (each.base, each.effort) == (1.0, 4.0)
        assert each.told
        assert sum(share.mean for share in each.shares.values()) == pytest.approx(each.ratio.mean)
        assert each.ratio.mean == pytest.approx(each.moved.mean / each.fallen.mean)
    assert set(found[0].shares) == {"centre"}, "an onward route is no diversion"
    deaths = table.groupby(["squeezed", "effort", "draw", "replicate"], as_index=False)["deaths"].sum()
    anywhere = balances(table, balloon_people(table), None, 1.0, deaths.assign(deaths=2 * deaths["deaths"]))
    twice = {each.squeezed: each for each in anywhere}["east"]
    assert twice.deaths.mean == pytest.approx(2 * found[0].deaths.mean)
    left = balances(table, balloon_people(table), None, 1.0, None, deaths.rename(columns={"deaths": "departures"}))
    assert {each.squeezed: each.set_out.mean for each in left if each.set_out}["east"] == pytest.approx(
        found[0].deaths.mean)  # fmt: skip
    few = table.assign(arrivals=np.where(table["squeezed"] == "east", 100.0, table["arrivals"]))
    told = [each.told for each in balances(few, balloon_people(few), None, 1.0)]
    assert told == [True, True, False], "what cannot be told comes last"


def test_who_waits_is_told_by_need(pairs: tuple[list[Result], list[Result]]) -> None:
    """By need they add up to those on the way or held; runs of versions that did not record it are left out."""
    found = diversion(*pairs)
    waiting = found.tables["waiting"].set_index("need")["change"]
    assert set(waiting.index) == {"in_need", "other"}
    assert waiting.sum() == pytest.approx(found.fate("wait").mean)
    without, with_ = pairs
    earlier = Result.of_run(CorridorModel(with_[0].scenario).recorder, {})
    earlier.tables = Tables(with_[0].tables.arrow, [name for name in with_[0].tables if name != "waiting"])
    assert accounts.waiting_table(make_pairs([without[0]], [earlier])).empty


def test_need_and_origins_are_told_apart(pairs: tuple[list[Result], list[Result]]) -> None:
    groups = diversion(*pairs).tables["groups"]
    assert set(groups.query("dimension == 'need'")["label"]) == {"in_need", "other"}
    assert set(groups.query("dimension == 'origin'")["label"]) == {"ORA", "ORB"}
