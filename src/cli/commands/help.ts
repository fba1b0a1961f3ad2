import { bare, cmd } from "../../kit/shell.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import type { CommandContext } from "../context.ts";
import { nearestTopic, programHelp, topicHelp } from "../help.ts";
import { writeRedacted } from "../output.ts";
import { TOPICS } from "../reference.ts";

/** `unsprawl help [TOPIC]`: of a command, or of what several share. */
export async function run(context: CommandContext, args: readonly string[]): Promise<number> {
  const [topic] = args;
  const text = topic === undefined ? programHelp(process.stdout) : topicHelp(topic, process.stdout);
  if (text === null) throw unknownTopic(topic ?? "");
  await writeRedacted(text, null, context);
  return EXIT.ok;
}

function unknownTopic(topic: string): UnsprawlError {
  const near = nearestTopic(topic);
  const hint = near === null ? cmd`unsprawl help; topics: ${bare(TOPICS.join(", "))}` : cmd`unsprawl help ${near}`;
  return new UnsprawlError("usage", `no help on ${JSON.stringify(topic)}`, hint);
}
