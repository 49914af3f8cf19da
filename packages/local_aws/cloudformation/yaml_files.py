"""Read YAML as Serverless does.

CloudFormation's short tags become functions, a repeated key is an error, only ``true`` and ``false`` are booleans (so
``on`` is text), and a date is text.
"""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from local_aws.errors import ServiceFileError

_SHORT_FORMS = {"Ref": "Ref", "Condition": "Condition"}
_PLAIN_RESOLVERS = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool"}


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML 1.2 scalars and CloudFormation tags."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own way
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _PLAIN_RESOLVERS]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        repeated = sorted({str(key) for key in keys if keys.count(key) > 1})
        if repeated:
            raise yaml.constructor.ConstructorError(None, None, f"repeated key {', '.join(repeated)}", node.start_mark)
        return dict(super().construct_mapping(node, deep=deep))


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    """Turn ``!GetAtt a.b`` into ``{"Fn::GetAtt": ["a", "b"]}`` and its like."""
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {_SHORT_FORMS.get(suffix, f"Fn::{suffix}"): value}


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_multi_constructor("!", _short_form)


def read_yaml(path: Path) -> Any:
    """Return the content of a YAML or JSON file.

    Raises
    ------
    ServiceFileError
        The file cannot be read, or is neither YAML nor JSON; the message names the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ServiceFileError(f"{path}: cannot be read; found {error.strerror}; expected a file") from error
    except UnicodeDecodeError as error:
        raise ServiceFileError(f"{path}: not UTF-8 at byte {error.start}; expected UTF-8 text") from error
    return parse_yaml(text, str(path), is_json=path.suffix == ".json")


def parse_yaml(text: str, where: str, *, is_json: bool = False) -> Any:
    """Return the content of YAML or JSON text; a `ServiceFileError` names `where` it comes from, and the line."""
    try:
        return json.loads(text) if is_json else yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, json.JSONDecodeError) as error:
        reason = " ".join(str(error).split())
        raise ServiceFileError(f"{where}: neither YAML nor JSON; found {reason}") from error
