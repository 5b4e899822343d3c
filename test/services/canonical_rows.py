"""Canonical rows: one text for one row, whichever engine read it.

Every judge turns Arrow data into the same lines, so two readers agree on a table exactly when
their hashes agree. `canonical-rows.ts` is the same encoding in TypeScript; README.md has the rules.
"""

import datetime
import functools
import hashlib
import json

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as parquet

DAYS_TO_EPOCH = datetime.date(1970, 1, 1).toordinal()
MICROSECONDS_PER_DAY = 86_400_000_000
MICROSECONDS_PER_UNIT = {"s": 1_000_000, "ms": 1_000, "us": 1}


def summarize(table, limit_rows, *, keep_order=False):
    """Counts and hashes the rows of an Arrow table; returns them too when there are at most `limit_rows`.

    The hash is always over the sorted lines; `keep_order` only decides how `rows` are listed.
    """
    lines = canonical_lines(table)
    ordered = sorted(lines)
    digest = hashlib.sha256()
    for line in ordered:
        digest.update(line.encode("ascii"))
        digest.update(b"\n")
    listed = lines if keep_order else ordered
    rows = [json.loads(line) for line in listed] if len(lines) <= limit_rows else None
    return {"count": len(lines), "sha256": digest.hexdigest(), "rows": rows}


def write_copy(reader, target):
    """Writes the rows of a record batch reader to a Parquet file, for another engine to compare; tells their number."""
    count = 0
    schema = pa.schema([field.with_type(without_views(field.type)) for field in reader.schema])
    with parquet.ParquetWriter(target, schema, compression="zstd", compression_level=1) as writer:
        for batch in reader:
            writer.write_batch(batch.cast(schema))
            count += batch.num_rows
    return count


def without_views(kind):
    """The type with offsets instead of views, which pyarrow cannot write yet."""
    if pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_binary_view(kind):
        return pa.binary()
    if pa.types.is_struct(kind):
        fields = [kind.field(index) for index in range(kind.num_fields)]
        return pa.struct([field.with_type(without_views(field.type)) for field in fields])
    if pa.types.is_map(kind):
        return pa.map_(without_views(kind.key_type), without_views(kind.item_type))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(kind.value_field.with_type(without_views(kind.value_type)))
    return kind


def canonical_lines(table):
    names = table.schema.names
    if len(set(names)) != len(names):
        raise ValueError(f"Cannot write canonical rows with the same column twice: columns={names}")
    columns = [encode_column(table.column(index)) for index in range(len(names))]
    if not columns:
        return ["{}"] * table.num_rows
    # Sorting the columns once spares sorting every row; nested structs are sorted where they are encoded.
    order = sorted(range(len(names)), key=names.__getitem__)
    keys = [names[index] for index in order]
    return [json.dumps(dict(zip(keys, values))) for values in zip(*(columns[index] for index in order))]


def encode_column(column):
    encoded = []
    for chunk in column.chunks:
        encoded.extend(encode_array(chunk))
    return encoded


def encode_array(array):
    kind = array.type
    if pa.types.is_null(kind):
        return [None] * len(array)
    if pa.types.is_dictionary(kind):
        return encode_array(array.dictionary_decode())
    if isinstance(kind, pa.BaseExtensionType):
        return encode_array(array.storage)
    if pa.types.is_struct(kind):
        return encode_structs(array)
    if pa.types.is_map(kind):
        return encode_maps(array)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_list_view(kind):
        return encode_lists(array)
    return encode_primitives(array)


def encode_structs(array):
    kind = array.type
    names = sorted(kind.field(index).name for index in range(kind.num_fields))
    children = [encode_array(array.field(name)) for name in names]
    valid = array.is_valid().to_pylist()
    if not names:
        return [{} if is_valid else None for is_valid in valid]
    rows = zip(*children)
    return [dict(zip(names, values)) if is_valid else None for is_valid, values in zip(valid, rows)]


def encode_lists(array):
    # `flatten` leaves out what lies under a null list, so lengths alone place every element.
    elements = iter(encode_array(array.flatten()))
    lengths = pc.list_value_length(array).to_pylist()
    return [None if length is None else [next(elements) for _ in range(length)] for length in lengths]


def encode_maps(array):
    # A map has no order of its own, and the engines keep different ones: sorted by the text of its entries.
    offsets = array.offsets.to_pylist()
    keys = encode_array(array.keys)
    values = encode_array(array.items)
    valid = array.is_valid().to_pylist()
    return [
        sorted(map(list, zip(keys[start:end], values[start:end])), key=json.dumps) if is_valid else None
        for is_valid, start, end in zip(valid, offsets, offsets[1:])
    ]


def encode_primitives(array):
    kind = array.type
    if pa.types.is_timestamp(kind):
        suffix = "" if kind.tz is None else "Z"
        return [None if value is None else timestamp_text(value) + suffix for value in microseconds(array)]
    if pa.types.is_date(kind):
        days = array.cast(pa.date32()).cast(pa.int32()).to_pylist()
        return [None if value is None else date_text(value) for value in days]
    values = array.to_pylist()
    encode = primitive_encoder(kind)
    return [None if value is None else encode(value) for value in values]


def primitive_encoder(kind):
    if pa.types.is_boolean(kind):
        return bool
    if pa.types.is_integer(kind):
        return str
    if pa.types.is_floating(kind):
        return repr
    if pa.types.is_decimal(kind):
        return "{:f}".format
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return str
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
        return lambda value: "hex:" + value.hex()
    raise ValueError(f"Cannot write a canonical value: type={kind}")


def microseconds(array):
    ticks = array.cast(pa.int64()).to_pylist()
    if array.type.unit == "ns":
        return [None if tick is None else tick // 1_000 for tick in ticks]
    factor = MICROSECONDS_PER_UNIT[array.type.unit]
    return [None if tick is None else tick * factor for tick in ticks]


def timestamp_text(value):
    days, rest = divmod(value, MICROSECONDS_PER_DAY)
    seconds, micros = divmod(rest, 1_000_000)
    return f"{date_text(days)}T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{micros:06}"


@functools.lru_cache(maxsize=65_536)
def date_text(days):
    ordinal = days + DAYS_TO_EPOCH
    if 1 <= ordinal <= datetime.date.max.toordinal():
        return datetime.date.fromordinal(ordinal).isoformat()
    # Delta's dates reach beyond Python's: shift by whole 400-year cycles, which repeat day for day.
    cycles = (ordinal - 1) // 146_097
    shifted = datetime.date.fromordinal(ordinal - cycles * 146_097)
    year = shifted.year + cycles * 400
    sign = "-" if year < 0 else "+" if year > 9999 else ""
    return f"{sign}{abs(year):04}-{shifted.month:02}-{shifted.day:02}"
