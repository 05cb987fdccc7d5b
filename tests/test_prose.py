"""The project's texts are plain standard technical English; `tests/prose_words.py` is the word list."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.prose import ROOT, check, check_source, files

CHECKED = [str(path.relative_to(ROOT)) for path in files()]


@pytest.mark.parametrize("name", CHECKED)
def test_file(name: str) -> None:
    findings = check(ROOT / name)
    assert not findings, "\n".join(map(str, findings))


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "docs/n8n.md",
        "examples/deploy/compose.yaml",
        "nodes/threecx_node/errors.py",
        "nodes/ThreeCx/ThreeCx.node.ts",
        "nodes/threecx_node/descriptor/schema.json",
        "node_definition.json",
        "pyproject.toml",
        "Makefile",
    ],
)
def test_the_files_that_people_read_are_found(name: str) -> None:
    assert name in CHECKED


OLD = {
    "is no": "The body is no JSON.",
    "is no across lines": "What answers there is no\nthreecx executor.",
    "was no": "The answer was no JSON, so the batch ends.",
    "holds": "The profile holds the key.",
    "told": "The PBX told no ID for that number.",
    "stands": "A proxy stands in front of the executor.",
    "lies": "It prints where the certificate lies.",
    "ours": "A fault of ours in one item is that item's error.",
    "anew": "Fetch the page anew.",
    "mend": "Mend it there.",
    "heed": "The list does not heed $skip here.",
    "nobody": "Which items were sent, nobody knows.",
    "whoever": "Whoever reads a copied node takes the default from here.",
    "without": "0 takes a free one; 5001 without",
    "without in a sentence": "Give it a port; it takes 5001 without.",
    "door": "Every door gives this shape.",
    "face": "How to change the node's face",
    "buy": "Several callers buy one token.",
    "wants": "The executor wants its key.",
    "inside": "The executor failed inside.",
    "out": "Nothing goes out half checked.",
    "insist": "3CX blocks addresses that insist.",
    "for good": "Running it for good",
    "wrong": "Let things go wrong.",
    "what": "What you do not set is not sent.",
    "time-out": "Raise the time-out.",
}


@pytest.mark.parametrize("sentence", OLD.values(), ids=OLD.keys())
def test_a_private_wording_is_found(sentence: str) -> None:
    assert check_source("docs/sample.md", sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "The token is no longer valid, and there is no other.",
        "No more than 8 requests are sent at once; there were no errors.",
        "The `holds` of a node, `what stands` in code and [text](told.md) are names.",
        "The call is on hold, with hold music; MusicOnHold is a setting.",
        "The store holds a lock while the file is written.",
        "CSV stands for comma-separated values; the server runs standalone, with a stand-in for the PBX.",
        "What can be done about it?",
        "Lists work with or without. A node without a credential is refused.",
        "The placeholder, the threshold, the telephone and the interface understand it.",
        "```sh\nthreecx tell\n```",
    ],
)
def test_a_standard_wording_passes(sentence: str) -> None:
    assert not check_source("docs/sample.md", sentence)


SAMPLES = {
    "docstring": ("nodes/sample.py", '"""Text.\n\nNobody knows.\n"""\n', 3),
    "first word": ("nodes/sample.py", 'def name() -> str:\n    """The name."""\n', 2),
    "third person": ("nodes/sample.py", 'def name() -> str:\n    """Returns the name."""\n', 2),
    "code first": ("nodes/sample.py", 'def name() -> str:\n    """`text` in upper case."""\n', 2),
    "whether": ("tests/sample.py", 'def found() -> bool:\n    """Whether it was found."""\n', 2),
    "what": ("nodes/sample.py", 'class Name:\n    """What a thing is called."""\n', 2),
    "long name": ("tests/sample.py", f"def test_{'x' * 56}() -> None: ...\n", 1),
    "words of a test's name": ("tests/sample.py", "def test_what_nobody_knows() -> None: ...\n", 1),
    "participle": ("nodes/sample.py", "def _told() -> None: ...\n", 1),
    "comment": ("nodes/sample.py", "x = 1\n# A comment that says what is\n# no JSON.\n", 2),
    "message": ("nodes/sample.py", 'x = f"the body {1} is no JSON"\n', 1),
    "message in pieces": (
        "nodes/sample.py",
        'x = (\n    "the body is fine, "\n    "and nobody knows"\n)\n',
        3,
    ),
    "TypeScript comment": ("nodes/sample.ts", "const x = 1;\n/** Nobody knows. */\n", 2),
    "TypeScript message": (
        "nodes/sample.ts",
        "const url = `https://x`;\nconst x = `${url} is no executor`;\n",
        2,
    ),
    "JSON": ("node_definition.json", '{\n"description": "Which nobody knows"}\n', 2),
    "template": ("nodes/sample.html", "<p>Some text</p>\n<p>The PBX holds <b>{{ n }}</b></p>\n", 2),
    "template's attribute": ("nodes/sample.html", '<p title="what the PBX holds">x</p>\n', 1),
    "comment of a configuration": ("examples/sample.yaml", "a: 1  # nobody knows\n", 1),
    "help of make": ("Makefile", 'help:\n\t@echo "make x   write it anew"\n', 2),
    "comment in an example": ("docs/sample.md", "Text.\n\n```sh\nls   # nobody knows\n```\n", 4),
}


@pytest.mark.parametrize(("name", "source", "line"), SAMPLES.values(), ids=SAMPLES.keys())
def test_every_kind_of_text_is_read(name: str, source: str, line: int) -> None:
    assert {finding.line for finding in check_source(name, source)} == {line}


CLEAN = {
    "name of a variable": ("nodes/sample.py", 'holds = {"told": "stands"}\n'),
    "noun of a class": ("nodes/sample.py", 'class Name:\n    """The name of an entity."""\n'),
    "property": ("nodes/sample.py", 'class A:\n    @property\n    def kept(self) -> int:\n        """The count."""\n'),
    "verb in -ss": ("nodes/sample.py", 'def a() -> None:\n    """Process the list."""\n'),
    "verb in -ed": ("nodes/sample.py", 'def a() -> None:\n    """Feed the list."""\n'),
    "helper of tests": ("tests/sample.py", 'def a() -> None:\n    """A port on which nothing listens."""\n'),
    "expected text in tests": ("tests/sample.py", 'assert x == "3CX told that nobody knows"\n'),
    "TypeScript name": ("nodes/sample.ts", "const told = holds(stands);\n"),
    "JSON name": ("node_definition.json", '{"name": "holds"}\n'),
    "template's code": ("nodes/sample.html", '<nav id="holds">{{ told }}</nav><style>.holds {}</style>\n'),
}  # fmt: skip


@pytest.mark.parametrize(("name", "source"), CLEAN.values(), ids=CLEAN.keys())
def test_code_is_not_taken_for_text(name: str, source: str) -> None:
    assert not check_source(name, source)


def test_a_finding_names_place_word_and_replacement(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Text.\n\nDo it anew.\n")
    assert [str(each) for each in check(page)] == [f'{page}:3: anew: "again"']
