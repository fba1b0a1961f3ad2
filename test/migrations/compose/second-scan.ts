import { expect } from "vitest";
import { makeWorld, type World } from "../../support/world.ts";
import type { Fixture } from "./fixtures.ts";

type Scan = {
  readonly sources: readonly { readonly source: string; readonly subjects: number }[];
  readonly findings: readonly {
    readonly name: string;
    readonly fingerprint: string;
    readonly why: readonly string[];
    readonly location: { readonly subjectName: string; readonly path: string };
  }[];
};

/** What `scan` finds in a project's files, as a project and as files; made before its migration, and asked again after it. */
export async function scannedBefore(fixture: Fixture): Promise<ScannedProject> {
  const world = makeWorld("unix:///nowhere");
  const known = new Set((await scanned(world, fixture)).map((one) => one.fingerprint));
  return {
    async expectNothingNew() {
      const found = await scanned(world, fixture);
      world.remove();
      expect(found.filter(({ fingerprint }) => !known.has(fingerprint))).toEqual([]);
    },
  };
}

type ScannedProject = {
  /** Whatever is found now was found before. To be called once. */
  expectNothingNew(): Promise<void>;
};

async function scanned(world: World, { dir, files, meta }: Fixture): Promise<Scan["findings"]> {
  const env = { COMPOSE_PROFILES: (meta.profiles ?? []).join() };
  const read = [`compose:${files.join(":")}`, `dir:${dir}`];
  const { stdout, stderr } = await world.unsprawl(["scan", ...read, "--json", "--fail-on", "never"], { env });
  expect(stdout, stderr).not.toBe("");
  const { findings, sources } = JSON.parse(stdout) as Scan;
  for (const { subjects } of sources) expect(subjects, stderr).toBeGreaterThan(0);
  return findings;
}
