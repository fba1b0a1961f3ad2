/** Process exit codes, documented in docs/json.md. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  findings: 3,
  denied: 4,
  partly: 5,
  unread: 6,
  interrupted: 130,
} as const;

export const ERROR_CODES = [
  "usage", // a flag, a source or a reference that makes no sense
  "config", // a configuration file that cannot be used
  "absent", // a named thing does not exist
  "denied", // authentication or permission
  "unreachable", // no answer from engine, store or registry
  "throttled", // asked to wait, and waited long enough
  "conflict", // something is there that unsprawl did not write
  "changed", // the world is not as the plan saw it
  "refused", // a law or a limit forbids it
  "malformed", // an answer or a file that cannot be understood
  "unhealthy", // a container did not come up
  "locked", // another run holds the engine or the file
  "partly", // some of it was done
  "interrupted",
  "failed",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

const EXIT_OF: Partial<Record<ErrorCode, number>> = {
  usage: EXIT.usage,
  config: EXIT.usage,
  denied: EXIT.denied,
  partly: EXIT.partly,
  interrupted: EXIT.interrupted,
};

/** The cause of an error that no further rollback gets past: what it would restore is gone for good. */
export const NO_WAY_BACK = "NO_WAY_BACK";

/**
 * The only error class. `message` says what failed and where, `hint` is what to type next; neither quotes a value.
 * `cause` is a short name and code, never an SDK's error object: those carry tokens.
 */
export class UnsprawlError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | null;
  readonly exit: number;
  /** For `throttled`: the wait that the server asked for, in milliseconds; null if it named none. */
  readonly retryAfterMs: number | null;

  constructor(
    code: ErrorCode,
    message: string,
    hint: string | null = null,
    cause?: string,
    retryAfterMs: number | null = null,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "UnsprawlError";
    this.code = code;
    this.hint = hint;
    this.exit = EXIT_OF[code] ?? EXIT.failed;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Reduces anything thrown to name, code and status, the most that is safe to print. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { code, statusCode, status } = error as { code?: unknown; statusCode?: unknown; status?: unknown };
  return [error.name, code, statusCode ?? status]
    .filter((part) => typeof part === "string" || typeof part === "number")
    .join(" ");
}

/** Of an import that finds no file: those are all our own, and found as long as nobody replaces them. */
const REPLACED = "ERR_MODULE_NOT_FOUND";

/** True where the program's files were replaced while it ran: nothing that it has not loaded yet can be done. */
export function isReplaced(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (error as { code?: unknown }).code === REPLACED || error.cause === REPLACED;
}

/** What a person reads of an error that nobody foresaw. */
export function unexpectedError(error: unknown): UnsprawlError {
  if (isReplaced(error))
    return new UnsprawlError("failed", "unsprawl was updated while it ran", "start it again", REPLACED);
  return new UnsprawlError(
    "failed",
    `unexpected error (${causeOf(error)})`,
    "please report this, with `unsprawl doctor --json`",
    causeOf(error),
  );
}

/**
 * What happened to one subject, whatever was thrown: it stays with that subject, and the others continue. Throws only
 * what concerns the whole: that it was cancelled, or that the program was replaced.
 */
export function subjectFault(error: unknown): UnsprawlError {
  if (error instanceof Error && error.name === "AbortError") throw error;
  if (isReplaced(error)) throw unexpectedError(error);
  const { code } = error as { code?: unknown };
  if (typeof code === "string" && /^E[A-Z0-9]+$/.test(code))
    return new UnsprawlError("failed", `cannot be read: ${code}`, "check it and its rights", causeOf(error));
  if (!(error instanceof UnsprawlError)) return unexpectedError(error);
  if (error.code === "interrupted") throw error;
  return error;
}
