import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEngine } from "../../../src/engine/engine.ts";
import { imageSource } from "../../../migrations/image/read.ts";
import { which } from "../../services/apt.ts";
import { startEngine } from "../../services/engine.ts";
import { BUSYBOX, makeImages } from "../../services/images.ts";
import { workerEngine } from "../../services/worker-engine.ts";
import { urlOf } from "../../detect/ask.ts";
import { make, scannedOf, token, type Scanned } from "../../images/layers/scanned.ts";
import { makeWorld, type Ran } from "../../support/world.ts";

/** Layers of a real engine's images, and what its containers wrote. */

const { host } = await workerEngine();
const world = makeWorld(host);
const [IMAGE, CHILD, SIBLING] = ["layers-test/shop:1", "layers-test/child:1", "layers-test/sibling:1"];
const [first, second, third] = [token(), token(), token()];
const values = [first, second, third];

function docker(...args: string[]): string {
  return execFileSync(which("docker") ?? "docker", args, {
    // The classic builder writes one layer for each instruction, as all builders do, and is in every engine.
    env: { PATH: process.env["PATH"], HOME: world.dir, DOCKER_HOST: host, DOCKER_BUILDKIT: "0" },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trimEnd();
}

function build(tag: string, dockerfile: readonly string[], files: { readonly [name: string]: string } = {}): void {
  const context = join(world.dir, tag.replace(/\W/g, "-"));
  mkdirSync(context);
  writeFileSync(join(context, "Dockerfile"), `${dockerfile.join("\n")}\n`);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(context, name), content);
  docker("build", "--network", "none", "--quiet", "--tag", tag, context);
}

async function scan(...args: readonly string[]): Promise<Scanned & { readonly ids: readonly string[] }> {
  const ran: Ran = await world.unsprawl(["scan", ...args, "--json"]);
  for (const value of values) expect(ran.stdout + ran.stderr).not.toContain(value);
  const { findings } = JSON.parse(ran.stdout) as { findings: { id: string }[] };
  return { ...scannedOf(ran), ids: findings.map(({ id }) => id).toSorted() };
}

beforeAll(() => {
  build(
    IMAGE,
    [
      `FROM ${BUSYBOX}`,
      "ENV MODE=production",
      "COPY secret.env /app/.env",
      "COPY netrc /root/.netrc",
      'RUN ["/bin/busybox", "rm", "/app/.env"]',
      'RUN ["/bin/busybox", "rm", "-r", "/root"]',
    ],
    { "secret.env": `# shop\nGITHUB_TOKEN=${first}\n`, netrc: `machine github.com login x password ${second}\n` },
  );
  build(CHILD, [`FROM ${IMAGE}`, "COPY kept.env /srv/kept.env"], { "kept.env": `GITHUB_TOKEN=${third}\n` });
  build(SIBLING, [`FROM ${IMAGE}`, "COPY nothing /srv/nothing"], { nothing: "nothing\n" });
  docker("save", "-o", join(world.dir, "one.tar"), IMAGE);
});

afterAll(() => {
  docker("rm", "-f", "layers-wrote", "layers-still");
  docker("rmi", "-f", CHILD, SIBLING, IMAGE);
  world.remove();
});

/** The layers below the image's own. */
const base = (): number =>
  (JSON.parse(docker("image", "inspect", "-f", "{{json .RootFS.Layers}}", BUSYBOX)) as string[]).length;
const expected = (tag: string, of: number): string[] => {
  const from = base();
  return [
    `${tag} /app/.env line 2, layer ${from + 1} of ${of}, deleted in layer ${from + 3}`,
    `${tag} /root/.netrc line 1, layer ${from + 2} of ${of}, deleted in layer ${from + 4}`,
  ];
};

describe("a secret that was added in one layer and deleted in a later one", () => {
  it("is told alike from the engine, from docker save and from an OCI layout, each with its layers", async () => {
    const live = await scan(`image:${IMAGE}`, "--layers");
    expect(live.places).toEqual(expected(IMAGE, base() + 4));
    expect(live.errors).toEqual([]);

    const gzip = join(world.dir, "one.tar.gz");
    writeFileSync(gzip, gzipSync(readFileSync(join(world.dir, "one.tar"))));
    const unpacked = join(world.dir, "unpacked");
    mkdirSync(unpacked);
    execFileSync("tar", ["-C", unpacked, "-xf", join(world.dir, "one.tar")]);
    for (const path of ["one.tar", "one.tar.gz", "unpacked"]) {
      const saved = await scan(`archive:${path}`, "--layers");
      expect({ ids: saved.ids, places: saved.places, errors: saved.errors }).toEqual({
        ids: live.ids,
        places: live.places,
        errors: [],
      });
    }
  });

  it("config and history of an archive are read as those of the image", async () => {
    const build_ = [
      `FROM ${BUSYBOX}`,
      `ENV GITHUB_TOKEN=${first}`,
      `LABEL token=${second}`,
      `RUN ["/bin/true", "${third}"]`,
    ];
    build("layers-test/config:1", build_);
    try {
      docker("save", "-o", join(world.dir, "config.tar"), "layers-test/config:1");
      const live = await scan("image:layers-test/config:1");
      expect(live.places.length).toBeGreaterThan(2);
      expect((await scan("archive:config.tar")).ids).toEqual(live.ids);
    } finally {
      docker("rmi", "-f", "layers-test/config:1");
    }
  });

  it("is not looked for unless asked", async () => {
    expect((await scan(`image:${IMAGE}`)).places).toEqual([]);
    expect((await scan("archive:one.tar")).places).toEqual([]);
  });
});

describe("ordinary leaks in the scripts and settings of an image", () => {
  const TAG = "layers-leaks/app:1";
  const words = Array.from({ length: 10 }, () => `${make.base62(13)}7qX`);
  const [mysql, dotenv, python, script, defaults, properties, history, php, xml, cron] = words;
  const leaks: readonly (readonly [path: string, text: string])[] = [
    ["/docker-entrypoint.sh", `#!/bin/sh\nmysql -h db -u root -p${mysql} -e 'select 1'\nexec "$@"\n`],
    ["/srv/app/.env", `LOG_LEVEL=info\nAPI_TOKEN=${dotenv}\n`],
    ["/srv/app/settings.py", `DATABASES = {"default": {"USER": "app", "PASSWORD": "${python}"}}\n`],
    ["/srv/app/config.js", `module.exports = { password: process.env.DB_PASSWORD || "${script}" };\n`],
    ["/etc/default/app", `# the application\nSECRET_KEY='${defaults}'\n`],
    ["/srv/app/application.properties", `server.port=8080\nspring.datasource.password=${properties}\n`],
    ["/root/.bash_history", `cd /srv\ncurl -fsS -u admin:${history} https://api.internal/health\n`],
    ["/srv/www/config.php", `<?php\ndefine( 'DB_PASSWORD', '${php}' );\n`],
    ["/srv/www/web.config", `<appSettings><add key="ApiKey" value="${xml}" /></appSettings>\n`],
    ["/etc/cron.d/backup", `0 3 * * * root pg_dump ${urlOf("postgres", "app", cron ?? "", "db:5432/app")} > /backup\n`],
  ];

  it("are all found, each where it is, and nothing else is", async () => {
    const named = leaks.map(([path, text], at) => [`leak${at}`, path, text] as const);
    const copies = named.map(([name, path]) => `COPY ${name} ${path}`);
    build(TAG, [`FROM ${BUSYBOX}`, ...copies], Object.fromEntries(named.map(([name, , text]) => [name, text])));
    try {
      const { places, errors, ran } = await scan(`image:${TAG}`, "--layers");
      expect(errors).toEqual([]);
      expect(places.map((place) => /^\S+ (\S+) line/.exec(place)?.[1])).toEqual(leaks.map(([path]) => path).toSorted());
      for (const word of words) expect(ran.stdout + ran.stderr).not.toContain(word);
    } finally {
      docker("rmi", "-f", TAG);
    }
  });
});

describe("images that share layers", () => {
  it("each tell what they have, and the engine sends a shared layer once", async () => {
    const { places, errors } = await scan("image:layers-test/*", "--layers");
    const kept = `${CHILD} /srv/kept.env line 1, layer ${base() + 5} of ${base() + 5}`;
    expect(errors).toEqual([]);
    expect(places).toEqual(
      [
        ...expected(IMAGE, base() + 4),
        ...expected(CHILD, base() + 5),
        kept,
        ...expected(SIBLING, base() + 5),
      ].toSorted(),
    );
  });

  it("are not sent again when another source has read them", async () => {
    const engine = await openEngine({ DOCKER_HOST: host });
    const asked: string[] = [];
    const watched = {
      ...engine,
      stream: (...args: Parameters<typeof engine.stream>) => (asked.push(args[1]), engine.stream(...args)),
    };
    const source = imageSource(async () => watched);
    for (let turn = 0; turn < 2; turn++)
      for await (const reading of source.read(IMAGE, new AbortController().signal, { layers: true }))
        if (reading.kind === "text") reading.judged(Promise.resolve({ spotted: [], unread: [] }));
    expect(asked).toHaveLength(1);
  });
});

describe("what a container wrote", () => {
  it("is read from its own layer, and nothing from volumes and the image twice", async () => {
    const script = [
      `/bin/busybox mkdir -p /data/deep; echo GITHUB_TOKEN=${third} > /data/deep/.env`,
      `echo '# more' > /etc/app.env; echo GITHUB_TOKEN=${third} >> /etc/app.env`,
      `echo GITHUB_TOKEN=${third} > /mounted/.env; echo GITHUB_TOKEN=${third} > /data/volume/.env`,
      "touch /srv; echo ready; sleep 1000",
    ];
    const mounts = ["--tmpfs", "/mounted", "-v", "/data/volume"];
    // The token comes by a file, so that the command line does not hold it.
    writeFileSync(join(world.dir, "write.sh"), script.join("\n"));
    docker("create", "--name", "layers-wrote", "--network", "none", ...mounts, CHILD, "sh", "/write.sh");
    docker("cp", join(world.dir, "write.sh"), "layers-wrote:/write.sh");
    docker("start", "layers-wrote");
    await expect.poll(() => docker("logs", "layers-wrote")).toContain("ready");
    const { places, errors } = await scan("docker:layers-wrote", "--layers");
    expect(errors).toEqual([]);
    const written = places.filter((place) => place.startsWith("layers-wrote"));
    expect(written).toEqual([
      "layers-wrote /data/deep/.env line 1, writable layer",
      "layers-wrote /etc/app.env line 2, writable layer",
      ...[1, 2, 3].map((line) => `layers-wrote /write.sh line ${line}, writable layer`),
    ]);
    expect(places.filter((place) => place.startsWith(CHILD))).toHaveLength(3);
    docker("stop", "-t", "0", "layers-wrote");
    expect((await scan("docker:layers-wrote", "--layers")).places).toEqual(places);
  });

  it("is not read unless asked; a container that wrote nothing has nothing", async () => {
    docker("create", "--name", "layers-still", "--network", "none", SIBLING, "true");
    expect((await scan("docker:layers-wrote")).places).toEqual([]);
    const { places } = await scan("docker:layers-still", "--layers");
    expect(places.filter((place) => place.startsWith("layers-still"))).toEqual([]);
  });
});

describe("an engine that keeps images in containerd's store", () => {
  it("sends packed layers, which tell the same", async () => {
    const other = await startEngine({ config: { features: { "containerd-snapshotter": true } } });
    try {
      await makeImages(other);
      const context = join(world.dir, IMAGE.replace(/\W/g, "-"));
      const env = { PATH: process.env["PATH"], HOME: world.dir, DOCKER_HOST: other.host, DOCKER_BUILDKIT: "0" };
      const build_ = ["build", "--network", "none", "--quiet", "--tag", IMAGE, context];
      execFileSync(which("docker") ?? "docker", build_, { env, stdio: "pipe" });
      other.docker("save", "-o", join(world.dir, "containerd.tar"), IMAGE);
      const ran = await world.unsprawl(["scan", `image:${IMAGE}`, "--layers", "--json"], {
        env: { DOCKER_HOST: other.host },
      });
      const { places, errors } = scannedOf(ran);
      expect({ places, errors }).toEqual({ places: expected(IMAGE, base() + 4), errors: [] });
      expect((await scan("archive:containerd.tar", "--layers")).places).toEqual(places);
    } finally {
      await other.stop();
    }
  });
});
