"""A module that has a docstring only."""
