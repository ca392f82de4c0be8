"""A file of runs that have been made: one JSON object a line, so that a run that was interrupted goes on.

The first line names the version of twinfeed, the digest of the site file and the length of the outages; a file of
others is refused, and nothing in it is changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from twinfeed.emulators.site import Site
from twinfeed.harness.availability.enumeration.courses import Course, Job
from twinfeed.harness.availability.errors import TreeError


def head_of(site: Site, version: str, outage_s: float) -> dict[str, str | float]:
    """The first line of the store of a site. `outage_s` is the length of an outage, s: runs in one end with it."""
    digest = hashlib.sha256(site.file.path.read_bytes()).hexdigest()
    return {"twinfeed": version, "site": site.name, "sha256": digest, "outage_s": outage_s}


class Store:
    """Courses by the key of their job, in memory and, if a file is given, in that file."""

    def __init__(self, head: Mapping[str, str | float], file: Path | None = None) -> None:
        """
        Raises:
            TreeError: the file is of another site, grid or version, or has a line that is none of it.
            OSError: the file cannot be read or written.
        """
        self.courses: dict[str, Course] = {}
        self.seconds: dict[str, float] = {}
        """Processor time of each, s."""
        self._lines: TextIO | None = None
        if file is None:
            return
        if file.exists() and file.stat().st_size:
            self._read(file, head)
        else:
            file.write_text(json.dumps(dict(head)) + "\n", encoding="utf-8")
        self._lines = file.open("a", encoding="utf-8")

    def _read(self, file: Path, head: Mapping[str, str | float]) -> None:
        text = file.read_text(encoding="utf-8", errors="replace")
        whole, _, cut = text.rpartition("\n")
        first, *lines = whole.split("\n")
        if first != json.dumps(dict(head)):
            raise TreeError(f"{file}:1: the runs are not of this site file, grid and version; give another file")
        if cut:  # a line that was being written when the run was ended
            file.write_text(whole + "\n", encoding="utf-8")
        for number, line in enumerate(lines, 2):
            try:
                data = json.loads(line)
                self.courses[data["job"]] = Course.from_dict(data["course"])
                self.seconds[data["job"]] = data["cpu_s"]
            except (ValueError, KeyError, TypeError, AttributeError):
                raise TreeError(f"{file}:{number}: this is no run of `twinfeed availability`") from None

    def add(self, job: Job, course: Course, cpu_s: float) -> None:
        """Keep a course."""
        self.courses[job.key], self.seconds[job.key] = course, cpu_s
        if self._lines is not None:
            line = {"job": job.key, "cpu_s": round(cpu_s, 3), "course": course.to_dict()}
            self._lines.write(json.dumps(line) + "\n")
            self._lines.flush()

    def close(self) -> None:
        """Close the file."""
        if self._lines is not None:
            self._lines.close()
