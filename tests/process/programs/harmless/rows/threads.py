import shop, sys, threading

sys.setswitchinterval(1e-6)
found = []


def work():
    import late

    found.append(late.f())


threads = [threading.Thread(target=work) for _ in range(8)] + [threading.Thread(target=shop.in_handler)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("threads", found, threading.active_count(), len(sys._current_frames()))
