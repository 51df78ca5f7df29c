import subprocess, sys

STARTS = (["-c", "import shop; print(shop.price(3))"], ["-I", "-c", "import sys; print(sys.path)"], ["-m", "late"])
for start in STARTS:
    print("child", subprocess.run([sys.executable, *start], capture_output=True, text=True))
