import { EXIT, UnsprawlError } from "../../model/error.ts";
import type { CommandContext } from "../context.ts";
import { writeResult } from "../output.ts";
import { table } from "../views/table.ts";

/** `unsprawl stores [check STORE]`: what is configured; whether each right that a migration needs is there. */
export async function run(context: CommandContext, args: readonly string[]): Promise<number> {
  const { assembly } = context;
  const [action, name] = args;
  if (action === undefined) {
    const { stores } = await assembly.config();
    const configured = [...stores].map(([store, { provider }]) => ({ name: store, provider }));
    const rows = configured.map((one) => [{ text: one.name, colour: "bold" as const }, { text: one.provider }]);
    const none = "no stores are configured; --to vault and --to local work from their own environment";
    await writeResult(
      context.json
        ? JSON.stringify({ version: 1, stores: configured })
        : rows.length > 0
          ? table(rows, process.stdout)
          : none,
      null,
      context,
    );
    return EXIT.ok;
  }
  if (action !== "check" || name === undefined)
    throw new UnsprawlError("usage", `not a stores command: ${args.join(" ")}`, "unsprawl stores check STORE");
  const provider = await assembly.store(name);
  const checks = await provider.check();
  const rows = checks.map((check) => [
    { text: check.ok ? "✓" : "✗", colour: check.ok ? ("blue" as const) : ("red" as const) },
    { text: check.right },
    { text: check.text + (check.hint ? `; next: ${check.hint}` : "") },
  ]);
  await writeResult(
    context.json ? JSON.stringify({ version: 1, store: provider.target, checks }) : table(rows, process.stdout),
    null,
    context,
  );
  if (checks.every((check) => check.ok)) return EXIT.ok;
  return checks.some((check) => check.right === "reach" && !check.ok) ? EXIT.failed : EXIT.denied;
}
