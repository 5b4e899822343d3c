"""Rows as JSON, typed by a Delta schema, become an Arrow table that either engine can append.

A value may come in its plain JSON form (1, 2.5, true) or in its canonical form ("1", "2.5", "hex:00ff").
"""

import datetime
import decimal
import re

import pyarrow as pa

PRIMITIVES = {
    "string": pa.string(),
    "long": pa.int64(),
    "integer": pa.int32(),
    "short": pa.int16(),
    "byte": pa.int8(),
    "float": pa.float32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "timestamp_ntz": pa.timestamp("us"),
    "void": pa.null(),
}
GENERATED = {"delta.generationExpression", "delta.identity.start", "CURRENT_DEFAULT"}
DECIMAL = re.compile(r"decimal\((\d+),\s*(\d+)\)")


def arrow_table(schema, rows, *, engine_generates=False):
    """The rows as an Arrow table. Columns a row lacks are null.

    With `engine_generates`, generated, identity and default columns that no row mentions are left to the engine.
    """
    known = {field["name"] for field in schema["fields"]}
    given = {name for row in rows for name in row}
    if given - known:
        raise ValueError(f"Cannot append columns the table lacks: columns={sorted(given - known)}")
    fields = [
        field
        for field in schema["fields"]
        if field["name"] in given or not (engine_generates and GENERATED & (field.get("metadata") or {}).keys())
    ]
    columns = [
        pa.array([typed_value(field["type"], row.get(field["name"])) for row in rows], arrow_type(field["type"]))
        for field in fields
    ]
    return pa.table(columns, schema=pa.schema([arrow_field(field) for field in fields]))


def arrow_field(field):
    return pa.field(field["name"], arrow_type(field["type"]), field["nullable"])


def arrow_type(kind):
    if isinstance(kind, dict):
        return nested_type(kind)
    matched = DECIMAL.fullmatch(kind)
    if matched:
        return pa.decimal128(int(matched[1]), int(matched[2]))
    if kind not in PRIMITIVES:
        raise ValueError(f"Cannot append values of this type: type={kind}")
    return PRIMITIVES[kind]


def nested_type(kind):
    if kind["type"] == "struct":
        return pa.struct([arrow_field(field) for field in kind["fields"]])
    if kind["type"] == "array":
        return pa.list_(pa.field("element", arrow_type(kind["elementType"]), kind["containsNull"]))
    value = pa.field("value", arrow_type(kind["valueType"]), kind["valueContainsNull"])
    return pa.map_(arrow_type(kind["keyType"]), value)


def typed_value(kind, value):
    if value is None:
        return None
    if isinstance(kind, dict):
        return nested_value(kind, value)
    if kind.startswith("decimal"):
        return decimal.Decimal(str(value))
    return PARSERS.get(kind, lambda plain: plain)(value)


def nested_value(kind, value):
    if kind["type"] == "struct":
        unknown = set(value) - {field["name"] for field in kind["fields"]}
        if unknown:
            raise ValueError(f"Cannot append fields the struct lacks: fields={sorted(unknown)}")
        return {field["name"]: typed_value(field["type"], value.get(field["name"])) for field in kind["fields"]}
    if kind["type"] == "array":
        return [typed_value(kind["elementType"], element) for element in value]
    entries = value.items() if isinstance(value, dict) else value
    return [(typed_value(kind["keyType"], key), typed_value(kind["valueType"], item)) for key, item in entries]


def whole_number(value):
    if isinstance(value, float):
        raise ValueError(f"Cannot append a fraction as a whole number: value={value}")
    return int(value)


def binary(value):
    if not value.startswith("hex:"):
        raise ValueError(f"Cannot append binary that is not hex:…: value={value}")
    return bytes.fromhex(value[len("hex:") :])


def instant(value):
    moment = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))  # Python 3.10 does not know the Z.
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)


PARSERS = {
    "long": whole_number,
    "integer": whole_number,
    "short": whole_number,
    "byte": whole_number,
    "float": float,
    "double": float,
    "binary": binary,
    "date": datetime.date.fromisoformat,
    "timestamp": instant,
    "timestamp_ntz": datetime.datetime.fromisoformat,
}
