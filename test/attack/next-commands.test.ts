import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { parseAst } from "rolldown/parseAst";
import { describe, expect, it, test } from "vitest";
import { engineError } from "../../src/engine/engine.ts";
import { makePodmanSecret } from "../../src/files/podman-secret.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { printable } from "../../src/kit/text/escape.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const nasty = fc.string({
  unit: fc.constantFrom(..."'\"\\$`!#~=-*?[]{}()<>|&; \t\n\u001b\u202eaB1".split("")),
  maxLength: 12,
});

describe("what a hint says to type, with names that an attacker chose", () => {
  it("is one word for each name, whatever the name is", () => {
    const dir = mkdtempSync(join(tmpdir(), "next-"));
    fc.assert(
      fc.property(fc.array(nasty, { minLength: 1, maxLength: 50 }), (names) => {
        const lines = names.map((name) => cmd`printf '%s\\0' plan swarm:${name} --to STORE`);
        const out = execFileSync("sh", ["-c", lines.join("\n")], { encoding: "utf8", cwd: dir });
        expect(out.split("\0").slice(0, -1)).toEqual(
          names.flatMap((name) => ["plan", `swarm:${name}`, "--to", "STORE"]),
        );
      }),
      { numRuns: 20 },
    );
    expect(readdirSync(dir)).toEqual([]);
  });

  it("runs nothing of a Swarm label that goes on behind a semicolon, and shows nothing odd", () => {
    const dir = mkdtempSync(join(tmpdir(), "next-"));
    const next = cmd`echo plan swarm:${`x; touch ${dir}/hint #\u001b[2J`} --to STORE`;
    execFileSync("sh", ["-c", next]);
    expect(existsSync(join(dir, "hint"))).toBe(false);
    expect(printable(next)).toBe(next);
  });

  it("makes no flag of a name, nor of an engine's address", () => {
    expect(cmd`ls -l ${"-rf"}`).toBe("ls -l ./-rf");
    expect(cmd`a ${""}${"b"}${""} ${""} c${""}`).toBe("a b '' c");
    expect(cmd`ls -l -- ${"-rf"}`).toBe("ls -l -- -rf");
    expect(cmd`a${"-rf"} ${-1} ${bare("--yes")}`).toBe("a-rf -1 --yes");
    const connection = { via: "ssh", host: "-oProxyCommand=touch%20x", address: "ssh://x" };
    const { hint } = engineError(new Error("no"), "x", connection as never);
    expect(hint).toBe("ssh ./-oProxyCommand=touch%20x docker version");
  });

  it("names no command in what podman's secret is made from", () => {
    const dir = mkdtempSync(join(tmpdir(), "next-"));
    const line = makePodmanSecret(`ref+vault://a#$(touch ${dir}/b)'`, `s;touch ${dir}/c`);
    execFileSync("sh", ["-c", `unsprawl() { shift 2; "$@"; }; podman() { :; }; ${line.replace("podman", "echo")}`]);
    expect(readdirSync(dir)).toEqual([]);
    expect(makePodmanSecret("ref+vault://a#/b", "app")).toBe(
      `UNSPRAWL_VALUE='ref+vault://a#/b' unsprawl run -- sh -c 'printf %s "$UNSPRAWL_VALUE" | podman secret create app -'`,
    );
  });
});

type Node = { readonly type: string; readonly start: number; readonly [key: string]: unknown };

/** Names of what holds a text that says what to type next. */
const NEXT = /^(?:next|again)$|^hint|Hint$/i;
const COMMAND =
  /\bunsprawl (?:apply|classify|doctor|fleet|migrate|plan|render|resume|rollback|rules|runs?|runtime|scan|scrub|stores|trust|watch) (?:[a-z]+ )*\S*\0|\b(?:docker|kubectl|podman|systemctl|journalctl|helm|ssh) (?:[a-z]+ )*[^ ]*\0/;

