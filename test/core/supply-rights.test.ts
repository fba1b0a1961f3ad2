import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import { nameMap, parseAzureReference, type Names } from "../../providers/azure-key-vault/names.ts";
import { inOwnFolders, isUndecided, ownConsumers } from "../../src/core/supply-rights.ts";
import type { SupplyTools } from "../../src/core/supply.ts";
import type { ProjectContainer } from "../../src/contract/supplies.ts";
import type { Consumer } from "../../src/model/consumer.ts";
import { UnsprawlError } from "../../src/model/error.ts";

// Labels and Compose files are written by people with fewer rights than the one whose store is read.

const START = "ref+vault://secret/apps/";

/** A store whose template is `apps/{project/}{subject}`. */
const vault: Partial<Provider> = {
  parse: (reference) => {
    const [path = "", field = ""] = reference.startsWith(START) ? reference.slice(START.length).split("#/") : [];
    return path === "" ? null : { path, field };
  },
  names: ({ path, field }) => {
    const [subject = "", project = ""] = path.split("/").toReversed();
    return { subject, project, name: field };
  },
};

const tools: Omit<SupplyTools, "write"> = {
  store: async () => vault as Provider,
  storeOf: async () => vault as Provider,
  names: async () => ["vault"],
  resolve: async () => new Map(),
  know: () => undefined,
  known: () => ({ runs: [], key: null }),
};

function consumer(id: string, path: string, folder = `/run/unsprawl/units/${id}/shim`): Consumer {
  const values = [{ name: "DB_PASSWORD", reference: `${START}${path}#/DB_PASSWORD`, store: null }];
  return {
    ...{ id, delivery: "shim", folder, owner: { uid: 0, gid: 0 }, values, script: true, onChange: null, stores: [] },
  };
}

const served = async (found: readonly Consumer[], known: readonly Consumer[] = []): Promise<readonly string[]> =>
  (await ownConsumers(found, known, [], tools)).consumers.map(({ id }) => id);

describe("without a word from a person", () => {
  it.each([
    ["container:web", "web", true],
    ["compose:shop/db", "shop/db", true],
    ["container:web", "payroll", false],
    ["container:web", "shop/web", false],
    ["compose:shop/db", "db", false],
    ["compose:shop/db", "payroll/db", false],
    ["compose:shop/db", "shop/web", false],
  ])("%s has what is at apps/%s: %s", async (id, path, may) => {
    expect(await served([consumer(id, path)])).toEqual(may ? [id] : []);
  });

  it("has what a migration on this host gave it, wherever that is, and nothing that is changed since", async () => {
    const given = consumer("container:web", "elsewhere");
    expect(await served([given], [given])).toEqual(["container:web"]);
    expect(await served([consumer("container:web", "payroll")], [given])).toEqual([]);
    expect(await served([consumer("container:other", "elsewhere")], [given])).toEqual([]);
  });

  it("says what to type where it may have it", async () => {
    const { refused } = await ownConsumers([consumer("container:web", "payroll")], [], [], tools);
    expect(refused).toMatchObject([
      {
        message: `container:web asks for ${START}payroll#/DB_PASSWORD, which no migration on this host gave it`,
        hint: "unsprawl render docker:web, if it may have it",
      },
    ]);
  });

  it("does not take the word of a store that the run configuration brings along", async () => {
    const own = { name: "local", provider: "local", settings: { file: "/tmp/a.sops.yaml" } };
    const found = { ...consumer("compose:shop/db", "shop/db"), stores: [own] };
    const none = { ...tools, names: async () => [] };
    expect((await ownConsumers([found], [], [], none)).consumers).toEqual([]);
  });
});

