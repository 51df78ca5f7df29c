"""Random programs, and what two interpreters side by side make of them."""
