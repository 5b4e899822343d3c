// `npm test`: sets everything up on a fresh clone, then runs every check and every test.
// With arguments (`npm test -- src/delta`) only the tests they name, without the other checks.
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { attempt, build, ensureInstalled, requireNode, ROOT, say } from "./set-up.mjs";
import { countTests } from "./test-count.mjs";

const REPORT = join(ROOT, ".cache", "test-report.json");
const chosen = process.argv.slice(2);

requireNode();
rmSync(REPORT, { force: true });
mkdirSync(join(ROOT, ".cache"), { recursive: true });
ensureInstalled();
build();
installParts();

const failed = chosen.length === 0 ? staticChecks() : [];
const status = npx("vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${REPORT}`, ...chosen);
const { passed, failed: failedTests, skipped } = countTests(REPORT);
if (status !== 0 && failedTests === 0) failed.push("vitest");
say(`Tests: ${passed} passed, ${failedTests} failed, ${skipped} skipped.`);
if (failed.length > 0) say(`Failed beside the tests: ${failed.join(", ")}.`);
process.exit(passed > 0 && failedTests === 0 && failed.length === 0 ? 0 : 1);

/** The parts of `npm run check` that are no tests; all of them run, so that one look shows everything. */
function staticChecks() {
  const checks = {
    types: ["tsc", "--noEmit"],
    lint: ["oxlint"],
    format: ["oxfmt", "--check"],
    "unused code": ["knip"],
  };
  return Object.entries(checks).flatMap(([name, command]) => {
    const ended = npx(...command);
    say(`${ended === 0 ? "ok    " : "FAILED"} ${name}`);
    return ended === 0 ? [] : [name];
  });
}

function npx(...command) {
  return attempt("npx", ["--no-install", ...command], { to: "stdout" });
}

/** The judges and the servers of test/services. What a machine lacks, the tests skip out loud, and fail for where CI=true. */
function installParts() {
  const install = join(ROOT, "test", "services", "install.sh");
  const hasPython = canRun("python3", ["-c", "import venv"]);
  const hasJava = canRun("java", ["-version"]) && canRun("mvn", ["--version"]);
  const groups = {
    "delta-rs": { possible: hasPython, role: "as a judge", needs: "Python" },
    spark: { possible: hasPython && hasJava, role: "as a judge", needs: "Java, Maven and Python" },
    versitygw: { possible: canRun("go", ["version"]), role: "as an S3 store", needs: "Go" },
    "dynamodb-local": { possible: hasJava, role: "as a DynamoDB", needs: "Java and Maven" },
    moto: { possible: hasPython, role: "as an S3 store", needs: "Python" },
    httpfs: { possible: hasPython, role: "as a reader of parts of objects in S3", needs: "Python" },
  };
  for (const [group, { possible, role, needs }] of Object.entries(groups)) {
    if (!possible) say(`SKIPPED: ${group} ${role}, which needs ${needs}`);
    else if (attempt("bash", [install, group]) !== 0) {
      say(`SKIPPED: ${group} ${role}, which could not be installed (above)`);
    }
  }
}

function canRun(program, programArguments) {
  return spawnSync(program, programArguments, { stdio: "ignore" }).status === 0;
}
