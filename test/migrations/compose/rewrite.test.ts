import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { composeCli, type ComposeCli, type ComposeConfig } from "../../../migrations/compose/engine/cli.ts";
import { composeConsumers } from "../../../migrations/compose/consumers.ts";
import { Blocked } from "../../../migrations/compose/rewrite/blocked.ts";
import { onlyDelivery } from "../../../migrations/compose/rewrite/compare.ts";
import type { NewFile } from "../../../migrations/compose/rewrite/draft.ts";
import { variables } from "../../../migrations/compose/syntax/environment.ts";
import { loadProject, type ComposeProject } from "../../../migrations/compose/syntax/project.ts";
import type { ServiceChange } from "../../../migrations/compose/rewrite/change.ts";
import { rewriteProject } from "../../../migrations/compose/rewrite/index.ts";
import {
  composeChange,
  type BareService,
  type ComposeChange,
  type ComposeSite,
} from "../../../migrations/compose/delivery/change.ts";
import { SCRIPT } from "../../../migrations/compose/delivery/script.ts";
import { composeSite, type MovedNames } from "../../../migrations/compose/delivery/wish.ts";
import type { RunChange } from "../../../src/contract/delivery.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import type { Move } from "../../../src/model/plan.ts";
import { memberRange } from "../../../src/kit/text/yaml-edit.ts";
import { entry } from "../../../src/kit/text/yaml-nodes.ts";
import { composeCli as installed } from "../../services/compose.ts";
import { sample } from "../../support/deep.ts";
import { copyFixture, FIXTURES, type Fixture } from "./fixtures.ts";
import { scannedBefore } from "./second-scan.ts";

