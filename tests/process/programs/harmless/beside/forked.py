import os


def counted(before):
    """What the three handlers did in parent and child, by way of the exit code."""
    seen = []
    os.register_at_fork(
        before=lambda: seen.append("before"),
        after_in_child=lambda: seen.append("child"),
        after_in_parent=lambda: seen.append("parent"),
    )
    pid = os.fork()
    if not pid:
        import late

        os._exit(late.f() if seen == before + ["child"] else 9)
    return seen, os.waitpid(pid, 0)[1] >> 8
