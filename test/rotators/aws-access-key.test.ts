import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RotationTarget } from "../../src/contract/rotator.ts";
import { Secret } from "../../src/model/secret.ts";
import { call, elements } from "../../src/rotators/aws-access-key/api.ts";
import { rotatorConformance, WIRE, type RotatorBench, type RotatorWorld } from "../conformance/rotator.ts";
import { startMoto, type AwsKeys, type Moto } from "../services/moto.ts";

let moto: Moto;

const targetOf = (id: string): RotationTarget => {
  const { hostname: host, port, host: sts } = new URL(moto.url);
  return {
    ...{ rotator: "aws-access-key", login: id, database: "", pair: "AWS_ACCESS_KEY_ID", previous: null },
    ...{ details: { sts, region: "us-east-1" }, at: { host, port: Number(port), tls: "disable" } },
  };
};
const login = ({ AWS_ACCESS_KEY_ID: user, AWS_SECRET_ACCESS_KEY: secret }: AwsKeys) => ({
  user,
  secret: Secret.of(secret),
});

/** A call as the administrator. */
async function iam(action: string, parameters: { readonly [name: string]: string }): Promise<string> {
  const root = login(moto.env as unknown as AwsKeys);
  const { code, text } = await call(targetOf(root.user), root, WIRE, action, parameters);
  if (code !== null) throw new Error(`${action}: ${code} ${text}`);
  return text;
}

async function newKey(user: string) {
  const text = await iam("CreateAccessKey", { UserName: user });
  const [id = "", secret = ""] = ["AccessKeyId", "SecretAccessKey"].map((name) => elements(text, name)[0] ?? "");
  return { id, secret: Secret.of(secret) };
}

async function world(): Promise<RotatorWorld> {
  moto = await startMoto();
  const stranger = await moto.user({ Effect: "Allow", Action: "s3:*", Resource: "*" });
  await moto.enforce();
  return {
    async subject() {
      const user = `app-${randomBytes(4).toString("hex")}`;
      await iam("CreateUser", { UserName: user });
      const old = await newKey(user);
      return { target: targetOf(old.id), old, admin: login(moto.env as unknown as AwsKeys) };
    },
    stranger: login(stranger),
    logs: async () => readFileSync(join(moto.dir, "log"), "utf8"),
    stop: () => moto.stop(),
  };
}

rotatorConformance(
  "aws-access-key",
  world,
  { owner: "denied", absent: (target) => ({ ...target, login: `AKIA${"B".repeat(16)}` }) },
  { more: keyCases },
);

function keyCases(bench: RotatorBench): void {
  test("a user who may change its own keys does so, in one session", async () => {
    const { target, old } = await bench.subject();
    const user = elements(await iam("GetAccessKeyLastUsed", { AccessKeyId: target.login }), "UserName")[0] ?? "";
    const statement = { Effect: "Allow", Action: "iam:*", Resource: "*" };
    const document = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    await iam("PutUserPolicy", { UserName: user, PolicyName: "own", PolicyDocument: document });
    await bench.session(target, [{ user: old.id ?? "", secret: old.secret }], async (session) => {
      expect(await session.may(old)).toEqual([`IAM user ${user}`]);
      const next = await session.create?.(() => false);
      if (next === undefined) throw new Error("nothing was made");
      bench.know(next.secret);
      await session.admit(old, next);
      await session.retire(old, next);
      expect(await bench.accepted(target, old, next)).toBe("new");
    });
  });

  test("a user with two keys is refused, and neither is deleted, whatever was begun", async () => {
    const { target, old, admin } = await bench.subject();
    await bench.session(target, [admin], async (session) => {
      const user = elements(await iam("GetAccessKeyLastUsed", { AccessKeyId: target.login }), "UserName")[0] ?? "";
      const other = await newKey(user);
      bench.know(other.secret);
      await bench.failure(session.may(old), "refused");
      await bench.failure(session.create?.(() => false) ?? Promise.resolve(), "refused");
      await bench.failure(session.create?.((id) => id === old.id) ?? Promise.resolve(), "refused");
      expect(await bench.accepted(target, old, other)).toBe("old and new");
    });
  });

  test("a key whose secret nobody knows is replaced, if it is known to be ours", async () => {
    const { target, old, admin } = await bench.subject();
    await bench.session(target, [admin], async (session) => {
      const lost = await session.create?.(() => false);
      const next = await session.create?.((id) => id === lost?.id);
      if (lost === undefined || next === undefined) throw new Error("nothing was made");
      for (const one of [lost, next]) bench.know(one.secret);
      expect(await bench.accepted(target, lost, next)).toBe("new");
      expect(await bench.accepted(target, old, next)).toBe("old and new");
    });
  });
}
