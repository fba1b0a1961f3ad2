import type { Delivery, DeliverySubject } from "../contract/delivery.ts";
import { UnsprawlError } from "../model/error.ts";
import type { DeliveryName } from "../model/plan.ts";

/** The delivery that was asked for, or the first that fits: `file`, then `runtime`, then `shim`. Throws `refused`. */
export async function chooseDelivery(
  deliveries: readonly Delivery[],
  wished: DeliveryName | "auto",
  unit: string,
  subject: DeliverySubject,
  moves: Parameters<Delivery["fits"]>[1],
): Promise<{ readonly delivery: Delivery; readonly why: string; readonly warnings: readonly string[] }> {
  const against: string[] = [];
  for (const delivery of deliveries) {
    if (wished !== "auto" && delivery.name !== wished) continue;
    const fit = await delivery.fits(subject, moves);
    if (fit.fits) return { delivery, why: fit.why, warnings: fit.warnings };
    against.push(`${delivery.name}: ${fit.why}`);
  }
  throw new UnsprawlError(
    "refused",
    `no delivery fits ${unit}: ${against.join("; ")}`,
    "unsprawl runtime install --to STORE makes `runtime` fit any container",
  );
}
