import { randomBytes } from "node:crypto";
import { ERROR_CODES, UnsprawlError, type ErrorCode } from "../../model/error.ts";
import type { Json } from "../../model/json.ts";
import type { Engine } from "../engine.ts";
import {
  ASK,
  FOREIGN_KEY,
  PLUGIN,
  type AnswerStatus,
  type QuestionKind,
  type Questions,
  type SealedAnswer,
  type SealedQuestion,
} from "./questions.ts";
import { foreignPlugin, seal, unseal, type PluginKey } from "./seal.ts";

/** Asks an engine's volume plugin. */
export type AskPlugin = <Kind extends QuestionKind>(
  kind: Kind,
  ask: Questions[Kind]["ask"],
) => Promise<Questions[Kind]["answer"]>;

/**
 * Questions to the plugin as a volume of its driver that is created, looked at and removed: all that the engine's API has for
 * it. Each counts once, by a challenge that the answer before it brought. A question throws what the plugin threw; `denied`
 * if it does not have this key; `absent` if the engine has no such plugin, or it is disabled.
 */
export function pluginAsker(engine: Engine, key: PluginKey): AskPlugin {
  let challenge: string | null = null;
  let last: Promise<unknown> = Promise.resolve();
  const once = async (question: SealedQuestion): Promise<SealedAnswer> => {
    const answer = await exchanged(engine, seal(question as unknown as Json, key));
    const said = unseal(answer, key) as unknown as SealedAnswer;
    challenge = said.challenge;
    return said;
  };
  const ask = async (kind: QuestionKind, asked: object): Promise<object> => {
    if (challenge === null) await once({ kind: "hello", ask: {} });
    let said = await once({ kind, challenge: challenge ?? "", ask: asked });
    // The plugin was started again, and knows none of its challenges.
    if (said.answer === undefined && said.fault === undefined)
      said = await once({ kind, challenge: said.challenge, ask: asked });
    if (said.answer !== undefined) return said.answer;
    const { code = "failed", message = "the volume plugin did not answer", hint = null } = said.fault ?? {};
    throw new UnsprawlError(isCode(code) ? code : "failed", message, hint);
  };
  return async (kind, asked) => {
    // One after another: each needs the challenge of the one before.
    const mine = last.then(() => ask(kind, asked));
    last = mine.catch(() => null);
    return mine;
  };
}

const isCode = (text: string): text is ErrorCode => (ERROR_CODES as readonly string[]).includes(text);

async function exchanged(engine: Engine, question: string): Promise<string> {
  const docker = await engine.docker();
  const name = ASK + randomBytes(12).toString("hex");
  const made = await engine.call("ask the volume plugin", () =>
    docker.createVolume({ Name: name, Driver: PLUGIN, DriverOpts: { ask: question } }),
  );
  if (made === null) throw noPlugin();
  try {
    const seen = await engine.call("ask the volume plugin", () => docker.getVolume(name).inspect());
    const { answer, fault } = ((seen as { Status?: unknown } | null)?.Status ?? {}) as AnswerStatus;
    if (typeof answer === "string") return answer;
    if (fault === FOREIGN_KEY) throw foreignPlugin();
    throw new UnsprawlError("malformed", "the engine's volume plugin gives no answer", "unsprawl plugin status");
  } finally {
    await engine.call("ask the volume plugin", () => docker.getVolume(name).remove({ force: true }));
  }
}

function noPlugin(): UnsprawlError {
  return new UnsprawlError(
    "absent",
    "this engine has no volume plugin of unsprawl, or it is disabled",
    "unsprawl plugin install --to STORE",
  );
}
