// Loaded before anything else into a measured process (`node --require`); writes what it took to the file BENCH_METER.
"use strict";
const { readFileSync, writeFileSync } = require("node:fs");

const startMs = performance.now();
const TICKS_PER_SECOND = 100; // of /proc, on every Linux that Node runs on

process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const own = (userCPUTime + systemCPUTime) / 1e6;
  const usage = {
    insideSeconds: (performance.now() - startMs) / 1000,
    cpuSeconds: own + childSeconds(),
    // The kernel's figure of the process's own memory; getrusage may still know that of the process it was forked from.
    peakBytes: (number("/proc/self/status", /^VmHWM:\s+(\d+)/m) ?? maxRSS) * 1024,
    writtenBytes: number("/proc/self/io", /^wchar: (\d+)/m) ?? null,
  };
  if (process.env.BENCH_METER) writeFileSync(process.env.BENCH_METER, JSON.stringify(usage));
});

/** CPU seconds of children that have ended. */
function childSeconds() {
  // Behind the name, which is in parentheses: state is the first field, cutime and cstime the 14th and 15th.
  const fields = read("/proc/self/stat")
    ?.replace(/^.*\) /s, "")
    .split(" ");
  return fields === undefined ? 0 : (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
}

function number(file, pattern) {
  const found = read(file)?.match(pattern)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** Undefined where the system has no such file. */
function read(file) {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return undefined;
  }
}
