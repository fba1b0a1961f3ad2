import { wrapped, type SpanLine } from "../../widgets/text.ts";

const LABEL = 8;

/** Texts under one label, each wrapped beside it. */
export function fields(label: string, texts: readonly string[]): SpanLine[] {
  return texts.map((text, at) => wrapped(LABEL, { text: (at === 0 ? label : "").padEnd(LABEL), dimColor: true }, text));
}
