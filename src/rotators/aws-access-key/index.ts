/*
 * Access keys of AWS users. AWS makes the new pair, and a user has two for a while; id and secret change together.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type {
  RotationCredential,
  RotationLogin,
  RotationServer,
  RotationSession,
  RotationTarget,
  RotationWire,
  Rotator,
} from "../../contract/rotator.ts";
import { UnsprawlError } from "../../model/error.ts";
import { notYet } from "../logins.ts";
import { about } from "./about.ts";
import { awsFailure, call, refusesKey } from "./api.ts";
import { accessKeys } from "./keys.ts";
import { keyTarget } from "./target.ts";

/** A new key is known everywhere some seconds later. */
const SPREAD_MS = 60_000;

const logsIn: RotationServer["logsIn"] = async (target, { id, secret }, wire) => {
  const { code } = await call(target, { user: id ?? target.login, secret }, wire, "GetCallerIdentity");
  if (code === null) return true;
  if (refusesKey(code)) return false;
  throw new UnsprawlError("unreachable", `AWS does not say whether the key is right (${code})`, "try again");
};

export const rotator: Rotator = {
  about,
  target: keyTarget,
  make: null,
  server: {
    async open(target, logins, wire) {
      for (const login of logins)
        if (await logsIn(target, { id: login.user, secret: login.secret }, wire)) return session(target, login, wire);
      throw new UnsprawlError("denied", "AWS refuses the login", `give keys with ${about.needs}`);
    },
    logsIn,
  },
};

function session(target: RotationTarget, login: RotationLogin, wire: RotationWire): RotationSession {
  const keys = accessKeys(target, login, wire);
  return {
    async may() {
      const user = await keys.userOf(target.login);
      const all = await keys.keysOf(user);
      if (all.length > 1) throw awsFailure("LimitExceeded");
      // As it is: only the right is asked for.
      for (const { id, active } of all) await keys.set(user, id, active ? "Active" : "Inactive");
      await keys.mayRemove(user);
      return [`IAM user ${user}`];
    },
    async create(isOurs) {
      const user = await keys.userOf(target.login);
      for (const { id } of (await keys.keysOf(user)).filter((key) => key.id !== target.login)) {
        if (!isOurs(id)) throw awsFailure("LimitExceeded");
        await keys.remove(user, id);
      }
      return keys.create(user);
    },
    async admit(old, next) {
      const user = await keys.userOf(next.id, old.id);
      const key = (await keys.keysOf(user)).find(({ id }) => id === next.id);
      if (key === undefined)
        throw new UnsprawlError("refused", "AWS has deleted that access key, which cannot come back");
      if (!key.active) await keys.set(user, key.id, "Active");
      await untilAccepted(target, next, wire);
    },
    async retire(old, next) {
      if (!(await logsIn(target, next, wire))) throw notYet("AWS");
      // A key that is no longer active cannot delete itself.
      const isOwn = login.user === old.id && next.id !== null;
      const by = isOwn ? accessKeys(target, { user: next.id, secret: next.secret }, wire) : keys;
      const user = await by.userOf(next.id, old.id);
      const key = (await by.keysOf(user)).find(({ id }) => id === old.id);
      if (key?.active === true) await by.set(user, key.id, "Inactive");
      if (key !== undefined) await by.remove(user, key.id);
    },
    close: async () => {},
  };
}

async function untilAccepted(target: RotationTarget, key: RotationCredential, wire: RotationWire): Promise<void> {
  for (const end = Date.now() + SPREAD_MS; !(await logsIn(target, key, wire));) {
    if (Date.now() > end) throw new UnsprawlError("failed", "AWS made the access key and still refuses it");
    await sleep(1000, undefined, { signal: wire.signal });
  }
}
