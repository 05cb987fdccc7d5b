"""Find private wording in the texts that people read: `python -m tests.prose [PATH …]`.

Checked are Markdown, HTML templates, docstrings, comments and messages of Python and TypeScript, the texts of JSON
descriptors, and comments in configuration files. Code in backticks and in Markdown's code blocks is left out.
`tests/prose_words.py` is the word list, `tests/test_prose.py` runs this over the project.
"""

from __future__ import annotations

import ast
import io
import json
import re
import sys
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.prose_words import LONGEST_TEST_NAME, PARTICIPLES, WORDS, is_imperative

ROOT = Path(__file__).parent.parent
FOLDERS = (
    ".github", "bench", "credentials", "docs", "engine", "examples", "nodes", "scripts", "tests", "tools"
)  # fmt: skip
_BUILT = frozenset({"node_modules", "__pycache__", "build", "dist", "fixtures"})
# The rules and their samples, and files that programs write.
_LEFT_OUT = frozenset({"tests/prose_words.py", "tests/test_prose.py", "package-lock.json", "engine.js"})
_HASH_NAMES = frozenset({"Makefile", "Dockerfile", ".gitignore", ".npmrc", ".editorconfig"})


@dataclass(frozen=True)
class Finding:
    """One place to rewrite."""

    path: str
    line: int
    words: str
    suggestion: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.words}: {self.suggestion}"


@dataclass(frozen=True)
class Text:
    """A piece of running text, and the lines of its file between which it is written."""

    content: str
    first: int
    last: int


def files() -> list[Path]:
    """Return all files of the project that have texts to check."""
    found = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in FOLDERS:
        found += (path for path in ROOT.glob(f"{folder}/**/*") if path.is_file())
    return sorted(path for path in found if _is_checked(path.relative_to(ROOT)))


def _is_checked(path: Path) -> bool:
    return (
        not _BUILT.intersection(path.parts)
        and str(path) not in _LEFT_OUT
        and path.name not in _LEFT_OUT
        # Data of tests is compared with what other programs say, word by word.
        and not (path.parts[0] == "tests" and path.suffix == ".json")
        and _reader(path) is not None
    )


def check(path: Path) -> list[Finding]:
    """Return the findings of one file of the project, in the order of its lines."""
    name = str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
    return check_source(name, path.read_text(encoding="utf-8"))


def check_source(name: str, source: str) -> list[Finding]:
    """Return the findings in the text `source` of a file; its name decides how the text is read."""
    reader = _reader(Path(name))
    assert reader is not None, f"{name}: no texts are read in files of this kind"
    in_tests = Path(name).parts[0] == "tests"
    lines = source.splitlines()
    found = [finding for text in reader(source, in_tests) for finding in _check_text(name, lines, text)]
    if name.endswith(".py"):
        found += _check_functions(name, source, in_tests)
    return sorted(set(found), key=lambda finding: (finding.line, finding.words))


def _check_text(name: str, lines: list[str], text: Text) -> Iterator[Finding]:
    content = re.sub(
        r"`[^`]*`", lambda match: "`" + re.sub(r"[^\n]", "x", match[0][1:-1]) + "`", text.content
    )
    for rule in WORDS:
        for match in rule.pattern.finditer(content):
            words = " ".join(match[0].split())
            line = _line(lines, text, words, text.first + content.count("\n", 0, match.start()))
            yield Finding(name, line, words, rule.suggestion)


def _line(lines: list[str], text: Text, words: str, counted: int) -> int:
    """Return the line of `words`: counted, or searched for where a literal is written in several pieces."""
    numbers: list[int] = [counted, *range(text.first, text.last + 1)]
    for number in numbers:
        if number <= len(lines) and words.split()[0].casefold() in lines[number - 1].casefold():
            return number
    return text.first


# How the texts of each kind of file are found.


