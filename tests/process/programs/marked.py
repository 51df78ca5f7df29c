"""A byte order mark."""
def run():
    return 1
