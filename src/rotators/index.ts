/*
 * The rotators: one folder each, one entry in `ROTATORS` each. To add one, write its folder (index.ts and about.ts) and
 * its entry here, and call the conformance suite; nothing else names it.
 */
import type { RotationEvidence, RotationTarget, Rotator, RotatorAbout } from "../contract/rotator.ts";
import { about as application } from "./application/about.ts";
import { about as awsAccessKey } from "./aws-access-key/about.ts";
import { about as mariadb } from "./mariadb/about.ts";
import { about as openldap } from "./openldap/about.ts";
import { about as postgres } from "./postgres/about.ts";
import { about as rabbitmq } from "./rabbitmq/about.ts";
import { about as redis } from "./redis/about.ts";

type LoadRotator = () => Promise<{ readonly rotator: Rotator }>;

/** In the order in which a secret is offered to them: who looks at more than a name comes first. */
const ROTATORS: readonly { readonly about: RotatorAbout; readonly load: LoadRotator }[] = [
  { about: postgres, load: () => import("./postgres/index.ts") },
  { about: mariadb, load: () => import("./mariadb/index.ts") },
  { about: redis, load: () => import("./redis/index.ts") },
  { about: rabbitmq, load: () => import("./rabbitmq/index.ts") },
  { about: openldap, load: () => import("./openldap/index.ts") },
  { about: awsAccessKey, load: () => import("./aws-access-key/index.ts") },
  { about: application, load: () => import("./application/index.ts") },
];

/** What each rotator says of itself. */
export const rotatorAbouts: readonly RotatorAbout[] = ROTATORS.map(({ about }) => about);

/** The rotators by name. */
export const rotators: { readonly [name: string]: LoadRotator } = Object.fromEntries(
  ROTATORS.map(({ about, load }) => [about.id, load]),
);

/** Where a secret is checked, by the first rotator that knows; text says what is missing, null that nobody knows it. */
export async function rotationTarget(evidence: RotationEvidence): Promise<RotationTarget | string | null> {
  let missing: string | null = null;
  for (const { load } of ROTATORS) {
    const found = (await load()).rotator.target(evidence);
    if (found !== null && typeof found !== "string") return found;
    missing ??= found;
  }
  return missing;
}
