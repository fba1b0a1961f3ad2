import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { APP, BUSYBOX } from "../services/images.ts";
import { startOpenBao } from "../services/openbao.ts";
import { workerEngine } from "../services/worker-engine.ts";
import { twelveSecrets } from "../support/secrets.ts";
import { makeWorld } from "../support/world.ts";
import { commandLines, readPage, USER_PAGES } from "./typed.ts";

// The commands of the pages, as they stand there: those that read first, then those that migrate, in one folder that has
// what the pages speak of.

const [engine, bao] = await Promise.all([workerEngine(), startOpenBao()]);
const world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
const { DB_PASSWORD = "" } = twelveSecrets();
const VARIABLE = `DB_PASSWORD=${DB_PASSWORD}`;

/** What a page's paths are here. */
const HERE: readonly (readonly [page: string, here: string])[] = [
  ["/srv/shop", join(world.dir, "shop")],
  ["/etc/systemd/system", join(world.dir, "units")],
  ["/etc/containers/systemd", join(world.dir, "containers")],
];

/** What does not run here, and where it does. */
const ELSEWHERE: readonly (readonly [command: RegExp, where: string])[] = [
  [/^(?:scan|migrate) registry:/, "test/cli/registry.test.ts: it needs that registry"],
  [/--hosts/, "test/cli/hosts.test.ts"],
  [/^fleet /, "test/fleet"],
  [/^(?:resume|rollback|scrub|runs|render|agent --once)\b/, "test/docs/quick-start.test.ts, test/cli"],
  [/^(?:stores|migrate|plan).* (?:kms|sm|ssm|aws-ssm|azure|azure-key-vault|gcp|old)$/, "test/every-store.test.ts"],
  [
    /^migrate (?:.* --to (?:kms|sm|ssm|azure|azure-key-vault|gcp)|old:.*|keywhiz:.*) --yes$/,
    "test/every-store.test.ts",
  ],
  [/swarm:/, "test/migrations/swarm: it needs a swarm"],
  [
    /^plugin (?:install|status|upgrade|uninstall)|^(?:migrate|plan) .*--hosts/,
    "test/delivery/volume: it gives the engine a plugin",
  ],
  [/^rotate /, "test/rotate: it changes values at their servers"],
  [/^runtime (?:install --to|allow|forbid)/, "test/delivery/runtime: it changes the engine's settings"],
  [/^uninstall/, "test/cli/uninstall.test.ts"],
  [/^agent (?:un)?install .*--yes|--secret /, "test/agent/systemd.test.ts, test/watch: they write below /etc"],
  [/^watch (?:--every|--cron)/, "test/watch: it serves until it is ended"],
  [/^run /, "test/cli/commands.test.ts: it becomes another program"],
  [/^doctor$|^doctor --json$|--alive/, "test/cli/doctor.test.ts"],
  [/^(?:apply|scrub|plan docker:web --to local)/, "test/docs/quick-start.test.ts"],
  [/^migrate (?:docker:web|compose:\/srv\/shop) --to local$/, "test/docs/quick-start.test.ts"],
  [/inspect:-|^rules test|^classify/, "test/cli: it reads stdin"],
  [/^compose:|^--/, "test/session: it opens the terminal UI"],
  [/NAME|FILE|CONSUMER|STORE/, "a form, not a command"],
  [/^(?:agent|watch|runtime|stores|trust)(?: \w+)?$/, "a command's name"],
];
/** Exit codes besides 0 and 3, which says that something was found. */
const ENDS: readonly (readonly [command: RegExp, code: number])[] = [[/^doctor|^runtime status/, 1]];

beforeAll(() => {
  engine.docker("run", "-d", "--name", "web", "--network", "none", "-e", VARIABLE, BUSYBOX, ...APP);
  engine.docker("create", "--name", "api-1", BUSYBOX);
  const put = (name: string, text: string): void => {
    mkdirSync(join(world.dir, name, ".."), { recursive: true });
    writeFileSync(join(world.dir, name), text, { mode: 0o600 });
  };
  const services = (name: string): string =>
    `services:\n  ${name}:\n    image: ${BUSYBOX}\n    environment:\n      DB_PASSWORD: ${DB_PASSWORD}\n`;
  put("compose.yaml", services("api"));
  put("shop/compose.yaml", services("db"));
  put(".env", `${VARIABLE}\n`);
  put("deploy.sh", `#!/bin/sh\ndocker run -d --name other -e ${VARIABLE} ${BUSYBOX}\n`);
  put("ops/run.sh", `#!/bin/sh\ndocker run -d --name third -e ${VARIABLE} ${BUSYBOX}\n`);
  put("Dockerfile", `FROM ${BUSYBOX}\nENV ${VARIABLE}\n`);
  put("api/Dockerfile", `FROM ${BUSYBOX}\nENV ${VARIABLE}\n`);
  put("units/web.service", `[Service]\nEnvironment=${VARIABLE}\nExecStart=/bin/true\n`);
  put("containers/web.container", `[Container]\nImage=${BUSYBOX}\nEnvironment=${VARIABLE}\n`);
  put(
    "deploy/web.yaml",
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec:\n  template:\n    spec:\n      containers:\n        - name: web\n          image: web:1\n          env:\n            - name: DB_PASSWORD\n              value: ${DB_PASSWORD}\n`,
  );
  put(
    "unsprawl.yaml",
    `stores:\n  prod: { provider: vault, address: "${bao.address}" }\n  here: { provider: local, file: "secrets/{subject}.sops.yaml" }\n`,
  );
  put("hosts.json", engine.docker("inspect", "web"));
  engine.docker("commit", "--change", `ENV ${VARIABLE}`, "web", "team/app:1");
  engine.docker("save", "team/app:1", "-o", join(world.dir, "app.tar"));
});

afterAll(async () => {
  await engine.clean();
  await bao.stop();
  world.remove();
});

/** The examples of the commands' own page run in test/cli/examples.test.ts; the other compares, and shows none to type. */
const PAGES = USER_PAGES.filter((page) => !["docs/commands.md", "docs/tui-comparison.md"].includes(page));
const all = [
  ...new Map(PAGES.flatMap((page) => commandLines(readPage(page))).map((argv) => [argv.join(" "), argv] as const)),
].filter(([line]) => !ELSEWHERE.some(([command]) => command.test(line)));
const changes = (line: string): boolean => /^(?:migrate|trust)/.test(line);

it.each([...all.filter(([line]) => !changes(line)), ...all.filter(([line]) => changes(line))])(
  "unsprawl %s",
  async (line, argv) => {
    const here = argv.map((word) => HERE.reduce((text, [page, now]) => text.replaceAll(page, now), word));
    const { code, stdout, stderr } = await world.unsprawl(here);
    const more = ENDS.filter(([command]) => command.test(line)).map(([, exit]) => exit);
    expect([0, 3, ...more], `${stdout}${stderr}`).toContain(code);
  },
);

it("what does not run here is still on a page", () => {
  const lines = PAGES.flatMap((page) => commandLines(readPage(page))).map((argv) => argv.join(" "));
  expect(ELSEWHERE.filter(([command]) => !lines.some((line) => command.test(line))).map(([, where]) => where)).toEqual(
    [],
  );
});
