import { jsonText } from "../../kit/text/escape.ts";
import { EXIT } from "../../model/error.ts";
import { VERSION } from "../../model/version.ts";
import type { CommandContext } from "../context.ts";
import { writeResult } from "../output.ts";

/** `unsprawl version`: what `--version` prints; as JSON with what it runs on. */
export async function run(context: CommandContext): Promise<number> {
  const { version: node, platform, arch } = process;
  const document = { version: 1, unsprawl: VERSION, node, platform, arch };
  await writeResult(context.json ? jsonText(document) : VERSION, null, context);
  return EXIT.ok;
}
