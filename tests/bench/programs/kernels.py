"""Eight CPU-bound kernels. Prints JSON: the CPU seconds that each of them took.

No libraries, no I/O: nearly every line that runs is a measured line, so this is the worst case.
"""

import json
import sys
import time


def nbody(steps):
    """Floating-point arithmetic on lists."""
    bodies = [
        [0.0, 0.0, 0.0, 0.0, 39.47],
        [4.84, -1.16, 0.60, 2.81, 0.037],
        [8.34, 4.12, -1.0, 1.8, 0.01],
    ]
    for _ in range(steps):
        for place, first in enumerate(bodies):
            for second in bodies[place + 1 :]:
                dx = first[0] - second[0]
                dy = first[1] - second[1]
                distance = (dx * dx + dy * dy) ** 1.5
                pull = 0.001 / distance
                first[2] -= dx * second[4] * pull
                first[3] -= dy * second[4] * pull
                second[2] += dx * first[4] * pull
                second[3] += dy * first[4] * pull
        for body in bodies:
            body[0] += 0.001 * body[2]
            body[1] += 0.001 * body[3]
    return bodies[0][0]


def sieve(limit):
    """Index arithmetic in a tight loop."""
    flags = bytearray([1]) * limit
    count = 0
    for number in range(2, limit):
        if flags[number]:
            count += 1
            for multiple in range(number * number, limit, number):
                flags[multiple] = 0
    return count


def queens(size):
    """Recursion and generators."""

    def place(row, columns, rising, falling):
        if row == size:
            yield 1
            return
        for column in range(size):
            if column in columns or row + column in rising or row - column in falling:
                continue
            yield from place(
                row + 1, columns | {column}, rising | {row + column}, falling | {row - column}
            )

    return sum(place(0, frozenset(), frozenset(), frozenset()))


def words(rounds):
    """Strings and dictionaries."""
    text = ["the", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog", "the", "dog"]
    counts = {}
    for turn in range(rounds):
        for word in text:
            key = word if turn % 3 else word.upper()
            if key in counts:
                counts[key] += 1
            else:
                counts[key] = 1
    return len(counts)


class Account:
    """An object with a little behaviour."""

    def __init__(self, balance):
        self.balance = balance
        self.history = 0

    @property
    def is_open(self):
        return self.balance >= 0

    def move(self, amount, other):
        if amount > self.balance:
            raise ValueError(amount)
        self.balance -= amount
        other.balance += amount
        self.history += 1


def objects(rounds):
    """Method calls, properties and exceptions."""
    accounts = [Account(100 * number) for number in range(10)]
    refused = 0
    for turn in range(rounds):
        source = accounts[turn % 10]
        target = accounts[(turn * 7 + 3) % 10]
        try:
            source.move(turn % 150, target)
        except ValueError:
            refused += 1
        if not target.is_open:
            break
    return refused


def parse(rounds):
    """A recursive-descent parser, character by character."""
    text = "(1 + 2) * (3 + 4 * (5 + 6)) - 7 * 8 + (9 - 1)"

    def expression(at):
        value, at = term(at)
        while at < len(text) and text[at] in "+-":
            sign = text[at]
            right, at = term(skip(at + 1))
            value = value + right if sign == "+" else value - right
        return value, at

    def term(at):
        value, at = factor(at)
        while at < len(text) and text[at] == "*":
            right, at = factor(skip(at + 1))
            value *= right
        return value, at

    def factor(at):
        at = skip(at)
        if text[at] == "(":
            value, at = expression(at + 1)
            return value, skip(at + 1)
        value = int(text[at])
        return value, skip(at + 1)

    def skip(at):
        while at < len(text) and text[at] == " ":
            at += 1
        return at

    for _ in range(rounds):
        value = expression(0)[0]
    return value


def matrix(size):
    """Nested loops over lists of lists."""
    left = [[row * column % 7 for column in range(size)] for row in range(size)]
    result = [[0] * size for _ in range(size)]
    for row in range(size):
        for column in range(size):
            total = 0
            for place in range(size):
                total += left[row][place] * left[place][column]
            result[row][column] = total
    return result[-1][-1]


def collatz(limit):
    """Integers and a while loop."""
    longest = 0
    for start in range(1, limit):
        length, number = 0, start
        while number != 1:
            number = number * 3 + 1 if number & 1 else number >> 1
            length += 1
        if length > longest:
            longest = length
    return longest


KERNELS = [
    (nbody, 8_000),
    (sieve, 300_000),
    (queens, 8),
    (words, 15_000),
    (objects, 120_000),
    (parse, 2_500),
    (matrix, 75),
    (collatz, 5_000),
]


def main(scale):
    """Run each kernel once and print its time."""
    took = {}
    for kernel, size in KERNELS:
        began = time.process_time()
        for _ in range(scale):
            kernel(size)
        took[kernel.__name__] = time.process_time() - began
    print(json.dumps(took))


if __name__ == "__main__":
    main(int(sys.argv[1]))
