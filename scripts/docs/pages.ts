import { cliPage } from "./cli-page.ts";
import { errorsPage } from "./errors-page.ts";

/** Pages that are printed from the code, by their path. */
export const PRINTED_PAGES: Readonly<Record<string, () => string>> = {
  "docs/cli.md": cliPage,
  "docs/errors.md": errorsPage,
};
