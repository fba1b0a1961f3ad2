import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { archives, make, scannedOf, token } from "../images/layers/scanned.ts";
import { file, saved, tar } from "../images/layers/tar-bytes.ts";

// A value or a file may be written so that a limit of reading is reached: that is reported, and the exit code is not 0.

const { world, dir, write, scan } = archives();

const PACKED = `CONF=${gzipSync(`${"a=b\n".repeat(100_000)}DB_PASSWORD=${make.alnum(20)}\n`).toString("base64")}\n`;
const NOT_UNPACKED =
  "holds something packed that unpacks to more than 100 times its size, or more than 1 MiB: it is not read";
const MANY = "has more secrets than are listed: the rest is not read";

it("in files, each of them although they are equal", async () => {
  const many = Array.from({ length: 5100 }, (_, at) => `PASSWORD_${at}=${make.alnum(16)}\n`);
  const folder = join(dir, "files");
  mkdirSync(folder);
  const entries = Array.from(
    { length: 150_000 },
    (_, at) => `  a${at}: ${Buffer.from(`${at} cats`).toString("base64")}\n`,
  );
  const files = {
    "a.env": PACKED,
    "b.env": `${PACKED}T=${token()}\n`,
    "c.env": many.join(""),
    "d.yaml": `kind: Secret\ndata:\n${entries.join("")}`,
    "e.sh": `redis-cli -a ${make.alnum(16)} ping\n`.repeat(5100),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const { code, errors, places } = scannedOf(
    await world.unsprawl(["scan", `dir:${folder}`, "--json", "--min-confidence", "high"]),
  );
  expect(errors.toSorted()).toEqual([
    `a.env: ${NOT_UNPACKED}`,
    `b.env: ${NOT_UNPACKED}`,
    ...["c.env", "d.yaml", "e.sh"].map((name) => `${name}: ${MANY}`),
  ]);
  expect(places).toContain("b.env line 2");
  expect(code).toBe(1);
});

it("in a layer", async () => {
  const layer = tar(file("srv/a.env", PACKED), file("srv/b.env", `T=${token()}\n`));
  const { code, errors, places } = await scan(write("packed.tar", saved({ tag: "packed", layers: [layer] })));
  expect(errors).toEqual([
    expect.stringMatching(new RegExp(`^packed layer 1 of 1 .*: has /srv/a.env, which ${NOT_UNPACKED}$`)),
  ]);
  expect(places).toEqual(["packed /srv/b.env line 1, layer 1 of 1"]);
  expect(code).toBe(1);
});

it("in one container of many, which are read in threads", async () => {
  const document = (at: number): object => ({
    Id: String(at).padStart(64, "0"),
    Name: `/c${at}`,
    Image: "sha256:0",
    HostConfig: {},
    State: {},
    Config: { Env: at === 1500 ? [PACKED.trim()] : [`T=${token()}`, `FILLER=${"x".repeat(2000)}`] },
  });
  writeFileSync(join(dir, "many.json"), JSON.stringify(Array.from({ length: 3000 }, (_, at) => document(at))));
  const { code, errors, places } = scannedOf(
    await world.unsprawl(["scan", `inspect:${join(dir, "many.json")}`, "--json"]),
  );
  expect(errors).toEqual([`c1500: CONF ${NOT_UNPACKED}`]);
  expect(places).toHaveLength(2999);
  expect(code).toBe(1);
});

it("and where a value alone is asked about; but large is not too large", async () => {
  const large = JSON.stringify({
    rows: Array.from({ length: 9000 }, (_, at) => ({ at })),
    db_password: make.alnum(16),
  });
  const lines = [PACKED.slice(5).trim(), large].map((value) => JSON.stringify({ name: "CONF", value }));
  const { stdout } = await world.unsprawl(["classify"], { stdin: `${lines.join("\n")}\n` });
  const [packed, read] = stdout
    .split("\n")
    .slice(0, 2)
    .map((line) => JSON.parse(line) as { secret: boolean; why: string[] });
  expect(packed).toMatchObject({ secret: false, why: ["name ends in CONF: a setting or a pointer", NOT_UNPACKED] });
  expect(read?.secret).toBe(true);
  expect(read?.why.join()).not.toContain("not read");
  const text = `${`# ${"-".repeat(70)}\n`.repeat(16_000)}db.example.org:5432:app:app:${make.alnum(14)}\n`;
  mkdirSync(join(dir, "large"));
  writeFileSync(join(dir, "large/.pgpass"), text);
  const { places, errors } = scannedOf(await world.unsprawl(["scan", `dir:${join(dir, "large")}`, "--json"]));
  expect([places, errors]).toEqual([[".pgpass line 16001"], []]);
});
