import sys

seen = []
monitoring = getattr(sys, "monitoring", None)
if monitoring:
    EVENTS = ("PY_START", "PY_RETURN", "LINE", "RAISE", "EXCEPTION_HANDLED", "JUMP", "BRANCH")
    monitoring.use_tool_id(3, "mine")
    for name in EVENTS:

        def callback(code, place, *rest, name=name):
            if code.co_filename.endswith(("shop.py", "late.py")):
                seen.append((name, code.co_name, place if name == "LINE" else None))

        monitoring.register_callback(3, getattr(monitoring.events, name), callback)
    monitoring.set_events(3, sum(getattr(monitoring.events, name) for name in EVENTS))
    import shop, late

    shop.price(3)
    try:
        shop.chained()
    except KeyError:
        pass
    monitoring.set_events(3, 0)
    monitoring.free_tool_id(3)
print("events", len(seen), seen)
