import { basename } from "node:path";
import type { Provider } from "../contract/provider.ts";
import type { ResidueTools } from "../core/residue.ts";
import type { Move, Plan } from "../model/plan.ts";
import type { Assembly } from "./types.ts";
import { quotable } from "./quote.ts";
import { isPlain } from "../model/secret.ts";
import type { ApplyTools } from "../core/apply-tools.ts";

type RunOptions = Pick<ApplyTools, "breakLock" | "readOnly">;

/** What core needs to work on a plan: its migration and its store, opened unless it is given. */
export async function planTools(
  assembly: Assembly,
  plan: Plan,
  options: RunOptions,
  provider?: Provider,
): Promise<ApplyTools> {
  for (const name of namesIn(plan)) assembly.redactor.keepName(name);
  return {
    migration: assembly.migrationOf(plan),
    provider: provider ?? (await assembly.storeOf(plan.store)),
    key: assembly.key(),
    state: assembly.state(),
    know: (value) => assembly.redactor.know(value),
    redact: (text) => assembly.redactor.foreign(text),
    quote: (text, beside) => quotable(text, assembly, beside),
    holders: async () => {
      const { allReferenceHolders } = await import("./reference-holders.ts");
      return allReferenceHolders(await assembly.engine(), assembly);
    },
    ...options,
  };
}

/** The names in a plan that messages about it are made of. */
function namesIn({ steps, store }: Plan): readonly string[] {
  const ofMove = ({ name, key, location }: Move): string[] => [
    name,
    key.path,
    location.subjectName,
    location.subjectId,
  ];
  const ofStep = (step: Plan["steps"][number]): string[] => [
    step.unit,
    ...("move" in step ? ofMove(step.move) : "moves" in step ? step.moves.flatMap(ofMove) : []),
    ...(step.kind === "rewrite" ? step.files.flatMap(({ file }) => [file, basename(file)]) : []),
  ];
  const settings = Object.values(store.settings).filter((one) => typeof one === "string");
  return [store.name, ...settings, ...steps.flatMap(ofStep)];
}

/** What core needs to look for places that still show moved values. */
export function lookTools(assembly: Assembly, options: RunOptions): ResidueTools {
  return {
    installation: assembly.installation(),
    tools: async (plan) => planTools(assembly, plan, options),
    looks: assembly.looks,
    isPlain,
  };
}
