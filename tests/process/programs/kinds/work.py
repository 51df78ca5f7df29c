"""Steps that run once each: step k is the line that returns k."""


def step(n):
    if n == 0:
        return 0  # step 0.
    if n == 1:
        return 1  # step 1.
    if n == 2:
        return 2  # step 2.
    if n == 3:
        return 3  # step 3.
    if n == 4:
        return 4  # step 4.
    if n == 5:
        return 5  # step 5.
    if n == 6:
        return 6  # step 6.
    if n == 7:
        return 7  # step 7.
    if n == 8:
        return 8  # step 8.
    if n == 9:
        return 9  # step 9.
    if n == 10:
        return 10  # step 10.
    if n == 11:
        return 11  # step 11.
    if n == 12:
        return 12  # step 12.
    if n == 13:
        return 13  # step 13.
    if n == 14:
        return 14  # step 14.
    if n == 15:
        return 15  # step 15.
    if n == 16:
        return 16  # step 16.
    if n == 17:
        return 17  # step 17.
    if n == 18:
        return 18  # step 18.
    if n == 19:
        return 19  # step 19.
    if n == 20:
        return 20  # step 20.
    if n == 21:
        return 21  # step 21.
    if n == 22:
        return 22  # step 22.
    if n == 23:
        return 23  # step 23.
    if n == 24:
        return 24  # step 24.
    if n == 25:
        return 25  # step 25.
    if n == 26:
        return 26  # step 26.
    if n == 27:
        return 27  # step 27.
    if n == 28:
        return 28  # step 28.
    if n == 29:
        return 29  # step 29.
    if n == 30:
        return 30  # step 30.
    if n == 31:
        return 31  # step 31.
    if n == 32:
        return 32  # step 32.
    if n == 33:
        return 33  # step 33.
    if n == 34:
        return 34  # step 34.
    if n == 35:
        return 35  # step 35.
    if n == 36:
        return 36  # step 36.
    if n == 37:
        return 37  # step 37.
    if n == 38:
        return 38  # step 38.
    if n == 39:
        return 39  # step 39.
    if n == 40:
        return 40  # step 40.
    if n == 41:
        return 41  # step 41.
    if n == 42:
        return 42  # step 42.
    if n == 43:
        return 43  # step 43.
    if n == 44:
        return 44  # step 44.
    if n == 45:
        return 45  # step 45.
    if n == 46:
        return 46  # step 46.
    if n == 47:
        return 47  # step 47.
    if n == 48:
        return 48  # step 48.
    if n == 49:
        return 49  # step 49.
    if n == 50:
        return 50  # step 50.
    if n == 51:
        return 51  # step 51.
    if n == 52:
        return 52  # step 52.
    if n == 53:
        return 53  # step 53.
    if n == 54:
        return 54  # step 54.
    if n == 55:
        return 55  # step 55.
    if n == 56:
        return 56  # step 56.
    if n == 57:
        return 57  # step 57.
    if n == 58:
        return 58  # step 58.
    if n == 59:
        return 59  # step 59.
    raise ValueError(n)
