"""Prices, orders and an audit."""
