import type { Detector } from "../../../src/contract/detector.ts";
import type { ServiceWords } from "../syntax/copied-words.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import { Secret } from "../../../src/model/secret.ts";

const PLACES = { Entrypoint: "entrypoint", Cmd: "cmd", Healthcheck: "healthcheck" } as const;

/** Throws `refused` if words that the delivery would copy into the Compose file contain a secret. */
export function mustHoldNoSecret(detector: Detector, service: string, copied: ServiceWords): void {
  for (const name of ["Entrypoint", "Cmd", "Healthcheck"] as const) {
    if (!holdsSecret(detector, name, copied[name])) continue;
    throw new UnsprawlError(
      "refused",
      `Config.${name} of the container of ${service} holds a secret, which the delivery would copy into the Compose file`,
      "--deliver runtime copies nothing; or build the image without it",
    );
  }
}

/** A shell or wrapper passes on the rest of its words as a command, so each suffix is classified too. */
function holdsSecret(detector: Detector, name: keyof ServiceWords, words: readonly string[]): boolean {
  const asked = words.slice(0, MOST).map((_word, at) => (at === 0 ? words : ["run", ...words.slice(at)]));
  return asked.some((rest) => {
    const value = Secret.of(JSON.stringify(rest));
    return detector.classify({ name, where: PLACES[name], value, path: `Config.${name}` }).secret;
  });
}

const MOST = 64;
