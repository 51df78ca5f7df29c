import os, signal, shop


def handler(number, frame):
    print("term", frame.f_lineno)
    raise SystemExit(shop.price(5))


signal.signal(signal.SIGTERM, handler)
os.kill(os.getpid(), signal.SIGTERM)
while True:
    pass
