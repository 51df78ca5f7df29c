"""Lines of a program where something special is: pure, syntax tree in, lines out. Python of 3.8.

Called by `known`.
"""

import ast
import dis

from support.codes import codes

TRIES = tuple(getattr(ast, name) for name in ("Try", "TryStar") if hasattr(ast, name))
STARS = TRIES[1:]
WITHS = (ast.With, ast.AsyncWith)
DEFS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (*DEFS, ast.ClassDef)
DECISIONS = (ast.If, ast.For, ast.AsyncFor, ast.While)
JUMPS = (ast.Break, ast.Continue, ast.Return, ast.Raise)
CONSTANT = (ast.Constant, ast.Tuple, ast.BoolOp, ast.boolop, ast.UnaryOp, ast.unaryop, ast.Load)
END_OF_LOOP = ("END_FOR", "POP_ITER")
BLOCKS = ("body", "orelse", "finalbody")


def finally_ends(tree):
    """Where a `finally` ends."""
    return union(ends(node.finalbody) for node in find(tree, TRIES))


def try_ends(tree):
    """Where the body of a `try` ends."""
    return union(ends(node.body) for node in find(tree, TRIES))


def with_ends(tree):
    """Where the body of a `with` ends."""
    return union(ends(node.body) for node in find(tree, WITHS))


def async_for_elses(tree):
    """Where the `else` of an `async for` begins."""
    return lines(node.orelse[0] for node in find(tree, ast.AsyncFor) if node.orelse)


def with_ends_passed_through(tree):
    """Where a `with` ends that something may pass through: in, or ending in, `finally` and such."""
    inside = [each for node in find(tree, TRIES) for each in node.finalbody]
    passed = finally_ends(tree) | star_handlers(tree)
    return union(map(with_ends, inside)) | (with_ends(tree) & passed)


def withs_without_code(tree):
    """A `with` of nothing but `x: int`."""
    return lines(
        node
        for node in find(tree, WITHS)
        if all(isinstance(each, ast.AnnAssign) and each.value is None for each in node.body)
    )


def annotated_class_ends(tree):
    """Where a class ends that has annotations, and where it begins: it may be on one line."""
    classes = find(tree, ast.ClassDef)
    annotated = [node for node in classes if find(node, ast.AnnAssign)]
    return lines(annotated) | union(ends(node.body) for node in annotated)


def handler_ends(tree):
    """Where an `except ... as` ends, and what may follow it: `else`."""
    named = [node for node in find(tree, TRIES) if any(h.name for h in node.handlers)]
    blocks = [block for n in named for block in (*(h.body for h in n.handlers), n.orelse)]
    return union(map(ends, blocks))


def case_ends(tree):
    """Where a `case` ends."""
    return union(ends(case.body) for node in ast.walk(tree) for case in getattr(node, "cases", ()))


def dead_ends(tree):
    """Where code ends that cannot run: a constant rules its block out, or it is behind a jump."""
    decisions = [node for node in find(tree, (ast.If, ast.While)) if is_constant(node.test)]
    ruled_out = [block for node in decisions for block in (node.body, node.orelse)]
    behind = [block for block in blocks(tree) if any(isinstance(s, JUMPS) for s in block[:-1])]
    return union(map(ends, ruled_out + behind))


def without_code(tree):
    """Statements that leave no code: `pass`, a constant, a mere annotation."""
    silent = find(tree, (ast.Pass, ast.Expr, ast.AnnAssign))
    return lines(n for n in silent if not getattr(n, "value", None) or is_constant(n.value))


def ends_over_lines(tree):
    """Statements over several lines that end a block."""
    last = [block[-1] for block in blocks(tree) if block]
    return lines(node for node in last if node.end_lineno > node.lineno)


def copied_to_break(tree):
    """What follows a `for`, if in the byte code a copy for `break` stands before the loop's end."""
    found = set()
    for code in codes(compile(tree, "", "exec", dont_inherit=True)):
        line, at_end = None, False
        for each in dis.get_instructions(code):
            if each.opname in END_OF_LOOP:
                at_end = True
            else:
                found |= {line} if at_end and each.positions.lineno == line else set()
                line, at_end = each.positions.lineno, False
    return found


def annotations_that_end_finally(tree):
    """`x: int`, where a `finally` ends."""
    mere = [node for node in find(tree, ast.AnnAssign) if node.value is None]
    return lines(mere) & finally_ends(tree)


def bare_jumps(tree):
    """`break` and `continue`."""
    return lines(find(tree, (ast.Break, ast.Continue)))


def one_line_jumps(tree):
    """Decisions with a jump behind their colon, in a `try` with `finally` or in a `with`."""
    guarded = [node for node in find(tree, TRIES) if node.finalbody] + find(tree, WITHS)
    inside = [inner for node in guarded for inner in find(node, DECISIONS)]
    return lines(node for node in inside if has_jump(node, header_end(node)))


def header_end(decision):
    """The line with its colon."""
    return getattr(decision, "test", getattr(decision, "iter", None)).end_lineno


def has_jump(decision, line):
    """Is there a jump on that line?"""
    return line in lines(find(decision, JUMPS))


def jumps_with_code_behind(tree):
    """`raise; x = 1`, also if a backslash is between the two."""
    return lines(each for block in blocks(tree) for each in block[:-1] if isinstance(each, JUMPS))


def decisions_if_cancelled(tree):
    """All decisions of a program that throws into a coroutine."""
    names = {node.id for node in find(tree, ast.Name)}
    return lines(find(tree, DECISIONS)) if names & {"cancel", "throw_into"} else set()


def one_line_generics(tree):
    """`def f[T](): ...`"""
    return {
        node.lineno
        for node in find(tree, DEFS)
        if getattr(node, "type_params", ()) and node.lineno == node.body[0].lineno
    }


def star_handlers(tree):
    """Decisions in an `except*`, and definitions, which are decisions if they are on one line."""
    nodes = [each for node in find(tree, STARS) for h in node.handlers for each in ast.walk(h)]
    decisions = [node for node in nodes if isinstance(node, (*DECISIONS, *DEFINITIONS))]
    return lines(decisions + [case.pattern for n in nodes for case in getattr(n, "cases", ())])


def is_constant(test):
    """Does the compiler know the value?"""
    return all(
        isinstance(n, CONSTANT) or getattr(n, "id", "") == "__debug__" for n in ast.walk(test)
    )


def ends(block):
    """The lines of the statements that a block can end in."""
    if not block:
        return set()
    last = block[-1]
    inner = [b for name in BLOCKS for b in [getattr(last, name, None)] if isinstance(b, list)]
    inner += [part.body for name in ("handlers", "cases") for part in getattr(last, name, ())]
    heads = [*getattr(last, "decorator_list", ()), last, *getattr(last, "handlers", ())]
    heads += [case.pattern for case in getattr(last, "cases", ())]
    return lines(heads) | union(map(ends, inner))


def blocks(tree):
    """Every list of statements."""
    found = [getattr(node, name, None) for node in ast.walk(tree) for name in BLOCKS]
    return [block for block in found if isinstance(block, list)]


def find(tree, kinds):
    """All nodes of these kinds."""
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def lines(nodes):
    """Where they begin."""
    return {node.lineno for node in nodes}


def union(sets):
    """All of them in one."""
    return set().union(*sets)
