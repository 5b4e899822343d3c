"""Spark with Delta Lake as a judge: reads, appends to and queries Delta tables on request (README.md has the protocol).

Usage: judge_spark.py <folder with the Delta jars>
"""

import judge_protocol

ANSWERS = judge_protocol.claim_stdout()

import atexit
import glob
import json
import os
import shutil
import signal
import sys
import tempfile

import pyarrow as pa
import pyspark
from py4j.protocol import Py4JJavaError
from pyspark import SparkContext
from pyspark.sql import SparkSession
from pyspark.sql.functions import col
from pyspark.sql.types import StructType

import canonical_rows
import typed_rows

LIMIT_ROWS_DEFAULT = 1_000
QUICK_START = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"  # Small tables: compiling Java well would not pay.
CAUSES_MAX = 10  # Java may chain causes without end.


def main():
    scratch = tempfile.mkdtemp(prefix="sluice-spark-")
    atexit.register(clean_up, scratch)
    signal.signal(signal.SIGTERM, lambda _signal, _frame: stop_at_once(scratch))
    judge = SparkJudge(start_session(sys.argv[1], scratch))
    operations = {
        "rows": judge.rows,
        "copy": judge.copy,
        "sql": judge.sql,
        "versions": judge.versions,
        "history": judge.history,
        "schema": judge.schema,
        "protocol": judge.protocol,
        "append": judge.append,
    }
    operations = {name: naming_causes(operation) for name, operation in operations.items()}
    judge_protocol.serve(ANSWERS, {"name": "spark", "version": pyspark.__version__}, operations)


def start_session(jars_folder, scratch):
    jars = sorted(glob.glob(os.path.join(jars_folder, "*.jar")))
    if not jars:
        raise SystemExit(f"Cannot start Spark without the Delta jars: folder={jars_folder}")
    os.environ.pop("SPARK_HOME", None)  # The Spark that comes with pyspark, not one that the machine has.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    settings = {
        "spark.jars": ",".join(jars),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": "2g",
        "spark.driver.extraJavaOptions": f"{QUICK_START} -Duser.timezone=UTC -Djava.io.tmpdir={scratch}",
        "spark.driver.host": "127.0.0.1",
        "spark.local.dir": scratch,
        "spark.sql.warehouse.dir": os.path.join(scratch, "warehouse"),
    }
    builder = SparkSession.builder.master("local[2]").appName("sluice-judge")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def stop_at_once(scratch):
    # No exception could do this: on its way out it would wait for the very query that is to be stopped.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    clean_up(scratch)
    os._exit(1)


def clean_up(scratch):
    # Java first, which would go on writing there. What it committed is on disk, so there is nothing to wait for.
    gateway = SparkContext._gateway
    if gateway is not None:
        gateway.proc.kill()
        gateway.proc.wait()
    shutil.rmtree(scratch, ignore_errors=True)


class SparkJudge:
    def __init__(self, session):
        self.session = session

    def rows(self, request):
        version, frame = self.selected(request)
        return {"version": version, **summarize(frame, request, keep_order=False)}

    def copy(self, request):
        """Writes all rows of the table as one Parquet file, in Arrow's hands all the way."""
        version, frame = self.selected(request)
        reader = arrow_table(frame).to_reader()
        return {"version": version, "count": canonical_rows.write_copy(reader, request["target"])}

    def selected(self, request):
        snapshot = self.snapshot(request["path"])
        reader = self.session.read.format("delta")
        version = request.get("version")
        if version is None:
            version = snapshot.version()
        else:
            reader = reader.option("versionAsOf", version)
        frame = reader.load(request["path"])
        if request.get("columns") is not None:
            frame = frame.select([col(quoted(name)) for name in request["columns"]])
        return version, frame

    def sql(self, request):
        self.forget_tables()
        return summarize(self.session.sql(request["sql"]), request, keep_order=True)

    def versions(self, request):
        snapshot = self.snapshot(request["path"])
        log_history = self.delta_log().forTable(self.session._jsparkSession, request["path"]).history()
        earliest = log_history.getEarliestRecreatableCommit()
        return {"versions": list(range(earliest, snapshot.version() + 1))}

    def history(self, request):
        self.forget_tables()
        described = self.session.sql(f"DESCRIBE HISTORY delta.{quoted(request['path'])}")
        entries = [json.loads(line) for line in described.toJSON().collect()]
        return {"history": sorted(entries, key=lambda entry: entry["version"])}

    def schema(self, request):
        # From the log itself: the schema of a DataFrame has lost the metadata that Delta keeps per column.
        return {"schema": json.loads(self.snapshot(request["path"]).metadata().schemaString())}

    def protocol(self, request):
        found = json.loads(self.snapshot(request["path"]).protocol().json())["protocol"]
        return {
            "protocol": {
                "minReaderVersion": found["minReaderVersion"],
                "minWriterVersion": found["minWriterVersion"],
                "readerFeatures": sorted(found.get("readerFeatures") or []),
                "writerFeatures": sorted(found.get("writerFeatures") or []),
            }
        }

    def append(self, request):
        schema = self.schema(request)["schema"]
        table = typed_rows.arrow_table(schema, request["rows"], engine_generates=True)
        # Typed by Spark's own reading of the table: left alone, it would take a wall clock for an instant.
        fields = {field.name: field for field in self.session.read.format("delta").load(request["path"]).schema}
        frame = self.session.createDataFrame(table, StructType([fields[name] for name in table.schema.names]))
        frame.write.format("delta").mode("append").save(request["path"])
        return {"version": self.snapshot(request["path"]).version()}

    def snapshot(self, path):
        self.forget_tables()
        log = self.delta_log().forTable(self.session._jsparkSession, path)
        snapshot = log.unsafeVolatileSnapshot()
        if snapshot.version() < 0:
            raise FileNotFoundError(f"Cannot find a Delta table: path={path}")
        return snapshot

    def forget_tables(self):
        # A judge looks with fresh eyes: a log that Spark still remembers would hide what was written since.
        self.delta_log().clearCache()

    def delta_log(self):
        return self.session._jvm.org.apache.spark.sql.delta.DeltaLog


def summarize(frame, request, *, keep_order):
    limit_rows = request.get("limit_rows")
    limit_rows = LIMIT_ROWS_DEFAULT if limit_rows is None else limit_rows
    return canonical_rows.summarize(arrow_table(frame), limit_rows, keep_order=keep_order)


def arrow_table(frame):
    # What `toArrow` does but for its last step, a cast that fails on a null variant inside a list.
    return pa.Table.from_batches(frame._collect_as_arrow(empty_list_if_zero_records=False))


def naming_causes(operation):
    """Turns a failure in Java into one that names each cause instead of showing a stack trace."""

    def named(request):
        try:
            return operation(request)
        except Py4JJavaError as failure:
            causes, cause = [], failure.java_exception
            while cause is not None and len(causes) < CAUSES_MAX:
                causes.append(cause.toString())
                cause = cause.getCause()
            raise RuntimeError("\n  caused by ".join(causes)) from None

    return named


def quoted(name):
    return "`" + name.replace("`", "``") + "`"


if __name__ == "__main__":
    main()
