"""Prints, as JSON lines, every package on this Python's path that names a Pulumi plugin it needs.

A Pulumi SDK carries `pulumi-plugin.json` in its import package. Looking for the file itself, rather than asking every
distribution for its file list, also finds packages installed as editable, and takes milliseconds.
"""

import importlib.metadata
import json
import pathlib
import sys

found = {}
for entry in sys.path:
    folder = pathlib.Path(entry or ".")
    if folder.is_dir():
        for file in folder.glob("*/pulumi-plugin.json"):
            found.setdefault(file.parent.name, file)  # the first on the path is the one that is imported

owners = importlib.metadata.packages_distributions() if found else {}
for module, file in sorted(found.items()):
    distribution = next(iter(owners.get(module, [])), module)
    try:
        version = importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        version = ""
    record = {"distribution": distribution, "version": version, "file": str(file), "plugin": file.read_text("utf-8")}
    print(json.dumps(record))
