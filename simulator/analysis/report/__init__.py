"""A page to read about runs: one HTML file that holds all it needs."""
