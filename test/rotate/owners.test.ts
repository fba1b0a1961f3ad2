import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { ReferenceHolder } from "../../src/contract/reference-holder.ts";
import type { RotationEvidence, RotationTarget } from "../../src/contract/rotator.ts";
import type { DoneMove } from "../../src/core/moved.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { ContainerDoc } from "../../src/engine/types.ts";
import { Secret } from "../../src/model/secret.ts";
import { companionsOf } from "../../src/rotate/companions.ts";
import { besideOf } from "../../src/rotate/owners.ts";
import type { EnginePlace } from "../../src/rotate/places.ts";
import { secretHolders } from "../../src/rotate/surroundings.ts";
import { targetAmong, type Around } from "../../src/rotate/target.ts";
import type { StoredEntry } from "../../src/rotate/types.ts";

// A stranger's container copies labels: what it says decides neither where a password is sent, nor what else is changed.

const ENGINE = "engine-1";

function doc(name: string, env: readonly string[], service?: string): ContainerDoc {
  return {
    ...{ Id: `id-${name}`, Name: `/${name}`, State: { Running: true }, HostConfig: { NetworkMode: "host" } },
    Config: {
      Image: "app:1",
      Env: env,
      Labels: service === undefined ? {} : { "com.docker.compose.service": service },
    },
    NetworkSettings: { Networks: { host: {} } },
  } as unknown as ContainerDoc;
}

/** An entry that was moved from a container, or from a service of Compose. */
function moved(source: string, subjectName: string, name: string, text: string, engine = ENGINE) {
  const reference = `ref+vault://secret/apps/${subjectName}#/${name}`;
  const move = { name, reference, location: { source, subjectName, where: "env" } };
  const value = Secret.of(text);
  const entry = { move, value, part: value } as unknown as StoredEntry;
  return { entry, reference, done: { move, plan: { engine: { id: engine } } } as unknown as DoneMove };
}

const holder = (name: string, references: readonly string[], mounted: readonly string[] = []): ReferenceHolder => ({
  ...{ name, project: "", references, mounted },
});

const placeOf = (docs: readonly ContainerDoc[], holders: readonly ReferenceHolder[]): EnginePlace => ({
  ...{ engine: { connection: { via: "unix" } } as unknown as Engine, other: null, docs, holders },
});

const targetIn = ({ variables }: RotationEvidence): RotationTarget | string => {
  const host = variables.find(({ name }) => name === "DB_HOST")?.value.exposeText();
  if (host === undefined) return "DB_HOST";
  return {
    ...{ rotator: "postgres", at: { host, port: 5432, tls: "disable" }, login: "app", database: "" },
    ...{ pair: null, previous: null, details: {} },
  };
};

async function hostOf(one: ReturnType<typeof moved>, here: EnginePlace): Promise<string | undefined> {
  const around = {
    ...{ engine: here.engine, engineId: ENGINE, here, entries: [one.entry], moved: [one.done] },
    ...{ isNamed: () => false, tools: { targetOf: async (evidence: RotationEvidence) => targetIn(evidence) } },
  } as unknown as Around;
  const { reached } = await targetAmong([one.entry], secretHolders([one.entry.move], here), around);
  return reached.target.at?.host;
}

describe("the server of a password", () => {
  const password = randomBytes(18).toString("base64url");
  const evil = ["DB_HOST=evil.example"];

  it("is the one that the container it was moved from names, though another one has its reference, too", async () => {
    const one = moved("docker:", "web", "DB_PASSWORD", password);
    const holders = ["thief", "web"].map((name) => holder(name, [one.reference]));
    const here = placeOf([doc("thief", evil), doc("web", ["DB_HOST=db.example"])], holders);
    expect(await hostOf(one, here)).toBe("db.example");
  });

  it("is not known by a container that has the reference alone, nor by one of the same name on another engine", async () => {
    const one = moved("docker:", "web", "DB_PASSWORD", password);
    const thief = placeOf([doc("thief", evil)], [holder("thief", [one.reference])]);
    await expect(hostOf(one, thief)).rejects.toThrow("is not known: DB_HOST");
    const there = moved("docker:", "web", "DB_PASSWORD", password, "engine-2");
    const web = placeOf([doc("web", evil)], [holder("web", [there.reference])]);
    await expect(hostOf(there, web)).rejects.toThrow("is not known: DB_HOST");
  });

  it("is that of the service's container that mounts it; of two that only claim to be it, none", async () => {
    const one = moved("compose:compose.yaml", "web", "DB_PASSWORD", password);
    const docs = [doc("thief", evil, "web"), doc("shop-web-1", ["DB_HOST=db.example"], "web")];
    const thief = holder("thief", [one.reference]);
    const mounting = holder("shop-web-1", [one.reference], [one.reference]);
    expect(await hostOf(one, placeOf(docs, [thief, mounting]))).toBe("db.example");
    const claiming = placeOf(docs, [thief, holder("shop-web-1", [one.reference])]);
    await expect(hostOf(one, claiming)).rejects.toThrow("is not known: DB_HOST");
  });

  it("is not that of a container with the service's labels while the service's own is gone; of our runtime's it is", async () => {
    const one = moved("compose:compose.yaml", "web", "DB_PASSWORD", password);
    const left = placeOf([doc("thief", evil, "web")], [holder("thief", [one.reference])]);
    await expect(hostOf(one, left)).rejects.toThrow("is not known: DB_HOST");
    const own = doc("shop-web-1", ["DB_HOST=db.example", `DB_PASSWORD=${one.reference}`], "web");
    const resolved = { ...own, HostConfig: { ...own.HostConfig, Runtime: "unsprawl" } };
    const both = [holder("thief", [one.reference]), holder("shop-web-1", [one.reference])];
    expect(await hostOf(one, placeOf([doc("thief", evil, "web"), resolved], both))).toBe("db.example");
  });
});

describe("what changes together with a secret", () => {
  const target: RotationTarget = {
    ...{ rotator: "aws-access-key", at: null, login: "", database: "", pair: "AWS_ACCESS_KEY_ID" },
    ...{ previous: { variable: "OLD_KEYS", separator: "," }, details: {} },
  };

  it("is what was moved from its container, not what a stranger's labels put beside it", () => {
    const secret = moved("docker:", "web", "AWS_SECRET_ACCESS_KEY", randomBytes(20).toString("hex"));
    const own = [moved("docker:", "web", "AWS_ACCESS_KEY_ID", "own"), moved("docker:", "web", "OLD_KEYS", "own")];
    const others = [moved("docker:", "shop", "AWS_ACCESS_KEY_ID", "other"), moved("docker:", "shop", "OLD_KEYS", "x")];
    const all = [secret, ...own, ...others];
    const referencesOf = (some: readonly ReturnType<typeof moved>[]): string[] => some.map((one) => one.reference);
    const here = placeOf(
      [doc("web", []), doc("thief", []), doc("shop", [])],
      [
        holder("web", referencesOf([secret, ...own])),
        holder("shop", referencesOf(others)),
        holder("thief", referencesOf(all)),
      ],
    );
    const found = companionsOf(
      target,
      all.map(({ entry }) => entry),
      secretHolders([secret.entry.move], here),
      [here],
      besideOf(
        [secret.entry],
        all.map(({ done }) => done),
      ),
    );
    expect(found.map(({ move }) => move.reference).toSorted()).toEqual(referencesOf(own).toSorted());
  });
});
