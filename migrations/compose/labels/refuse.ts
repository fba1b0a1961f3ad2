import type { Delivery, DeliverySubject } from "../../../src/contract/delivery.ts";
import { Blocked } from "../rewrite/blocked.ts";
import type { Rewording } from "../words/rewording.ts";

/** Throws `Blocked` for a label of a container that does not start Traefik itself, which looks for the file in its own. */
export async function mustBeTraefik(
  service: string,
  subject: DeliverySubject,
  rewording: Rewording | null,
  deliveries: readonly Delivery[],
): Promise<void> {
  const [label] = rewording?.labels ?? [];
  if (label === undefined) return;
  for (const delivery of deliveries) if ((await delivery.starts?.(subject, "traefik")) === true) return;
  throw new Blocked(
    `is in the label ${label.key} of ${service}, and Traefik, which reads it, is another service`,
    whatToWrite(label.key, label.fileKey),
    (its, name) => its === service && rewording?.labels.some((one) => one.name === name) === true,
  );
}

/** The lines that take a label's place by hand. */
export const whatToWrite = (key: string, fileKey: string): string =>
  `write ${fileKey}=/run/secrets/users in place of ${key}, and give that file, with one name:hash a line, to the service that runs Traefik`;
