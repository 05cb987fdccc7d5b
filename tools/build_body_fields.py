"""Write the fields of all request bodies into the package for n8n.

    python -m tools.build_body_fields          # nodes/shared/methods/bodyFields.json
    python -m tools.build_body_fields FOLDER   # the same file below another folder

n8n's editor asks for the fields of a new node before the node has its credential, and so before there is an executor to
ask. `make generate` runs it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from threecx_node.canvas.resource_mapping import describe_body_fields
from threecx_node.catalog import load_catalog

ROOT = Path(__file__).resolve().parent.parent
GENERATOR = "python -m tools.build_body_fields"
FIELDS = "nodes/shared/methods/bodyFields.json"


def build_fields() -> str:
    """Return the fields of each operation that has a body, each field in a line."""
    catalog = load_catalog()
    lists = []
    for operation in sorted((*catalog.operation_ids, *catalog.task_ids)):
        # The editor has no place for the description of a field.
        fields = [
            {name: value for name, value in each.items() if name != "description"}
            for each in describe_body_fields(catalog, operation, None)
        ]
        if fields:
            lines = ",\n\t\t".join(json.dumps(each, ensure_ascii=False) for each in fields)
            lists.append(f'\t"{operation}": [\n\t\t{lines}\n\t]')
    return "{\n" + ",\n".join(lists) + "\n}\n"


def write(folder: Path) -> None:
    """Write the file below a folder."""
    target = folder / FIELDS
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(build_fields(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
