import { cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { Secret } from "../../model/secret.ts";
import { parseChallenges } from "./challenge.ts";
import type { Credentials } from "./credentials.ts";
import { isLoopback, reachesThisMachine } from "../../kit/net/outgoing.ts";
import type { RegistryEndpoint } from "./hosts.ts";
import type { RegistryConnection } from "./http.ts";

/** The rights that a request needs: a repository and actions, or the catalog. */
export type Scope =
  | {
      readonly repository: string;
      readonly actions: "pull" | "pull,push" | "pull,push,delete";
      /** Another repository, whose blobs are reused. */
      readonly from?: string;
    }
  | "catalog";

type Scheme =
  | { readonly kind: "none" }
  | { readonly kind: "basic" }
  | { readonly kind: "bearer"; readonly realm: URL; readonly service: string | null };

type Token = { readonly header: string; readonly until: number };

const TOKEN_LIMIT = 1024 * 1024;
/** Seconds, if the response has none. Source: distribution spec, token authentication, `expires_in`. */
const DEFAULT_LIFE = 60;

/**
 * The login that one registry asks for: none, Basic, or Bearer tokens for each scope, requested once, kept until
 * shortly before they expire, and requested again if one is refused. Source: distribution
 * `docs/content/spec/auth/token.md`, `oauth.md`.
 */
export class RegistryLogin {
  readonly #endpoint: RegistryEndpoint;
  readonly #wire: RegistryConnection;
  readonly #find: (repository: string) => Promise<Credentials | null>;
  readonly #know: (value: Secret) => void;
  #scheme: Scheme = { kind: "none" };
  readonly #tokens = new Map<string, Promise<Token>>();
  /** Headers that got a 401. */
  readonly #refused = new Set<string>();
  readonly #found = new Map<string, Promise<Credentials | null>>();
  /** True once a login was sent: without one, the registry would have answered differently. */
  used = false;

  constructor(
    endpoint: RegistryEndpoint,
    wire: RegistryConnection,
    find: (repository: string) => Promise<Credentials | null>,
    know: (value: Secret) => void,
  ) {
    this.#endpoint = endpoint;
    this.#wire = wire;
    this.#find = find;
    this.#know = know;
  }

  /** The `Authorization` header for this scope; null if none is required, or there is no login. */
  async header(scope: Scope, signal: AbortSignal): Promise<string | null> {
    if (this.#scheme.kind === "none") return null;
    if (this.#scheme.kind === "basic") {
      const login = await this.#credentials(scope);
      if (login?.kind !== "password") return null;
      this.used = true;
      return basic(login);
    }
    const key = scopesOf(scope).join(" ");
    const kept = this.#tokens.get(key);
    if (kept) {
      const { header, until } = await kept;
      if (until > Date.now() && !this.#refused.has(header)) return header;
      // Another request may have got a new one meanwhile.
      if (this.#tokens.get(key) !== kept) return this.header(scope, signal);
    }
    const asking = this.#token(this.#scheme.realm, this.#scheme.service, scope, signal);
    this.#tokens.set(key, asking);
    asking.catch(() => this.#tokens.delete(key)); // awaited below
    return (await asking).header;
  }

  /** Learns from a 401 to a request with this header; true if a retry makes sense. Throws `malformed`. */
  learn(wanted: string | undefined, sent: string | null): boolean {
    const challenges = parseChallenges(wanted ?? "");
    const bearer = challenges.find(({ scheme }) => scheme === "bearer");
    if (bearer) {
      const realm = this.#realm(bearer.parameters.get("realm"));
      this.#scheme = { kind: "bearer", realm, service: bearer.parameters.get("service") ?? null };
      if (sent !== null) this.#refused.add(sent);
      return true;
    }
    if (!challenges.some(({ scheme }) => scheme === "basic")) return false;
    this.#scheme = { kind: "basic" };
    return sent === null;
  }

  #realm(given: string | undefined): URL {
    const host = this.#endpoint.name;
    if (given === undefined || !URL.canParse(given))
      throw new UnsprawlError("malformed", `${host} asks for a token but not where to get it`);
    const realm = new URL(given);
    const own = realm.hostname === new URL(this.#endpoint.origin).hostname;
    // Names are looked at when they are connected to.
    if (reachesThisMachine(realm.hostname) && !this.#endpoint.loopback)
      throw new UnsprawlError("refused", `${host} asks to send the login to this machine`, "nothing was sent");
    const plain = this.#endpoint.plain && (own || (this.#endpoint.loopback && isLoopback(realm.hostname)));
    if (realm.protocol === "https:" || (realm.protocol === "http:" && plain)) return realm;
    throw new UnsprawlError("refused", `${host} asks for the login without TLS`, "nothing was sent");
  }

  async #token(realm: URL, service: string | null, scope: Scope, signal: AbortSignal): Promise<Token> {
    const login = await this.#credentials(scope);
    if (login) this.used = true;
    const asked = Date.now();
    const wanted = new URLSearchParams({ ...(service === null ? {} : { service }) });
    const { status, bytes } = await (login?.kind === "identity"
      ? this.#byIdentity(realm, wanted, scope, login.token, signal)
      : this.#byPassword(realm, wanted, scope, login, signal));
    if (status === 401 || status === 403 || (status === 400 && login !== null))
      throw loginDenied(this.#endpoint.name, login !== null);
    const answer = status === 200 ? parsed(bytes) : {};
    const text = answer["token"] ?? answer["access_token"];
    if (typeof text !== "string" || !/^[\x21-\x7e]{1,16384}$/.test(text))
      throw new UnsprawlError("malformed", `${realm.host} issues no token for ${this.#endpoint.name} (${status})`);
    this.#know(Secret.of(text));
    const life = Number(answer["expires_in"]);
    const seconds = Number.isFinite(life) && life > 0 ? life : DEFAULT_LIFE;
    return { header: `Bearer ${text}`, until: asked + seconds * 900 };
  }

  #byPassword(
    realm: URL,
    wanted: URLSearchParams,
    scope: Scope,
    login: Extract<Credentials, { kind: "password" }> | null,
    signal: AbortSignal,
  ): Promise<{ status: number; bytes: Buffer }> {
    const url = new URL(realm);
    for (const [name, value] of wanted) url.searchParams.set(name, value);
    for (const one of scopesOf(scope)) url.searchParams.append("scope", one);
    if (login) url.searchParams.set("account", login.username);
    const authorization = login ? basic(login) : null;
    return this.#wire.read({ method: "GET", url, authorization, signal, follow: false }, TOKEN_LIMIT);
  }

  #byIdentity(
    realm: URL,
    wanted: URLSearchParams,
    scope: Scope,
    token: Secret,
    signal: AbortSignal,
  ): Promise<{ status: number; bytes: Buffer }> {
    wanted.set("scope", scopesOf(scope).join(" "));
    wanted.set("grant_type", "refresh_token");
    wanted.set("client_id", "unsprawl");
    wanted.set("refresh_token", token.exposeText());
    const body = Buffer.from(wanted.toString());
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    return this.#wire.read({ method: "POST", url: realm, headers, body, signal }, TOKEN_LIMIT);
  }

  async #credentials(scope: Scope): Promise<Credentials | null> {
    const repository = scope === "catalog" ? "" : scope.repository;
    const finding = this.#found.get(repository) ?? this.#find(repository);
    this.#found.set(repository, finding);
    const found = await finding;
    if (found) this.#know(found.kind === "identity" ? found.token : found.password);
    return found;
  }
}

/** The registry, or its token service, refuses. */
export function loginDenied(host: string, loggedIn: boolean): UnsprawlError {
  return new UnsprawlError(
    "denied",
    loggedIn ? `the login is not accepted by ${host}, or may not read this` : `${host} requires a login`,
    cmd`docker login ${host}`,
  );
}

function basic(login: Extract<Credentials, { kind: "password" }>): string {
  return `Basic ${Buffer.from(`${login.username}:${login.password.exposeText()}`).toString("base64")}`;
}

function scopesOf(scope: Scope): readonly string[] {
  if (scope === "catalog") return ["registry:catalog:*"];
  const own = `repository:${scope.repository}:${scope.actions}`;
  return scope.from === undefined ? [own] : [own, `repository:${scope.from}:pull`];
}

function parsed(bytes: Buffer): { readonly [key: string]: unknown } {
  try {
    const json: unknown = JSON.parse(bytes.toString("utf8"));
    return typeof json === "object" && json !== null ? (json as { [key: string]: unknown }) : {};
  } catch {
    return {};
  }
}
