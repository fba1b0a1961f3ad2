import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Work } from "../../src/contract/migration.ts";
import type { ComposeCli } from "../../src/compose/cli.ts";
import { onlyDelivery } from "../../src/compose/compare.ts";
import { rewriteProject, textsOf, type Wish } from "../../src/compose/rewrite.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { keyedDigest } from "../../src/model/fingerprint.ts";
import type { Plan } from "../../src/model/plan.ts";
import { atomicWrite } from "../../src/text/atomic-file.ts";
import { readSealed, writeSealed } from "../../src/text/sealed.ts";
import { projectOf } from "./find.ts";
import type { ComposeTools } from "./index.ts";
import { targetOf, type Rewrite } from "./steps.ts";

type Files = {
  unchanged(step: Rewrite): Promise<void>;
  write(step: Rewrite, work: Work, wishesOf: () => Promise<readonly Wish[]>): Promise<void>;
  restore(step: Rewrite, work: Work): Promise<void>;
  forget(step: Rewrite, plan: Plan): Promise<string[]>;
};

/** The files of a project, before and after: each written whole, and brought back byte for byte. */
export function filesOf(tools: ComposeTools, cli: () => Promise<ComposeCli>): Files {
  const { key, env } = tools;
  const folder = (plan: Plan): string => join(tools.state(), "runs", `${plan.id}-files`);
  const sealedFile = (plan: Plan, at: number): string => join(folder(plan), `${at}.sealed`);
  const digestNow = async (file: string): Promise<string | null> => {
    const text = await readFile(file, "utf8").catch(() => null);
    return text === null ? null : keyedDigest(text, key);
  };

  return {
    async unchanged(step) {
      for (const { file, before } of step.files)
        if ((await digestNow(file)) !== before)
          throw new UnsprawlError("changed", `${file} has changed since the plan was made`, "unsprawl plan again");
    },
    write: rewriteFiles,
    restore,
    async forget(step, plan) {
      await rm(folder(plan), { recursive: true, force: true });
      return step.files.map(({ file }) => `the sealed copy of ${file}`);
    },
  };

  async function rewriteFiles(step: Rewrite, work: Work, wishesOf: () => Promise<readonly Wish[]>): Promise<void> {
    const now = await Promise.all(step.files.map(({ file }) => digestNow(file)));
    if (step.files.every(({ after }, at) => now[at] === after)) return;
    const old = await sealed(step, work);
    const wishes = old === null ? await wishesOf() : [];
    const before = old === null ? { config: await (await cli()).config(targetOf(step)), wishes } : null;
    const texts = old ?? (await made(step, work, wishes));
    for (const [at, { file, before, after }] of step.files.entries()) {
      if (now[at] === after) continue;
      if (now[at] !== before) throw strange(file, work.plan.id);
      await atomicWrite(file, Buffer.from(texts[at]?.after ?? ""));
    }
    // The plan's proof was of copies; this is of the files themselves.
    if (before !== null) onlyDelivery(before.config, await (await cli()).config(targetOf(step)), before.wishes);
  }

  type Texts = readonly { readonly before: string; readonly after: string }[];

  /** The files before and after as they were sealed before the first was written; null when they were not yet. */
  async function sealed(step: Rewrite, work: Work): Promise<Texts | null> {
    const values = [...(await work.recall()).values()];
    const found = step.files.map((_file, at) => readSealed(sealedFile(work.plan, at), values, key));
    if (found.some((one) => one === null)) return null;
    return found.map((one) => JSON.parse(one?.toString("utf8") ?? "") as Texts[number]);
  }

  /** Makes the new texts from the files as they are, which must be as planned, and seals both before anything is written. */
  async function made(step: Rewrite, work: Work, wishes: readonly Wish[]): Promise<Texts> {
    const target = targetOf(step);
    const project = await projectOf(target, env);
    // What stayed elsewhere was accepted when the plan was made; the digests tell whether it is the same still.
    const { files } = await rewriteProject(project, wishes, new Set(["elsewhere"]));
    const old = textsOf(project);
    const texts = step.files.map(({ file, after }) => {
      const text = files.find((one) => one.file === file)?.text;
      if (text === undefined || keyedDigest(text, key) !== after) throw strange(file, work.plan.id);
      return { before: old.get(file) ?? "", after: text };
    });
    if (files.length !== step.files.length) throw strange(target.dir, work.plan.id);
    const values = [...work.values.values()];
    for (const [at, both] of texts.entries())
      await writeSealed(sealedFile(work.plan, at), Buffer.from(JSON.stringify(both)), values, key);
    work.record.done(`${step.id}/sealed`);
    return texts;
  }

  /** The files as they were, byte for byte; one that somebody has changed since is left, and that is said. */
  async function restore(rewrite: Rewrite, work: Work): Promise<void> {
    const now = await Promise.all(rewrite.files.map(({ file }) => digestNow(file)));
    if (rewrite.files.every(({ before }, at) => now[at] === before)) return;
    const texts = await sealed(rewrite, work);
    for (const [at, { file, before, after }] of rewrite.files.entries()) {
      if (now[at] === before) continue;
      if (now[at] !== after || texts === null) throw strange(file, work.plan.id);
      await atomicWrite(file, Buffer.from(texts[at]?.before ?? ""));
    }
  }
}

function strange(file: string, runId: string): UnsprawlError {
  return new UnsprawlError(
    "changed",
    `${file} is neither as it was before run ${runId} nor as the run made it: somebody else has changed it, and it is left alone`,
    `move your change aside, then try again`,
  );
}
