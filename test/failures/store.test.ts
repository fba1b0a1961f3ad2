import { describe, expect, it } from "vitest";
import { random } from "../support/canary.ts";
import { bao, expectTold, proxied, runIdOf, stored, useRig } from "./rig.ts";
import { freePort } from "../services/tls.ts";
import { Subject } from "./subject.ts";

useRig({ tls: true });

describe("the store", () => {
  it("that is sealed: when planning, and when applying", async () => {
    const subject = new Subject("sealed");
    await subject.plan("vault");
    await bao.seal();
    try {
      expectTold(await subject.world.unsprawl(["plan", ...subject.target("vault")]), 1, /is sealed/);
      expectTold(await subject.world.unsprawl(["apply", "plan.json"]), 1, /is sealed/);
    } finally {
      await bao.unseal();
    }
    await subject.expectAsBefore(true);
    await subject.expectNothingLeft();
  });

  it("that is sealed when its write must be taken back: exit 5, and rollback later", async () => {
    const subject = new Subject("sealed-later");
    await proxied(subject.world, async (method, path) => {
      if (method !== "POST" || !path.startsWith("/containers/create")) return "pass";
      await bao.seal();
      return { status: 500, message: "no more containers today" };
    });
    try {
      const ran = await subject.migrate("vault");
      expectTold(ran, 5, /is sealed[^]*unsprawl rollback/);
      await subject.expectAsBefore(true);
      await bao.unseal();
      const back = await subject.world.unsprawl(["rollback", runIdOf(ran)]);
      expect(back.code, back.stderr).toBe(0);
    } finally {
      await bao.unseal();
    }
    await subject.expectAsBefore(true);
    await subject.expectNothingLeft();
  });

  it("that is gone", async () => {
    const subject = new Subject("store-gone");
    const env = { VAULT_ADDR: `https://127.0.0.1:${await freePort()}` };
    expectTold(await subject.migrate("vault", "shim", env), 1, /refuses the connection/);
    await subject.expectAsBefore(true);
    await subject.expectNothingLeft();
  });

  it("that does not know the token: exit 4, when planning and when applying", async () => {
    const subject = new Subject("wrong-token");
    await subject.plan("vault");
    const env = { VAULT_TOKEN: "wrong" };
    expectTold(await subject.migrate("vault", "shim", env), 4, /does not know this token/);
    expectTold(await subject.world.unsprawl(["apply", "plan.json"], { env }), 4, /does not know this token/);
    await subject.expectAsBefore(true);
    await subject.expectNothingLeft();
  });

  it("that only lets read: exit 4, and the policy to add", async () => {
    const subject = new Subject("read-only");
    await bao.api("PUT", "sys/policies/acl/reads", { policy: 'path "secret/*" { capabilities = ["read", "list"] }' });
    const { auth } = (await bao.api("POST", "auth/token/create", { policies: ["reads"] })) as {
      auth: { client_token: string };
    };
    expectTold(
      await subject.migrate("vault", "shim", { VAULT_TOKEN: auth.client_token }),
      4,
      /may not .*secret\/data\/apps\/read-only/,
    );
    await subject.expectAsBefore(true);
    await subject.expectNothingLeft();
  });

  it("that holds another value: not moved without --overwrite; rollback brings the old one back, scrub ends it", async () => {
    const subject = new Subject("other-value", { secrets: { DB_PASSWORD: random(20) } });
    const before = { DB_PASSWORD: random(20), BESIDE: random(20) };
    await bao.api("POST", "secret/data/apps/other-value", { data: before });
    const refused = await subject.migrate("vault");
    expect(refused.code).toBe(3);
    expect(refused.stdout).toMatch(/the store holds another value[^]*next: --overwrite/);
    await subject.expectAsBefore(true);
    expect(await stored(subject.name)).toEqual(before);

    const moved = await subject.migrate("vault", "shim", {}, ["--overwrite"]);
    expect(moved.code, moved.stderr).toBe(0);
    expect(await stored(subject.name)).toMatchObject({ ...subject.secrets, BESIDE: before.BESIDE });
    const back = await subject.world.unsprawl(["rollback"]);
    expect(back.code, back.stderr).toBe(0);
    expect(await stored(subject.name)).toEqual(before);
    await subject.expectAsBefore();

    const again = await subject.migrate("vault", "shim", {}, ["--overwrite"]);
    expect(again.code, again.stderr).toBe(0);
    expect(Object.values((await stored(subject.name)) ?? {})).toContain(before.DB_PASSWORD); // kept beside it
    const scrubbed = await subject.world.unsprawl(["scrub", runIdOf(again), "--accept", "key-backup"]);
    expect(scrubbed.code, scrubbed.stderr).toBe(0);
    expect(await stored(subject.name)).toEqual({ ...subject.secrets, BESIDE: before.BESIDE });
    await subject.expectServing();
  });

  it("that was given another value since the plan: refused, and left as it is", async () => {
    const subject = new Subject("store-drift");
    await subject.plan("vault");
    const theirs = { DB_PASSWORD: "theirs" };
    await bao.api("POST", "secret/data/apps/store-drift", { data: theirs });
    expectTold(await subject.world.unsprawl(["apply", "plan.json"]), 1, /another value/);
    expect(await stored(subject.name)).toEqual(theirs);
    await subject.expectAsBefore(true);
    subject.expectUnlocked();
  });
});
