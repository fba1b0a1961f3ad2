import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { startOpenBao } from "../services/openbao.ts";
import { random } from "../support/canary.ts";
import { makeWorld, type Ran, type World } from "../support/world.ts";

// A file asks for stored values by references that its author chose, and says who owns the files. What is not its own by
// its path in the store is given to it only with a person's word, each by name.

const TENANT = 12_345;
const [payroll, own] = [random(24), random(24)];
const PAYROLL = "ref+vault://secret/apps/payroll/app#/DB_PASSWORD";

let bao: Awaited<ReturnType<typeof startOpenBao>>;
let world: World;

beforeAll(async () => {
  bao = await startOpenBao();
  await bao.api("POST", "secret/data/apps/payroll/app", { data: { DB_PASSWORD: payroll } });
  await bao.api("POST", "secret/data/apps/shop/web", { data: { API_TOKEN: own } });
});
beforeEach(() => {
  world = makeWorld("unix:///nowhere", { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  world.plant({ payroll, own });
  return () => world.remove();
});
afterAll(() => bao?.stop());

type Service = {
  readonly name: string;
  readonly variable: string;
  readonly reference: string;
  readonly owner?: string;
};

const AT = "${UNSPRAWL_RUNTIME_DIR:-/run/unsprawl}/compose";

function text(project: string, services: readonly Service[]): string {
  const lines = services.map(({ name }) => `  ${name}: { image: x, secrets: [${name}-secret] }`);
  const secrets = services.map(
    ({ name, variable, reference, owner = "0:0" }) =>
      `  ${name}-secret:\n    file: ${AT}/${project}/${name}/${variable}\n    x-unsprawl: { ref: "${reference}", owner: "${owner}" }`,
  );
  return `name: ${project}\nservices:\n${lines.join("\n")}\nsecrets:\n${secrets.join("\n")}\n`;
}

/** A project's folder with this file, of this user; returns the source. */
function project(folder: string, name: string, services: readonly Service[], uid = 0): string {
  const dir = join(world.dir, folder);
  mkdirSync(dir, { recursive: true });
  const file = join(dir, "compose.yaml");
  writeFileSync(file, text(name, services));
  for (const path of [dir, file]) chownSync(path, uid, uid);
  return `compose:${file}`;
}

const thief: Service = { name: "app", variable: "DB_PASSWORD", reference: PAYROLL, owner: `${TENANT}:${TENANT}` };
const render = (...args: string[]): Promise<Ran> => world.unsprawl(["render", ...args]);
const given = (name: string, service: string, variable: string): string | null => {
  const file = join(world.memory, "compose", name, service, variable);
  return existsSync(file) ? readFileSync(file, "utf8") : null;
};

it("another application's secret is named with its consumer and owner, and not given", async () => {
  const source = project("tenant", "tenant", [thief], TENANT);
  const ran = await render(source);
  expect(ran.code).toBe(1);
  expect(ran.stdout).toBe("nothing rendered\n");
  expect(ran.stderr).toContain(
    `compose:tenant/app asks for ${PAYROLL} (DB_PASSWORD, readable by 12345:12345), which is not its own`,
  );
  expect(ran.stderr).toContain(`next: unsprawl render ${source} --accept other-secrets, if it may have it`);
  expect(given("tenant", "app", "DB_PASSWORD")).toBeNull();
  const asked = await render(source, "--json");
  const other = { consumer: "compose:tenant/app", name: "DB_PASSWORD", reference: PAYROLL, owner: "12345:12345" };
  expect(JSON.parse(asked.stdout)).toMatchObject({ rendered: [], otherSecrets: [{ ...other, accepted: false }] });

  const accepted = await render(source, "--accept", "other-secrets");
  expect([accepted.code, accepted.stdout]).toEqual([0, "compose:tenant/app: 1 file\n"]);
  expect(accepted.stderr).toContain(`accepted: compose:tenant/app asks for ${PAYROLL}`);
  expect(given("tenant", "app", "DB_PASSWORD")).toBe(payroll);
  // From now on this host has given it.
  expect((await render(source)).code).toBe(0);
  // Not to another file that calls itself so.
  const twin = await render(project("twin", "tenant", [thief], TENANT));
  expect([twin.code, twin.stderr]).toEqual([1, expect.stringContaining("is not its own")]);
});

it("a fresh clone needs no word for what is below its own path", async () => {
  const source = project("shop", "shop", [
    { name: "web", variable: "API_TOKEN", reference: "ref+vault://secret/apps/shop/web#/API_TOKEN" },
  ]);
  const ran = await render(source, "--json");
  expect(JSON.parse(ran.stdout)).toMatchObject({
    rendered: [{ unit: "compose:shop/web", files: 1 }],
    otherSecrets: [],
  });
  expect(given("shop", "web", "API_TOKEN")).toBe(own);
});

it.each([
  ["a file of another user's", (file: string) => chownSync(file, TENANT, TENANT)],
  ["a file that everybody can write", (file: string) => chmodSync(file, 0o666)],
  ["a file in a folder of another user's", (file: string) => chownSync(join(file, ".."), TENANT, TENANT)],
])("%s does not become the project that it names", async (_, change) => {
  const source = project("claim", "payroll", [thief]);
  change(source.slice("compose:".length));
  const ran = await render(source);
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining(`asks for ${PAYROLL}`)]);
  expect(given("payroll", "app", "DB_PASSWORD")).toBeNull();
});

