"""Diversion: what a policy on one route moves to others, stops, makes wait, or sends elsewhere."""

from simulator.analysis.diversion.estimates import Estimate, Verdict
from simulator.analysis.diversion.study import Diversion, diversion, matrix

__all__ = ["Diversion", "Estimate", "Verdict", "diversion", "matrix"]
