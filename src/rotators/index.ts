/*
 * The rotators: one folder each, one entry in `ROTATORS` each. To add one, write its folder (index.ts and about.ts) and
 * its entry here, and call the conformance suite; nothing else names it.
 */
import type { Rotator, RotatorAbout } from "../contract/rotator.ts";
import { about as awsAccessKey } from "./aws-access-key/about.ts";
import { about as mariadb } from "./mariadb/about.ts";
import { about as openldap } from "./openldap/about.ts";
import { about as postgres } from "./postgres/about.ts";
import { about as rabbitmq } from "./rabbitmq/about.ts";
import { about as redis } from "./redis/about.ts";

type LoadRotator = () => Promise<{ readonly rotator: Rotator }>;

/** In the order in which they are offered a secret: those that look closest come first. */
const ROTATORS: readonly { readonly about: RotatorAbout; readonly load: LoadRotator }[] = [
  { about: postgres, load: () => import("./postgres/index.ts") },
  { about: mariadb, load: () => import("./mariadb/index.ts") },
  { about: redis, load: () => import("./redis/index.ts") },
  { about: rabbitmq, load: () => import("./rabbitmq/index.ts") },
  { about: openldap, load: () => import("./openldap/index.ts") },
  { about: awsAccessKey, load: () => import("./aws-access-key/index.ts") },
];

/** What each rotator says of itself. */
export const rotatorAbouts: readonly RotatorAbout[] = ROTATORS.map(({ about }) => about);

/** The rotators by name. */
export const rotators: { readonly [name: string]: LoadRotator } = Object.fromEntries(
  ROTATORS.map(({ about, load }) => [about.id, load]),
);
