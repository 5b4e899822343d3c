"""delta-rs as what our tables are held against: a verb with a JSON argument; answers with a line of JSON."""

import json
import os
import resource
import sys
import time

import deltalake
import pyarrow as pa
import pyarrow.parquet as parquet

STARTED = time.perf_counter()


def main():
    verb, request = sys.argv[1], json.loads(sys.argv[2])
    verbs = {"create": create, "merge": merge, "optimize": optimize, "filter": filtered, "append": append}
    answer = verbs[verb](request)
    print(json.dumps(answer, default=str))
    write_usage(os.environ.get("BENCH_METER"))


def create(request):
    started = time.perf_counter()
    deltalake.write_deltalake(request["table"], batches(request["source"]), mode="error")
    return {"seconds": time.perf_counter() - started}


def merge(request):
    table = deltalake.DeltaTable(request["table"])
    key = '"' + request["key"] + '"'
    started = time.perf_counter()
    merger = table.merge(
        batches(request["source"]), f"target.{key} = source.{key}", source_alias="source", target_alias="target"
    )
    metrics = merger.when_matched_update_all().when_not_matched_insert_all().execute()
    return {"seconds": time.perf_counter() - started, "version": deltalake.__version__, **metrics}


def append(request):
    started = time.perf_counter()
    deltalake.write_deltalake(request["table"], batches(request["source"]), mode="append")
    return {"seconds": time.perf_counter() - started}


def optimize(request):
    table = deltalake.DeltaTable(request["table"])
    started = time.perf_counter()
    table.optimize.compact(target_size=256 * 2**20)
    return {"seconds": time.perf_counter() - started}


def filtered(request):
    """A hundredth of the rows, found by the files' statistics and summed up."""
    started = time.perf_counter()
    table = deltalake.DeltaTable(request["table"])
    low = request["rows"] // 2
    query = deltalake.QueryBuilder().register("t", table)
    sql = f"SELECT count(*), sum(amount), max(note) FROM t WHERE id BETWEEN {low} AND {low + request['rows'] // 100}"
    query.execute(sql).read_all()
    return {"seconds": time.perf_counter() - started}


def batches(path):
    source = parquet.ParquetFile(path)
    return pa.RecordBatchReader.from_batches(source.schema_arrow, source.iter_batches())


def write_usage(file):
    """As meter.cjs does."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    usage = {
        "insideSeconds": time.perf_counter() - STARTED,
        "cpuSeconds": own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime,
        "peakBytes": (proc_number("status", "VmHWM:") or own.ru_maxrss) * 1024,
        "writtenBytes": proc_number("io", "wchar:"),
    }
    if file:
        with open(file, "w", encoding="utf-8") as target:
            json.dump(usage, target)


def proc_number(name, label):
    """None where the system has no such file."""
    try:
        with open(f"/proc/self/{name}", encoding="utf-8") as lines:
            return next((int(line.split()[1]) for line in lines if line.startswith(label)), None)
    except OSError:
        return None


if __name__ == "__main__":
    main()
