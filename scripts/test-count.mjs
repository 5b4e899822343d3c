// What a report of vitest (reporter `json`) says, in three numbers. A file that could not be loaded counts as one failed test,
// and so does a run that failed for a reason that no test has.
// As a program: prints `N passed, N failed` and fails where a test failed or none ran.
import { existsSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

export function countTests(file) {
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0 };
  const report = JSON.parse(readFileSync(file, "utf8"));
  const tests = report.testResults.flatMap((one) => one.assertionResults);
  const count = (...statuses) => tests.filter((test) => statuses.includes(test.status)).length;
  const broken = report.testResults.filter(
    (one) => one.status === "failed" && !one.assertionResults.some((test) => test.status === "failed"),
  ).length;
  const failed = count("failed") + broken;
  return {
    passed: count("passed"),
    failed: failed === 0 && report.success !== true ? 1 : failed,
    skipped: count("pending", "skipped", "todo", "disabled"),
  };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { passed, failed } = countTests(process.argv[2] ?? ".cache/test-report.json");
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exit(failed > 0 || passed === 0 ? 1 : 0);
}
