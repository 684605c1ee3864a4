"""What a rise elsewhere says of a fall, within origin and need: cases worked out by hand, and what always holds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from balloon_table import balloon_people, balloon_table
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.analysis.diversion import balloon
from simulator.analysis.diversion.balance import balances
from simulator.analysis.diversion.estimates import Estimate
from simulator.analysis.diversion.within import Within, jackknifed, share_within, within
from simulator.errors import InputError

COLUMNS = ["draw", "replicate", "origin", "need", "route", "change"]
ELSEWHERE = ["centre", "west"]
COUNT = st.integers(-50, 50)
CHANGES = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 1), st.sampled_from("ABC"), st.sampled_from(["in_need", "other"]),
              st.sampled_from(["east", *ELSEWHERE]), COUNT), min_size=1, max_size=40)  # fmt: skip


def one(*rows: tuple[str, str, float], draw: int = 0, replicate: int = 0) -> pd.DataFrame:
    """Return the changes of one pair: origin, route, change."""
    return pd.DataFrame([(draw, replicate, origin, "in_need", route, change) for origin, route, change in rows],
                        columns=COLUMNS)  # fmt: skip


def found(*rows: tuple[str, str, float]) -> Within:
    return within(one(*rows), ["east"], ELSEWHERE)


def test_other_people_who_rise_elsewhere_do_not_match_a_fall() -> None:
    """A falls in the east, B rises in the centre: nothing of it moved. Totals alone would say that all did."""
    other = found(("A", "east", -100), ("B", "centre", 100))
    assert (other.ratio.mean, other.fallen.mean, other.moved.mean, other.others.mean) == (0, 100, 0, 100)
    same = found(("A", "east", -100), ("A", "centre", 100))
    assert (same.ratio.mean, same.fallen.mean, same.moved.mean, same.others.mean) == (1, 100, 100, 0)


def test_need_tells_people_apart_as_origin_does() -> None:
    rows = one(("A", "east", -100), ("A", "centre", 100))
    assert within(rows.assign(need=["in_need", "other"]), ["east"], ELSEWHERE).ratio.mean == 0


def test_a_group_that_rises_here_makes_the_fall_of_others_no_smaller() -> None:
    """The fall is 100 of A, not the net 60: else the share would be 80 of 60."""
    rise = found(("A", "east", -100), ("A", "centre", 80), ("B", "east", 40))
    assert (rise.fallen.mean, rise.moved.mean, rise.ratio.mean) == (100, 80, 0.8)


def test_what_moved_is_allotted_in_proportion_to_the_rises_of_its_group() -> None:
    """A: 60 of its 100 are matched by a net rise of 60 (90 and 30, less 60 in a third place). B: all, in the west."""
    rows = one(("A", "east", -100), ("A", "centre", 90), ("A", "west", 30), ("A", "south", -60), ("B", "east", -10),
               ("B", "west", 15))  # fmt: skip
    made = within(rows, ["east"], [*ELSEWHERE, "south"])
    assert made.moved.mean == 70
    assert {route: each.mean for route, each in made.to.items()} == {"centre": 45, "west": 25, "south": 0}
    assert made.others.mean == 5
    assert sum(each.mean for each in made.shares.values()) == pytest.approx(made.ratio.mean)


def test_several_squeezed_routes_are_one() -> None:
    """Who goes from one squeezed route to another has not left them: the fall of a group is over all of them."""
    rows = one(("A", "east", -100), ("A", "centre", 70), ("A", "west", 30))
    made = within(rows, ["east", "centre"], ["west"])
    assert (made.fallen.mean, made.moved.mean, made.ratio.mean) == (30, 30, 1)


def test_replicates_are_averaged_before_the_smaller_is_taken() -> None:
    """Luck alone, one up and one down: nothing fell. Taken run by run, half of it would have moved."""
    up = one(("A", "east", -10), ("A", "centre", 10))
    down = one(("A", "east", 10), ("A", "centre", -10), replicate=1)
    assert within(pd.concat([up, down]), ["east"], ELSEWHERE).moved.mean == 0
    of_draws = within(pd.concat([up, down.assign(draw=1)]), ["east"], ELSEWHERE)
    assert of_draws.moved.mean == 5, "draws differ in what is not known, and are not averaged before"


def test_intervals_leave_out_one_draw_at_a_time() -> None:
    """Of one group that moves whole the fall is a plain mean, whose jackknife interval is that of t."""
    falls = [80.0, 100.0, 120.0]
    made = within(pd.concat([one(("A", "east", -fall), ("A", "west", fall / 2), draw=draw)
                             for draw, fall in enumerate(falls)]), ["east"], ELSEWHERE)  # fmt: skip
    give = 4.302653 * np.std(falls, ddof=1) / np.sqrt(3)
    assert (made.fallen.low, made.fallen.high) == (pytest.approx(100 - give), pytest.approx(100 + give))
    assert (made.ratio.mean, made.ratio.low, made.ratio.high) == pytest.approx((0.5, 0.5, 0.5))
    alone = within(one(("A", "east", -1)), ["east"], ELSEWHERE)
    assert np.isnan(alone.ratio.low)
    assert alone.ratio.n == 1


@settings(max_examples=60, deadline=None)
@given(CHANGES)
def test_what_always_holds(rows: list[tuple[int, int, str, str, str, int]]) -> None:
    """Shares lie between 0 and 1 and add up; people add up; a group in which nothing changes changes nothing."""
    table = pd.DataFrame(rows, columns=COLUMNS)
    made = within(table, ["east"], ELSEWHERE)
    assert 0 <= made.moved.mean <= made.fallen.mean + 1e-9
    assert made.others.mean >= 0
    assert sum(each.mean for each in made.to.values()) == pytest.approx(made.moved.mean)
    if made.fallen.mean > 0:
        assert 0 <= made.ratio.mean <= 1 + 1e-12
        assert np.isnan(made.ratio.low) or 0 <= made.ratio.low <= made.ratio.high <= 1
    rises = table[table["route"] != "east"].groupby(["draw", "replicate"])["change"].sum()
    assert made.moved.mean + made.others.mean >= rises.groupby("draw").mean().sum() / table["draw"].nunique() - 50
    idle = table.assign(origin="IDLE", change=0)
    again = within(pd.concat([table, idle]), ["east"], ELSEWHERE)
    assert (again.moved, again.fallen, again.others) == (made.moved, made.fallen, made.others)


def plainly(table: pd.DataFrame) -> list[float]:
    """Return fallen, moved, others, and moved to each other route, by the formula as it is written, group by group."""
    groups = table[["origin", "need"]].drop_duplicates().to_numpy().tolist()
    found = []
    for _, draw in table.groupby("draw"):
        runs = len(draw[["draw", "replicate"]].drop_duplicates())
        made = [0.0] * (3 + len(ELSEWHERE))
        for origin, need in groups:
            group = draw[(draw["origin"] == origin) & (draw["need"] == need)]
            on = {route: group.loc[group["route"] == route, "change"].sum() / runs for route in ("east", *ELSEWHERE)}
            fall, rise = max(-on["east"], 0.0), max(sum(on[route] for route in ELSEWHERE), 0.0)
            ups = [max(on[route], 0.0) for route in ELSEWHERE]
            matched = min(fall, rise)
            each = [fall, matched, rise - matched, *(matched * up / sum(ups) if sum(ups) else 0.0 for up in ups)]
            made = [one + more for one, more in zip(made, each, strict=True)]
        found.append(made)
    return [float(value) for value in np.mean(found, axis=0)]


def all_of(made: Within) -> list[Estimate]:
    return [made.fallen, made.moved, made.others, *made.to.values(), made.ratio, *made.shares.values()]


def plain_estimates(table: pd.DataFrame) -> list[Estimate]:
    """Return what `within` should, with one draw (or replicate) after the other left out of the table."""
    unit = "draw" if table["draw"].nunique() > 1 else "replicate"
    kept = [table[table[unit] != each] for each in sorted(table[unit].unique())]
    rest = [plainly(each) for each in kept] if len(kept) > 1 else []
    whole = plainly(table)
    made = [jackknifed(value, [each[place] for each in rest]) for place, value in enumerate(whole)]
    for place in (1, *range(3, 3 + len(ELSEWHERE))):
        nothing = Estimate(np.nan, np.nan, np.nan, max(len(rest), 1))
        some = [each[place] / each[0] if each[0] > 0 else 0.0 for each in rest]
        made.append(jackknifed(whole[place] / whole[0], some, highest=1.0) if whole[0] > 0 else nothing)
    return made


def same(one_: Estimate, other: Estimate) -> bool:
    ours, theirs = ((each.mean, each.low, each.high) for each in (one_, other))
    return one_.n == other.n and np.allclose(ours, theirs, rtol=1e-12, atol=1e-12, equal_nan=True)


@settings(max_examples=25, deadline=None)
@given(CHANGES)
def test_the_fast_sums_are_those_of_the_formula(rows: list[tuple[int, int, str, str, str, int]]) -> None:
    table = pd.DataFrame(rows, columns=COLUMNS)
    made = within(table, ["east"], ELSEWHERE)
    assert all(same(*pair) for pair in zip(all_of(made), plain_estimates(table), strict=True))


@settings(max_examples=40, deadline=None)
@given(CHANGES, st.integers(2, 4))
def test_splitting_a_group_into_equal_parts_changes_nothing(
    rows: list[tuple[int, int, str, str, str, int]], parts: int
) -> None:
    """What is compared does not hang on how fine groups are, as long as parts of a group behave as the whole does."""
    table = pd.DataFrame(rows, columns=COLUMNS)
    split = pd.concat([table.assign(origin=table["origin"] + str(part), change=table["change"] / parts)
                       for part in range(parts)])  # fmt: skip
    one_, other = (within(each, ["east"], ELSEWHERE) for each in (table, split))
    assert other.moved.mean == pytest.approx(one_.moved.mean)
    assert other.fallen.mean == pytest.approx(one_.fallen.mean)


def test_one_function_for_series_of_runs() -> None:
    index = pd.MultiIndex.from_tuples([("east", "A", "in_need"), ("centre", "A", "in_need")],
                                      names=["route", "origin", "need"])  # fmt: skip
    without, with_ = pd.Series([100.0, 10.0], index=index), pd.Series([20.0, 50.0], index=index)
    assert share_within(without, with_, ["east"], ["centre"]) == pytest.approx(40 / 80)
    assert np.isnan(share_within(without, without, ["east"], ["centre"]))


# Sweeps -------------------------------------------------------------------------------------------------------------


def test_a_sweep_of_two_origins_says_nothing_moved_where_others_rose() -> None:
    """The same totals: all east of one origin, all else of another, or both of one."""
    table = balloon_table().query("squeezed == 'east'")
    same = balances(table, balloon_people(table), None, 1.0)[0]
    by_route = balloon_people(table).assign(origin=lambda frame: np.where(frame["route"] == "east", "A", "B"))
    apart = balances(table, by_route, None, 1.0)[0]
    assert same.ratio.mean == pytest.approx(same.rise.mean / same.fall.mean)
    assert (apart.ratio.mean, apart.moved.mean) == (0.0, 0.0)
    assert apart.others.mean == pytest.approx(apart.rise.mean)


def test_efforts_at_once_are_efforts_one_at_a_time() -> None:
    """A run that one effort lacks counts at neither; one in which nobody arrived counts at both."""
    table = balloon_table()
    efforts = sorted(table["effort"].unique())
    lost = (table["effort"] == efforts[-1]) & (table["replicate"] == table["replicate"].max())
    table = table[~(lost & (table["draw"] == table["draw"].max()))]
    empty = (table["effort"] == efforts[1]) & (table["draw"] == table["draw"].min())
    table = table.assign(arrivals=table["arrivals"].where(~empty, 0.0))
    people = balloon_people(table)
    people = people[people["arrivals"] > 0]
    found = balloon.within_groups(table, people)
    for (squeezed, effort), made in found.items():
        run = ["draw", "replicate"]
        both = [set(map(tuple, table.loc[(table["squeezed"] == squeezed) & (table["effort"] == at), run].to_numpy()))
                for at in (efforts[0], effort)]  # fmt: skip
        sides = []
        for at, sign in ((efforts[0], -1.0), (effort, 1.0)):
            side = people[(people["squeezed"] == squeezed) & (people["effort"] == at)]
            shared = [tuple(each) in both[0] & both[1] for each in side[run].to_numpy()]
            sides.append(side[shared].assign(change=lambda rows, sign=sign: sign * rows["arrivals"]))
        nobody = pd.DataFrame([(*each, "", "", squeezed, 0.0) for each in both[0] & both[1]], columns=COLUMNS)
        others = [route for route in dict.fromkeys(table["route"]) if route != squeezed]
        alone = within(pd.concat([*sides, nobody]), [squeezed], others)
        assert all(same(*pair) for pair in zip(all_of(made), all_of(alone), strict=True))
    assert len(found) == table["squeezed"].nunique() * (len(efforts) - 1)


def test_a_sweep_kept_without_origins_is_refused_in_one_sentence() -> None:
    table = balloon_table()
    with pytest.raises(InputError, match="kept without origins"):
        balloon.matrix(table, None)
    people = balloon_people(table)
    with pytest.raises(InputError, match="do not add up"):
        balloon.matrix(table, people.assign(arrivals=people["arrivals"] * 1.1))
