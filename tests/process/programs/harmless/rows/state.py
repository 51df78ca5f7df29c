import contextvars, decimal, hashlib, locale, random, sys

random.seed(1)
import late

print("state", random.random(), hashlib.sha1(b"").hexdigest(), dict(contextvars.copy_context()))
print(decimal.getcontext(), locale.setlocale(locale.LC_ALL), sys.getswitchinterval())
