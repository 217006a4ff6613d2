"""Validation of values from files and options: frozen models, and one sentence for a wrong value."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, TypeVar, get_type_hints

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, create_model

from benchmark.errors import UserError, shown, unknown


class Frozen(BaseModel):
    """Base of every configuration model: immutable, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, protected_namespaces=())


def folder_name(value: str) -> str:
    """The value where it can name a folder or file; raises ValueError."""
    if not re.fullmatch(r"[^./\\\0][^/\\\0]{0,99}", value):
        raise ValueError("a name has 1 to 100 characters, without slashes and without a dot at its beginning")
    return value


FolderName = Annotated[str, AfterValidator(folder_name)]
"""Text that names a folder of the store."""
Model = TypeVar("Model", bound=BaseModel)


def parse(model: type[Model], values: object, *, owner: str) -> Model:
    """`values` as a `model`; raises UserError in one sentence that names the owner, the key and the value."""
    if not isinstance(values, Mapping):
        raise UserError(f"{owner} must be a mapping of keys to values, not {type(values).__name__}.")
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise _sentence(error, model, owner) from None


def _sentence(error: ValidationError, model: type[BaseModel], owner: str) -> UserError:
    first = error.errors(include_url=False)[0]
    # What follows a field's name may be a branch of its type, such as tuple[str, ...], which no file holds.
    path = ".".join(str(part) for part in first["loc"] if "[" not in str(part))
    if first["type"] == "extra_forbidden":
        known = _fields_at(model, first["loc"][:-1])
        return unknown("key", path, known, owner=owner)
    if first["type"] == "missing":
        return UserError(f"{owner} lacks the key '{path}'; add it.")
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] in ("tuple_type", "list_type"):
        message = "it should be a list, such as [1, 2, 4]"
    return UserError(f"{owner}: '{path}' is {shown(first['input'])}, but {_lower(message)}.")


def _fields_at(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """The keys allowed at a path inside a model: the nested model's where the path leads to one."""
    current = model
    for part in path:
        field = current.model_fields.get(str(part))
        inner = field.annotation if field else None
        if inspect.isclass(inner) and issubclass(inner, BaseModel):
            current = inner
    return list(current.model_fields)


def _lower(message: str) -> str:
    return (message[:1].lower() + message[1:]).rstrip(".")


@lru_cache(maxsize=256)
def parameter_model(cls: type) -> type[BaseModel]:
    """A model of a class's constructor: annotations are the constraints, declared there and nowhere else; raises UserError."""
    try:
        hints = get_type_hints(cls.__init__, include_extras=True)  # type: ignore[misc]
    except NameError as error:
        raise UserError(
            f"the constructor of {cls.__name__} is annotated with '{error.name}', which its module does not have when it runs; "
            "import that name outside TYPE_CHECKING."
        ) from None
    fields: dict[str, Any] = {}
    for name, parameter in inspect.signature(cls).parameters.items():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[name] = (hints.get(name, Any), default)
    taken = sorted(name for name in fields if name.startswith("_") or hasattr(BaseModel, name))
    if taken:
        raise UserError(
            f"the constructor of {cls.__name__} has a parameter '{taken[0]}', a name that is taken; rename it."
        )
    return create_model(f"{cls.__name__}Parameters", __base__=Frozen, **fields)


def validate_parameters(cls: type, values: Mapping[str, object], *, owner: str) -> dict[str, Any]:
    """The constructor arguments of `cls`, checked and completed with its defaults; raises UserError."""
    model = parse(parameter_model(cls), values, owner=owner)
    return {name: getattr(model, name) for name in type(model).model_fields}
