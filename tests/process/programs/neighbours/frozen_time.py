import datetime
import time
import freezegun

with freezegun.freeze_time("2020-01-01"):
    import shop

    print(datetime.datetime.now(), time.time(), shop.price(3))
