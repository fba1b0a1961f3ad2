import { EXIT, UnsprawlError } from "../../model/error.ts";
import { Secret } from "../../model/secret.ts";
import type { CommandContext, Options } from "../context.ts";
import { text } from "../context.ts";
import { writeResult } from "../output.ts";
import { table } from "../views/table.ts";

/** `unsprawl rules`, `rules show ID`, `rules test` (a value on stdin: never on the command line). */
export async function run(context: CommandContext, args: readonly string[], options: Options): Promise<number> {
  const [action, id] = args;
  const { rules, ruleById } = await import("../../detect/index.ts");
  if (action === undefined) {
    const plain = rules.map(({ id: rule, vendor, severity, description, reference }) => ({
      id: rule,
      vendor,
      severity,
      description,
      reference,
    }));
    const rows = plain.map((rule) => [
      { text: rule.id, colour: "bold" as const },
      { text: rule.severity },
      { text: rule.description },
    ]);
    await writeResult(
      context.json ? JSON.stringify({ version: 1, rules: plain }) : table(rows, process.stdout),
      null,
      context,
    );
    return EXIT.ok;
  }
  if (action === "show" && id !== undefined) {
    const rule = ruleById(id);
    if (!rule) throw new UnsprawlError("absent", `no rule ${JSON.stringify(id)}`, "unsprawl rules lists them");
    const { explain } = await import("../../detect/index.ts");
    const told = explain(rule);
    await writeResult(
      context.json
        ? JSON.stringify({ version: 1, rule: told })
        : Object.entries(told)
            .map(([key, value]) => `${key.padEnd(12)} ${String(value)}`)
            .join("\n"),
      null,
      context,
    );
    return EXIT.ok;
  }
  if (action === "test") return test(context, text(options, "name") ?? "VALUE");
  throw new UnsprawlError(
    "usage",
    `not a rules command: ${args.join(" ")}`,
    "unsprawl rules, rules show ID, or rules test",
  );
}

async function test(context: CommandContext, name: string): Promise<number> {
  if (process.stdin.isTTY)
    throw new UnsprawlError(
      "usage",
      "rules test reads the value on stdin",
      "unsprawl rules test --name DB_PASSWORD < FILE",
    );
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const value = Secret.of(Buffer.concat(chunks).toString("utf8").replace(/\n$/, ""));
  const detector = await context.assembly.detector();
  const question = { name, where: "env", value } as const;
  const verdict = detector.classify(question);
  const lines = [
    `${verdict.secret ? "secret" : "not a secret"}: ${verdict.rule ?? "no rule"}, ${verdict.confidence} ${verdict.score.toFixed(2)}`,
    `shown as ${detector.mask(question)}`,
    ...verdict.why.map((why) => `  ${why}`),
  ];
  context.assembly.redactor.know(value);
  await writeResult(context.json ? JSON.stringify({ version: 1, ...verdict }) : lines.join("\n"), null, context);
  return EXIT.ok;
}
