import forked

print("forked", forked.counted(["before"]))
