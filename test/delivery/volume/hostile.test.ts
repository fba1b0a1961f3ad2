import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { callbackify } from "node:util";
import { afterAll, expect, it } from "vitest";
import { mustAllBeAllowed } from "../../../src/delivery/volume/driver/mounts.ts";
import { installPlugin, uninstallPlugin, upgradePlugin } from "../../../src/delivery/volume/install.ts";
import { chooseDelivery } from "../../../src/engine/choose.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { newPluginKey, readPluginNote, writePluginNote } from "../../../src/engine/plugin/key.ts";
import type { Delivery, DeliverySubject } from "../../../src/contract/delivery.ts";
import { volumeDelivery } from "../../../src/delivery/volume/index.ts";
import type { Move } from "../../../src/model/plan.ts";
import { Secret } from "../../../src/model/secret.ts";
import { FOREIGN_KEY } from "../../../src/engine/plugin/questions.ts";
import { pluginMark, seal, unseal, type PluginKey } from "../../../src/engine/plugin/seal.ts";
import { MARK } from "../../../src/delivery/volume/archive.ts";
import { tarEntries } from "../../../src/kit/tar/entries.ts";

const state = mkdtempSync(join(tmpdir(), "unsprawl-hostile-"));
afterAll(() => rmSync(state, { recursive: true }));

const REFERENCE = "ref+vault://secret/apps/web#/DB";
const WEB = { consumers: ["container:web"], image: new Set<string>() };
const STRANGER = { consumers: ["container:stranger"], image: new Set<string>() };
const BINDINGS = [{ consumer: "container:web", variable: "DB", reference: REFERENCE, by: null }];
const WANTED = [{ variable: "DB", reference: REFERENCE }];

it("beside a container that is allowed a volume, nobody is advised to allow another that came to it", () => {
  const refusal = (users: readonly (typeof WEB)[]): unknown => {
    try {
      mustAllBeAllowed("unsprawl-web", WANTED, BINDINGS, users);
      return null;
    } catch (error) {
      return error;
    }
  };
  expect(refusal([WEB])).toBeNull();
  expect(refusal([WEB, STRANGER])).toMatchObject({
    message: expect.stringContaining("container:stranger has the volume unsprawl-web too"),
    hint: expect.not.stringContaining("allow"),
  });
  expect(refusal([STRANGER])).toMatchObject({ hint: expect.stringContaining("unsprawl runtime allow") });
});

type Dialled = { readonly path: string; readonly file?: Readable };

/** An engine with the plugin in this state and with this key, whose home answers `state` with these bindings. */
function engineWith(present: { enabled: boolean | null; marked?: boolean }, key: PluginKey, bindings: string) {
  const dialled: string[] = [];
  const created: { bindings?: string } = {};
  const settings = JSON.stringify({ version: 1, program: "1", key: "", stores: [{ name: "s", provider: "local" }] });
  const files = { "settings.json": base64(settings), "bindings.json": base64(bindings) };
  const answers = { state: { files }, status: { stores: [], version: "1", bindings: [], volumes: [] } };
  let question = "";
  const kindOf = (sealed: string): keyof typeof answers | null => {
    try {
      return (unseal(sealed, key) as { kind: keyof typeof answers }).kind;
    } catch {
      return null;
    }
  };
  const volume = {
    inspect: async () => {
      const kind = kindOf(question);
      if (kind === null) return { Status: { fault: FOREIGN_KEY } };
      return { Status: { answer: seal({ challenge: "c", ...(answers[kind] && { answer: answers[kind] }) }, key) } };
    },
    remove: async () => null,
  };
  const dial = async ({ path, file }: Dialled): Promise<void> => {
    dialled.push(path.split("?")[0] ?? "");
    if (path.includes("/enable")) present.enabled = true;
    if (file === undefined) return;
    for await (const entry of tarEntries(file))
      if (entry.path.endsWith("/bindings.json") && entry.kind === "file") created.bindings = await text(entry.body());
  };
  const Env = present.marked === false ? [] : [{ Name: MARK, Value: pluginMark(key) }];
  const inspected = (): object => ({ Enabled: present.enabled, Config: { Env } });
  const docker = {
    getPlugin: () => ({ inspect: async () => (present.enabled === null ? null : inspected()) }),
    createVolume: async (asked: { DriverOpts: { ask: string } }) => ((question = asked.DriverOpts.ask), {}),
    getVolume: () => volume,
    createContainer: async () => ({ id: "made" }),
    getContainer: () => ({ remove: async () => null }),
    modem: { dial: callbackify(dial) },
  };
  const engine = {
    info: async () => ({ ID: "engine", DockerRootDir: "/data" }),
    docker: async () => docker,
    call: async (_what: string, act: () => unknown) => act(),
    stream: async () => Readable.from([Buffer.alloc(1024)]),
    // While a plugin is disabled the engine lists none of its volumes, but the containers that have them.
    volumes: async () => (present.enabled === true ? [{ Name: "unsprawl-web", Driver: "unsprawl" }] : []),
    containers: async () => [
      { Id: "a".repeat(64), Names: ["/web"], Mounts: [{ Name: "unsprawl-web", Driver: "unsprawl:latest" }] },
    ],
  };
  return { engine: engine as unknown as Engine, dialled, created };
}

