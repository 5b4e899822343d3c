import { SluiceError, messageOf } from "../../base/index.ts";
import { quoteLiteral } from "../sql-text.ts";
import type { DuckDBConnection } from "./duckdb-api.ts";

/** Asked for by name; any other text is the extension's file. */
const CHOICES = {
  auto: ["LOAD httpfs"],
  install: ["INSTALL httpfs", "LOAD httpfs"],
  off: undefined,
} as const;

/**
 * Tries again what a store refuses for a moment, as our own requests do: 0.1 s, 0.2 s … 1.6 s. What a query needs lies at one place
 * and never changes, so what is in memory already need not be asked for.
 */
const SETTINGS = [
  "http_retries = 5",
  "http_retry_wait_ms = 100",
  "http_retry_backoff = 2",
  "enable_server_cert_verification = true",
  "enable_curl_server_cert_verification = true",
  "validate_external_file_cache = 'NO_VALIDATION'",
  // Names are names: no patterns in them, and no `?s3_endpoint=` that would send a signed request elsewhere.
  "s3_url_compatibility_mode = true",
  // Credentials are those of the roots alone; the extension takes the environment's when it is loaded.
  "enable_global_s3_configuration = false",
  "s3_access_key_id = ''",
  "s3_secret_access_key = ''",
  "s3_session_token = ''",
];

/**
 * Loads DuckDB's httpfs extension, which reads parts of objects in S3. `auto` takes what is installed on this machine and never
 * goes to the network, `install` lets DuckDB fetch it; both give the reason where it cannot be had. A file that cannot be loaded is
 * a mistake of the configuration and fails.
 */
export async function loadHttpfs(
  connection: Pick<DuckDBConnection, "run">,
  choice: string,
): Promise<{ readonly loaded: true } | { readonly loaded: false; readonly why: string }> {
  if (choice === "off") return { loaded: false, why: "it is turned off" };
  const isNamed = choice === "auto" || choice === "install";
  const statements = isNamed ? CHOICES[choice] : [`LOAD ${quoteLiteral(choice)}`];
  try {
    for (const statement of statements) await connection.run(statement);
  } catch (error) {
    const why = messageOf(error).split("\n", 1)[0] ?? "";
    if (isNamed) return { loaded: false, why };
    throw new SluiceError("config.invalid", `Cannot load the httpfs extension of DuckDB: ${why}`, {
      facts: { file: choice },
      advice: "Name the httpfs.duckdb_extension of this DuckDB version and platform, or `auto`, `install` or `off`.",
    });
  }
  for (const setting of SETTINGS) await connection.run(`SET GLOBAL ${setting}`);
  return { loaded: true };
}
