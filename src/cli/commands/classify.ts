import { classifyStream } from "../../core/classify.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import type { CommandContext } from "../context.ts";

/** `unsprawl classify`: NDJSON in, verdicts out, same order. Exit 1 at the end if a line was invalid. */
export async function run(context: CommandContext): Promise<number> {
  if (process.stdin.isTTY)
    throw new UnsprawlError(
      "usage",
      "classify reads NDJSON on stdin",
      `echo '{"id":1,"where":"env","name":"N","value":"V"}' | unsprawl classify`,
    );
  const detector = await context.assembly.detector();
  const { bad } = await classifyStream(process.stdin, process.stdout, detector);
  return bad > 0 ? EXIT.failed : EXIT.ok;
}