it("a project that another file of this host is gets nothing for a second one", async () => {
  const honest = { ...thief, owner: "0:0" };
  expect((await render(project("payroll", "payroll", [honest]))).code).toBe(0);
  const ran = await render(project("second", "payroll", [thief]));
  expect(ran.code).toBe(1);
  expect(statSync(join(world.memory, "compose/payroll/app/DB_PASSWORD")).uid).toBe(0);
});

const word = fc.constantFrom("shop", "web", "app", "payroll", "db", "api", "shop-web", "a.b", "..", "");
const path = fc.array(word, { minLength: 0, maxLength: 3 }).map((words) => words.join("/"));

it("of drawn references, exactly those below the service's own path are given without a word", async () => {
  const drawn = fc.sample(fc.tuple(path, fc.constantFrom("", "/", "?version=1", "%2f..", "/../app")), 80);
  const services = drawn.map(([at, end], nth): Service => {
    const mine = nth % 4 === 0;
    const reference = mine ? `ref+vault://secret/apps/shop/s${nth}#/X` : `ref+vault://secret/apps/${at}${end}#/X`;
    return { name: `s${nth}`, variable: "X", reference };
  });
  const ran = await render(project("drawn", "shop", services), "--json");
  const { otherSecrets } = JSON.parse(ran.stdout) as {
    readonly otherSecrets: readonly { readonly consumer: string }[];
  };
  const strange = services.filter((_, nth) => nth % 4 !== 0).map(({ name }) => `compose:shop/${name}`);
  expect(otherSecrets.map(({ consumer }) => consumer).toSorted()).toEqual(strange.toSorted());
});

it("a store's file counts in the project's own tree, where nobody else has put it", async () => {
  const local = makeWorld("unix:///nowhere");
  try {
    const dir = join(local.dir, "repo");
    mkdirSync(join(dir, "secrets"), { recursive: true });
    const env = join(local.dir, "app.env");
    const value = random(24);
    local.plant({ value });
    writeFileSync(env, `DB_PASSWORD=${value}\n`);
    writeFileSync(
      join(local.dir, "unsprawl.yaml"),
      "stores:\n  here: { provider: local, file: 'repo/secrets/{subject}.sops.yaml' }\n",
    );
    const moved = await local.unsprawl(["migrate", `env:${env}`, "--to", "here", "--yes"]);
    expect(moved.code, moved.stdout + moved.stderr).toBe(0);
    const sops = /ref\+sops:\/\/([^#\s"']+)/.exec(readFileSync(env, "utf8"))?.[1] ?? "";
    const kept = readFileSync(sops.startsWith("/") ? sops : join(local.dir, sops));
    const put = (file: string, uid = 0): void => {
      writeFileSync(file, kept, { mode: 0o644 });
      chownSync(file, uid, uid);
    };
    const ask = async (reference: string): Promise<boolean> => {
      const service = { name: "app", variable: "DB_PASSWORD", reference: `ref+sops://${reference}#/DB_PASSWORD` };
      writeFileSync(join(dir, "compose.yaml"), text("repo", [service]));
      const fresh = { XDG_STATE_HOME: join(local.dir, `state-${random(6)}`) };
      const ran = await local.unsprawl(["render", `compose:${join(dir, "compose.yaml")}`], { env: fresh });
      return ran.code === 0;
    };
    const inTree = join(dir, "secrets/app.sops.yaml");
    put(inTree);
    expect(await ask("secrets/app.sops.yaml")).toBe(true);
    put(inTree, TENANT);
    expect(await ask("secrets/app.sops.yaml")).toBe(false);
    rmSync(inTree);
    const elsewhere = join(local.dir, "app.sops.yaml");
    put(elsewhere);
    expect(await ask(elsewhere)).toBe(false);
    symlinkSync(elsewhere, inTree);
    expect(await ask("secrets/app.sops.yaml")).toBe(false);
    put(join(dir, "secrets/other.sops.yaml"));
    expect(await ask("secrets/other.sops.yaml")).toBe(false);
  } finally {
    local.remove();
  }
});
