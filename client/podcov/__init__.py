"""Collects and reports live coverage from running workloads."""
