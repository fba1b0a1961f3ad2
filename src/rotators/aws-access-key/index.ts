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
import { Secret } from "../../model/secret.ts";
import { notYet } from "../logins.ts";
import { about } from "./about.ts";
import { awsFailure, call, elements, refusesKey, type AwsAnswer } from "./api.ts";
import { keyTarget } from "./target.ts";

/** A new key is known everywhere some seconds later. */
const SPREAD_MS = 60_000;
/** How far the clock of this machine may be ahead of AWS's. */
const CLOCK_MS = 5 * 60_000;

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

type AccessKey = { readonly id: string; readonly active: boolean; readonly created: Date };

function session(target: RotationTarget, login: RotationLogin, wire: RotationWire): RotationSession {
  const iam = async (action: string, parameters: { readonly [name: string]: string }): Promise<string> => {
    const { code, text } = await call(target, login, wire, action, parameters);
    if (code !== null) throw awsFailure(code);
    return text;
  };
  let owner: string | null = null;
  /** The user of the first of these keys that is there. */
  const userOf = async (...ids: readonly (string | null)[]): Promise<string> => {
    for (const id of ids)
      if (id !== null) owner ??= ownerIn(await call(target, login, wire, "GetAccessKeyLastUsed", { AccessKeyId: id }));
    if (owner === null) throw new UnsprawlError("absent", `AWS has no access key ${target.login}`);
    return owner;
  };
  const keysOf = async (user: string): Promise<readonly AccessKey[]> => {
    const text = await iam("ListAccessKeys", { UserName: user });
    return elements(
      text.replace(/<member>([^]*?)<\/member>/g, (_, one: string) => `<key>${encodeURIComponent(one)}</key>`),
      "key",
    )
      .map(decodeURIComponent)
      .map((one) => ({
        id: elements(one, "AccessKeyId")[0] ?? "",
        active: elements(one, "Status")[0] === "Active",
        created: new Date(elements(one, "CreateDate")[0] ?? 0),
      }));
  };
  const set = async (user: string, id: string, state: "Active" | "Inactive"): Promise<void> => {
    await iam("UpdateAccessKey", { UserName: user, AccessKeyId: id, Status: state });
  };
  const remove = async (user: string, id: string): Promise<void> => {
    await iam("DeleteAccessKey", { UserName: user, AccessKeyId: id });
  };
  const isUnused = async (id: string): Promise<boolean> =>
    elements(await iam("GetAccessKeyLastUsed", { AccessKeyId: id }), "LastUsedDate").length === 0;
  const accepted = async (credential: RotationCredential): Promise<void> => {
    for (const end = Date.now() + SPREAD_MS; !(await logsIn(target, credential, wire));) {
      if (Date.now() > end) throw new UnsprawlError("failed", "AWS made the access key and still refuses it");
      await sleep(1000, undefined, { signal: wire.signal });
    }
  };
  return {
    async may() {
      const user = await userOf(target.login);
      const keys = await keysOf(user);
      if (keys.length > 1) throw awsFailure("LimitExceeded");
      // As it is: only the right is asked for. So is that to delete, for a key that nobody has.
      for (const { id, active } of keys) await set(user, id, active ? "Active" : "Inactive");
      const { code } = await call(target, login, wire, "DeleteAccessKey", { UserName: user, AccessKeyId: NOBODYS });
      if (code !== null && code !== "NoSuchEntity") throw awsFailure(code);
      return [`IAM user ${user}`];
    },
    async create(begun) {
      const user = await userOf(target.login);
      for (const { id, created } of (await keysOf(user)).filter((key) => key.id !== target.login)) {
        const isOurs = begun !== null && created.getTime() > begun.getTime() - CLOCK_MS && (await isUnused(id));
        if (!isOurs) throw awsFailure("LimitExceeded");
        await remove(user, id);
      }
      const text = await iam("CreateAccessKey", { UserName: user });
      const [[id], [secret]] = [elements(text, "AccessKeyId"), elements(text, "SecretAccessKey")];
      if (id === undefined || secret === undefined)
        throw new UnsprawlError("malformed", "the answer is not from AWS IAM");
      return { id, secret: Secret.of(secret) };
    },
    async admit(old, next) {
      const user = await userOf(next.id, old.id);
      const key = (await keysOf(user)).find(({ id }) => id === next.id);
      if (key === undefined)
        throw new UnsprawlError("refused", "AWS has deleted that access key, which cannot come back");
      if (!key.active) await set(user, key.id, "Active");
      await accepted(next);
    },
    async retire(old, next) {
      if (!(await logsIn(target, next, wire))) throw notYet("AWS");
      const user = await userOf(next.id, old.id);
      const key = (await keysOf(user)).find(({ id }) => id === old.id);
      if (key?.active === true) await set(user, key.id, "Inactive");
      if (key !== undefined) await remove(user, key.id);
    },
    close: async () => {},
  };
}

/** An access key id of the right form that is nobody's. */
const NOBODYS = `AKIA${"A".repeat(16)}`;

/** The user in an answer of GetAccessKeyLastUsed; null for a key that is not there. */
function ownerIn({ code, text }: AwsAnswer): string | null {
  if (code === "NoSuchEntity") return null;
  if (code !== null) throw awsFailure(code);
  return elements(text, "UserName")[0] || null;
}
