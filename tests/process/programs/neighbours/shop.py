"""What the programs beside it measure, trace, debug and call."""


def price(n):
    total = 0
    for i in range(n):
        total += i
    return total
