import type { RotationLogin, RotationTarget, RotationWire } from "../../contract/rotator.ts";
import { UnsprawlError } from "../../model/error.ts";
import { Secret } from "../../model/secret.ts";
import { awsFailure, call, elements } from "./api.ts";

type AccessKey = { readonly id: string; readonly active: boolean };

/** An access key id of the right form that is nobody's. */
const NOBODYS = `AKIA${"A".repeat(16)}`;

/** The access keys of users, as this login may see and change them. */
export function accessKeys(target: RotationTarget, login: RotationLogin, wire: RotationWire) {
  const iam = async (action: string, parameters: { readonly [name: string]: string }): Promise<string> => {
    const { code, text } = await call(target, login, wire, action, parameters);
    if (code !== null) throw awsFailure(code);
    return text;
  };
  let owner: string | null = null;
  return {
    /** The user of the first of these keys that is there. */
    async userOf(...ids: readonly (string | null)[]): Promise<string> {
      for (const id of ids) {
        if (owner !== null || id === null) continue;
        const { code, text } = await call(target, login, wire, "GetAccessKeyLastUsed", { AccessKeyId: id });
        if (code !== null && code !== "NoSuchEntity") throw awsFailure(code);
        owner = code === null ? (elements(text, "UserName")[0] ?? null) : null;
      }
      if (owner === null) throw new UnsprawlError("absent", `AWS has no access key ${target.login}`);
      return owner;
    },
    async keysOf(user: string): Promise<readonly AccessKey[]> {
      const text = await iam("ListAccessKeys", { UserName: user });
      const members = text.split("<member>").slice(1);
      return members.map((one) => ({
        id: elements(one, "AccessKeyId")[0] ?? "",
        active: elements(one, "Status")[0] === "Active",
      }));
    },
    async create(user: string): Promise<{ readonly id: string; readonly secret: Secret }> {
      const text = await iam("CreateAccessKey", { UserName: user });
      const [[id], [secret]] = [elements(text, "AccessKeyId"), elements(text, "SecretAccessKey")];
      if (id === undefined || secret === undefined)
        throw new UnsprawlError("malformed", "the answer is not from AWS IAM");
      return { id, secret: Secret.of(secret) };
    },
    async set(user: string, id: string, state: "Active" | "Inactive"): Promise<void> {
      await iam("UpdateAccessKey", { UserName: user, AccessKeyId: id, Status: state });
    },
    async remove(user: string, id: string): Promise<void> {
      await iam("DeleteAccessKey", { UserName: user, AccessKeyId: id });
    },
    /** Throws if this login may not remove keys: asked with one that nobody has. */
    async mayRemove(user: string): Promise<void> {
      const { code } = await call(target, login, wire, "DeleteAccessKey", { UserName: user, AccessKeyId: NOBODYS });
      if (code !== null && code !== "NoSuchEntity") throw awsFailure(code);
    },
  };
}
