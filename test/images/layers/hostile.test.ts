import { randomBytes } from "node:crypto";
import { createWriteStream, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { once } from "node:events";
import { finished } from "node:stream/promises";
import { createGzip, gzipSync, zstdCompressSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { LIMITS } from "../../../src/kit/tar/limits.ts";
import { DEEP } from "../../support/deep.ts";
import { archives, make, token, type Scanned } from "./scanned.ts";
import { file, header, layoutTar, padded, pax, saved, sha256, tar, type Image } from "./tar-bytes.ts";

/** What nobody honest writes: each gives a clear error or a right result, and what stands beside it is read. */

const { dir, write, scan, world } = archives();

const SECRET = file("first.env", `T=${token()}\n`);
const AFTER = file("after.env", `T=${token()}\n`);
const FIRST = "bad /first.env line 1, layer 1 of 1";
const good = (tag: string): Image => ({ tag, layers: [tar(file("good.env", `T=${token()}\n`))] });
const GOOD = good("good");
/** A little more than the unpacked bytes from which on the ratio counts. */
const zeros = (): Buffer => file("zeros", Buffer.alloc(LIMITS.ratios[0].from + 1e6));
const SMALL_HEAP = ["--max-old-space-size=64"];

const base256 = (...bytes: readonly number[]): Buffer =>
  Buffer.concat([Buffer.from(bytes), Buffer.alloc(12)]).subarray(0, 12);
const deep = `${"d/".repeat(600)}deep.env`;
const long = `${"long-name/".repeat(600)}x.env`;

describe("a layer that", () => {
  const cases: readonly (readonly [what: string, layer: () => Buffer, error: RegExp])[] = [
    ["is a gzip bomb", () => gzipSync(tar(SECRET, zeros())), /more than 1,000 times its size/],
    ["is a zstd bomb", () => zstdCompressSync(tar(SECRET, zeros())), /more than 1,000 times its size/],
    [
      "is a gzip that ends early",
      () => gzipSync(tar(SECRET, file("r", randomBytes(1e6)))).subarray(0, 5e5),
      /is cut off \(gzip\)/,
    ],
    [
      "is a zstd that ends early",
      () => zstdCompressSync(tar(SECRET, file("r", randomBytes(1e6)))).subarray(0, 5e5),
      /is cut off \(zstd\)/,
    ],
    [
      "is a gzip with a flipped byte",
      () => flipped(gzipSync(tar(SECRET, file("r", randomBytes(1e6))))),
      /is damaged \(gzip\)|sum is wrong|is cut off/,
    ],
    [
      "ends in the middle of a file",
      () => Buffer.concat([SECRET, header({ name: "x", size: 9000 }), Buffer.alloc(700)]),
      /cut off in the middle/,
    ],
    ["ends in the middle of a header", () => Buffer.concat([SECRET, AFTER.subarray(0, 200)]), /cut off in the middle/],
    [
      "claims a file of 8 GiB",
      () => tar(SECRET, header({ name: "x", size: 8 * 2 ** 30 - 1 })),
      /cut off in the middle/,
    ],
    [
      "claims a negative size",
      () => tar(SECRET, header({ name: "x", size: base256(255, 255, 255) }), AFTER),
      /impossible size/,
    ],
    [
      "claims a size beyond any file",
      () => tar(SECRET, header({ name: "x", size: base256(0x80, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 9) }), AFTER),
      /impossible size/,
    ],
    [
      "claims a size that is no number",
      () => tar(SECRET, header({ name: "x", size: Buffer.from("x2 monkeys! ") }), AFTER),
      /impossible size/,
    ],
    [
      "claims a size in PAX that is no number",
      () => tar(SECRET, pax({ size: "-5" }), file("x", "text"), AFTER),
      /impossible size/,
    ],
    [
      "has a PAX header of 2 MiB",
      () => tar(SECRET, pax({ comment: "x".repeat(2 ** 21) }), AFTER),
      /header of 2,097,\d{3} bytes/,
    ],
    [
      "claims a PAX header of 8 GiB",
      () => tar(SECRET, header({ name: "x", type: "x", size: 8 * 2 ** 30 - 1 })),
      /header of 8,589,934,591 bytes/,
    ],
    [
      "has a GNU name of 2 MiB",
      () => tar(SECRET, file("x", "a".repeat(2 ** 21), { type: "L" }), AFTER),
      /header of 2,097,152 bytes/,
    ],
    [
      "has a damaged PAX header",
      () => tar(SECRET, file("x", "99 path=a\n", { type: "x" }), AFTER),
      /damaged PAX header/,
    ],
    ["has a name with a NUL", () => tar(SECRET, pax({ path: "a\0b.env" }), AFTER), /name with a NUL/],
    ["has a path of 6,005 characters", () => tar(SECRET, pax({ path: long }), AFTER), /path of 6,005 characters/],
    ["has a path of 601 folders", () => tar(SECRET, pax({ path: deep }), AFTER), /path of 601 folders/],
    ["is no tar archive", () => Buffer.concat([SECRET, randomBytes(4096)]), /no tar archive, or is damaged/],
  ];
  let all: Scanned;
  beforeAll(async () => {
    const paths = cases.map(([, layer], at) =>
      write(`hostile-${at}.tar`, saved({ tag: `bad-${at}`, layers: [layer()] }, good(`good-${at}`))),
    );
    all = await scan(paths);
    for (const path of paths) rmSync(path);
  }, 120_000);

  it.each(cases.map(([what, , error], at) => [what, at, error] as const))("%s", (_what, at, error) => {
    const errors = all.errors.filter((one) => one.startsWith(`bad-${at} `));
    expect(errors).toEqual([expect.stringMatching(error)]);
    expect(errors[0]).toMatch(/^bad-\d+ layer 1 of 1 \(sha256:[0-9a-f]{12}\): /);
    const places = all.places.filter((one) => one.split(" ", 1)[0]?.endsWith(`-${at}`));
    expect(places).toContain(`good-${at} /good.env line 1, layer 1 of 1`);
    expect(places.filter((one) => one !== FIRST.replace("bad", `bad-${at}`))).toHaveLength(1);
  });

  it("is an error of its own: nothing else is told", () => {
    expect(all.code).toBe(1);
    expect(all.errors).toHaveLength(cases.length);
  });

  it.each([
    ["xz", Buffer.from("fd377a585a000004", "hex")],
    ["bzip2", Buffer.from("BZh91AY&SY")],
  ])("is packed with %s", async (kind, layer) => {
    const { errors, code } = await scan(write("packed.tar", saved({ tag: "bad", layers: [layer] })));
    expect(errors).toEqual([expect.stringContaining(`is compressed with ${kind}, which is not supported`)]);
    expect(code).toBe(1);
  });

  it("is not what its digest, its size or the config says: judged all the same, and told", async () => {
    const right = layoutTar({ tag: "bad", layers: [tar(SECRET)] });
    const other = tar(AFTER);
    const swapped = Buffer.from(right);
    other.copy(swapped, swapped.indexOf(SECRET));
    const { places, errors } = await scan(write("swapped.tar", swapped));
    expect(places).toEqual(["bad /after.env line 1, layer 1 of 1"]);
    expect(errors).toEqual([expect.stringContaining("does not match its digest")]);

    const size = Buffer.from(right.toString("latin1").replace(`"size":${tar(SECRET).length}`, '"size":9999'), "latin1");
    const sized = await scan(write("sized.tar", size));
    expect(sized.errors.join()).toContain("instead of the 9,999 that its descriptor says");
    expect(sized.places).toEqual([FIRST]);

    const diffIds = [`sha256:${sha256("other")}`];
    const named = await scan(write("named.tar", saved({ tag: "bad", layers: [tar(SECRET)], diffIds })));
    expect(named.errors).toEqual([expect.stringContaining("is not the one that the image's config names")]);
    expect(named.places).toEqual([FIRST]);
  });

  it("is not there, or encrypted", async () => {
    const whole = saved({ tag: "bad", layers: [tar(SECRET)] }).toString("latin1");
    const lost = whole.replaceAll(/("Layers":\[")blobs\/sha256\/.{8}/g, "$1blobs/sha256/00000000");
    const { errors } = await scan(write("lost.tar", Buffer.from(lost, "latin1")));
    expect(errors).toEqual([expect.stringContaining("is missing")]);
  });
});

function flipped(bytes: Buffer): Buffer {
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] as number) ^ 0xff;
  return bytes;
}

describe("entries of a layer", () => {
  const scanLayer = async (...entries: readonly Buffer[]): ReturnType<typeof scan> =>
    scan(write("odd.tar", saved({ tag: "bad", layers: [tar(...entries)] })));
  const at = (path: string): string => `bad ${path} line 1, layer 1 of 1`;
  const secret = (name: string, before: Buffer = Buffer.alloc(0)): Buffer =>
    Buffer.concat([before, file(name, `T=${token()}\n`)]);

  it("with hostile paths are told below the root, and shown escaped", async () => {
    const { places, errors } = await scanLayer(
      secret("../../../etc/up.env"),
      secret("/abs/./a//b/../c.env"),
      secret("x", pax({ path: "pax/../../\u001b[31mred\u001b]0;title\u0007.env" })),
      secret("line\nbreak.env"),
    );
    expect(errors).toEqual([]);
    expect(places).toEqual(
      [
        at("/etc/up.env"),
        at("/abs/a/c.env"),
        at("/\u001b[31mred\u001b]0;title\u0007.env"),
        at("/line\nbreak.env"),
      ].toSorted(),
    );
    for (const format of ["table", "markdown", "html"]) {
      const { stdout } = await world.unsprawl([
        "scan",
        `archive:${join(dir, "odd.tar")}`,
        "--layers",
        "--format",
        format,
      ]);
      expect(stdout).toMatch(/up\\?\.env/);
      expect(stdout).not.toMatch(/[\u001b\u0007]/);
    }
  });

  it("with long names in both forms", async () => {
    const name = `${"folder/".repeat(60)}long.env`;
    const gnu = file("././@LongLink", `${name}\0`, { type: "L" });
    const { places } = await scanLayer(secret("cut.env", gnu), secret("x", pax({ path: `p/${name}` })));
    expect(places).toEqual([at(`/${name}`), at(`/p/${name}`)]);
  });

  it("that come twice are both told, unless they are equal", async () => {
    const same = secret("twice.env");
    const { places } = await scanLayer(same, secret("twice.env"), same);
    expect(places).toEqual([at("/twice.env"), at("/twice.env")]);
  });

  it("with a flood of PAX headers", async () => {
    const flood = Array.from({ length: 20_000 }, (_, index) =>
      pax({ comment: `${index}`, "SCHILY.xattr.x": "\0" }, "g"),
    );
    expect((await scanLayer(...flood, secret("a.env"))).places).toEqual([at("/a.env")]);
  });

  it("that are sparse, with tables behind the header", async () => {
    const content = `T=${token()}\n`;
    const sparse = header({ name: "hole.env", type: "S", size: content.length, change: (head) => (head[482] = 1) });
    const table = Buffer.alloc(512);
    table[504] = 1;
    const { places, errors } = await scanLayer(sparse, table, Buffer.alloc(512), padded(content), secret("a.env"));
    expect(errors).toEqual([]);
    expect(places).toEqual([at("/a.env"), "bad /hole.env, layer 1 of 1"]);
  });

  it("of folders, links and devices that claim a size have no data", async () => {
    const odd = ["1", "2", "3", "4", "5", "6"].map((type) => header({ name: `odd/${type}`, type, size: 5000 }));
    const { places, errors } = await scanLayer(...odd, secret("a.env"));
    expect({ places, errors }).toEqual({ places: [at("/a.env")], errors: [] });
  });
});

describe("an archive", () => {
  const none: readonly (readonly [what: string, bytes: Buffer, says: RegExp])[] = [
    ["of other things", tar(file("a.txt", "a")), /neither manifest\.json nor index\.json/],
    ["that is empty", Buffer.alloc(0), /neither manifest\.json nor index\.json/],
    ["that is none", Buffer.from("hello, world\n".repeat(100)), /no tar archive/],
    ["that is cut off", saved(GOOD).subarray(0, 2000), /cut off in the middle/],
    ["that is a cut-off gzip", gzipSync(saved(GOOD)).subarray(0, 300), /cut off/],
    ["that is a bomb", gzipSync(tar(zeros())), /more than 1,000 times/],
    ["whose manifest is no JSON", tar(file("manifest.json", "[{")), /manifest\.json is not JSON/],
    ["whose manifest is no list", tar(file("manifest.json", '{"a":1}')), /not a list of images/],
  ];
  it(`${none.map(([what]) => what).join(", ")}: an error that names it`, async () => {
    const { code, errors } = await scan(none.map(([, bytes], at) => write(`none-such-${at}.tar`, bytes)));
    expect(code).toBe(1);
    expect(errors).toHaveLength(none.length);
    for (const [at, [what, , says]] of none.entries()) {
      const [error] = errors.filter((one) => one.includes(`none-such-${at}.tar`));
      expect(error, what).toMatch(says);
      expect(error, what).not.toMatch(/\n\s+at /);
    }
  });

  it.each(["/dev/zero", "/dev/null"])("that is %s is a usage error", async (path) => {
    const { code, errors } = await scan(path);
    expect([code, errors]).toEqual([2, [expect.stringContaining("is neither a file nor a folder")]]);
  });

  const manifests: readonly (readonly [what: string, manifest: unknown])[] = [
    ["null", null],
    ["without layers", { Config: "x.json" }],
    ["layers of numbers", { Config: "x.json", Layers: [1, {}] }],
    [
      "paths out of it",
      { Config: "../../etc/passwd", RepoTags: ["bad"], Layers: ["/etc/passwd", "../../../etc/shadow"] },
    ],
  ];
  it.each(manifests)("whose manifest holds %s: told, and the rest is read", async (_what, bad) => {
    const config = JSON.stringify({ config: { Env: [`DB_PASSWORD=${make.base62(16)}`] } });
    const manifest = JSON.stringify([bad, { Config: "c.json", RepoTags: ["good"], Layers: [] }]);
    const { places, errors, code } = await scan(
      write("odd.tar", tar(file("c.json", config), file("manifest.json", manifest))),
    );
    expect(places).toEqual(["good Config.Env[0]"]);
    expect(errors.length).toBeGreaterThan(0);
    expect(code).toBe(1);
  });

  const configs: readonly (readonly [what: string, config: unknown])[] = [
    ["a list", []],
    ["a text", "config"],
    [
      "parts of wrong types",
      { config: { Env: { A: 1 }, Labels: [3], Cmd: 9 }, history: "x", rootfs: { diff_ids: {} } },
    ],
    ["a history of wrong types", { config: {}, history: [null, 1, { created_by: {} }] }],
    ["a config of null", { config: null, rootfs: null, history: null }],
  ];
  it(`with a config that is ${configs.map(([what]) => what).join(", ")}: its layers are read, what is odd is told`, async () => {
    const paths = configs.map(([, config], at) =>
      write(`config-${at}.tar`, saved({ tag: `bad-${at}`, layers: [tar(SECRET)], config }, good(`good-${at}`))),
    );
    const { places, errors } = await scan(paths);
    const all = configs.flatMap((_, at) => [
      FIRST.replace("bad", `bad-${at}`),
      `good-${at} /good.env line 1, layer 1 of 1`,
    ]);
    expect(places).toEqual(all.toSorted());
    for (const [at, [what]] of configs.entries())
      expect(
        errors.filter((one) => one.startsWith(`bad-${at}`)),
        what,
      ).toHaveLength(what === "a config of null" ? 0 : 1);
  });

  it("in a folder leads nowhere else", async () => {
    const secret = join(dir, "elsewhere");
    writeFileSync(secret, tar(SECRET));
    const { places, errors } = await scan(
      write(
        "x.tar",
        tar(
          header({ name: "layer.tar", type: "2", target: secret }),
          header({ name: "loop/layer.tar", type: "2", target: "layer.tar" }),
          file("c.json", "{}"),
          file(
            "manifest.json",
            JSON.stringify([{ Config: "c.json", RepoTags: ["bad"], Layers: ["layer.tar", "loop/layer.tar"] }]),
          ),
        ),
      ),
    );
    expect(places).toEqual([]);
    expect(errors).toHaveLength(2);
  });
});

describe("memory", () => {
  /** The largest resident size in MiB of a scan whose heap is small; a scan that needs more heap fails. */
  async function peak(
    path: string,
  ): Promise<{ readonly mebibytes: number; readonly places: readonly string[]; readonly errors: readonly string[] }> {
    const hook =
      'import { isMainThread } from "node:worker_threads"; if (isMainThread) process.on("exit", () => process.stderr.write(`peak ${process.resourceUsage().maxRSS}`));';
    const { ran, places, errors, code } = await scan(
      path,
      ["--layers", "--quiet"],
      [...SMALL_HEAP, "--import", `data:text/javascript,${encodeURIComponent(hook)}`],
    );
    expect(code, ran.stderr.slice(0, 2000)).toBe(3);
    return { mebibytes: Number(/peak (\d+)/.exec(ran.stderr)?.[1]) / 1024, places, errors };
  }

  /** A layer of so many empty files and one whiteout for each, a secret before and behind them. */
  async function many(count: number): Promise<string> {
    const path = join(dir, `many-${count}.tar.gz`);
    const gzip = createGzip({ level: 1 });
    const done = finished(gzip.pipe(createWriteStream(path)));
    gzip.write(SECRET);
    const inOneWrite = 500;
    for (let index = 0; index < count / 2; index += inOneWrite) {
      const entries = Array.from({ length: Math.min(inOneWrite, count / 2 - index) }, (_, more) => [
        header({ name: `data/${(index + more) % 997}/file-${index + more}` }),
        header({ name: `data/${(index + more) % 997}/.wh.gone-${index + more}` }),
      ]);
      if (!gzip.write(Buffer.concat(entries.flat()))) await once(gzip, "drain");
    }
    gzip.end(Buffer.concat([AFTER, Buffer.alloc(1024)]));
    await done;
    return path;
  }

  it("does not grow with the number of entries", async () => {
    const measured = [];
    for (const count of [10_000, DEEP ? 1_000_000 : 250_000]) {
      const layer = readFileSync(await many(count));
      const below: Image["layers"][number] = tar(file("below.env", `T=${token()}\n`));
      measured.push(
        await peak(write(`entries-${count}.tar`, saved({ tag: "bad", layers: [below, layer], diffIds: [] }))),
      );
    }
    const [few, all] = measured;
    for (const one of measured) {
      expect(one.errors).toEqual([]);
      expect(one.places).toEqual([
        "bad /after.env line 1, layer 2 of 2",
        "bad /below.env line 1, layer 1 of 2",
        "bad /first.env line 1, layer 2 of 2",
      ]);
    }
    expect((all?.mebibytes ?? 0) - (few?.mebibytes ?? 0)).toBeLessThan(DEEP ? 150 : 100);
  });

  it("does not grow with the size of a file", async () => {
    const text = (mebibytes: number): Buffer =>
      Buffer.alloc(mebibytes * 2 ** 20, `${randomBytes(600).toString("hex")}\n`);
    const sizes = [8, DEEP ? 400 : 150].map((size) =>
      write(`size-${size}.tar`, saved({ tag: "bad", layers: [tar(SECRET, file("log", text(size)))] })),
    );
    const [small, large] = [await peak(sizes[0] ?? ""), await peak(sizes[1] ?? "")];
    expect([small.places, large.places]).toEqual([[FIRST], [FIRST]]);
    expect(large.mebibytes - small.mebibytes).toBeLessThan(DEEP ? 200 : 100);
  });

  it("more secrets than anyone could read are an error, and the first of them are told", async () => {
    const entries = Array.from({ length: 20_100 }, (_, index) =>
      file(`${index}.env`, `DB_PASSWORD=${make.base62(20)}\n`),
    );
    const { errors, places } = await scan(write("secrets.tar", saved({ tag: "bad", layers: [tar(...entries)] })));
    expect(errors).toEqual([expect.stringContaining("holds more than 20,000 secrets")]);
    expect(places).toHaveLength(20_000);
  });
});
