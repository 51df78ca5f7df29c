"""Descriptors are closed by number, as daemons do, before the next import."""
import os, shop

os.closerange(3, 256)
files = [open("own%d" % n, "w") for n in range(3)]
import late

for file in files:
    file.write("own")
    file.close()
print("closed", [open("own%d" % n).read() for n in range(3)], late.f())
