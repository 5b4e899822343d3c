import type { Engine, Relation } from "../engine/index.ts";
import type { StructType } from "../contract/index.ts";
import { counted, duration } from "./render/amounts.ts";
import { csvEncoder, envelopeEncoder, jsonEncoder, ndjsonEncoder, type RowEncoder } from "./render/row-encoder.ts";
import { tableEncoder } from "./render/row-table.ts";
import type { Session } from "./session.ts";

export interface PrintableRows {
  readonly engine: Pick<Engine, "query">;
  readonly relation: Relation;
  readonly schema: StructType;
}

/** Streams rows to stdout in the wanted form; memory stays bounded whatever their number. Returns the number of rows. */
export async function printRows(session: Session, { engine, relation, schema }: PrintableRows): Promise<number> {
  const startedMs = session.io.world.nowMs();
  const encoder = encoderFor(session, schema);
  let count = 0;
  // What fails before the first row has printed nothing, and is told in the form that was asked for.
  let text = encoder.start();
  for await (const rows of engine.query(relation, { signal: session.io.signal })) {
    count += rows.length;
    await session.print(text + encoder.rows(rows));
    text = "";
  }
  await session.print(text + encoder.end());
  if (isTable(session))
    session.say(session.talkPaint.dim(`${counted(count, "row")} · ${duration(session.io.world.nowMs() - startedMs)}`));
  return count;
}

/** Whether rows are shown to a person. */
export function isTable(session: Session): boolean {
  return !session.isJson && (session.flags.text("format") ?? "table") === "table";
}

function encoderFor(session: Session, schema: StructType): RowEncoder {
  const { stdout } = session.io;
  switch (session.flags.text("format") ?? (session.isJson ? "envelope" : "table")) {
    case "envelope":
      return envelopeEncoder(schema);
    case "json":
      return jsonEncoder(schema);
    case "ndjson":
      return ndjsonEncoder(schema);
    case "csv":
      return csvEncoder(schema, { isTerminal: stdout.isTTY });
    default:
      return tableEncoder(schema, { paint: session.paint, width: stdout.columns });
  }
}
