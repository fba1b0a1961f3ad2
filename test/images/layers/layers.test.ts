import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { archives, make, token } from "./scanned.ts";
import {
  emptied,
  file,
  folder,
  gone,
  header,
  layoutFolder,
  layoutTar,
  saved,
  savedBefore25,
  sha256,
  tar,
  type Image,
} from "./tar-bytes.ts";

const { dir, write, scan, world } = archives();

const env = (value = token()): string => `# settings\nGITHUB_TOKEN=${value}\n`;

describe("layers", () => {
  const image: Image = {
    tag: "shop:1",
    layers: [
      tar(folder("app/"), file("app/.env", env()), file("app/kept.env", env()), file("srv/a/b.env", env())),
      tar(gone("app/.env"), file("app/kept.env", env())),
      tar(emptied("srv"), file("srv/c.env", env())),
      tar(file("srv", "a file now\n")),
    ],
  };
  const expected = [
    "shop:1 /app/.env line 2, layer 1 of 4, deleted in layer 2",
    "shop:1 /app/kept.env line 2, layer 1 of 4, replaced in layer 2",
    "shop:1 /app/kept.env line 2, layer 2 of 4",
    "shop:1 /srv/a/b.env line 2, layer 1 of 4, deleted in layer 3",
    "shop:1 /srv/c.env line 2, layer 3 of 4, deleted in layer 4",
  ];
  const diffIds = image.layers.map((layer) => `sha256:${sha256(layer)}`);
  const gzipped: Image = { ...image, diffIds, layers: image.layers.map((layer) => gzipSync(layer)) };
  const zstd: Image = { ...image, diffIds, layers: image.layers.map((layer) => zstdCompressSync(layer)) };

  it.each([
    ["docker save", () => saved(image)],
    ["docker save before 25", () => savedBefore25(image)],
    ["docker save, gzip around it", () => gzipSync(saved(image))],
    ["docker save before 25, zstd around it", () => zstdCompressSync(savedBefore25(image))],
    ["an OCI layout of gzip layers", () => layoutTar(gzipped)],
    ["an OCI layout of zstd layers, gzip around it", () => gzipSync(layoutTar(zstd))],
  ])("%s: each secret with the layer it came in, and the one it went in", async (name, bytes) => {
    const { places, errors, code, subjects } = await scan(write(`${name}.tar`, bytes()));
    expect({ places, errors, code, subjects }).toEqual({ places: expected, errors: [], code: 3, subjects: 1 });
  });

  it("an OCI layout in a folder", async () => {
    layoutFolder(join(dir, "layout"), gzipped);
    expect((await scan(join(dir, "layout"))).places).toEqual(expected);
  });

  it("are read only when asked for", async () => {
    const { places, code, subjects } = await scan(write("plain.tar", saved(image)), []);
    expect({ places, code, subjects }).toEqual({ places: [], code: 0, subjects: 1 });
  });

  it.each(["dir:.", "inspect:-", "env:.env", "compose:", "kubernetes:."])(
    "of %s there are none: a usage error, and nothing is done",
    async (source) => {
      const ran = await world.unsprawl(["scan", `archive:${dir}/plain.tar`, source, "--layers"]);
      expect([ran.code, ran.stdout]).toEqual([2, ""]);
      expect(ran.stderr).toContain(`${source} has no layers`);
      expect(ran.stderr).toMatch(/--layers goes with (?=.*docker:)(?=.*image:)(?=.*archive:)(?=.*registry:)/);
    },
  );

  it("that images share are told for each", async () => {
    const [base = Buffer.alloc(0)] = image.layers;
    const other = tar(gone("srv"));
    const both = saved({ tag: "a:1", layers: [base] }, { tag: "b:1", layers: [base, other] });
    for (const bytes of [both, gzipSync(both)]) {
      const { places, subjects } = await scan(write("both.tar", bytes));
      expect(subjects).toBe(2);
      expect(places.filter((one) => one.startsWith("a:1"))).toHaveLength(3);
      expect(places).toContain("b:1 /srv/a/b.env line 2, layer 1 of 2, deleted in layer 2");
      expect(places).toContain("b:1 /app/.env line 2, layer 1 of 2");
    }
  });
});

