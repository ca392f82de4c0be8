"""Sections of files whose fields are described by the strings below them, in their JSON schema. Editors show these."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache

from pydantic import BaseModel, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


class Described(BaseModel):
    """A section of a file.

    The strings are read when a schema is made. Reading them whenever the class is made, as pydantic's
    `use_attribute_docstrings` does, would take a tenth of the processor time in which a command starts.
    """

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        texts = {name: text for base in reversed(cls.__mro__) for name, text in _texts(base).items()}
        for name, field in cls.model_fields.items():
            shown = properties.get(field.alias or name)
            if name in texts and shown is not None:
                shown.setdefault("description", texts[name])
        return schema


@cache
def _texts(section: type) -> dict[str, str]:
    """The strings below the fields of a class, of that class alone, by field."""
    if section is Described or not issubclass(section, Described):
        return {}
    (defined,) = ast.parse(textwrap.dedent(inspect.getsource(section))).body
    assert isinstance(defined, ast.ClassDef)
    return dict(_described(defined))


def _described(defined: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in zip(defined.body, defined.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
            text = below.value
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield field.target.id, inspect.cleandoc(text.value)