/** Templates with `${…}` in a place that says what to type, which are not `cmd`. */
function unquoted(file: string, text: string): string[] {
  const found: string[] = [];
  walk(parseAst(text, { lang: file.endsWith("x") ? "tsx" : "ts" }, file), false);
  return found;

  function walk(node: unknown, inNext: boolean): void {
    if (Array.isArray(node)) for (const one of node) walk(one, inNext);
    else if (typeof node === "object" && node !== null && "type" in node) look(node as Node, inNext);
  }

  function look(node: Node, inNext: boolean): void {
    if (node.type === "TaggedTemplateExpression") return;
    if (node.type === "TemplateLiteral" && (node["expressions"] as unknown[]).length > 0) {
      const said = (node["quasis"] as { value: { cooked: string } }[]).map(({ value }) => value.cooked).join("\0");
      if (inNext || COMMAND.test(said)) found.push(`${file}: ${said.replaceAll("\0", "…")}`);
    }
    const name = ((node["key"] ?? node["id"]) as { name?: string } | null | undefined)?.name ?? "";
    for (const [key, child] of Object.entries(node)) {
      const next = ["value", "init", "body"].includes(key) && NEXT.test(name);
      const hint = key === "arguments" && HINT_AT[(node["callee"] as { name?: string }).name ?? ""];
      if (typeof hint === "number") (child as unknown[]).forEach((one, at) => walk(one, inNext || at === hint));
      else walk(child, inNext || next);
    }
  }
}

/** Which argument of an error is its hint. */
const HINT_AT: { readonly [callee: string]: number } = { UnsprawlError: 2, Undelivered: 3 };

/** Messages that only look like a command or a hint, and hints that are whole already. */
const NO_COMMAND: readonly string[] = [
  "migrations/compose/engine/cli.ts: docker compose …: …",
  "src/engine/ssh-agent.ts: ssh ended with …",
  "migrations/image/archive.ts: docker save … returned no image",
  "src/notify/smtp.ts: ……",
  "src/demo/engine.ts: docker …: …",
  "src/tui/accessible/runs.ts: ; next: …",
  "migrations/systemd/rewrite.ts: …_FILE",
  "src/cli/only.ts: , and … more (unsprawl scan)",
  "src/delivery/runtime/references.ts: build the image without …, or run it with another value for it",
  "src/engine/platforms.ts: change it in … (…), and deploy; or --accept … moves it until the next deploy there",
  "src/rotate/perform.ts: put it back there: its new secret is at …",
  "src/rotators/aws-access-key/api.ts: give keys with …",
  "src/rotators/aws-access-key/index.ts: give keys with …",
  "src/rotators/mariadb/index.ts: give the login of …, such as root",
  "src/rotators/openldap/index.ts: give the login of …",
  "src/rotators/postgres/index.ts: give the role's own login, or one of …",
  "src/rotators/rabbitmq/index.ts: give the login of …",
  "src/rotators/redis/index.ts: give the login of …",
  // Whose answer an error is about.
  "src/images/registry/redirect.ts: … redirects",
  "src/images/registry/redirect.ts: … sends uploads",
  // Around a hint that is quoted where it is made.
  "src/cli/views/checks.ts: → …",
  "src/cli/views/plan-markdown.ts: ; next: …",
  "src/cli/progress.ts:   next: …\n",
];

test("every text that says what to type quotes the names in it", () => {
  const wrong = ["src", "providers", "migrations"]
    .flatMap((dir) =>
      readdirSync(join(ROOT, dir), { recursive: true, encoding: "utf8" }).map((name) => join(dir, name)),
    )
    .filter((file) => /\.tsx?$/.test(file))
    .flatMap((file) => unquoted(file, readFileSync(join(ROOT, file), "utf8")));
  expect(wrong.filter((one) => !NO_COMMAND.includes(one))).toEqual([]);
});

test("that check finds what it looks for", () => {
  const bad = [
    "new UnsprawlError('usage', 'x', a ? `ls ${b}` : null)",
    "const o = { hint: `ls ${b}` }",
    "const hintFor = (f) => `ls ${f}`",
    "say(`unsprawl plan docker:${x}`)",
    "function nextOf() { return x }; const nextHint = `y ${x}`",
  ];
  for (const code of bad) expect(unquoted("a.ts", code)).toHaveLength(1);
  expect(unquoted("a.ts", "const o = { hint: cmd`ls ${b}` }; new UnsprawlError('usage', `x ${y}`, 'z')")).toEqual([]);
});
