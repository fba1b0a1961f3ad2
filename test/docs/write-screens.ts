import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { spawn } from "@lydell/node-pty";
import { APP, BUSYBOX, makeImages } from "../services/images.ts";
import { startEngine } from "../services/engine.ts";
import { svg } from "../tui/svg.ts";

// `npm run docs:pictures`: the pictures of docs/screens.md, from a real session on an engine of its own. What differs from
// run to run stays as it was.

const COLUMNS = 80;
const MAIN = join(import.meta.dirname, "../../dist/main.js");
const DIR = join(import.meta.dirname, "../../docs/pictures");
const COMMANDS: { readonly [name: string]: string } = {
  scan: "scan",
  plan: "plan docker:web --to local -o plan.json",
  migrate: "migrate docker:web --to local --yes",
  runs: "runs",
  doctor: "doctor",
};

const engine = await startEngine();
const home = realpathSync(mkdtempSync("/tmp/home-"));
const memory = `/dev/shm/u-${randomBytes(2).toString("hex")}`;
mkdirSync(memory, { mode: 0o700 });
try {
  await makeImages(engine);
  const variables = ["LOG_LEVEL=info", `DB_PASSWORD=${randomBytes(12).toString("base64url")}`];
  const env = variables.flatMap((one) => ["-e", one]);
  engine.docker("run", "-d", "--name", "web", "--network", "none", ...env, BUSYBOX, ...APP);
  for (const [name, command] of Object.entries(COMMANDS)) {
    const rows = [`\u001b[1m$ unsprawl ${command}\u001b[22m`, ...(await screen(command.split(" ")))];
    writeFileSync(join(DIR, `screen-${name}.svg`), svg(rows, { columns: COLUMNS, rows: rows.length }));
  }
} finally {
  await engine.stop();
  rmSync(home, { recursive: true });
  rmSync(memory, { recursive: true });
}

/** The rows that a command leaves on a terminal of 80 columns. */
async function screen(args: readonly string[]): Promise<string[]> {
  const terminal = spawn(process.execPath, [MAIN, ...args], {
    cols: COLUMNS,
    rows: 50,
    cwd: home,
    env: {
      PATH: process.env["PATH"],
      HOME: home,
      TERM: "xterm",
      DOCKER_HOST: engine.host,
      UNSPRAWL_RUNTIME_DIR: memory,
    },
  });
  let raw = "";
  terminal.onData((text) => (raw += text));
  await new Promise<void>((done) => terminal.onExit(() => done()));
  const lines = raw.trimEnd().split(/\r?\n/);
  // Progress is redrawn in its place: the last of it stays.
  return lines.flatMap((line) => broken(short(line.split(/\r|\u001b\[2K/).at(-1) ?? "")));
}

/** Paths as they are for root on a host. */
function short(line: string): string {
  return line
    .replaceAll(engine.host, "unix:///var/run/docker.sock")
    .replaceAll(memory, "/run/unsprawl")
    .replaceAll(home, "/root");
}

/** A line that is wider than the terminal, as a terminal breaks it. */
function broken(line: string): string[] {
  const rows = [""];
  let wide = 0;
  for (const part of line.split(/(\u001b\[[\d;]*m|.)/u)) {
    const shown = part === "" || part.startsWith("\u001b") ? 0 : 1;
    if (wide + shown > COLUMNS) {
      rows.push("");
      wide = 0;
    }
    rows[rows.length - 1] += part;
    wide += shown;
  }
  return rows;
}
