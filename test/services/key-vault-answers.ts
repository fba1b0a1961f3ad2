/** What the double answers; a body of `undefined` is no body at all. */
export type Answer = {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: { readonly [name: string]: string };
};

/** Thrown where a request is judged, so that the judging code reads as a list of conditions. */
export class Refusal extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`refused with ${answer.status}`);
    this.answer = answer;
  }
}

/** A refusal in the service's own form: `innererror` is its spelling, and is there only for some errors. */
export function refusal(
  status: number,
  code: string,
  message: string,
  more: { readonly inner?: string; readonly headers?: { readonly [name: string]: string } } = {},
): Refusal {
  const error = { code, message, ...(more.inner === undefined ? {} : { innererror: { code: more.inner } }) };
  return new Refusal({ status, body: { error }, ...(more.headers === undefined ? {} : { headers: more.headers }) });
}

/** The service names no property in this message, not even with more than 15 tags. */
export function badProperty(): Refusal {
  return refusal(400, "BadParameter", "Property  has invalid value\r\n");
}

/** The answer of an action that may refuse. */
export function answerOf(act: () => Answer): Answer {
  try {
    return act();
  } catch (error) {
    if (error instanceof Refusal) return error.answer;
    throw error;
  }
}

/** A JSON object; null for anything else, so that each caller refuses in its own words. */
export function objectOf(value: unknown): { readonly [key: string]: unknown } | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: unknown })
    : null;
}
