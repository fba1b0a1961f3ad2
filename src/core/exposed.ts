import type { Plan } from "../model/plan.ts";
import type { SecretService } from "../model/secret-service.ts";
import type { Receipt } from "../model/receipt.ts";
import { unitsOf, unitStates } from "./journal/runs.ts";

/** Migrated secrets of one rule, and of one service if that is known: they were readable until the migration. */
export type Exposed = {
  /** Null if the plan was written by a version that did not record it. */
  readonly rule: string | null;
  readonly service?: SecretService;
  readonly secrets: readonly { readonly name: string; readonly subject: string }[];
};

/**
 * The secrets that a run migrated and did not roll back, by rule. Excludes values that came from another store: they
 * were not exposed.
 */
export function exposedSecrets(plan: Plan, receipts: readonly Receipt[]): Exposed[] {
  const stateOf = unitStates(receipts);
  const moves = [...unitsOf(plan)]
    .filter(([unit]) => stateOf(unit) === "done")
    .flatMap(([, steps]) => steps.flatMap((step) => (step.kind === "put" ? [step.move] : [])))
    .filter(({ location }) => location.where !== "store");
  const secrets = moves.flatMap(({ name, location: { subjectName: subject }, finding, secrets: several }) =>
    several === undefined
      ? { rule: finding?.rule ?? null, service: finding?.service, name, subject }
      : several.map(({ rule, path }) => ({ rule, service: undefined, name: secretName(name, path), subject })),
  );
  const kinds = Map.groupBy(secrets, ({ rule, service }) => JSON.stringify([rule, service]));
  return [...kinds.values()].map((own) => ({
    rule: own[0]?.rule ?? null,
    ...(own[0]?.service === undefined ? {} : { service: own[0].service }),
    secrets: own.map(({ name, subject }) => ({ name, subject })),
  }));
}

/** One of several secrets in a value, by the value's name and the path in it. */
export function secretName(name: string, path: string): string {
  return path === "" ? name : `${name}: ${path}`;
}