describe("a store whose names can be read in two ways", () => {
  const url = "https://team.vault.azure.net";
  const asks = (id: string, name: string): Consumer => ({
    ...consumer(id, "x"),
    values: [{ name: "PASSWORD", reference: `ref+azurekeyvault://team/${name}`, store: null }],
  });
  const vaultWith = (tags: { readonly [name: string]: Parameters<Names["learn"]>[1] }): typeof tools => {
    const names = nameMap("{project--}{subject}-{name}");
    const azure: Partial<Provider> = {
      parse: (reference) => parseAzureReference(reference, url),
      names: (key) => names.names(key),
      get: async ({ path }) => (names.learn(path, tags[path] ?? {}), null),
    };
    return { ...tools, store: async () => azure as Provider };
  };
  const may = async (id: string, name: string, own: typeof tools): Promise<boolean> =>
    (await ownConsumers([asks(id, name)], [], [], own)).consumers.length > 0;

  it("gives it to whom the store has noted, and to nobody whose name is a part of that", async () => {
    const own = vaultWith({ "web-admin-PASSWORD": { subject: "web-admin", name: "PASSWORD" } });
    expect(await may("container:web", "web-admin-PASSWORD", own)).toBe(false);
    expect(await may("container:web-admin", "web-admin-PASSWORD", own)).toBe(true);
  });

  it("tells projects apart too, with and without a tag of theirs", async () => {
    const db = { subject: "db-1", name: "DB_PASSWORD" };
    for (const tags of [db, { ...db, project: "shop" }]) {
      const own = vaultWith({ "shop--db-1-DB-PASSWORD": tags });
      expect(await may("compose:shop/db-1", "shop--db-1-DB-PASSWORD", own)).toBe(true);
      expect(await may("compose:shop/db", "shop--db-1-DB-PASSWORD", own)).toBe(false);
      expect(await may("container:shop--db-1", "shop--db-1-DB-PASSWORD", own)).toBe(false);
    }
  });

  it("gives it to nobody where the store has noted nothing, or other names", async () => {
    const other = vaultWith({ "web-admin-PASSWORD": { subject: "db", name: "PASSWORD" } });
    for (const own of [vaultWith({}), other])
      for (const id of ["container:web", "container:web-admin"])
        expect(await may(id, "web-admin-PASSWORD", own)).toBe(false);
  });

  it("needs no note of what can be read in one way", async () => {
    expect(await may("container:web", "web-PASSWORD", vaultWith({}))).toBe(true);
  });

  it("is asked again where it does not answer", async () => {
    const own = vaultWith({});
    const azure = await own.store("azure");
    const away = async (): Promise<never> => {
      throw new UnsprawlError("unreachable", "no answer");
    };
    const { refused } = await ownConsumers([asks("container:web-admin", "web-admin-PASSWORD")], [], [], {
      ...own,
      store: async () => ({ ...azure, get: away }),
    });
    expect(refused.map(isUndecided)).toEqual([true]);
  });
});

describe("the folder of another", () => {
  const folder = "/run/unsprawl/units/web-run/shim";
  const web = consumer("container:web", "web", folder);

  it("is not written, whoever names the thief", () => {
    const thief = consumer("container:thief", "thief", folder);
    expect(inOwnFolders([thief], [web], []).consumers).toEqual([]);
    expect(inOwnFolders([thief], [web], []).refused[0]?.message).toContain("is the folder of container:web");
  });

  it("is nobody's where two claim it and the index is lost", () => {
    const thief = consumer("container:thief", "thief", folder);
    expect(inOwnFolders([web, thief], [], []).consumers).toEqual([]);
  });

  it("stays with a run line, whose container has the same", () => {
    const line = consumer("docker-run:web.sh:2 web", "web", folder);
    expect(inOwnFolders([web], [line], [])).toEqual({ consumers: [line], refused: [] });
    const other = { ...web, owner: { uid: 2000, gid: 2000 } };
    expect(inOwnFolders([other], [line], [])).toMatchObject({ consumers: [], refused: [{ code: "refused" }] });
  });

  it("is written once where two have the same in it, and the index is lost", () => {
    const line = consumer("docker-run:web.sh:2 web", "web", folder);
    expect(inOwnFolders([web, line], [], [])).toEqual({ consumers: [web], refused: [] });
  });
});

