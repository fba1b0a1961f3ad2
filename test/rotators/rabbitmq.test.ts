import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import type { RotationTarget } from "../../src/contract/rotator.ts";
import { Secret } from "../../src/model/secret.ts";
import { rotator } from "../../src/rotators/rabbitmq/index.ts";
import { rotatorConformance, WIRE, type RotatorWorld } from "../conformance/rotator.ts";
import { startRabbit, type TestRabbit } from "../services/rabbitmq.ts";

const made = (): string => randomBytes(18).toString("base64url");
let server: TestRabbit;

const targetOf = (login: string): RotationTarget => ({
  ...{ rotator: "rabbitmq", login, database: "", pair: null, previous: null },
  details: { managementPort: String(server.managementPort) },
  at: { host: "127.0.0.1", port: server.port, tls: "disable" },
});
const admin = () => ({ user: server.user, secret: Secret.of(server.password) });

async function world(): Promise<RotatorWorld> {
  server = await startRabbit();
  const stranger = made();
  await server.api("PUT", "users/stranger", { password: stranger, tags: "monitoring" });
  return {
    async subject(password) {
      const user = `app/'"${randomBytes(4).toString("hex")}`;
      await server.api("PUT", `users/${encodeURIComponent(user)}`, { password, tags: "policymaker,monitoring" });
      return { target: targetOf(user), old: { id: null, secret: Secret.of(password) }, admin: admin() };
    },
    stranger: { user: "stranger", secret: Secret.of(stranger) },
    logs: async () => server.log(),
    stop: () => server.stop(),
  };
}

rotatorConformance("rabbitmq", world, { owner: "denied" });

test("tags and limits of the user stay", async () => {
  const own = await startRabbit();
  server = own;
  try {
    const password = made();
    await own.api("PUT", "users/app", { password, tags: "policymaker" });
    await own.api("PUT", "user-limits/app/max-connections", { value: 7 });
    const before = (await own.api("GET", "users/app")) as object;
    const target = targetOf("app");
    const [old, next] = [password, made()].map((one) => ({ id: null, secret: Secret.of(one) }));
    if (old === undefined || next === undefined) throw new Error("no value");
    const session = await rotator.server?.open(target, [admin()], WIRE);
    await session?.admit(old, next);
    expect(await own.api("GET", "users/app")).toEqual({ ...before, password_hash: expect.any(String) });
    expect(await own.api("GET", "user-limits/app")).toEqual([{ user: "app", value: { "max-connections": 7 } }]);
  } finally {
    await own.stop();
  }
});
