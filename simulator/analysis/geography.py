"""Plain maps that work without a network: outlines, a projection, corners, and labels that keep apart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from simulator.analysis import style

Points = NDArray[np.float64]

SEA, LAND, BORDER = "#E9EEF2", "#FAF8F4", "#C9C4BA"


@lru_cache(maxsize=1)
def outlines() -> tuple[Points, ...]:
    """Return the rings of the world's countries, largest first: each (n, 2) of longitude and latitude."""
    file = resources.files("simulator.analysis") / "outlines" / "world-50m.npz"
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
        steps, lengths, step = stored["steps"], stored["lengths"].astype(int), float(stored["step"])
    cuts = np.cumsum(lengths)[:-1]
    rings = (np.cumsum(part.astype(np.float64), axis=0) * step for part in np.split(steps, cuts))
    return tuple(np.asarray(ring, dtype=np.float64) for ring in rings)


@dataclass(frozen=True)
class Frame:
    """The part of the world on the map: an equirectangular projection, true to scale at its middle latitude.

    Attributes
    ----------
    low, high : south-west and north-east corners in degrees (longitude, latitude).
    """

    low: tuple[float, float]
    high: tuple[float, float]

    @property
    def squeeze(self) -> float:
        """Factor on longitudes."""
        return float(np.cos(np.deg2rad((self.low[1] + self.high[1]) / 2)))

    def holds(self, point: Points) -> bool:
        """Return whether a place (longitude, latitude) is within the frame."""
        return bool((point > self.low).all() and (point < self.high).all())

    def project(self, points: Points) -> Points:
        """Return map coordinates of longitudes and latitudes, shape (n, 2)."""
        return np.asarray(points * [self.squeeze, 1.0])

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in map coordinates."""
        return (self.high[0] - self.low[0]) * self.squeeze, self.high[1] - self.low[1]


def frame_of(points: Points, shape: float) -> Frame:
    """Return the frame around points (n, 2) with a margin, widened to a ratio of width to height."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.05 * (high - low) + 1.0
    low, high = low - margin, high + margin
    squeeze = np.cos(np.deg2rad((low[1] + high[1]) / 2))
    width, height = (high[0] - low[0]) * squeeze, high[1] - low[1]
    if width < shape * height:
        more = (shape * height - width) / squeeze / 2
        low[0], high[0] = low[0] - more, high[0] + more
    else:
        more = (width / shape - height) / 2
        low[1], high[1] = low[1] - more, high[1] + more
    return Frame((float(low[0]), float(low[1])), (float(high[0]), float(high[1])))


def draw_land(axes: Axes, frame: Frame) -> None:
    """Draw countries; those outside the frame are left out."""
    low, high = np.array(frame.low) - 1.0, np.array(frame.high) + 1.0
    rings = [ring for ring in outlines() if (ring.max(axis=0) > low).all() and (ring.min(axis=0) < high).all()]
    # A pixel of the page is fine enough; what lies outside the frame folds onto its edge.
    grain = (frame.high[0] - frame.low[0]) / 1700
    shapes = [frame.project(_thin(np.clip(ring, low, high), grain)) for ring in rings]
    axes.add_collection(PolyCollection(shapes, facecolor=LAND, edgecolor=BORDER, linewidth=0.5, zorder=0))


def _thin(ring: Points, grain: float) -> Points:
    """Return a ring without the points that fall on the one before, on a grid of `grain` degrees."""
    cells = np.rint(ring / grain)
    keep = np.concatenate([[True], (np.diff(cells, axis=0) != 0).any(axis=1)])
    return np.asarray(ring[keep])


def map_axes(figure: Figure, box: tuple[float, float, float, float], frame: Frame) -> Axes:
    """Return axes for a map: plain, in map coordinates, with a frame and no ticks."""
    axes = figure.add_axes(box, facecolor=SEA)
    low, high = frame.project(np.array([frame.low, frame.high]))
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color(BORDER)
    draw_land(axes, frame)
    return axes


def label_places(
    axes: Axes, names: list[tuple[str, Points]], taken: list[Bbox], limit: int, size: float = 8.0
) -> list[str]:
    """Label places, most important first, leaving out labels that would overlap; return those drawn.

    Parameters
    ----------
    names : label and map coordinates of each place.
    taken : boxes in pixels that labels keep clear of; labels drawn are added.
    """
    renderer = axes.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    scale = float(axes.figure.dpi) / 72.0
    room = axes.get_window_extent(renderer)
    drawn: list[str] = []
    for name, point in names:
        if len(drawn) >= limit:
            break
        x, y = axes.transData.transform(point)
        text = axes.text(
            0,
            0,
            name,
            size=size,
            color=style.INK,
            zorder=7,
            va="center",
            gid="place",
            path_effects=[withStroke(linewidth=2.2, foreground="white", alpha=0.9)],
        )
        extent = text.get_window_extent(renderer)
        width, height = extent.width, extent.height
        for dx, dy, side in _AROUND:
            left = x + dx * scale - (0.0 if side == "left" else width if side == "right" else width / 2)
            box = Bbox.from_bounds(left, y + dy * scale - height / 2, width, height)
            inside = room.x0 < box.x0 - 2 and box.x1 + 2 < room.x1 and room.y0 < box.y0 and box.y1 < room.y1
            if inside and not any(box.overlaps(other) for other in taken):
                at = axes.transData.inverted().transform((left, y + dy * scale))
                text.set_position((float(at[0]), float(at[1])))
                taken.append(box.padded(1.5))
                drawn.append(name)
                axes.plot(
                    *point,
                    marker="o",
                    markersize=3.0,
                    color="white",
                    markeredgecolor=style.INK,
                    markeredgewidth=0.8,
                    zorder=6,
                )
                break
        else:
            text.remove()
    return drawn


_AROUND: Final = (
    (5, 0, "left"),
    (-5, 0, "right"),
    (0, 8, "middle"),
    (0, -8, "middle"),
    (5, 7, "left"),
    (-5, 7, "right"),
    (5, -7, "left"),
    (-5, -7, "right"),
    (9, 12, "left"),
    (-9, 12, "right"),
    (9, -12, "left"),
    (-9, -12, "right"),
    (0, 14, "middle"),
    (0, -14, "middle"),
)
"""Where a label may go: offset in points, and which side of it is at the place."""


Corner = Literal["lower right", "upper right", "lower left", "upper left"]
CORNERS: Final[dict[Corner, tuple[int, int]]] = {
    "lower right": (1, 0),
    "upper right": (1, 1),
    "lower left": (0, 0),
    "upper left": (0, 1),
}


def emptiest_corners(frame: Frame, points: Points) -> list[Corner]:
    """Return the corners of a map in order of the points (n, 2) in them, fewest first."""
    share = (frame.project(points) - frame.project(np.array([frame.low]))) / frame.size
    crowd = {name: int((np.abs(share - corner) < (0.27, 0.42)).all(axis=1).sum()) for name, corner in CORNERS.items()}
    return sorted(crowd, key=lambda name: crowd[name])
