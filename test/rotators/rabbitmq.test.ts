import { randomBytes } from "node:crypto";
import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import type { RotationTarget } from "../../src/contract/rotator.ts";
import { Secret } from "../../src/model/secret.ts";
import { PRINTABLE, rotatorConformance, WIRE, type RotatorBench, type RotatorWorld } from "../conformance/rotator.ts";
import { verify } from "../../src/verify/index.ts";
import { itemOf } from "../verify/samples.ts";
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

rotatorConformance("rabbitmq", world, { owner: "denied" }, { more: keeps });

function keeps(bench: RotatorBench): void {
  test("--verify logs in to it by its URL, and is refused with another password", async () => {
    const { target, old } = await bench.subject(PRINTABLE);
    const ask = (password: string, port = server.port) => {
      const host = `127.0.0.1:${port}`;
      const value = `amqp://${encodeURIComponent(target.login)}:${encodeURIComponent(password)}@${host}/`;
      const item = itemOf("url-password", "AMQP_URL", password, {}, { value, local: true });
      return verify(item, { timeoutMs: WIRE.timeoutMs, concurrency: 1, endpoints: {}, env: {} }, WIRE.signal);
    };
    expect(await ask(old.secret.exposeText())).toEqual({ state: "live", why: "RabbitMQ lets it log in" });
    expect(await ask(`${made()}x`)).toEqual({ state: "dead", why: "RabbitMQ refuses user and password (403)" });
    const other = createServer((socket) => void socket.on("error", () => {}).end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    await new Promise<void>((done) => other.listen(0, "127.0.0.1", done));
    const why = "does not answer like RabbitMQ";
    expect(await ask(made(), (other.address() as AddressInfo).port)).toEqual({ state: "unknown", why });
    other.close();
    expect(await ask(made(), 1)).toEqual({ state: "unknown", why: "RabbitMQ: the connection is refused" });
  });

  test("tags and limits of the user stay", async () => {
    const made = await bench.subject();
    const { target, old, admin } = made;
    const name = encodeURIComponent(target.login);
    await server.api("PUT", `user-limits/${name}/max-connections`, { value: 7 });
    const before = (await server.api("GET", `users/${name}`)) as object;
    await bench.session(target, [admin], async (session) => session.admit(old, await bench.next(made, session)));
    expect(await server.api("GET", `users/${name}`)).toEqual({ ...before, password_hash: expect.any(String) });
    expect(await server.api("GET", `user-limits/${name}`)).toEqual([
      { user: target.login, value: { "max-connections": 7 } },
    ]);
  });
}
