import { createHash } from "node:crypto";
import type { ChannelKind, ChannelTools, Channel } from "../../src/contract/channel.ts";
import type { Change } from "../../src/model/change.ts";
import type { Finding } from "../../src/model/finding.ts";
import type { Json } from "../../src/model/json.ts";
import { Secret } from "../../src/model/secret.ts";
import { Redactor } from "../../src/kit/text/redact.ts";

export const never = new AbortController().signal;

/** A change of a container's variable; `at` numbers it. */
export function change(
  at: number,
  more: Partial<Change> & {
    readonly name?: string;
    readonly severity?: Finding["severity"];
    readonly subject?: string;
  } = {},
): Change {
  const { name = `DB_PASSWORD_${at}`, severity = "high", subject = "api", ...rest } = more;
  return {
    id: createHash("sha256").update(`change ${at}`).digest("hex").slice(0, 24),
    kind: "new",
    at: "2026-11-25T10:00:00.000Z",
    host: "web1",
    finding: {
      id: createHash("sha256").update(`finding ${at}`).digest("hex").slice(0, 12),
      fingerprint: createHash("sha256").update(`print ${at}`).digest("hex"),
      rule: "password-name",
      name,
      confidence: "high",
      score: 0.93,
      severity,
      why: ["name says PASSWORD"],
      unless: "it is a placeholder",
      part: { in: "value", path: "", start: 0, length: 18 },
      location: {
        source: "docker:",
        subject: "container",
        subjectName: subject,
        subjectId: "c".repeat(64),
        where: "env",
        path: `Config.Env[${at}]`,
        origin: "own",
      },
      masked: "••••••••",
      length: 18,
      state: "new",
      ignoredBy: null,
      liveness: null,
      exposure: [],
    },
    run: null,
    since: "2026-11-20T10:00:00.000Z",
    ...rest,
  };
}

export function changes(count: number): readonly Change[] {
  return Array.from({ length: count }, (_, at) => change(at));
}

export type Opened = {
  readonly channel: Channel;
  readonly warnings: readonly string[];
  /** What channels made known as secrets. */
  readonly known: readonly Secret[];
  /** What takes known values out of foreign texts. */
  readonly redactor: Redactor;
};

/** A channel of these settings, named `ops`. */
export function opened(
  kind: ChannelKind,
  keys: { readonly [key: string]: Json },
  options: {
    readonly dir?: string;
    readonly env?: NodeJS.ProcessEnv;
    readonly references?: { readonly [reference: string]: string };
    readonly now?: () => Date;
  } = {},
): Opened {
  const { dir = "/nowhere", env = {}, references = {}, now = () => new Date() } = options;
  const [warnings, known, redactor] = [[] as string[], [] as Secret[], new Redactor()];
  const tools: ChannelTools = {
    env,
    resolve: async (reference) => {
      const value = references[reference];
      return value === undefined ? null : Secret.of(value);
    },
    know: (secret) => {
      known.push(secret);
      redactor.know(secret);
    },
    redact: (text) => redactor.foreign(text),
    warn: (text) => void warnings.push(text),
    now,
  };
  return { channel: kind.open({ name: "ops", dir, keys }, tools), warnings, known, redactor };
}

/** Everything that a thrown error would show. */
export function shown(error: unknown): string {
  const { message, hint, cause, stack } = error as { message: string; hint?: string; cause?: unknown; stack?: string };
  return [message, hint, String(cause), stack, JSON.stringify(error)].join("\n");
}

/** What a promise throws. Throws itself when it does not. */
export async function thrown(
  act: Promise<unknown>,
): Promise<Error & { readonly code?: string; readonly remedy?: Json; readonly hint?: string }> {
  try {
    await act;
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}
