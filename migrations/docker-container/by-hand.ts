import type { RunChange } from "../../src/contract/delivery.ts";
import type { Detector } from "../../src/contract/detector.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { Facts } from "../../src/engine/facts.ts";
import { hideSecrets } from "./run-line/hide.ts";
import { runLine, runText } from "./run-line/index.ts";
import { imageRef } from "../../src/engine/recreate/rewritten.ts";

export type ByHand = { readonly run: string; readonly runLacks: readonly string[] };

/**
 * The commands that create the changed container by hand, and what they cannot express. They contain values of the
 * image and of the delivery, and those that cannot be secrets.
 */
export async function manualCommand(
  engine: Engine,
  { doc, image, info }: Facts,
  change: RunChange,
  detector: Detector,
): Promise<ByHand> {
  const hidden = hideSecrets(doc, image, detector);
  const subject = { doc: hidden.doc, image, info, apiVersion: await engine.apiVersion() };
  const line = runLine(subject, await imageRef(engine, doc), change, hidden.names);
  const left = hidden.places.map((place) => `${place}, which may be secret`);
  return { run: runText(line, hidden.redact), runLacks: [...line.cannot, ...left] };
}
