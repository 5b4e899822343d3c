import { cliPage } from "./cli-page.ts";
import { errorsPage } from "./errors-page.ts";
import { featuresPage } from "./features-page.ts";

/** Pages that are printed from the code, by their path. */
export const PRINTED_PAGES: Readonly<Record<string, () => string>> = {
  "docs/cli.md": cliPage,
  "docs/delta-features.md": featuresPage,
  "docs/errors.md": errorsPage,
};
