"""The tokens of a console: kept over restarts, readable by their owner only."""

from __future__ import annotations

import os
from pathlib import Path

from twinfeed.harness.console.access.tokens import kept


def test_an_open_page_finds_its_site_again(tmp_path: Path) -> None:
    first = kept(tmp_path, "bamako")
    assert kept(tmp_path, "bamako") == first and kept(tmp_path, "pilot") != first
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())


def test_tokens_that_others_could_read_are_replaced(tmp_path: Path) -> None:
    first = kept(tmp_path, "bamako")
    path = next(tmp_path.iterdir())
    path.chmod(0o644)
    assert kept(tmp_path, "bamako") != first


def test_a_damaged_file_is_replaced(tmp_path: Path) -> None:
    kept(tmp_path, "bamako")
    path = next(tmp_path.iterdir())
    for content in ("", "{}", "[]", '{"read": "", "write": ""}', '{"read": 1, "write": 2}'):
        path.write_text(content)
        os.chmod(path, 0o600)
        assert len(kept(tmp_path, "bamako")["write"]) >= 32
