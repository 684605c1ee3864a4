"""Figures of diversion, each with its title and what it shows in words."""
