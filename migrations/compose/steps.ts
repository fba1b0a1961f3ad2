import type { ProjectCall } from "./engine/cli.ts";
import type { SecretSpan } from "./rewrite/carries.ts";
import { bareObject } from "../../src/kit/json-object.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Rewrite } from "../../src/files/rewritten.ts";
import type { Json } from "../../src/model/json.ts";
import type { Step } from "../../src/model/plan.ts";
import { partOfStep } from "../../src/model/step-id.ts";

/** The project data in a rewrite step. */
export function targetOf({ target }: Rewrite): ProjectCall & {
  readonly services: readonly string[];
  readonly spans: { readonly [key: string]: SecretSpan };
  /** Environment variables that Compose receives in addition to those for every child process. */
  readonly passes: readonly string[];
  /** The containers differed from the files, which was accepted. */
  readonly drift: boolean;
  /** Keyed digests of all files of the project, by name. */
  readonly inputs: { readonly [file: string]: string };
  /** Keyed digest of the configuration that Compose resolved them to. */
  readonly config: string;
  /** Values are mounted by `secrets:` of the files; earlier versions mounted a folder of the run's own. */
  readonly isCommitted: boolean;
  /** The services whose own words change, since a moved value was filled into them. */
  readonly reworded: readonly string[];
  /** By service: the variables whose file an option of its program names, or a label. */
  readonly byOption: { readonly [service: string]: readonly string[] };
  /** By service: the labels that name a file from now on. */
  readonly labels: { readonly [service: string]: readonly string[] };
  /** The services that had no container: nothing of them is created. */
  readonly unstarted: readonly string[];
  /** The services that share a namespace with one that moves, and are created again after it. */
  readonly sharers: readonly string[];
  /** `docker stack deploy` makes it of the files. */
  readonly isStack: boolean;
} {
  const texts = (value: Json | undefined): string[] => (Array.isArray(value) ? value.map(String) : []);
  const [name, dir, outer] = [target["name"], target["dir"], target["outer"]];
  if (typeof name !== "string" || typeof dir !== "string")
    throw new UnsprawlError("malformed", "the plan does not say which project it rewrites", "unsprawl plan again");
  return {
    name,
    dir,
    files: texts(target["files"]),
    envFiles: texts(target["envFiles"]),
    outer: typeof outer === "string" ? outer : null,
    profiles: texts(target["profiles"]),
    services: texts(target["services"]),
    spans: (target["spans"] ?? {}) as { readonly [key: string]: SecretSpan },
    passes: texts(target["passes"]),
    drift: target["drift"] === true,
    inputs: (target["inputs"] ?? {}) as { readonly [file: string]: string },
    config: typeof target["config"] === "string" ? target["config"] : "",
    reworded: texts(target["reworded"]),
    byOption: bareObject((target["byOption"] ?? {}) as { readonly [service: string]: readonly string[] }),
    labels: bareObject((target["labels"] ?? {}) as { readonly [service: string]: readonly string[] }),
    unstarted: texts(target["unstarted"]),
    sharers: texts(target["sharers"]),
    isCommitted: target["form"] === COMMITTED,
    isStack: target["isStack"] === true,
  };
}

export function rewriteOf(steps: readonly Step[], unit: string): Rewrite {
  const found = steps.find((step): step is Rewrite => step.kind === "rewrite" && step.unit === unit);
  if (found) return found;
  throw new UnsprawlError("malformed", `the plan has no rewrite step for ${unit}`, "unsprawl plan again");
}

/** The service that a step is about. */
export function serviceOf(step: Step): string {
  return partOfStep(step);
}

/** The form of a delivery that a team commits, as a rewrite step notes it. */
export const COMMITTED = "secrets";
