"""Carriage returns."""
def run():
    a = """x
y"""

    return \
        a