def _markdown(source: str, in_tests: bool) -> Iterator[Text]:
    del in_tests
    prose, inside = [], False
    for number, line in enumerate(source.splitlines(), 1):
        if re.match(r"\s*```", line):
            inside = not inside
            prose.append("")
        elif inside:
            # Comments in an example are read like any other sentence.
            comment = re.search(r"(?:^|\s)(?:#|//) (.*)", line)
            if comment:
                yield Text(comment[1], number, number)
            prose.append("")
        else:
            prose.append(re.sub(r"\]\([^)\s]*\)", "]", line))
    yield Text("\n".join(prose), 1, len(prose))


def _html(source: str, in_tests: bool) -> Iterator[Text]:
    del in_tests

    def blank(match: re.Match[str]) -> str:
        return "x" if "\n" not in match[0] else "\n" * match[0].count("\n")

    for match in re.finditer(r"\{#(.*?)#\}|<!--(.*?)-->|//([^\n]*)", source, re.DOTALL):
        first = source.count("\n", 0, match.start()) + 1
        yield Text("".join(group or "" for group in match.groups()), first, first + match[0].count("\n"))
    text = re.sub(r"\{#.*?#\}|<!--.*?-->|<(script|style)\b.*?</\1>", blank, source, flags=re.DOTALL)
    for match in re.finditer(r'\b(?:title|alt|placeholder|aria-label)="([^"{]*)"', text):
        first = source.count("\n", 0, match.start()) + 1
        yield Text(match[1], first, first)
    text = re.sub(r"\{\{.*?\}\}|\{%.*?%\}|<[^>]*>", blank, text, flags=re.DOTALL)
    yield Text(text, 1, text.count("\n") + 1)


def _python(source: str, in_tests: bool) -> Iterator[Text]:
    yield from _hash_comments_of_python(source)
    tree = ast.parse(source)
    docstrings = {id(node) for node, _ in _docstrings(tree)}
    inner = {id(value) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for value in node.values}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant | ast.JoinedStr) or id(node) in inner:
            continue
        content = _literal(node)
        if id(node) in docstrings or (not in_tests and _is_message(content)):
            yield Text(content, node.lineno, node.end_lineno or node.lineno)


def _literal(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)


def _is_message(content: str) -> bool:
    return len(re.findall(r"[A-Za-z']{2,}(?=[\s.,:;?!]|$)", content)) >= 2


def _hash_comments_of_python(source: str) -> Iterator[Text]:
    if "#" not in source:
        return
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    yield from _joined(
        (token.start[0], token.string[1:]) for token in tokens if token.type == tokenize.COMMENT
    )


def _joined(comments: Iterator[tuple[int, str]]) -> Iterator[Text]:
    """Join comments on lines that follow each other, since a sentence goes over several."""
    first, last, words = 0, -1, ""
    for number, words_here in comments:
        if number != last + 1:
            if words:
                yield Text(words, first, last)
            first, words = number, ""
        words += words_here + "\n"
        last = number
    if words:
        yield Text(words, first, last)


def _hash_comments(source: str, in_tests: bool) -> Iterator[Text]:
    del in_tests
    found = (
        (number, match[1])
        for number, line in enumerate(source.splitlines(), 1)
        if (match := re.search(r"(?:^|\s)#+ (.*)", line) or re.match(r"\s*@echo (.*)", line))
    )
    yield from _joined(found)
    # The description of a project, and the texts of forms in YAML.
    for match in re.finditer(
        r"""^\s*-?\s*(?:description|label|about|title)\s*[:=]\s*(.+)$""", source, re.MULTILINE
    ):
        first = source.count("\n", 0, match.start()) + 1
        yield Text(match[1], first, first)


_SCRIPT = re.compile(
    r"(?P<line>//[^\n]*)|(?P<block>/\*.*?\*/)|(?P<text>\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)",
    re.DOTALL,
)


def _script(source: str, in_tests: bool) -> Iterator[Text]:
    comments = []
    for match in _SCRIPT.finditer(source):
        first = source.count("\n", 0, match.start()) + 1
        last = first + match[0].count("\n")
        if match["line"]:
            comments.append((first, match["line"].lstrip("/")))
        elif match["block"]:
            yield Text(re.sub(r"(?m)^\s*\*+", "", match["block"][2:-2]), first, last)
        elif not in_tests and _is_message(match["text"]):
            yield Text(re.sub(r"\$\{[^}]*\}", "x", match["text"][1:-1]), first, last)
    yield from _joined(iter(comments))


