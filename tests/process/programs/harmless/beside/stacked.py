import inspect


class Here:
    frames = [(f.function, f.lineno, f.code_context) for f in (lambda: inspect.stack(2))()[:3]]