describe("two Compose projects of one name on a host", () => {
  const root = mkdtempSync(join(tmpdir(), "unsprawl-rights-"));
  afterAll(() => rmSync(root, { recursive: true }));
  const folder = "/run/unsprawl/compose/shop/web";
  const project = (name: string, path = name): Consumer & { readonly origin: string } => {
    mkdirSync(join(root, name), { recursive: true });
    const origin = join(root, name, "compose.yaml");
    writeFileSync(origin, "");
    return { ...consumer("compose:shop/web", path, folder), origin };
  };
  const container = ({ origin }: { readonly origin: string }): ProjectContainer => ({
    ...{
      project: "p",
      name: "shop-web-1",
      dir: dirname(origin),
      files: [origin],
      mounts: [join(folder, "DB_PASSWORD")],
    },
  });
  const ids = (
    found: readonly Consumer[],
    known: readonly Consumer[],
    containers: readonly ProjectContainer[],
  ): unknown => inOwnFolders(found, known, containers).consumers.map(({ origin }) => origin);

  it("the folder is that of the project whose containers mount it", () => {
    const [a, b] = [project("a"), project("b")];
    expect(ids([a, b], [], [container(a)])).toEqual([]);
    expect(ids([a], [], [container(a)])).toEqual([a.origin]);
    expect(ids([b], [], [container(a)])).toEqual([]);
    expect(inOwnFolders([b], [], [container(a)]).refused[0]?.message).toBe(
      `compose:shop/web: shop-web-1 mounts ${folder}, and is of the project in ${dirname(a.origin)}`,
    );
  });

  it("a file that only a label names takes over no project, though that is down and gets the same values", async () => {
    const [a, b] = [project("a", "shop/web"), project("b", "shop/web")];
    const thief = { ...b, owner: { uid: 2000, gid: 2000 } };
    const elsewhere = { ...container(b), mounts: ["/run/unsprawl/compose/other/web/A"] };
    const ids = async (found: Consumer, known: readonly Consumer[], of: ProjectContainer): Promise<unknown> =>
      (await ownConsumers([found], known, [of], tools)).consumers.map(({ origin }) => origin);
    expect(await ids(thief, [a], elsewhere)).toEqual([]);
    expect(await ids(thief, [], elsewhere)).toEqual([]);
    expect(await ids(a, [a], elsewhere)).toEqual([a.origin]);
    expect(await ids(a, [], container(a))).toEqual([a.origin]);
    // A service that has no container yet, of a project that has some.
    const sibling = { ...container(a), mounts: ["/run/unsprawl/compose/shop/db/DB_PASSWORD"] };
    expect(await ids(a, [], sibling)).toEqual([a.origin]);
  });

  it("even where both ask for the same, which the other may change at any time", () => {
    const [a, b] = [project("a", "shop/web"), project("b", "shop/web")];
    expect(ids([b], [], [container(a)])).toEqual([]);
  });

  it("without containers it is that of the project that the index has", () => {
    const [a, b] = [project("a"), project("b")];
    expect(ids([b], [a], [])).toEqual([]);
    expect(ids([a], [a], [])).toEqual([a.origin]);
  });

  it("a project whose folder has another name now is served, though that is the name of the project too", () => {
    const [was, now] = [project("shop"), { ...project("shopmoved", "shop"), id: "compose:shopmoved/web" }];
    // A second checkout: the first one's files are its own.
    expect(ids([now], [was], [])).toEqual([was.origin]);
    rmSync(dirname(was.origin), { recursive: true });
    expect(ids([now], [was], [])).toEqual([now.origin]);
    expect(ids([now], [was], [container(was)])).toEqual([now.origin]);
  });

  it("a project that was moved to another folder goes on; so does one that is reached by a link", () => {
    const [moved, now] = [project("old"), project("new")];
    rmSync(dirname(moved.origin), { recursive: true });
    expect(ids([now], [moved], [container(moved)])).toEqual([now.origin]);
    symlinkSync(dirname(now.origin), join(root, "link"));
    const linked = { ...now, origin: join(root, "link/compose.yaml") };
    expect(ids([linked], [], [container(now)])).toEqual([linked.origin]);
  });
});