def _style(source: str, in_tests: bool) -> Iterator[Text]:
    del in_tests
    for match in re.finditer(r"/\*.*?\*/", source, re.DOTALL):
        first = source.count("\n", 0, match.start()) + 1
        yield Text(match[0][2:-2], first, first + match[0].count("\n"))


def _json(source: str, in_tests: bool) -> Iterator[Text]:
    del in_tests
    for number, line in enumerate(source.splitlines(), 1):
        for match in re.finditer(r'"(?:\\.|[^"\\])*"', line):
            if " " in match[0] and _is_message(content := str(json.loads(match[0]))):
                yield Text(content, number, number)


_READERS: dict[str, Callable[[str, bool], Iterator[Text]]] = {
    ".md": _markdown,
    ".html": _html,
    ".py": _python,
    ".ts": _script, ".mts": _script, ".js": _script, ".mjs": _script, ".cjs": _script,
    ".css": _style,
    ".json": _json,
    ".toml": _hash_comments, ".yaml": _hash_comments, ".yml": _hash_comments, ".sh": _hash_comments,
    ".service": _hash_comments,
}  # fmt: skip


def _reader(path: Path) -> Callable[[str, bool], Iterator[Text]] | None:
    return _hash_comments if path.name in _HASH_NAMES else _READERS.get(path.suffix)


# Docstrings and names of functions.

_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _docstrings(tree: ast.AST) -> Iterator[tuple[ast.Constant, _Documented]]:
    for node in ast.walk(tree):
        if not isinstance(node, _Documented) or not node.body or not isinstance(node.body[0], ast.Expr):
            continue
        value = node.body[0].value
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value, node


def _check_functions(name: str, source: str, in_tests: bool) -> Iterator[Finding]:
    tree = ast.parse(source)
    for docstring, owner in _docstrings(tree):
        first = (str(docstring.value).split() or [""])[0]
        if first == "Whether":
            yield Finding(name, docstring.lineno, first, 'begin with a verb: "Return whether …"')
        elif first != "What" and not in_tests and _needs_verb(owner) and not is_imperative(first):
            yield Finding(name, docstring.lineno, first, 'begin with a verb in the imperative: "Return …"')
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if in_tests and node.name.startswith("test_"):
            yield from _check_test_name(name, node)
        elif not in_tests and node.name.strip("_") in PARTICIPLES and not _is_property(node):
            yield Finding(name, node.lineno, f"{node.name}()", "name a function by a verb and its object")


def _check_test_name(name: str, test: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Finding]:
    if len(test.name) > LONGEST_TEST_NAME:
        yield Finding(name, test.lineno, test.name, f"shorten to {LONGEST_TEST_NAME} characters")
    words = test.name.replace("_", " ")
    for rule in WORDS:
        if match := rule.pattern.search(words):
            yield Finding(name, test.lineno, f"{test.name}: {match[0]}", rule.suggestion)


def _needs_verb(owner: _Documented) -> bool:
    return isinstance(owner, ast.FunctionDef | ast.AsyncFunctionDef) and not _is_property(owner)


def _is_property(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether a function is read as a value: a property, or a fixture of pytest."""
    decorators = " ".join(ast.unparse(decorator) for decorator in function.decorator_list)
    return re.search(r"\b(?:property|fixture)\b|cached_property", decorators) is not None


def main(arguments: list[str]) -> int:
    """Print the findings of the files and folders named, of the whole project if none is; return an exit code."""
    wanted = [Path(argument).resolve() for argument in arguments] or [ROOT]
    found = [
        finding
        for path in files()
        if any(path.is_relative_to(each) for each in wanted)
        for finding in check(path)
    ]
    for finding in found:
        print(finding)  # noqa: T201  # the findings are this command's output
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
