/**
 * Makes a client of the AWS SDK without its warning of later versions that want a newer Node: the pinned one is not concerned.
 */
export function withoutNodeWarning<T>(work: () => T): T {
  const name = "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED";
  const before = process.env[name];
  process.env[name] = "true";
  try {
    return work();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}
