/** What goes wrong, and for which requests; every pattern that is left out matches. */
export type FaultRule = {
  readonly method?: RegExp;
  /** Of the path without query and without a slash at its end: `/secrets/NAME`, `/adfs/oauth2/token`. */
  readonly path?: RegExp;
  /** For how many matching requests; one unless told. */
  readonly times?: number;
  /** How many matching requests pass first. */
  readonly after?: number;
  /** Also for the request without a token with which each new SDK client asks for the challenge. */
  readonly anonymous?: boolean;
  /** Waits before anything is done. */
  readonly delay?: number;
  /**
   * `reset`: nothing is done, the connection ends. `lost`: done, and the connection ends without an answer. `cut`: done,
   * and the connection ends after half of the answer's body. A status: not done, refused as the service does.
   */
  readonly fail?: "reset" | "lost" | "cut" | { readonly status: 429 | 503; readonly retryAfter?: number };
};

/** An installed rule, with how often it has struck. */
export type Fault = { readonly hits: number; end(): void };

export type Faults = {
  add(rule: FaultRule): Fault;
  clear(): void;
  /** The rule that strikes this request, which counts as struck; null when none does. */
  take(request: Matched): FaultRule | null;
};

type Matched = { readonly method: string; readonly path: string; readonly anonymous: boolean };
type Installed = { readonly rule: FaultRule; seen: number; hits: number; end(): void };

/** Rules in the order of their coming: the first that matches and is not used up strikes. */
export function createFaults(): Faults {
  let installed: readonly Installed[] = [];
  return {
    add(rule) {
      const end = (): void => void (installed = installed.filter((one) => one !== fault));
      const fault: Installed = { rule, seen: 0, hits: 0, end };
      installed = [...installed, fault];
      return fault;
    },
    clear: () => void (installed = []),
    take: (request) => installed.find((fault) => strikes(fault, request))?.rule ?? null,
  };
}

function strikes(fault: Installed, request: Matched): boolean {
  const { rule } = fault;
  if (fault.hits >= (rule.times ?? 1) || !matches(rule, request)) return false;
  if (fault.seen++ < (rule.after ?? 0)) return false;
  fault.hits++;
  return true;
}

function matches(rule: FaultRule, { method, path, anonymous }: Matched): boolean {
  if (anonymous && rule.anonymous !== true) return false;
  return (rule.method?.test(method) ?? true) && (rule.path?.test(path) ?? true);
}
