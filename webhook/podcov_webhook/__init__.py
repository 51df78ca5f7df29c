"""Rewrites annotated workloads so that their Python processes run measured."""