describe("files in layers", () => {
  const scanFiles = (name: string, ...entries: readonly Buffer[]): ReturnType<typeof scan> =>
    scan(write(name, saved({ tag: "i", layers: [tar(...entries)] })));

  it("text of any size, with the right line, each secret once", async () => {
    const line = "nothing to see in this line of the log\n";
    const lines = Math.ceil((5 * 2 ** 20) / line.length);
    const text = (at: readonly number[]): string =>
      Array.from({ length: lines }, (_, index) => (at.includes(index) ? `key ${token()}\n` : line)).join("");
    // Some stand where one piece ends and the next begins.
    const border = Array.from({ length: 40 }, (_, at) => Math.floor((2 ** 21 - 70_000 + at * 2000) / line.length));
    const wanted = [1, ...border, lines - 1];
    const { places } = await scanFiles("large.tar", file("var/log/app.log", text(wanted)));
    expect(places).toHaveLength(wanted.length);
    for (const at of wanted) expect(places).toContain(`i /var/log/app.log line ${at + 1}, layer 1 of 1`);
  });

  it("small binaries by known tokens alone, large ones not at all", async () => {
    const binary = (size: number): Buffer =>
      Buffer.concat([
        Buffer.alloc(200),
        Buffer.from(`\0${token()}\0DB_PASSWORD=${make.base64(18)}\0`),
        Buffer.alloc(size),
      ]);
    const { places } = await scanFiles(
      "binary.tar",
      file("bin/small", binary(500_000)),
      file("bin/large", binary(1 << 20)),
    );
    expect(places).toEqual(["i /bin/small, layer 1 of 1"]);
  });

  it("text of Windows, which is in UTF-16", async () => {
    const settings = Buffer.from(`\ufeffLOG_LEVEL=info\r\nDB_PASSWORD=${make.base64(18)}\r\n`, "utf16le");
    const { places } = await scanFiles("windows.tar", file("app/app.env", settings));
    expect(places).toEqual(["i /app/app.env, layer 1 of 1"]);
  });

  const password = make.base62(18);
  const login = Buffer.from(`ci:${password}`).toString("base64");
  it.each([
    ["root/.netrc", `machine git.example.org\n  login ci\n  password ${password}\n`],
    ["root/.pgpass", `db:5432:shop:shop:${password}\n`],
    ["root/.git-credentials", `https://ci:${password}@git.example.org\n`],
    ["src/.git/config", `[remote "origin"]\n\turl = https://ci:${password}@git.example.org/a.git\n`],
    ["root/.gitconfig", `[http]\n\textraheader = Authorization: Basic ${login}\n`],
    ["root/.npmrc", `//registry.example.org/:_auth=${login}\n`],
    ["root/.docker/config.json", JSON.stringify({ auths: { "registry.example.org": { auth: login } } }, null, 1)],
    ["root/.aws/credentials", `[default]\naws_secret_access_key = ${make.base62(40)}\n`],
    ["root/.kube/config", `users:\n- user:\n    token: ${make.base62(40)}\n`],
    ["srv/terraform.tfstate", JSON.stringify({ attributes: { password } }, null, 2)],
    ["etc/nginx/.htpasswd", `ci:$apr1$${make.base62(8)}$${make.base62(22)}\n`],
    ["app/.env", `SALT=${make.base62(24)}\n`],
    [
      "etc/tomcat/server.p12",
      Buffer.concat([Buffer.from([0x30, 0x82, 4, 0]), Buffer.from(make.base62(900)), Buffer.alloc(9)]),
    ],
    ["etc/server.jks", Buffer.concat([Buffer.from("feedfeed000000020000000100000001", "hex"), Buffer.alloc(90, 7)])],
  ])("%s is known for what it holds", async (path, content) => {
    const { places, ran } = await scanFiles("known.tar", file(path, content));
    expect(places).toHaveLength(1);
    expect(places[0]).toContain(`i /${path}`);
    expect(ran.stdout).not.toContain(password);
  });

  it.each([
    ["etc/nsswitch.conf", "passwd:         files systemd\n"],
    ["etc/ssl/openssl.cnf", "# input_password = secret\n"],
    ["app/.env.example", "DB_PASSWORD=changeme-before-use\n"],
    ["etc/trusted.jks", Buffer.concat([Buffer.from("feedfeed000000020000000100000002", "hex"), Buffer.alloc(90, 7)])],
    [
      "usr/bin/htpasswd",
      Buffer.concat([Buffer.from("\0\x01"), Buffer.from("usage: htpasswd -b user:password\n".repeat(9))]),
    ],
  ])("%s holds none", async (path, content) => {
    expect((await scanFiles("none.tar", file(path, content))).places).toEqual([]);
  });

  it("a Git folder is told once", async () => {
    const objects = Array.from({ length: 50 }, (_, at) => file(`src/.git/objects/${at}`, Buffer.alloc(20, at)));
    const { notes, code } = await scanFiles("git.tar", folder("src/.git/"), ...objects);
    expect(notes).toEqual([expect.stringMatching(/^i holds a Git folder, \/src\/\.git \(layer 1 of 1 /)]);
    expect(code).toBe(0);
  });

  it("links are not followed, devices passed over, archives inside not opened", async () => {
    const inner = gzipSync(tar(file("inner.env", env())));
    writeFileSync(join(dir, "outside.env"), env());
    const { places, errors } = await scanFiles(
      "links.tar",
      file("app/.env", env()),
      header({ name: "app/hard.env", type: "1", target: "app/.env", size: 900 }),
      header({ name: "app/soft.env", type: "2", target: join(dir, "outside.env"), size: 900 }),
      ...["3", "4", "6"].map((type) => header({ name: `dev/${type}.env`, type })),
      file("inner.tar.gz", inner),
    );
    expect({ places, errors }).toEqual({ places: ["i /app/.env line 2, layer 1 of 1"], errors: [] });
  });
});
