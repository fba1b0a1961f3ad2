import { existsSync } from "node:fs";
import { join } from "node:path";
import { openConfigured } from "../../assembly/open-store.ts";
import { STORES } from "../../assembly/plug-ins.ts";
import type { StoreAbout, StoreQuestion } from "../../contract/about.ts";
import { projectOf } from "../../core/config/config.ts";
import { writeTrusted } from "../../core/config/trusted.ts";
import { atomicWrite } from "../../kit/io/atomic.ts";
import { cmd } from "../../kit/shell.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { asking, type Ask } from "../asked.ts";
import { type CommandContext, type ParsedFlags, canAsk } from "../context.ts";
import { printError, say, sayNext } from "../output.ts";
import { checkStore } from "./stores.ts";

const FILE = "unsprawl.yaml";

/**
 * `unsprawl init`: asks for a store and its settings, checks them, writes them to a new unsprawl.yaml and trusts it.
 * Settings that do not work are asked for again, unless a person wants them written. Asks for no credential: those stay in
 * the environment or in files.
 */
export async function run(context: CommandContext, _args: readonly string[], options: ParsedFlags): Promise<number> {
  const { env, cwd, builtIn } = context.assembly;
  const file = join(cwd, FILE);
  if (existsSync(file))
    throw new UnsprawlError("refused", `${file} exists already`, "unsprawl config shows it; add a store by hand");
  if (!canAsk(context, options))
    throw new UnsprawlError("usage", "init asks questions: it needs a terminal", "see unsprawl.yaml(5) for the file");
  const { store: chosen, exit } = await asking(context.signal, (ask) => checkedAnswers(ask, context));
  await atomicWrite(file, configText(chosen), { mode: 0o644, expect: null });
  const project = await projectOf(env, cwd, builtIn);
  if (project !== null && project.foreign === null) await writeTrusted(env, project.folder, project.digest);
  context.assembly.configChanged();
  say(context, `wrote ${file}, and trusted it`);
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

type CheckedStore = { readonly store: NewStore; readonly exit: number };

/** The answers, and how the check of that store ended. Nothing is written yet. */
async function checkedAnswers(ask: Ask, context: CommandContext): Promise<CheckedStore> {
  const { env } = context.assembly;
  const about = await chosenStore(ask, env, context);
  const name = await nameOf(ask);
  for (let typed = new Map<string, string>(); ;) {
    for (const { key, text, ...question } of about.asks ?? [])
      typed.set(key, await answer(ask, text, typed.get(key) ?? standard({ key, text, ...question }, env)));
    const settings = [...typed].filter(([, value]) => value !== "");
    const store: NewStore = { name, provider: about.name, settings };
    const exit = await check(store, context);
    if (exit === EXIT.ok || (await isWanted(ask))) return { store, exit };
  }
}

/** Checks a store that no file describes yet; returns the exit code. */
async function check({ name, provider, settings }: NewStore, context: CommandContext): Promise<number> {
  const { env, cwd } = context.assembly;
  try {
    const config = { provider, dir: cwd, keys: Object.fromEntries(settings) };
    return await checkStore(context, await openConfigured(name, config, env, { say: (text) => say(context, text) }));
  } catch (error) {
    return printError(error, context);
  }
}

/** Whether a store that does not work is written; false to change its settings. Throws `interrupted` to write nothing. */
async function isWanted(ask: Ask): Promise<boolean> {
  for (;;) {
    const typed = await answer(
      ask,
      "This store does not work yet: c changes its settings, w writes them, q quits",
      "c",
    );
    if (typed === "q") throw new UnsprawlError("interrupted", "cancelled: nothing was written");
    if (typed === "c" || typed === "w") return typed === "w";
  }
}

async function chosenStore(ask: Ask, env: NodeJS.ProcessEnv, context: CommandContext): Promise<StoreAbout> {
  say(context, "Where should secrets go?");
  for (const [at, { name, choice, summary }] of STORES.entries()) {
    const what = choice?.text ?? summary;
    say(context, `  ${at + 1}  ${name}${what === undefined ? "" : `: ${what}`}`);
  }
  return storeOf(ask, env);
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
