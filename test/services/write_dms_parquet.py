"""Writes the Parquet files of a DMS task with pyarrow: a load without Op, and changes with it. Usage: write_dms_parquet.py FOLDER"""

import sys
from datetime import date, datetime, time, timezone
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)

# AWS DMS User Guide, "Target data types for S3 Parquet".
fields = [
    pa.field("ts", pa.string()),
    pa.field("id", pa.int64()),
    pa.field("u1", pa.uint8()),
    pa.field("u8", pa.uint64()),
    pa.field("small", pa.int16()),
    pa.field("amount", pa.decimal128(38, 4)),
    pa.field("ratio", pa.float64()),
    pa.field("flag", pa.bool_()),
    pa.field("day", pa.date32()),
    pa.field("clock", pa.time32("ms")),
    pa.field("at", pa.timestamp("us")),
    pa.field("at_ms", pa.timestamp("ms", tz="UTC")),
    pa.field("bytes", pa.binary()),
    pa.field("text", pa.string()),
]


def row(id, **values):
    every = {
        "ts": "2026-03-01 00:00:00.000000",
        "u1": 255,
        "u8": 2**64 - 1,
        "small": -32768,
        "amount": Decimal("1234567890123456789012345678901234.5678"),
        "ratio": 0.1,
        "flag": True,
        "day": date(2026, 2, 28),
        "clock": time(23, 59, 59, 123000),
        "at": datetime(2026, 2, 28, 23, 59, 59, 123456),
        "at_ms": datetime(2026, 2, 28, 23, 59, 59, 123000, tzinfo=timezone.utc),
        "bytes": b"\x00\xff",
        "text": "é\n\"",
    }
    return {"id": id, **every, **values}


def write(name, schema_fields, rows):
    table = pa.Table.from_pylist(rows, schema=pa.schema(schema_fields))
    pq.write_table(table, folder / name, compression="gzip", version="1.0", row_group_size=2)


nothing = {field.name: None for field in fields if field.name not in ("id", "ts")}
write("LOAD00000001.parquet", fields, [row(1), row(2, **nothing), row(3, text="")])

changed = [pa.field("Op", pa.string()), *fields, pa.field("added", pa.int32())]
write(
    "20260301-000100000.parquet",
    changed,
    [
        {"Op": "U", **row(1, ts="2026-03-01 00:00:30.000001", amount=Decimal("0.5000")), "added": 7},
        {"Op": "D", **row(2, ts="2026-03-01 00:00:31", **nothing), "added": None},
        {"Op": "?", **row(9, ts="2026-03-01 00:00:32"), "added": None},
    ],
)
# The column has become wider, and a value of it does not fit the table's.
wider = [pa.field("small", pa.int64()) if field.name == "small" else field for field in changed]
write(
    "20260301-000200000.parquet",
    wider,
    [
        {"Op": "I", **row(4, ts="2026-03-01 00:01:30.000000", small=12), "added": 1},
        {"Op": "I", **row(5, ts="2026-03-01 00:01:30.000000", small=40000), "added": 1},
    ],
)
