"""Passwords stand elsewhere than in rig files, and what was written in their place is in no message."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from workers.examples import examples

from twinfeed.emulators.yamlfile import FileError
from twinfeed.hil_rigs import rigfile
from twinfeed.hil_rigs.credentials import NoCredential, secret
from twinfeed.hil_rigs.schema import CREDENTIAL

FIELDS = ("read", "write", "auth_password", "priv_password")

FILE = """\
bench: b
wiring: bench
devices:
  pdu-1:
    snmp: {address: 192.0.2.1, FIELD: SECRET}
"""


def refusal(tmp_path: Path, text: str) -> str:
    path = tmp_path / "rig.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileError) as caught:
        rigfile.read(path)
    assert caught.value.__cause__ is None
    return str(caught.value).replace(str(path), "")


SAID = re.compile(
    r":\d+: devices\.pdu-1\.snmp\.\w+: "
    r"holds the secret itself; expected where it is: env:NAME, file:PATH or keyring:SERVICE/USER"
)
"""All that is ever disclosed of a secret."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("secrets")


VALUES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1),
    st.integers(),
    st.floats(allow_nan=False),
    st.lists(st.text("abcdefgh", min_size=1), min_size=1),
    st.dictionaries(st.text("abcdefgh", min_size=1), st.text(), min_size=1),
)
"""All that a person may write in place of a reference."""


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=VALUES, field=st.sampled_from(FIELDS))
def test_what_is_no_reference_is_refused_and_not_shown(folder: Path, value: object, field: str) -> None:
    assume(not isinstance(value, str) or CREDENTIAL.fullmatch(value) is None)
    path = folder / "rig.yaml"
    data = YAML(typ="safe").load(FILE.replace("FIELD: SECRET", ""))
    data["devices"]["pdu-1"]["snmp"][field] = value
    YAML(typ="safe").dump(data, path)
    with pytest.raises(FileError) as caught:
        rigfile.read(path)
    assert SAID.fullmatch(str(caught.value).removeprefix(str(path)))


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=6, max_size=20))
def test_whatever_is_written_unquoted_is_not_shown_either(folder: Path, raw: str) -> None:
    """As a person types it: with characters that mean something in YAML."""
    assume(CREDENTIAL.search(raw) is None)
    path = folder / "raw.yaml"
    path.write_text(FILE.replace("FIELD", "auth_password").replace("SECRET", f"S3cr3t{raw}"), encoding="utf-8")
    said = ""
    try:
        rigfile.read(path)
    except FileError as error:
        said = str(error)
    assert "S3cr3t" not in said


@pytest.mark.parametrize(
    "written", ["*S3cr3t", "&S3cr3t x", "!S3cr3t", "%S3cr3t", "@S3cr3t", "S3cr3t: x", '"S3cr3t', "S3cr3t\n, x"]
)
def test_what_yaml_stumbles_over_is_not_shown(tmp_path: Path, written: str) -> None:
    text = FILE.replace("FIELD: SECRET", f"auth_password: {written}")
    assert "S3cr3t" not in refusal(tmp_path, text)


def test_a_field_given_twice_does_not_show_either_value(tmp_path: Path) -> None:
    said = refusal(tmp_path, FILE.replace("FIELD: SECRET", "write: S3cr3t-1, write: S3cr3t-2"))
    assert "the field 'write' is given twice" in said
    assert "S3cr3t" not in said


class TestReferences:
    def test_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BENCH_AUTH", "a-password")
        assert secret("env:BENCH_AUTH") == "a-password"

    def test_an_unset_variable_says_what_to_do(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("BENCH_AUTH", raising=False)
        with pytest.raises(NoCredential, match="export BENCH_AUTH=… before"):
            secret("env:BENCH_AUTH")

    def test_from_a_file_of_ones_own_without_its_line_end(self, tmp_path: Path) -> None:
        path = tmp_path / "auth"
        path.write_text("a-password\n")
        path.chmod(0o600)
        assert secret(f"file:{path}") == "a-password"

    def test_a_file_that_others_may_read_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "auth"
        path.write_text("a-password\n")
        path.chmod(0o644)
        with pytest.raises(NoCredential, match=f"others may read it; chmod 600 {path}") as caught:
            secret(f"file:{path}")
        assert "a-password" not in str(caught.value)

    def test_an_empty_file(self, tmp_path: Path) -> None:
        path = tmp_path / "auth"
        path.touch(0o600)
        with pytest.raises(NoCredential, match="is empty; write the password into it"):
            secret(f"file:{path}")

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(NoCredential, match="cannot be read"):
            secret(f"file:{tmp_path}/auth")
