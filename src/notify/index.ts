/*
 * Notifications: one file per channel, and the delivery of what waits in the history's outbox. A channel receives text
 * without values, and only its own credential.
 */
import type { ChannelConfig, ChannelKind, ChannelTools, Configured, Outlet } from "../contract/channel.ts";
import { bare, cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Secret } from "../model/secret.ts";
import { nearestWord } from "../kit/text/nearest.ts";
import type { Redactor } from "../kit/text/redact.ts";

/**
 * The channels that report changes: one file per kind of channel, loaded on first use, and `deliver.ts`, which delivers
 * what is in the history's outbox until it is empty.
 */
export const channels: { readonly [kind: string]: () => Promise<ChannelKind> } = {
  webhook: async () => (await import("./webhook.ts")).webhook,
  slack: async () => (await import("./slack.ts")).slack,
  smtp: async () => (await import("./smtp.ts")).smtp,
  command: async () => (await import("./command.ts")).command,
  otlp: async () => (await import("./otlp.ts")).otlp,
};

/** The channels of a configuration. */
export function outletsOf(
  notify: ReadonlyMap<string, ChannelConfig>,
  given: {
    readonly env: NodeJS.ProcessEnv;
    readonly redactor: Redactor;
    readonly resolve: (references: readonly string[]) => Promise<ReadonlyMap<string, Secret | null>>;
    readonly warn: (text: string) => void;
  },
): readonly Configured[] {
  const { env, redactor, resolve, warn } = given;
  const warned = new Set<string>();
  const tools: ChannelTools = {
    env,
    resolve: async (reference) => (await resolve([reference])).get(reference) ?? null,
    know: (secret) => redactor.know(secret),
    redact: (text) => redactor.foreign(text),
    warn: (text) => {
      if (!warned.has(text)) warn(text);
      warned.add(text);
    },
    now: () => new Date(),
  };
  return [...notify].map(([name, config]) => ({ name, kind: config.kind, open: () => open(name, config, tools) }));
}

async function open(name: string, config: ChannelConfig, tools: ChannelTools): Promise<Outlet> {
  const { kind, dir, keys, wanted } = config;
  const at = `notify.${name}`;
  const load = Object.hasOwn(channels, kind) ? channels[kind] : undefined;
  if (load === undefined) throw unknown(`${at}: unknown kind ${JSON.stringify(kind)}`, kind, Object.keys(channels));
  const loaded = await load();
  return { channel: loaded.open({ name, dir, keys }, tools), wanted };
}

function unknown(message: string, word: string, known: readonly string[]): UnsprawlError {
  const near = nearestWord(word, known);
  return new UnsprawlError(
    "config",
    message,
    near === null ? cmd`known: ${bare(known.join(", "))}` : cmd`did you mean ${near}?`,
  );
}
