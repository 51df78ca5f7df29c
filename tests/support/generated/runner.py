"""Runs generated programs in the interpreter under test, one for each line of its input.

Started twice by `pair`: under the agent, and with "coverage" as its argument, where coverage.py
traces each program and then compares what the agent has seen of it. In the Python of 3.8.

Input, a line of JSON: {"path": program, "seed": n}, for coverage also {"ours": what the agent saw,
"branches": the client's module or null}. Output, a line of JSON: {"invalid": why it does not
compile}, or {"told": all that can be seen of the run}, for coverage also {"report": as from
oracle_report, without the differences that are "known"}.
"""

import ast
import contextlib
import dis
import faulthandler
import functools
import gc
import importlib.util
import io
import json
import os
import sys
import traceback
import warnings

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from support.generated.world import World, without_addresses

TRACED = sys.argv[1:] == ["coverage"]
if TRACED:
    from support import oracle_report
    from support.generated import known, places

PATIENCE_S = 60


def main():
    """Answer until the input ends."""
    answer = under_coverage if TRACED else plainly
    for line in sys.stdin:
        asked = json.loads(line)
        faulthandler.dump_traceback_later(PATIENCE_S, exit=True)
        why = why_invalid(asked["path"])
        print(json.dumps({"invalid": why} if why else answer(asked)), flush=True)
        faulthandler.cancel_dump_traceback_later()


def why_invalid(path):
    """Why the program does not compile, or nothing."""
    with open(path, "rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(file.read(), path, "exec", dont_inherit=True)
        except SyntaxError as error:
            return f"{error.msg} in line {error.lineno}"
    return ""


def plainly(asked):
    """Run it, and nothing else."""
    return {"told": run(asked["path"], asked["seed"])}


def under_coverage(asked):
    """Run it under coverage.py, and compare."""
    theirs, ours = both_sides(os.path.dirname(asked["path"]), bool(asked["branches"]))
    path = asked["path"]
    theirs.start()
    try:
        told = run(path, asked["seed"])
    finally:
        theirs.stop()
    theirs.get_data()
    if known.MINOR in known.WITHOUT_LINE_EVENT:
        told = run(path, asked["seed"])  # traced, tracebacks there show the line of the last event
    reporter = theirs._get_file_reporter(path)
    if asked["branches"] and not is_analysed(reporter):
        return {"told": told, "report": known.NOT_ANALYSED}
    oracle_report.fill(ours.get_data(), {path: asked["ours"]}, asked["branches"])
    for side in (theirs, ours):
        side._get_file_reporter = lambda path: reporter  # parsed once
    report = oracle_report.compare(theirs, ours, path)
    del theirs._get_file_reporter, ours._get_file_reporter
    tree, first_line = ast.parse(reporter.source()), reporter.parser.first_line
    ran = functools.partial(lines_of_instructions, path, asked["seed"])
    known_rows = known.explain(report, tree, first_line, ran)
    return {"told": told, "report": dict(report, known=known_rows)}


def is_analysed(reporter):
    """Does coverage.py find the branches, or fail, or never come to an end?"""
    if places.withs_without_code(ast.parse(reporter.source())):
        return False
    try:
        reporter.arcs()
    except AssertionError:
        return False
    return True


def lines_of_instructions(path, seed):
    """Lines that began, and lines of which any instruction ran: a slow oracle, but an exact one."""
    ran = set()

    def trace(frame, event, argument):
        if frame.f_code.co_filename != path:
            return None
        frame.f_trace_opcodes = True
        ran.add((frame.f_code, frame.f_lasti))
        return trace

    sys.settrace(trace)
    try:
        run(path, seed)
    finally:
        sys.settrace(None)
    starts = {code: list(dis.findlinestarts(code)) for code, _ in ran}
    entered = [max(each for each in starts[code] if each[0] <= at) for code, at in ran if at >= 0]
    began = {line for code, at in ran for start, line in starts[code] if start == at}
    return began, {line for _, line in entered}


@functools.lru_cache(None)
def both_sides(folder, branch):
    """What holds their data and ours."""
    of_programs = {"data_file": None, "config_file": False, "include": [folder + "/*"]}
    sides = [oracle_report.Coverage(branch=branch, **of_programs) for _ in range(2)]
    gc.freeze()  # what is here stays; only what programs leave behind is worth collecting
    return sides


def run(path, seed):
    """All that can be seen of a run: its log, how it ended, its names, and what it complains of."""
    world = World(seed)
    spec = importlib.util.spec_from_file_location("generated", path)
    module = importlib.util.module_from_spec(spec)
    vars(module).update(world.names())
    before, ended, err = set(vars(module)), "", io.StringIO()
    gc.disable()  # the collector would come at another moment
    with contextlib.redirect_stderr(err):
        try:
            spec.loader.exec_module(module)
        except BaseException:
            ended = traceback.format_exc()
        names = sorted(set(vars(module)) - before)
        vars(module).clear()
        del module
        gc.collect()
    gc.enable()
    seen = {"log": world.entries, "steps": world.left, "names": names}
    said = {"ended": ended, "err": err.getvalue()}
    return dict(seen, **{name: without_addresses(text) for name, text in said.items()})


if __name__ == "__main__":
    main()
