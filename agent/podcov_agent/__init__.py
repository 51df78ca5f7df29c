"""Measures the lines a Python application runs, from inside its own interpreter."""
