"""Make the map outlines that ship with Corridor from a TopoJSON file of Natural Earth countries.

Usage: ``python tools/outlines.py countries-50m.json simulator/analysis/outlines/world-50m.npz``

The input is `countries-50m.json` of the npm package `world-atlas` 2.0.2 (``npm pack world-atlas@2.0.2``).
Rings that cross the antimeridian are cut there, so that a filled polygon never sweeps across the map.
"""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
STEP = 0.01
"""Grid of the stored coordinates in degrees: about 1 km, finer than a line on a printed page."""


def decode_arcs(topology: dict[str, Any]) -> list[Points]:
    """Return the arcs of a quantised topology in degrees, each of shape (n, 2)."""
    scale, shift = np.array(topology["transform"]["scale"]), np.array(topology["transform"]["translate"])
    return [np.cumsum(np.array(arc, dtype=np.float64), axis=0) * scale + shift for arc in topology["arcs"]]


def ring_points(ring: list[int], arcs: list[Points]) -> Points:
    """Return one ring, shape (n, 2), from its arc numbers; ``~number`` runs an arc backwards."""
    parts = [arcs[number] if number >= 0 else arcs[~number][::-1] for number in ring]
    return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])


def unwrap(ring: Points) -> Points:
    """Make longitudes continuous; close a ring that goes round a pole along that pole."""
    lon = np.rad2deg(np.unwrap(np.deg2rad(ring[:, 0])))
    ring = np.column_stack([lon, ring[:, 1]])
    if abs(lon[-1] - lon[0]) > 180.0:
        pole = -90.0 if ring[:, 1].mean() < 0 else 90.0
        ring = np.vstack([ring, [lon[-1], pole], [lon[0], pole], ring[0]])
    return ring


def clip(ring: Points, edge: float, keep_above: bool) -> Points:
    """Clip a ring at the meridian `edge` (Sutherland and Hodgman 1974)."""
    sign = 1.0 if keep_above else -1.0
    kept: list[Points] = []
    for here, after in pairwise(ring):
        inside, next_inside = sign * (here[0] - edge) >= 0, sign * (after[0] - edge) >= 0
        if inside:
            kept.append(here)
        if inside != next_inside:
            share = (edge - here[0]) / (after[0] - here[0])
            kept.append(np.array([edge, here[1] + share * (after[1] - here[1])]))
    return np.array([*kept, kept[0]]) if len(kept) >= 3 else np.empty((0, 2))


def cut(ring: Points) -> list[Points]:
    """Return the parts of a ring within -180 to 180 degrees."""
    ring, parts = unwrap(ring), []
    for turn in (-360.0, 0.0, 360.0):
        moved = ring + np.array([turn, 0.0])
        if moved[:, 0].min() >= -180.0 and moved[:, 0].max() <= 180.0:
            return [moved]
        if moved[:, 0].max() > -180.0 and moved[:, 0].min() < 180.0:
            part = clip(moved, -180.0, keep_above=True)
            part = clip(part, 180.0, keep_above=False) if len(part) else part
            if len(part):
                parts.append(part)
    return parts


def snap(ring: Points) -> NDArray[np.int32]:
    """Return a ring on the stored grid without repeated points, shape (n, 2)."""
    grid: NDArray[np.int32] = np.rint(ring / STEP).astype(np.int32)
    moved = np.concatenate([[True], (np.diff(grid, axis=0) != 0).any(axis=1)])
    return np.asarray(grid[moved])


def convert(topology: dict[str, Any]) -> list[NDArray[np.int32]]:
    """Return the rings of all countries on the stored grid: outer rings and holes alike."""
    arcs, rings = decode_arcs(topology), []
    for country in topology["objects"]["countries"]["geometries"]:
        polygons = {"Polygon": [country.get("arcs")], "MultiPolygon": country.get("arcs")}.get(country["type"], [])
        for polygon in polygons:
            # A hole is another country (Lesotho in South Africa) or a lake: that country's own ring
            # is drawn over it, so the outer ring is enough.
            rings += [snap(part) for part in cut(ring_points(polygon[0], arcs))]
    return sorted((ring for ring in rings if len(ring) >= 4), key=lambda ring: -_area(ring))


def _area(ring: NDArray[np.int32]) -> float:
    x, y = ring[:, 0].astype(np.float64), ring[:, 1].astype(np.float64)
    return float(abs(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) / 2)


def main(source: str, target: str) -> None:
    """Convert `source` and write `target`."""
    rings = convert(json.loads(Path(source).read_text(encoding="utf-8")))
    # First point of each ring as it is, then steps from point to point: small numbers that pack well.
    # 32 bits, as an edge along the pole runs from -180 to 180 degrees in one step.
    steps = np.concatenate([np.vstack([ring[:1], np.diff(ring, axis=0)]) for ring in rings])
    lengths = np.array([len(ring) for ring in rings])
    np.savez_compressed(target, steps=steps.astype(np.int32), lengths=lengths.astype(np.uint16), step=np.float64(STEP))
    print(f"{target}: {len(rings)} rings, {lengths.sum()} points, {Path(target).stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(*sys.argv[1:3])