const base64 = (of: string): string => Buffer.from(of).toString("base64");
const noStore = async (): Promise<never> => Promise.reject(new Error("no store is asked"));
const ASKED = { stores: [], from: "image", keepLast: null, version: "2", signal: new AbortController().signal };

it("a disabled plugin is neither taken away nor replaced by an empty one while a container has its volume", async () => {
  const key = newPluginKey();
  await writePluginNote(state, "engine", { key, moving: null, ending: [] });
  for (const enabled of [true, false]) {
    const { engine, dialled } = engineWith({ enabled }, key, "");
    await expect(uninstallPlugin(engine, state, noStore)).rejects.toThrow("could not start without the plugin: web");
    await expect(installPlugin(engine, ASKED, state)).rejects.toThrow("has the volume plugin already");
    expect(dialled).toEqual([]);
  }
});

it("a plugin that somebody else has installed since is neither enabled, asked nor replaced, and a killed upgrade keeps what it has", async () => {
  const note = { key: newPluginKey(), moving: { "bindings.json": base64("ours") }, ending: [] };
  await writePluginNote(state, "engine", note);
  for (const enabled of [true, false]) {
    const { engine, dialled } = engineWith({ enabled }, newPluginKey(), "theirs");
    const foreign = { code: "denied", hint: expect.stringContaining("unsprawl plugin uninstall") };
    await expect(upgradePlugin(engine, ASKED, state)).rejects.toMatchObject(foreign);
    await expect(installPlugin(engine, ASKED, state)).rejects.toMatchObject(foreign);
    expect(dialled).toEqual([]);
  }
  // One that does not show whose it is says so when it is asked.
  const { engine, dialled } = engineWith({ enabled: true, marked: false }, newPluginKey(), "theirs");
  await expect(upgradePlugin(engine, ASKED, state)).rejects.toMatchObject({ code: "denied" });
  expect([dialled, readPluginNote(state, "engine")]).toEqual([[], note]);
});

it("what a plugin was allowed after an upgrade that was killed is not lost with the next", async () => {
  const key = newPluginKey();
  for (const enabled of [true, false]) {
    await writePluginNote(state, "engine", { key, moving: { "bindings.json": base64("older") }, ending: [] });
    const { engine, created } = engineWith({ enabled }, key, "newer");
    await upgradePlugin(engine, ASKED, state);
    expect([created.bindings, readPluginNote(state, "engine")?.moving]).toEqual(["newer", null]);
  }
});

it("a container with a volume of the plugin gets its next value by it: the one that is kept may not have the same", async () => {
  const selected = [{ move: { name: "DB", reference: REFERENCE } as Move, value: Secret.of("x") }];
  const fits = async (): Promise<object> => ({ fits: true, why: "", warnings: [] });
  const deliveries = ["file", "volume"].map((name) => ({ name, fits })) as unknown as readonly Delivery[];
  const chosen = async (volume?: object): Promise<string> => {
    const subject = { unreachableHost: null, ...(volume && { volume }) } as unknown as DeliverySubject;
    return (await chooseDelivery(deliveries, "auto", "web", subject, selected)).delivery.name;
  };
  expect([await chosen(), await chosen({ target: "/run/unsprawl" })]).toEqual(["file", "volume"]);
});

it("a variable with the name of a volume's own option is not taken by it", async () => {
  const key = newPluginKey();
  await writePluginNote(state, "engine", { key, moving: null, ending: [] });
  const { engine } = engineWith({ enabled: true }, key, "");
  const volume = volumeDelivery({ engine: async () => engine, state: () => state });
  const subject = { consumer: "container:web" } as unknown as DeliverySubject;
  expect(await volume.fits(subject, [{ name: "owner", reference: REFERENCE } as Move])).toMatchObject({
    fits: false,
    why: expect.stringContaining("option has the name owner"),
  });
});
