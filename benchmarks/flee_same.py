"""Flee 3.1 on the benchmark's setting; runs in an environment of its own, as a process that answers in JSON.

What Flee does the same: the graph, 30% of those waiting leave a step, legs of 1 to 5 steps, a leg's weight one over its
softened length. All settings are Flee's own defaults, written out where the benchmark relies on them.

What Flee 3.1 cannot do: intercept somebody on a link, let somebody die, give classes of people shares of their own, or
take a seed (it draws from the global generators of Python and NumPy, so no two runs share a person's luck).
It therefore does less work here than the other engines.

A person arrives in Flee in the first step whose travel goes beyond the link's length, and may leave again in that same
step: a link of k x 360 km keeps who left in step t until step t + k, as the setting wants it.

Usage: ``python flee_same.py REQUEST`` with a JSON file {"people", "seed", "burn_in"}; then a number of steps on
each line of standard input; each is answered by a line of JSON.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from flee import InputGeography, flee
from flee.SimulationSettings import SimulationSettings
from setting import DEGREE, KM_PER_STEP, N_PLACES, PLAIN, SOFTENING_KM, make_graph

SETTINGS = f"""
log_levels: {{agent: 0, link: 0, camp: 0, conflict: 0, init: 0, idp_totals: 0}}
spawn_rules: {{take_from_population: false, insert_day0: false}}
move_rules:
  max_move_speed: {KM_PER_STEP}
  default_movechance: {PLAIN.leave}
  awareness_level: 1
  softening: {SOFTENING_KM}
  start_on_foot: false
  avoid_short_stints: false
"""


def place_name(place: int) -> str:
    """Return a place's name for Flee."""
    return f"place{place:02d}"


def build(folder: Path) -> Any:
    """Write Flee's input files and let Flee read them; return its ecosystem without people."""
    graph = make_graph()
    places = ["#name,region,country,gps_x,gps_y,location_type,conflict_date,pop/cap"]
    places += [f"{place_name(p)},region,country,{p / 10},0.0,town,0,1000" for p in range(N_PLACES)]
    links = ["#name1,name2,distance,forced_redirection"]
    for place in range(N_PLACES):
        for option in range(0, DEGREE, 2):  # odd options are the way back, which Flee makes itself
            head, km = place_name(int(graph.head[place, option])), graph.km[place, option]
            links.append(f"{place_name(place)},{head},{km},0")
    files = {"settings.yml": SETTINGS, "locations.csv": "\n".join(places), "routes.csv": "\n".join(links)}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    SimulationSettings.ReadFromYML(str(folder / "settings.yml"))
    geography = InputGeography.InputGeography()
    geography.ReadLocationsFromCSV(str(folder / "locations.csv"))
    geography.ReadLinksFromCSV(str(folder / "routes.csv"))
    geography.closures = []
    ecosystem = flee.Ecosystem()
    ecosystem.print_location_output = False
    geography.StoreInputGeographyInEcosystem(ecosystem)
    return ecosystem


def attempts(ecosystem: Any) -> list[int]:
    """Return departures so far by leg, as Flee counts them on its links."""
    graph = make_graph()
    numbers = {
        f"L:{place_name(p)}:{place_name(int(graph.head[p, o]))}": p * DEGREE + o
        for p in range(N_PLACES)
        for o in range(DEGREE)
    }
    found = [0] * (N_PLACES * DEGREE)
    for location in ecosystem.locations:
        for link in location.links:
            found[numbers[link.name]] += link.cumNumAgents
    return found


def main() -> None:
    """Build, settle, and answer requests until standard input ends."""
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever Flee prints must not mix with the answers
    random.seed(request["seed"])
    np.random.seed(request["seed"])  # noqa: NPY002 (the generator that Flee uses)
    with tempfile.TemporaryDirectory() as folder:
        ecosystem = build(Path(folder))
    start = random.choices(ecosystem.locations, k=request["people"])
    for location in start:
        ecosystem.addAgent(location=location, attributes={})
    for _ in range(request["burn_in"]):
        ecosystem.evolve()
    print(json.dumps({"ready": len(ecosystem.agents)}), file=answers, flush=True)
    for line in sys.stdin:
        steps = int(line)
        before = attempts(ecosystem)
        began = time.process_time()
        for _ in range(steps):
            ecosystem.evolve()
        seconds = time.process_time() - began
        made = [after - was for after, was in zip(attempts(ecosystem), before, strict=True)]
        answer = {"seconds": seconds, "person_steps": steps * len(ecosystem.agents), "attempts": made}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
