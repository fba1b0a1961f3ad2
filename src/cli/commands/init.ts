import { existsSync } from "node:fs";
import { join } from "node:path";
import { STORES } from "../../assembly/plug-ins.ts";
import type { StoreAbout, StoreQuestion } from "../../contract/about.ts";
import { projectOf } from "../../core/config/config.ts";
import { writeTrusted } from "../../core/config/trusted.ts";
import { atomicWrite } from "../../kit/io/atomic.ts";
import { cmd } from "../../kit/shell.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { asking, canAsk, type Ask } from "../asked.ts";
import type { CommandContext, ParsedFlags } from "../context.ts";
import { say, sayNext } from "../output.ts";

const FILE = "unsprawl.yaml";

/**
 * `unsprawl init`: asks for a store and its settings, writes them to a new unsprawl.yaml, trusts it and checks the store.
 * Asks for no credential: those stay in the environment or in files.
 */
export async function run(context: CommandContext, _args: readonly string[], options: ParsedFlags): Promise<number> {
  const { env, cwd, builtIn } = context.assembly;
  const file = join(cwd, FILE);
  if (existsSync(file))
    throw new UnsprawlError("refused", `${file} exists already`, "unsprawl config shows it; add a store by hand");
  if (!canAsk(context, options))
    throw new UnsprawlError("usage", "init asks questions: it needs a terminal", "see unsprawl.yaml(5) for the file");
  const chosen = await asking(context.signal, (ask) => answers(ask, env, context));
  await atomicWrite(file, configText(chosen), { mode: 0o644, expect: null });
  const project = await projectOf(env, cwd, builtIn);
  if (project !== null && project.foreign === null) await writeTrusted(env, project.folder, project.digest);
  context.assembly.configChanged();
  say(context, `wrote ${file}, and trusted it`);
  const { run: stores } = await import("./stores.ts");
  const exit = await stores(context, ["check", chosen.name], {});
  sayNext(
    context,
    exit === EXIT.ok ? cmd`unsprawl plan --to ${chosen.name}` : cmd`unsprawl stores check ${chosen.name}`,
  );
  return exit;
}

type NewStore = {
  readonly name: string;
  readonly provider: string;
  readonly settings: readonly (readonly [key: string, value: string])[];
};

async function answers(ask: Ask, env: NodeJS.ProcessEnv, context: CommandContext): Promise<NewStore> {
  say(context, "Where should secrets go?");
  for (const [at, { name, choice, summary }] of STORES.entries()) {
    const what = choice?.text ?? summary;
    say(context, `  ${at + 1}  ${name}${what === undefined ? "" : `: ${what}`}`);
  }
  const store = await storeOf(ask, env);
  const name = await nameOf(ask);
  const settings: (readonly [string, string])[] = [];
  for (const question of store.asks ?? []) {
    const value = await answer(ask, question.text, standard(question, env));
    if (value !== "") settings.push([question.key, value]);
  }
  return { name, provider: store.name, settings };
}

/** By number or name; the one that the environment names, else the one that needs nothing, is the default. */
async function storeOf(ask: Ask, env: NodeJS.ProcessEnv): Promise<StoreAbout> {
  const isSet = ({ choice }: StoreAbout): boolean =>
    choice !== null && choice.preselected !== "otherwise" && choice.preselected.some((one) => env[one]);
  const usual = STORES.find(isSet) ?? STORES.find(({ choice }) => choice?.preselected === "otherwise");
  for (;;) {
    const typed = await answer(ask, "Store", usual?.name ?? "");
    const found = STORES.find(({ name }, at) => name === typed || String(at + 1) === typed);
    if (found !== undefined) return found;
  }
}

async function nameOf(ask: Ask): Promise<string> {
  for (;;) {
    const name = await answer(ask, "Its name in --to", "prod");
    // The names of the providers themselves are taken.
    if (/^[A-Za-z][\w-]*$/.test(name) && !STORES.some((one) => one.name === name)) return name;
  }
}

const standard = ({ variables = [], usual }: StoreQuestion, env: NodeJS.ProcessEnv): string =>
  variables.map((one) => env[one]).find((value) => value !== undefined && value !== "") ?? usual;

/** What is typed, or the default for an empty line. Throws `interrupted` once nobody answers. */
async function answer(ask: Ask, text: string, usual: string): Promise<string> {
  const typed = await ask(`${text}${usual === "" ? "" : ` [${usual}]`}: `);
  if (typed === null) throw new UnsprawlError("interrupted", "cancelled: nothing was written");
  return typed === "" ? usual : typed;
}

/** Values as JSON, which is YAML: nothing that is typed becomes structure. */
function configText({ name, provider, settings }: NewStore): string {
  const lines = settings.map(([key, value]) => `    ${key}: ${JSON.stringify(value)}`);
  const head = "# Settings: man unsprawl.yaml. Credentials belong in the environment or in files, never here.";
  return `${[head, "stores:", `  ${name}:`, `    provider: ${provider}`, ...lines].join("\n")}\n`;
}
