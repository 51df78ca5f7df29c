"""What a developer changes while the server runs."""


def text():
    return "old"  # old
