import { spawnSync } from "node:child_process";
import { join } from "node:path";
import stringWidth from "string-width";
import { svg } from "../tui/svg.ts";

export const DEMO = join(import.meta.dirname, "../../dist/demo.js");
const COLUMNS = 80;

/** The README's picture: what the built demo prints on the engine that `env` reaches. Throws if it fails. */
export function demoPicture(env: NodeJS.ProcessEnv): string {
  const ran = spawnSync(process.execPath, [DEMO], {
    env: { ...env, COLUMNS: String(COLUMNS), FORCE_COLOR: "1", NO_COLOR: undefined },
    encoding: "utf8",
  });
  if (ran.status !== 0) throw new Error(`the demo ended with ${ran.status ?? "a signal"}:\n${ran.stdout}${ran.stderr}`);
  const rows = sameEachTime(ran.stdout).trimEnd().split("\n");
  const wide = rows.find((row) => stringWidth(row) > COLUMNS);
  if (wide !== undefined) throw new Error(`wider than ${COLUMNS} columns: ${wide}`);
  return svg(rows, { columns: COLUMNS, rows: rows.length });
}

/** Without what differs from run to run. Values are shortened: nobody needs more of them. */
function sameEachTime(output: string): string {
  return (
    output
      // Which engine it is, and how it came here.
      .replace(/^(.*\n)[\s\S]*?\n\n/, "$1\n")
      .replace(/demo-(shop|worker)-[0-9a-f]{4}( *)/g, (_, name: string, gap: string) =>
        gap.length > 1 ? `${name}          ${gap}` : `${name}${gap}`,
      )
      .replace(/(=|:\/\/shop:)[\w-]{16,}/g, "$14f1c…")
      .replace(/[0-9a-f]{16}…/g, "b5bb9d8014a0f9b1…")
      .replace(/^.*main\.js scan$/m, "  unsprawl scan")
      // Docker's client passes variables on in another order each time.
      .replace(/(?:^ {2}(?:[A-Z_]+=|▲).*\n)+/gm, (rows) => `${rows.trimEnd().split("\n").sort().join("\n")}\n`)
      .replace(/(?<=the application has ).*/, (names) => names.split(", ").sort().join(", "))
  );
}
