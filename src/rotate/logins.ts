import type { RotationCredential, RotationLogin } from "../contract/rotator.ts";
import { completedMoves } from "../core/moved.ts";
import { UnsprawlError } from "../model/error.ts";
import type { RotateStep } from "../model/plan.ts";
import { storedEntries } from "./entries.ts";
import { containersOf } from "./places.ts";
import { administratorLogin } from "./reach.ts";
import type { OpenedStore, RotateTools } from "./types.ts";

/** Whoever may change it: an owner by any of its values, since a kill may have left the server with either. */
export async function loginsOf(
  { login, name, target }: RotateStep,
  values: readonly RotationCredential[],
  tools: RotateTools,
  { provider, engine }: OpenedStore,
): Promise<readonly RotationLogin[]> {
  const user = typeof target["login"] === "string" ? target["login"] : "";
  const own = values.map(({ id, secret }) => ({ user: id ?? user, secret }));
  if (login.kind === "owner") return own;
  const docs = await containersOf(engine);
  const holders = await tools.holders(engine);
  const held = holders.filter((one) => one.name === login.container).flatMap(({ references }) => references);
  const named = completedMoves(tools.installation()).filter(
    ({ move }) => move.name === login.variable && held.includes(move.reference),
  );
  const entries = await storedEntries(named, provider, await tools.detector());
  for (const { value } of entries) tools.know(value);
  const admin = administratorLogin(login, docs, entries, holders);
  if (admin !== null) return [admin, ...own];
  throw new UnsprawlError(
    "denied",
    `the login of ${login.container} that may change ${name} is not known here any more`,
    "unsprawl rotate again",
  );
}
