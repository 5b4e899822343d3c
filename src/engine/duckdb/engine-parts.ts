import type { Relation } from "../engine.ts";
import { CheckedQueries } from "./checked-queries.ts";
import type { Database } from "./database.ts";
import type { EngineColumn } from "./delta-type.ts";
import { DeletedRows } from "./deleted-rows.ts";
import { FileCache } from "./file-cache.ts";
import { ScratchFiles } from "./scratch-files.ts";
import type { Session } from "./session.ts";
import { sourceSql, type SourceAccess, type SourceSql } from "./source-sql.ts";
import type { ScanAccess } from "./table-scan.ts";

/** What the engine's verbs share. */
export class EngineParts {
  readonly database: Database;
  readonly files: FileCache;
  readonly deleted = new DeletedRows();
  readonly scratches: ScratchFiles;
  readonly #checked = new CheckedQueries();

  constructor(database: Database) {
    this.database = database;
    this.files = new FileCache(database);
    this.scratches = new ScratchFiles(database);
  }

  /** For reading tables in a session. */
  access(session: Session): ScanAccess {
    return { session, files: this.files, deleted: this.deleted, padding: this.database.padding };
  }

  /** A relation as SQL that is valid in this session. */
  async source(session: Session, relation: Relation): Promise<SourceSql> {
    return await sourceSql(this.#sources(session), relation);
  }

  /** The columns of a relation, found without a look at its rows. */
  async columns(session: Session, relation: Relation, what: string): Promise<readonly EngineColumn[]> {
    const { sql, linesBefore } = await sourceSql(this.#sources(session), relation, "columns");
    return await session.columns(sql, { what, userSql: true, linesBefore });
  }

  #sources(session: Session): SourceAccess {
    return {
      ...this.access(session),
      scratches: this.scratches,
      checked: this.#checked,
      lineBytes: this.database.lineBytes,
    };
  }
}
