"""delta-rs as a judge: reads, appends to and merges into Delta tables on request (README.md has the protocol)."""

import judge_protocol

ANSWERS = judge_protocol.claim_stdout()

import datetime
import decimal
import importlib.metadata
import json
import os
import re
import time

# delta-rs 1.6.3 hands the rows of a file to several threads, and applies the file's deletion vector to them in the order
# in which they come back: at times other rows vanish than those that were deleted. With one core it reads right.
if importlib.metadata.version("deltalake") == "1.6.3" and hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import deltalake
import pyarrow as pa
import pyarrow.parquet as parquet

import canonical_rows
import typed_rows

LIMIT_ROWS_DEFAULT = 1_000
LOG_FILE = re.compile(r"(\d{20})(\.checkpoint.*)?\.(json|parquet)")


def main():
    engine = {"name": "delta-rs", "version": deltalake.__version__}
    operations = {
        "rows": rows,
        "query": query,
        "copy": copy,
        "versions": versions,
        "history": history,
        "schema": schema,
        "protocol": protocol,
        "append": append,
        "delete": delete,
        "merge": merge,
        "write_parquet_as_delta": write_parquet_as_delta,
        "arrow": arrow,
        "arrow_forms": arrow_forms,
    }
    judge_protocol.serve(ANSWERS, engine, operations)


def rows(request):
    columns = request.get("columns")
    selection = "*" if columns is None else ", ".join(map(quoted, columns))
    return read(request, f"select {selection} from t", keep_order=False)


def query(request):
    return read(request, request["sql"], keep_order=True)


def copy(request):
    """Writes all rows of the table as one Parquet file, in Arrow's hands all the way."""
    table, reader = selected(request, "select * from t")
    return {"version": table.version(), "count": canonical_rows.write_copy(reader, request["target"])}


def selected(request, sql):
    table = open_table(request)
    # QueryBuilder and not to_pyarrow_table: the latter cannot read deletion vectors.
    reader = deltalake.QueryBuilder().register("t", table).execute(sql)
    return table, pa.RecordBatchReader.from_stream(reader)


def read(request, sql, *, keep_order):
    table, reader = selected(request, sql)
    result = reader.read_all()
    limit_rows = request.get("limit_rows")
    limit_rows = LIMIT_ROWS_DEFAULT if limit_rows is None else limit_rows
    return {"version": table.version(), **canonical_rows.summarize(result, limit_rows, keep_order=keep_order)}


def versions(request):
    open_table(request)
    # Not from the history: commits without commitInfo are missing there.
    names = os.listdir(os.path.join(request["path"], "_delta_log"))
    logged = sorted({int(match[1]) for match in map(LOG_FILE.fullmatch, names) if match})
    while logged and not can_open(request["path"], logged[0]):
        logged.pop(0)  # What came before the earliest checkpoint may be cleaned up, and then cannot be rebuilt.
    return {"versions": logged}


def can_open(path, version):
    try:
        deltalake.DeltaTable(path, version=version)
    except Exception:
        return False
    return True


def history(request):
    return {"history": sorted(open_table(request).history(), key=lambda entry: entry["version"])}


def schema(request):
    return {"schema": schema_of(open_table(request))}


def protocol(request):
    found = open_table(request).protocol()
    return {
        "protocol": {
            "minReaderVersion": found.min_reader_version,
            "minWriterVersion": found.min_writer_version,
            "readerFeatures": sorted(found.reader_features or []),
            "writerFeatures": sorted(found.writer_features or []),
        }
    }


def append(request):
    table = open_table(request)
    deltalake.write_deltalake(table, typed_rows.arrow_table(schema_of(table), request["rows"]), mode="append")
    return {"version": table.version()}


def delete(request):
    table = open_table(request)
    table.delete(request["predicate"])
    return {"version": table.version()}


