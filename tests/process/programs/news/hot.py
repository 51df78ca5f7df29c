"""A loop that is long enough to be compiled to machine code."""
import work

print(work.hot(50_000))
