import type { Redactor } from "../kit/text/redact.ts";
import { Secret } from "../model/secret.ts";

/**
 * Recognises secrets among the arguments (`scan postgres://u:p@h`, a token instead of an id), so that no error repeats
 * them. Only for errors: loading the rules takes a while.
 */
export async function knowArguments(argv: readonly string[], redactor: Redactor): Promise<void> {
  const words = argv
    .flatMap((word) => [word, word.replace(/^-+/, ""), word.slice(word.search(/[:=]/) + 1)])
    .filter((word) => word.length >= 8);
  if (words.length === 0) return;
  const { createDetector } = await import("../detect/index.ts");
  const detector = createDetector();
  for (const word of words) {
    const question = { name: "", where: "env", value: Secret.of(word) } as const;
    const { secret } = detector.classify(question);
    const part = secret ? detector.part(question) : null;
    if (part !== null) redactor.know(part);
  }
}
