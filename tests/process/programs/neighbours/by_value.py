"""dill and cloudpickle take functions apart, and put them together as others."""
import pickle
import cloudpickle
import dill
import shop


def local(n):
    total = n
    return total + shop.price(n)


for recurse in (False, True):
    print(dill.loads(dill.dumps(local, recurse=recurse))(4), dill.loads(dill.dumps(lambda n: shop.price(n)))(4))
print(dill.copy(shop.price)(4), dill.source.getsource(shop.price)[:12], dill.pickles(local))
cloudpickle.register_pickle_by_value(shop)
print(pickle.loads(cloudpickle.dumps(local))(3), pickle.loads(cloudpickle.dumps(shop.price))(5))