/** What Compose fills `${…}` from besides files: nothing of the machine that the test runs on. */
const ENV = { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent" };
const MEMORY = "/run/unsprawl";
const bare = (subject: object): BareService => ({
  subject: { mountTargets: [], ...subject } as unknown as BareService["subject"],
  ...{ earlier: [], earlierCheck: [], health: null, hasScript: false },
});
const site = (project: ComposeProject, service: string, moved: MovedNames): ComposeSite => ({
  ...composeSite({ memory: MEMORY }, project, service, { uid: 999, gid: 998 }, moved),
  shownReference: (one) => one,
});
const NOTHING: RunChange = {
  ...{ unset: [], set: [], mounts: [], entrypointPrefix: null, healthcheckPrefix: null, runtime: null },
};
const reference = (service: string, name: string): string => `ref+vault://secret/apps/${service}#/${name}`;
type Made = (project: ComposeProject, service: string, names: readonly string[], moved: MovedNames) => ComposeChange;
const inFiles = (change: RunChange, ...[project, service, names, moved]: Parameters<Made>): ComposeChange => {
  const moves = names.map((name) => ({ name, reference: reference(service, name) }) as Move);
  return composeChange(change, bare({}), moves, site(project, service, moved));
};
const DELIVERIES: { readonly [name: string]: Made } = {
  file: (project, service, names, moved) => {
    const set = names.map((name) => ({ name: `${name}_FILE`, value: `/run/secrets/${name}` }));
    const mounts = [{ source: "/anywhere", target: "/run/secrets" }];
    return inFiles({ ...NOTHING, unset: names, set, mounts }, project, service, names, moved);
  },
  runtime: (_project, service, names) => ({
    ...NOTHING,
    set: names.map((name) => ({ name, value: reference(service, name) })),
    runtime: "unsprawl",
  }),
  shim: (project, service, names, moved) => {
    const entrypointPrefix = ["/bin/sh", "/run/unsprawl/entrypoint"];
    const mounts = [{ source: "/anywhere", target: "/run/unsprawl" }];
    return inFiles({ ...NOTHING, unset: names, mounts, entrypointPrefix }, project, service, names, moved);
  },
};
/** What a delivery writes; a new line holds nothing else. */
const NEW =
  /^\s*[[{]|^\s*[\w-]+:( &\w+)? [{]|^\s*["']?[\w.]+["']?: (""|'')$|^\s*(- )?("?'?[\w.]+_FILE"?'?\s*[:=]|["']?[\w.]+["']?(: |=)["']?ref\+vault:|["']?[\w.]+=ref\+vault:|- "?[\w.]+=|environment:( |$)|(secrets|configs):( |$)|- \{ source: |[\w.-]+_[\w.]+:$|# by unsprawl: on a new machine, before docker compose up: unsprawl render compose:\S+$|file: (\$\{UNSPRAWL_RUNTIME_DIR:-|\.\/unsprawl-)|x-unsprawl: |runtime: unsprawl|entrypoint: \[|command: \[|<<: \*|(x-)?[\w-]+:( &[\w-]+| ![a-z]+)* (\{\}|\[\])|(export )?[\w.]+=)/;

/** What cannot be moved without loss: the reason, by fixture and delivery. */
const BOTH = /is also filled in at/; // `.env` is what a service reads and what `${…}` elsewhere is filled from
const BASE = /is also read by base, which would lose it/;
const RETURNS = /is also set to a different value at .*, which would take effect again/; // by a lower layer, or a base
const REFUSED: { readonly [fixture: string]: { readonly [kind: string]: RegExp } } = {
  chatwoot: { file: BOTH, runtime: BOTH, shim: BOTH },
  "dotenv-precedence": { file: RETURNS },
  "env-file-zoo": { file: RETURNS },
  "extends-same-file": { file: BASE, runtime: BASE, shim: BASE },
  "include-monorepo": { file: RETURNS },
  "merge-precedence": { file: RETURNS },
  "next-prisma-env": { file: BOTH, runtime: BOTH, shim: BOTH },
  "override-prod": { file: RETURNS },
  "posthog-extends": { file: RETURNS },
  "yaml-quirks": Object.fromEntries(
    ["file", "runtime", "shim"].map((kind) => [kind, /something else stands on the same line/]),
  ),
};
/** A project that is not read: the reason. */
const UNREAD: { readonly [fixture: string]: RegExp } = { "multi-document": /holds several YAML documents/ };
/** Numbers and dates as Go prints them: a value that is told apart from Compose's own is never moved. */
const OTHERWISE: { readonly [fixture: string]: readonly string[] } = { "yaml-quirks": ["BIG", "DATE"] };

let compose: ComposeCli;
beforeAll(async () => {
  await installed();
  compose = composeCli(ENV, null, async (text) => text);
});

const call = (project: ComposeProject, { meta }: Fixture): Parameters<ComposeCli["config"]>[0] => ({
  name: project.name,
  dir: project.dir,
  files: project.given,
  envFiles: project.givenEnv,
  outer: project.outer,
  profiles: meta.profiles ?? [],
});

const load = (fixture: Fixture): Promise<ComposeProject> =>
  loadProject({ files: fixture.files, dir: null, name: null, envFiles: [], env: ENV });

const plain = (value: string | null | undefined): string | null => value?.replaceAll("$$", "$") ?? null;

test.each(Object.entries(UNREAD))("%s is refused", async (name, why) => {
  const fixture = copyFixture(name);
  await expect(load(fixture)).rejects.toThrow(why);
  fixture.remove();
});

/** Those of which something is refused, by every delivery, and a quarter of the others, each by one; a deep run has them all. */
const KNOWN = new Set(Object.keys({ ...REFUSED, ...OTHERWISE }));
const USUAL = FIXTURES.filter((name) => !KNOWN.has(name) && !(name in UNREAD));
const chosen = [...KNOWN, ...sample(USUAL, Math.ceil(USUAL.length / 4))];

describe.each(chosen)("%s", (name) => {
  let fixture: Fixture;
  let project: ComposeProject;
  let before: ComposeConfig;
  beforeAll(async () => {
    fixture = copyFixture(name);
    project = await load(fixture);
    before = await compose.config(call(project, fixture));
  });
  afterAll(() => fixture.remove());

  test("each service gets the variables that Compose gives it", () => {
    const ours = Object.fromEntries(
      Object.keys(before.services).map((service) => {
        const own = project.services.get(service);
        const places = own ? [...variables(own)] : [];
        return [service, Object.fromEntries(places.map(([key, all]) => [key, all.at(-1)?.value ?? null]))];
      }),
    );
    const theirs = Object.fromEntries(
      Object.entries(before.services).map(([service, { environment }]) => [
        service,
        Object.fromEntries(Object.entries(environment ?? {}).map(([key, value]) => [key, plain(value)])),
      ]),
    );
    for (const own of [...Object.values(ours), ...Object.values(theirs)])
      for (const other of OTHERWISE[name] ?? []) delete own[other];
    expect(ours).toEqual(theirs);
  });

  test.each(sample(Object.keys(DELIVERIES), KNOWN.has(name) ? Infinity : 1, name))(
    "%s: only what held a secret changes, and Compose makes the same of it but for the delivery",
    async (kind) => {
      const old = new Map(texts(fixture.dir));
      const wish = ([service, names]: ServiceNames, moved: MovedNames): ServiceChange => {
        const { entrypoint, command } = before.services[service] as { entrypoint?: string[]; command?: string[] };
        return {
          service,
          change: (DELIVERIES[kind] as Made)(project, service, names, moved),
          moves: names.map((one) => ({
            ...{ name: one, masked: "••••", carries: carries(fixture, before, service, one) },
            ...{ mayBeName: () => false, span: null },
          })),
          entrypoint: (entrypoint ?? []).map((word) => plain(word) ?? ""),
          cmd: (command ?? []).map((word) => plain(word) ?? ""),
          health: null,
          words: null,
        };
      };
      const { files, wishes, refused } = await movable(project, Object.entries(fixture.meta.services), wish);
      const expected = REFUSED[name]?.[kind];
      if (expected === undefined) expect(refused).toEqual([]);
      else expect(refused[0]).toMatch(expected);
      if (wishes.length === 0) return;
      try {
        const scanned = await scannedBefore(fixture);
        for (const { file, text } of files) writeFileSync(file, text);
        await scanned.expectNothingNew();
        onlyDelivery(before, await compose.config(call(project, fixture)), wishes);
        // The files say of themselves what each service needs, to whoever has nothing else.
        const said = await composeConsumers({ env: ENV, cwd: fixture.dir, mayHold: () => true })(
          fixture.files.join(":"),
        );
        expect(said.faults).toEqual([]);
        const inFile = wishes.flatMap(({ service, moves }) =>
          kind === "runtime" ? [] : moves.map((one) => `${service} ${one.name} ${reference(service, one.name)}`),
        );
        const read = said.consumers.flatMap(({ id, owner, values }) => {
          expect(owner).toEqual({ uid: 999, gid: 998 });
          return values.map((one) => `${id.slice(id.indexOf("/") + 1)} ${one.name} ${one.reference}`);
        });
        expect(read.sort()).toEqual(inFile.sort());
        for (const { file, text, diff } of files) {
          const was = old.get(file);
          if (was === undefined) {
            expect([basename(file), text]).toEqual(["unsprawl-entrypoint.sh", SCRIPT]);
            continue;
          }
          // It is committed, and means the same wherever it is cloned.
          expect(text).not.toContain(fixture.dir);
          const { gone, came } = lineDiff(withoutEnd(was), withoutEnd(text));
          const allowed = mayGo(file, was, project, fixture, wishes);
          // In JSON, a comma goes or comes with the neighbour.
          const bare = (line: string): string => line.replace(/,$/, "");
          const kept = new Set(came.map(bare));
          expect(gone.filter((line) => !allowed.has(line) && !kept.has(bare(line)) && !file.endsWith(".json"))).toEqual(
            [],
          );
          // What one of several sharers needs of its own is said again as it was.
          const said = new Set(was.split(/\r?\n/).map((line) => line.trim()));
          expect(came.filter((line) => !NEW.test(line) && !said.has(line.trim()) && !file.endsWith(".json"))).toEqual(
            [],
          );
          for (const one of diff) for (const value of fixture.values.values()) expect(one.text).not.toContain(value);
          if (was.includes("\r\n")) expect(text.replaceAll("\r\n", "")).not.toContain("\n");
        }
      } finally {
        for (const [file, text] of old) writeFileSync(file, text);
        for (const { file } of files) if (!old.has(file)) rmSync(file);
      }
    },
  );
});

type ServiceNames = readonly [service: string, names: readonly string[]];

/** What can be moved of these services' variables: one that is refused stays, with all that it holds back. */
async function movable(
  project: ComposeProject,
  all: readonly ServiceNames[],
  wish: (one: ServiceNames, all: MovedNames) => ServiceChange,
): Promise<{ files: readonly NewFile[]; wishes: readonly ServiceChange[]; refused: readonly string[] }> {
  const wishes = all.map((one) => wish(one, all));
  try {
    return { ...(await rewriteProject(project, wishes, new Set(["elsewhere"]))), wishes, refused: [] };
  } catch (error) {
    // A file that cannot be edited holds back the whole project.
    if (error instanceof UnsprawlError && !(error instanceof Blocked))
      return { files: [], wishes: [], refused: [error.message] };
    if (!(error instanceof Blocked)) throw error;
    const left = all
      .map(([service, names]) => [service, names.filter((one) => !error.blocks(service, one))] as const)
      .filter(([, names]) => names.length > 0);
    if (left.flatMap(([, names]) => names).length === all.flatMap(([, names]) => names).length) throw error;
    const rest = left.length === 0 ? { files: [], wishes: [], refused: [] } : await movable(project, left, wish);
    return { ...rest, refused: [error.message, ...rest.refused] };
  }
}

function texts(dir: string): [string, string][] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
    .map((file) => [file, readFileSync(file, "utf8")]);
}

function carries(fixture: Fixture, before: ComposeConfig, service: string, name: string): (text: string) => boolean {
  const whole = plain(before.services[service]?.environment?.[name]) ?? "";
  const secrets = [...fixture.values.values()].filter((value) => whole.includes(value));
  return (text) => secrets.some((secret) => text.includes(secret));
}

/** The lines of a file that may go: a moved variable's, all of them, what fills it, and a key that is written anew. */
function mayGo(
  file: string,
  text: string,
  project: ComposeProject,
  fixture: Fixture,
  wishes: readonly ServiceChange[],
): Set<string> {
  const lines = new Set<string>();
  const range = (start: number, end: number): void => {
    for (const line of text
      .slice(text.lastIndexOf("\n", start - 1) + 1, text.indexOf("\n", Math.max(start, end - 1)) + 1 || undefined)
      .split(/\r?\n/))
      lines.add(line);
  };
  for (const wish of wishes) {
    const service = project.services.get(wish.service);
    const own = service ? variables(service) : new Map<string, never[]>();
    for (const { name } of wish.moves) {
      for (const place of own.get(name) ?? []) {
        if (place.file.file !== file) continue;
        if (place.kind === "line") range(place.member.start, place.member.end);
        else range(...memberRange(place.member));
      }
    }
    for (const layer of service?.layers ?? []) {
      const found = entry(layer.service, "entrypoint", layer.file);
      if (found && wish.change.entrypointPrefix && layer.file.file === file) range(...memberRange(found.pair));
    }
  }
  const values = [...fixture.values.values()].flatMap((value) => [value, value.replaceAll("$", "$$$$")]);
  for (const { file: own, entries } of project.dotenv)
    for (const one of own === file ? entries : [])
      if (values.some((value) => one.value?.includes(value))) range(one.start, one.end);
  for (const line of text.split(/\r?\n/)) {
    // The key above a map whose last member goes; an alias or an anchor that gets members of its own.
    if (
      values.some((value) => line.includes(value)) ||
      /^\s*(environment|x-[\w-]+|[\w-]+):( [&*!][\w-]+)?\s*$/.test(line)
    )
      lines.add(line);
  }
  return lines;
}

/** A line of blanks at the end is a line like others. */
const withoutEnd = (text: string): string => text.replace(/[\r\n]+$/, "");

/** Lines taken away and lines put in: what is left of each side of a longest common subsequence. */
function lineDiff(before: string, after: string): { readonly gone: string[]; readonly came: string[] } {
  const [a, b] = [before.split(/\r?\n/), after.split(/\r?\n/)];
  const longest = Array.from({ length: a.length + 1 }, () => Array.from({ length: b.length + 1 }, () => 0));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      (longest[i] as number[])[j] =
        a[i] === b[j]
          ? (longest[i + 1]?.[j + 1] ?? 0) + 1
          : Math.max(longest[i + 1]?.[j] ?? 0, longest[i]?.[j + 1] ?? 0);
  const [gone, came]: string[][] = [[], []];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) [i, j] = [i + 1, j + 1];
    else if (j >= b.length || (i < a.length && (longest[i + 1]?.[j] ?? 0) >= (longest[i]?.[j + 1] ?? 0)))
      gone?.push(a[i++] ?? "");
    else came?.push(b[j++] ?? "");
  }
  return { gone: gone ?? [], came: came ?? [] };
}
