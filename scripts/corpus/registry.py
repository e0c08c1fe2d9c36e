"""The list of the corpus's files: each with its label, its kind, and why it is labelled so.

A file gets a folder of its own, so that it can have the name that a researcher would give it. Files with the same group ask to
leave together and are judged as one request.
"""

import hashlib
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SAFE = "safe"
UNSAFE = "unsafe"


@dataclass
class Entry:
    """A line of the manifest."""

    path: str
    label: str
    kind: str
    why: str
    group: str


class Corpus:
    """Where files are registered before they are written."""

    def __init__(self, folder, seed):
        self.folder = Path(folder)
        self.seed = seed
        self.entries = []
        self.makers = []

    def random(self, name):
        """Random numbers that depend on the seed and a name only, so that a new file leaves the others as they were."""
        digest = hashlib.sha256(f"{self.seed} {name}".encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:8], "big"))

    def shuffle(self, name):
        """As `random`, of the standard library."""
        return random.Random(f"{self.seed} {name}")

    def safe(self, kind, name, why="", group=""):
        """The path of a safe file that is to be written now."""
        return self._new(SAFE, kind, name, why, group)

    def unsafe(self, kind, name, why, group=""):
        """The path of an unsafe file that is to be written now."""
        return self._new(UNSAFE, kind, name, why, group)

    def _new(self, label, kind, name, why, group):
        number = 1 + sum((entry.label, entry.kind) == (label, kind) for entry in self.entries)
        path = self.folder / label / f"{kind.replace(' ', '-')}-{number:02}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        relative = str(path.relative_to(self.folder))
        self.entries.append(Entry(relative, label, kind, why, group))
        return path

    def write_manifest(self):
        """Writes the manifest; a file that was registered and not written is a fault of the generator."""
        lines = ["file\tlabel\tkind\twhy\tgroup"]
        for entry in self.entries:
            if not (self.folder / entry.path).exists():
                raise FileNotFoundError(entry.path)
            lines.append("\t".join([entry.path, entry.label, entry.kind, entry.why, entry.group]))
        (self.folder / "manifest.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
