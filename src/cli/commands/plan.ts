import type { TableName } from "../../contract/index.ts";
import { checkDefinition, planLake } from "../../lake/index.ts";
import { failureText } from "../render/failure-text.ts";
import { planJson, planText } from "../render/lake-plan.ts";
import type { Session } from "../session.ts";
import { tableNamed, withLake } from "../with-lake.ts";

/** Shows what the next run would do, and checks the definition whole; writes nothing. Exits as that run would have to. */
export async function plan(session: Session): Promise<number> {
  const { io, paint, talkPaint, isVerbose } = session;
  return await withLake(session, async ({ lake, file }) => {
    const only = session.positionals.map((name) => tableNamed(lake, name).name);
    const wanted = only.length === 0 ? undefined : new Set<TableName>(only);
    await checkDefinition(lake, file);
    const plans = await planLake(lake, wanted);
    const problems = plans.flatMap((one) => one.problem ?? []);
    const exitCode = problems[0]?.exitCode ?? 0;
    if (session.isJson)
      await session.printJson("plan", { lake: lake.definition.name, config: file, exitCode, ...planJson(plans) });
    else await session.print(planText(plans, { paint, isVerbose }));
    for (const problem of problems) io.stderr.write(`\n${failureText(problem, talkPaint, { isVerbose })}`);
    return exitCode;
  });
}
