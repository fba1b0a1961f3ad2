import { noFit, type Delivery } from "../../../src/contract/delivery.ts";
import type { DeliveryName } from "../../../src/model/plan.ts";
import type { ComposeProject } from "../syntax/project.ts";
import { shadowedNames, type MovedNames } from "./wish.ts";

/**
 * The deliveries for a service of which a file sets a variable to another value too, as an override does: `file` takes the
 * variable away, and the other value would come back. The shim sets it over that.
 */
export function forReturning(
  deliveries: readonly Delivery[],
  wished: DeliveryName | "auto",
  project: ComposeProject,
  name: string,
  moved: MovedNames,
): readonly Delivery[] {
  const service = project.services.get(name);
  if (service === undefined || wished !== "auto") return deliveries;
  const shadowed = shadowedNames(project, service, moved);
  return deliveries.map((delivery) => ({
    ...delivery,
    async fits(subject, moves) {
      const back = moves.find((move) => shadowed.get(move.name)?.some((value) => value !== "") === true);
      if (delivery.name !== "file" || back === undefined) return delivery.fits(subject, moves);
      return noFit(`${back.name} is also set to another value, which would take effect again`);
    },
  }));
}
