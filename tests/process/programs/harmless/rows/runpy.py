import runpy

print("run", sorted(runpy.run_path("late.py")), runpy.run_module("late")["f"]())
try:
    runpy.run_path("bad.py")
except SyntaxError as error:
    print(error.filename, error.lineno)
