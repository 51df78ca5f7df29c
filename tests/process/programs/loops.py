"""for, while, else, break, continue."""


def jumps():
    out = []
    for i in range(5):
        if i == 1:
            continue
        if i == 2:
            continue
        elif i == 3:
            break
        out.append(i)
    else:
        out.append("never")
    return out


def elses():
    out = []
    for i in []:
        out.append("never")
    else:
        out.append(1)
    while out[-1] < 3:
        out.append(out[-1] + 1)
    else:
        out.append("end")
    for i in (1, 2): pass
    else: out.append(i)
    return out


def forever():
    n = 0
    while True:
        n += 1
        if n > 3:
            break
    while 1:
        n -= 1
        if not n: return n


def only_continue():
    for i in range(3):
        if i:  # only ours to 50: 3.8 3.9
            continue
        else:
            continue  # only ours: 3.8 3.9
    for i in range(3):
        continue
    n = 3
    while n:
        n -= 1
        continue


def only_break():
    for i in range(3): break
    while True: break  # only ours: 3.8 3.9
    for i in range(3):
        if i == 0:
            pass
        else:
            break


def one_line():
    out = []
    for i in range(2): out.append(i); out.append(-i)
    while len(out) < 6: out.append(1)
    return out


def targets():
    table = {}
    for table["x"], (a, *b) in [(1,
                                 (2, 3))]:
        pass
    for (
        i
    ) in range(
        2
    ):
        table[i] = i
    return table, a, b


def returns():
    for i in range(3):
        for j in range(3):
            if j == 1:
                return i, j


def nested():
    out = []
    for i in range(3):
        for j in range(3):
            if j > i:
                break
            if j == 1:
                continue
            out.append((i, j))
        else:
            out.append("all")
            continue
        break
    return out


def run():
    return (jumps(), elses(), forever(), only_continue(), only_break(), one_line(), targets(),
            returns(), nested())
