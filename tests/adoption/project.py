"""A project made by ``startproject``, with an interpreter that has the wheel."""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

BLOCK = re.compile(r"^```(\w*)\n(.+?)^```", re.DOTALL | re.MULTILINE)
# The first line of a block of Python that belongs in a file of the project.
FILE = re.compile(r"# (\S+\.py)(, at the end)?\n")
SERVICES = ("--watch",)  # commands that stay
MANAGE = """\
import importlib, sys
import manage

def run():
    importlib.invalidate_caches()  # one command may write a module that the next one imports
    manage.main()
"""


@dataclass
class Project:
    """A project in ``folder``, whose ``database.py`` says where PostgreSQL is.

    Its commands see this ``environment`` and nothing else.
    """

    python: Path
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def try_to_run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python with these arguments, warnings as errors."""
        return subprocess.run(
            [self.python, "-W", "error", *arguments],
            cwd=self.folder,
            env={"PATH": "/usr/bin:/bin", "AWS_EC2_METADATA_DISABLED": "true", **self.environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )

    def run(self, *arguments: str) -> str:
        """Run Python with these arguments; return what it printed, once it has succeeded."""
        done = self.try_to_run(*arguments)
        assert done.returncode == 0, (arguments, done.stdout + done.stderr)
        return done.stdout

    def manage(self, *commands: str) -> str:
        """Run these commands of manage.py, in one process since each start takes a second."""
        arguments = [["manage.py", *shlex.split(command)] for command in commands]
        return self.run("-c", f"{MANAGE}\nfor sys.argv in {arguments}: run()")

    def shell(self, code: str) -> str:
        """Run this in Django's shell."""
        return self.run("manage.py", "shell", "--no-imports", "-c", dedent(code))

    def append(self, name: str, code: str) -> None:
        """Write this at the end of a file."""
        with (self.folder / name).open("a") as file:
            file.write(f"\n{code}\n")

    def follow(self, guide: str) -> str:
        """Do what the guide's blocks say, from first to last; return what commands printed."""
        printed = ""
        for language, text in BLOCK.findall(guide):
            named = FILE.match(text)
            if language == "python" and named:
                if not named[2]:
                    (self.folder / named[1]).write_text("")
                self.append(named[1], text[named.end() :])
                if named[1].endswith("settings.py"):
                    self.append(named[1], "from database import *")
            elif not language:
                lines = [line.partition("#")[0].strip() for line in text.splitlines()]
                for line in lines:
                    if line.startswith("django-admin "):
                        self.run("-m", "django", *shlex.split(line)[1:])
                commands = [
                    line.partition(" ")[2] for line in lines if line.startswith("manage.py")
                ]
                finite = [command for command in commands if not command.endswith(SERVICES)]
                printed += self.manage(*finite) if finite else ""
        return printed
