import { noFit, type Delivery, type DeliverySubject } from "../contract/delivery.ts";
import type { Selected, UnitPlan } from "../contract/migration.ts";
import { isFileName, isFileNameWithDots } from "../kit/io/name.ts";
import { UnsprawlError } from "../model/error.ts";
import type { DeliveryName, Move } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";

export type ChosenDelivery = {
  readonly delivery: Delivery;
  readonly why: string;
  readonly warnings: readonly string[];
  /** Moves that it cannot deliver, since no shell can set variables of their names. */
  readonly left: ReadonlySet<Move>;
};

/** Throws `config` for a delivery that this program does not have. */
export function deliveryNamed(deliveries: readonly Delivery[], name: DeliveryName): Delivery {
  const found = deliveries.find((one) => one.name === name);
  if (found) return found;
  throw new UnsprawlError("config", `unknown delivery ${name}`);
}

/** A volume is one engine's, while a task may run on any node. */
export const NO_VOLUMES_IN_SWARM = "Swarm has its own secrets, which it brings to the nodes on which tasks run";

/** These deliveries for what cannot have a volume of the plugin. */
export function withoutVolumes(deliveries: readonly Delivery[], why: string): readonly Delivery[] {
  return deliveries.map((one) => (one.name === "volume" ? { ...one, fits: async () => noFit(why) } : one));
}

/**
 * The requested delivery, or the first that fits, in the order of `deliveries`. If none fits all values,
 * variables that no shell can set are left out. Throws `refused` if none fits.
 */
export async function chooseDelivery(
  deliveries: readonly Delivery[],
  wished: DeliveryName | "auto",
  unit: string,
  known: DeliverySubject,
  selected: readonly Pick<Selected, "move" | "value">[],
): Promise<ChosenDelivery> {
  const moves = selected.map(({ move }) => move);
  const padded = new Set(selected.flatMap(({ move, value }) => (isPadded(value) ? move.name : [])));
  const subject = { ...known, padded };
  const odd = moves.filter(({ name }) => !isFileName(name));
  const against: string[] = [];
  let hint = known.otherwise;
  for (const left of [[], odd]) {
    const going = moves.filter((move) => !left.includes(move));
    if (going.length === 0 || (left === odd && odd.length === 0)) continue;
    against.length = 0;
    for (const delivery of deliveries) {
      if (wished !== "auto" && delivery.name !== wished) continue;
      if (known.volume !== undefined && delivery.name !== "volume") {
        // The container that is kept would have the volume beside the new one, and may not use it.
        against.push(`${delivery.name}: the container has a volume of the plugin, which takes further values`);
        continue;
      }
      const fit = await delivery.fits(subject, going);
      if (fit.fits) return { delivery, why: fit.why, warnings: fit.warnings, left: new Set(left) };
      // What only this host could do has one reason, which is said once.
      if (fit.why !== known.unreachableHost?.why) against.push(`${delivery.name}: ${fit.why}`);
      hint = fit.hint ?? hint;
    }
  }
  if (known.unreachableHost === null)
    throw new UnsprawlError("refused", `no delivery fits ${unit}: ${against.join("; ")}`, hint);
  const { why, way } = known.unreachableHost;
  throw new UnsprawlError("refused", `nothing can be moved from here: ${[why, ...against].join("; ")}`, way);
}

/** Whether a program that reads the value from a file may drop bytes of it: `$(cat FILE)` does at its end, others trim. */
function isPadded(value: Secret): boolean {
  const bytes = value.expose();
  return [bytes.at(0), bytes.at(-1)].some(
    (byte) => byte !== undefined && (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)),
  );
}

/** The delivery that was asked for, where nobody can look whether it fits: only `file` takes that on trust. */
export async function wishedDelivery(
  deliveries: readonly Delivery[],
  wished: DeliveryName | "auto",
  unit: string,
  subject: DeliverySubject,
  selected: readonly Pick<Selected, "move" | "value">[],
): Promise<ChosenDelivery> {
  const delivery = deliveries.find(({ name }) => name === wished);
  if (delivery === undefined || wished !== "file") return chooseDelivery(deliveries, wished, unit, subject, selected);
  return {
    delivery,
    why: "as requested: its image is not available to check",
    warnings: [`whether the image of ${unit} reads NAME_FILE was not checked`],
    left: new Set(selected.flatMap(({ move }) => (isFileName(move.name) ? [] : move))),
  };
}

/** The files that a container writes again at each start: they are no loss. */
export async function filesMadeAtStart(
  deliveries: readonly Delivery[],
  subject: DeliverySubject,
): Promise<readonly string[]> {
  return (await Promise.all(deliveries.map(async (one) => (await one.rewrites?.(subject)) ?? []))).flat();
}

/** What a chosen delivery leaves in place, with the reason and what to type instead. */
export function undeliveredMoves(
  all: readonly Selected[],
  { left }: Pick<ChosenDelivery, "left">,
): NonNullable<UnitPlan["left"]> {
  return all.filter(({ move }) => left.has(move)).map((selected) => ({ selected, ...whyLeft(selected.move) }));
}

/** Why a variable is left in place: no delivery that fits takes its name. */
export function whyLeft({ name }: Pick<Move, "name">): typeof ODD_NAME | typeof DOTTED_NAME {
  return isFileNameWithDots(name) ? DOTTED_NAME : ODD_NAME;
}

/** Why a variable whose name is not a valid file name is left in place. */
export const ODD_NAME = {
  reason: "its name cannot be the name of a file, which its value would become",
  hint: "rename it (letters, digits and _); or: unsprawl runtime install --to STORE, then plan again",
} as const;

const DOTTED_NAME = {
  reason:
    "no shell can set a variable of that name; the shim does so with the image's perl or Python, and does not fit",
  hint: ODD_NAME.hint,
} as const;
