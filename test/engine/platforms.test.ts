import { expect, test } from "vitest";
import { platformNotes, platformRefusal } from "../../src/engine/platforms.ts";

const NONE: ReadonlySet<string> = new Set();
const FOLDER = "com.docker.compose.project.working_dir";

/** Labels as each platform gives them. */
const OWNED: readonly (readonly [string, { readonly [label: string]: string }])[] = [
  ["Coolify", { "coolify.managed": "true", "coolify.type": "application", "coolify.name": "shop" }],
  ["Coolify", { [FOLDER]: "/data/coolify/services/k4cs0k8" }],
  ["Dokploy", { [FOLDER]: "/etc/dokploy/compose/shop-web-x1/code" }],
  ["Portainer", { [FOLDER]: "/data/compose/22" }],
  ["Portainer", { [FOLDER]: "/data/compose/22/v3" }],
  ["Komodo", { [FOLDER]: "/etc/komodo/stacks/shop" }],
  ["CapRover", { "com.docker.swarm.service.name": "srv-captain--shop" }],
  ["Dokku", { "com.dokku.app-name": "shop", "com.dokku.container-type": "deploy", "com.dokku.dyno": "web.1" }],
  ["Kamal", { service: "shop", role: "web", destination: "" }],
];

test.each(OWNED)("what %s made is named, with where to change it, and moved once that is accepted", (name, labels) => {
  const refused = platformRefusal("container", labels, NONE);
  expect(refused?.reason).toContain(`its container belongs to ${name}`);
  expect(refused?.hint).toMatch(new RegExp(`^change it in ${name} \\(.+\\), and deploy; or --accept platform`));
  expect(platformRefusal("container", labels, new Set(["platform"]))).toBe(null);
  expect(platformNotes("container", labels)).toEqual([
    expect.stringMatching(new RegExp(`belongs to ${name}: the next deploy there brings the values back; .* \\(.+\\)$`)),
  ]);
});

test.each([
  [{}],
  [{ [FOLDER]: "/srv/compose/shop" }],
  [{ [FOLDER]: "/data/compose/shop" }],
  [{ [FOLDER]: "/home/me/etc/komodo/stacks/shop" }],
  [{ role: "web", service: "shop" }],
  [{ "com.docker.swarm.service.name": "shop_web" }],
  // Dokku gives it to its images too: what is started from one by hand is nobody else's.
  [{ "com.dokku.app-name": "shop" }],
])("%j is no platform's", (labels) => {
  expect(platformRefusal("container", labels, NONE)).toBe(null);
  expect(platformNotes("container", labels)).toEqual([]);
});
