"""joblib hashes functions and their results; streamlit and its like hash byte code and constants."""
import hashlib
import inspect
import tempfile
import joblib
import shop

memory = joblib.Memory(tempfile.mkdtemp(), verbose=0)
cached = memory.cache(shop.price)
print(cached(4), cached(4), cached.check_call_in_cache(4), joblib.hash(shop.price))
print(joblib.Parallel(n_jobs=2)(joblib.delayed(shop.price)(n) for n in range(4)))


def update(digest, thing):
    if inspect.iscode(thing):
        digest.update(thing.co_code)
        for part in thing.co_consts:
            update(digest, part)
    else:
        digest.update(repr((type(thing).__name__, thing)).encode())


def digest():
    found = hashlib.md5()
    update(found, shop.price.__code__)
    return found.hexdigest()


print(digest() == digest())
