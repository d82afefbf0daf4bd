"""Rewrites the few files of LocalStack 4.14.0 that use Python 3.12's generics syntax (PEP 695), for Python 3.11. Run
once by the set-up with the Python of the private environment; does nothing on 3.12 and later, nor a second time.

A rewritten file is a new file: the installer may have linked the original from its cache."""

import importlib.util
import re
import sys
from pathlib import Path

CLASS = re.compile(r"^( *)class (\w+)\[([^\]]+)\](\([^)]*\))?:", re.M)
FUNCTION = re.compile(r"^( *(?:async )?def \w+)\[([^\]]+)\]\(", re.M)
ALIAS = re.compile(r"^type (\w+) = ", re.M)
FUTURE = re.compile(r"^from __future__.*\n", re.M)


def rewrite(source: str) -> str:
    """The same program in the syntax of Python 3.11; `source` itself when nothing needs it."""
    parameters: set[str] = set()

    def take(text: str) -> list[str]:
        names = [name.split(":")[0].strip() for name in text.split(",")]
        parameters.update(names)
        return names

    def generic_class(match: re.Match) -> str:
        indent, name, variables, bases = match.groups()
        inherited = (bases or "").strip("()")
        return f"{indent}class {name}({inherited}{', ' if inherited else ''}Generic[{', '.join(take(variables))}]):"

    def generic_function(match: re.Match) -> str:
        take(match[2])
        return f"{match[1]}("

    result = CLASS.sub(generic_class, source)
    result = FUNCTION.sub(generic_function, result)
    result = ALIAS.sub(r"\1 = ", result)
    return result if result == source else declare(result, sorted(parameters))


def declare(source: str, parameters: list[str]) -> str:
    """Type variables behind the `__future__` imports, or behind the docstring, where these must come first."""
    at = max((match.end() for match in FUTURE.finditer(source)), default=0)
    if at == 0 and source.startswith('"""'):
        at = source.index('"""', 3) + 4
    variables = "".join(f"{name} = TypeVar('{name}')\n" for name in parameters)
    return f"{source[:at]}from typing import Generic, TypeVar\n{variables}{source[at:]}"


def main() -> None:
    if sys.version_info >= (3, 12):
        return
    root = Path(importlib.util.find_spec("localstack").submodule_search_locations[0])
    for file in root.rglob("*.py"):
        source = file.read_text()
        result = rewrite(source)
        if result != source:
            compile(result, str(file), "exec")
            file.unlink()
            file.write_text(result)
            print("rewrote", file.relative_to(root))


if __name__ == "__main__":
    main()
