import stacked

print("stack", stacked.Here.frames)
