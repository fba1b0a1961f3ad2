import { createHash, randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import type { RotationTarget } from "../../src/contract/rotator.ts";
import { Secret } from "../../src/model/secret.ts";
import { rotator } from "../../src/rotators/redis/index.ts";
import { openRedis } from "../../src/verify/redis.ts";
import { rotatorConformance, WIRE, type RotatorWorld } from "../conformance/rotator.ts";
import { startRedis } from "../services/redis.ts";

const made = (): string => randomBytes(18).toString("base64url");
const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

const targetOf = (port: number, login: string): RotationTarget => ({
  ...{ rotator: "redis", login, database: "0", pair: null, previous: null, details: {} },
  at: { host: "127.0.0.1", port, tls: "disable" },
});

const opened = async (port: number, user: string, password: string) => {
  const at = { host: "127.0.0.1", port, user, password, database: "", tls: "disable", reach: WIRE.reach } as const;
  const line = await openRedis(at, WIRE.timeoutMs, WIRE.signal);
  if ("said" in line) throw new Error(line.why);
  return line;
};

/** All that the server is asked, as MONITOR shows it. */
function monitor(port: number, password: string): Promise<{ readonly socket: Socket; readonly heard: () => string }> {
  let heard = "";
  const socket = connect(port, "127.0.0.1");
  socket.write(`AUTH ${password}\r\nMONITOR\r\n`);
  return new Promise((done) => {
    socket.setEncoding("utf8").on("data", (part: string) => {
      heard += part;
      if (heard.startsWith("+OK\r\n+OK")) done({ socket, heard: () => heard });
    });
  });
}

function world(kind: "redis" | "valkey") {
  return async (): Promise<RotatorWorld> => {
    const [admin, stranger] = [made(), made()];
    const server = await startRedis(
      [
        ...["loglevel debug", "slowlog-log-slower-than 0", "slowlog-max-len 100000"],
        `requirepass ${admin}`,
        `user stranger on #${digest(stranger)} ~* +@all -@admin`,
      ],
      kind,
    );
    const root = await opened(server.port, "", admin);
    const watching = await monitor(server.port, admin);
    return {
      async subject(password) {
        const user = `app'"-${randomBytes(4).toString("hex")}`;
        await root.ask("ACL", "SETUSER", user, "on", `#${digest(password)}`, "~*", "+@all", "-@admin");
        return {
          target: targetOf(server.port, user),
          old: { id: null, secret: Secret.of(password) },
          admin: { user: "default", secret: Secret.of(admin) },
        };
      },
      stranger: { user: "stranger", secret: Secret.of(stranger) },
      async logs() {
        const slow = JSON.stringify(await root.ask("SLOWLOG", "GET", "-1"));
        expect(slow).toContain("SETUSER");
        return `${slow}\n${server.log()}\n${watching.heard().slice(`+OK\r\n+OK`.length)}`;
      },
      async stop() {
        root.close();
        watching.socket.destroy();
        await server.stop();
      },
    };
  };
}

test("a cluster is refused, and replicas are noted: each server has its passwords", async () => {
  const password = made();
  const lines = [`requirepass ${password}`, `masterauth ${password}`];
  const cluster = await startRedis([...lines, "cluster-enabled yes"]);
  const primary = await startRedis(lines);
  const replica = await startRedis([...lines, `replicaof 127.0.0.1 ${primary.port}`]);
  const may = async (port: number): Promise<readonly string[] | undefined> => {
    const login = { user: "", secret: Secret.of(password) };
    const session = await rotator.server?.open(targetOf(port, ""), [login], WIRE);
    try {
      return await session?.may({ id: null, secret: login.secret });
    } finally {
      await session?.close();
    }
  };
  try {
    await expect(may(cluster.port)).rejects.toMatchObject({ code: "refused" });
    const note = expect.stringContaining("replicas and their primary");
    expect(await may(replica.port)).toContainEqual(note);
    await expect.poll(() => may(primary.port)).toContainEqual(note);
  } finally {
    for (const server of [cluster, replica, primary]) await server.stop();
  }
});

for (const kind of ["redis", "valkey"] as const) {
  rotatorConformance("redis", world(kind), { owner: "denied" }, { label: kind });

  test(`${kind}: the default user's password, and a restart with the configuration that the server keeps`, async () => {
    const password = made();
    const server = await startRedis([`requirepass ${password}`], kind);
    try {
      const target = targetOf(server.port, "");
      const [old, next] = [password, made()].map((one) => ({ id: null, secret: Secret.of(one) }));
      if (rotator.server === null || old === undefined || next === undefined) throw new Error("no server");
      const session = await rotator.server.open(target, [{ user: "", secret: old.secret }], WIRE);
      expect((await session.may(old)).join()).toContain("configuration file");
      await session.admit(old, next);
      await session.retire(old, next);
      await session.close();
      await server.restart();
      expect(await rotator.server.logsIn(target, old, WIRE)).toBe(false);
      expect(await rotator.server.logsIn(target, next, WIRE)).toBe(true);
    } finally {
      await server.stop();
    }
  });
}
