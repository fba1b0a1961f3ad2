import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { startOpenBao, type OpenBao } from "../../services/openbao.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { password, planOf } from "../files-world.ts";

// From store to store each entry has a place of its own, or is refused by name: none is taken for a copy of another because
// their values are equal.

let bao: OpenBao;
let world: World;
const [same, other] = [password(), password()];

beforeAll(async () => {
  bao = await startOpenBao();
  world = makeWorld("unix:///nonexistent", { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  const entries = { "apps/p1/db": { PASSWORD: same }, "apps/p2/db": { PASSWORD: same, TOKEN: other } };
  for (const [path, data] of Object.entries(entries)) await bao.api("POST", `secret/data/${path}`, { data });
});

afterAll(async () => {
  await bao?.stop();
  world?.remove();
});

const ENTRIES = "ref+vault://secret/apps";

async function planned(path: string): Promise<{ readonly moves: readonly string[]; readonly left: readonly string[] }> {
  writeFileSync(join(world.dir, "unsprawl.yaml"), stringify({ stores: { new: { provider: "vault", path } } }));
  const plan = await planOf(world, "vault:apps", ["--to", "new"]);
  return {
    moves: plan.steps.flatMap((step) =>
      step.kind === "put" ? [`${step.move.location.path} → ${step.move.key.path}#${step.move.key.field}`] : [],
    ),
    left: plan.notMoved.map(({ finding, reason }) => `${finding.location.path}: ${reason}`),
  };
}

it("equal values of two projects are two entries", async () => {
  expect(await planned("new/{project}/{subject}")).toEqual({
    moves: [
      `${ENTRIES}/p1/db#/PASSWORD → new/p1/db#PASSWORD`,
      `${ENTRIES}/p2/db#/PASSWORD → new/p2/db#PASSWORD`,
      `${ENTRIES}/p2/db#/TOKEN → new/p2/db#TOKEN`,
    ],
    left: [],
  });
});

it("two entries that would become one are refused, by their names", async () => {
  expect(await planned("new/{subject}")).toEqual({
    moves: [`${ENTRIES}/p1/db#/PASSWORD → new/db#PASSWORD`, `${ENTRIES}/p2/db#/TOKEN → new/db#TOKEN`],
    left: [`${ENTRIES}/p2/db#/PASSWORD: another entry goes to new/db PASSWORD already`],
  });
});