def merge(request):
    key = quoted(request["key"])

    def work():
        table = open_table(request)
        source = parquet.ParquetFile(request["source_parquet"])
        reader = pa.RecordBatchReader.from_batches(source.schema_arrow, source.iter_batches())
        merger = table.merge(reader, f"target.{key} = source.{key}", source_alias="source", target_alias="target")
        metrics = merger.when_matched_update_all().when_not_matched_insert_all().execute()
        return {"version": table.version(), "metrics": metrics}

    return timed(work)


def write_parquet_as_delta(request):
    def work():
        source = parquet.ParquetFile(request["source"])
        reader = pa.RecordBatchReader.from_batches(source.schema_arrow, source.iter_batches())
        deltalake.write_deltalake(request["path"], reader, mode=request.get("mode") or "append")
        return {"version": deltalake.DeltaTable(request["path"]).version()}

    return timed(work)


def arrow(request):
    """Reads an Arrow IPC stream, and writes its rows again as pyarrow does: texts in a dictionary, a few rows a batch."""
    with pa.OSFile(request["source"]) as source:
        table = pa.ipc.open_stream(source).read_all()
    table.validate(full=True)
    texts = [index for index, field in enumerate(table.schema) if pa.types.is_string(field.type)]
    again = table
    for index in texts:
        again = again.set_column(index, table.schema.names[index], table.column(index).dictionary_encode())
    again = again.unify_dictionaries()
    with pa.OSFile(request["target"], "wb") as target, pa.ipc.new_stream(target, again.schema) as writer:
        writer.write_table(again, max_chunksize=7)
    types = {field.name: str(field.type) for field in table.schema}
    return {"types": types, **canonical_rows.summarize(table, LIMIT_ROWS_DEFAULT)}


def arrow_forms(request):
    """Writes an Arrow IPC file with columns in forms that Delta tables are not read in."""
    columns = {
        "large_text": pa.array(["a", None, "Zwölf"], pa.large_string()),
        "large_bytes": pa.array([b"\x00", b"", None], pa.large_binary()),
        "two_bytes": pa.array([b"ab", None, b"cd"], pa.binary(2)),
        "u8": pa.array([255, 0, None], pa.uint8()),
        "u16": pa.array([65_535, None, 1], pa.uint16()),
        "u32": pa.array([4_294_967_295, None, 1], pa.uint32()),
        "u64": pa.array([18_446_744_073_709_551_615, None, 1], pa.uint64()),
        "wide": pa.array([decimal.Decimal("-1.50"), None, decimal.Decimal("99.99")], pa.decimal256(38, 2)),
        "day": pa.array([datetime.date(1969, 12, 31), None, datetime.date(2026, 2, 28)], pa.date64()),
        "s": pa.array([-1, None, 1], pa.timestamp("s", "Europe/Berlin")),
        "ms": pa.array([-1, None, 1], pa.timestamp("ms")),
        "ns": pa.array([-1_000, None, 1_000], pa.timestamp("ns", "UTC")),
        "large_list": pa.array([["x", None], None, []], pa.large_list(pa.string())),
        "pair": pa.array([[1, 2], None, [3, None]], pa.list_(pa.int32(), 2)),
        "kind": pa.array(["b", None, "a"]).dictionary_encode(),
        "kinds": pa.array([["b", "b"], None, ["a"]], pa.list_(pa.dictionary(pa.int8(), pa.string()))),
        "none": pa.nulls(3),
    }
    table = pa.table(columns)
    with pa.OSFile(request["target"], "wb") as target, pa.ipc.new_file(target, table.schema) as writer:
        writer.write_table(table.slice(0, 1))
        writer.write_table(table.slice(1))
    return {"count": table.num_rows}


def timed(work):
    """Runs the work; adds the seconds it took and the CPU seconds of all threads meanwhile."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return {**result, "seconds": time.perf_counter() - wall, "cpuSeconds": time.process_time() - cpu}


def open_table(request):
    return deltalake.DeltaTable(request["path"], version=request.get("version"))


def schema_of(table):
    return json.loads(table.schema().to_json())


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


if __name__ == "__main__":
    main()
