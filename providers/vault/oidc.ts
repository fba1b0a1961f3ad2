import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { ProviderContext } from "../../src/contract/provider.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { VaultAuth } from "./auth-settings.ts";
import { isRefusal, statusError } from "./errors.ts";
import { encodePath } from "./names.ts";
import type { VaultResponse, VaultSend } from "./transport.ts";

type OidcAuth = Extract<VaultAuth, { method: "oidc" }>;

/** Where `vault login -method=oidc` lets a browser come back to: roles allow it already. */
const PORT = 8250;
const CALLBACK = "/oidc/callback";
const WAIT_MS = 5 * 60_000;
const LET_GO_MS = 500;

/**
 * The token of a person who logs in with a browser on this machine, as `vault login -method=oidc` does it. Throws `denied`
 * where nobody is there, if the role or the person is refused, or if the browser does not come back in time.
 */
export async function oidcToken(
  auth: OidcAuth,
  address: string,
  browse: ProviderContext["browse"],
  send: VaultSend,
): Promise<string> {
  const [at, role] = [`auth/${encodePath(auth.mount)}/oidc`, auth.role ?? ""];
  const refused = (why: string, hint: string): UnsprawlError =>
    new UnsprawlError("denied", `the Vault at ${address} refuses the OIDC login: ${why}`, hint);
  if (browse === undefined)
    throw new UnsprawlError(
      "denied",
      `the OIDC login at the Vault at ${address} needs a person with a browser, and nobody can be asked here`,
      cmd`vault login -method=oidc -path=${auth.mount}${bare(role === "" ? "" : cmd` role=${role}`)}, and leave auth out of the store's configuration`,
    );
  const nonce = randomBytes(24).toString("base64url");
  const redirect_uri = `http://localhost:${PORT}${CALLBACK}`;
  const server = await listening();
  try {
    const asked = await send("POST", `${at}/auth_url`, null, { role, redirect_uri, client_nonce: nonce });
    const url = textIn(asked, "data", "auth_url");
    if (asked.status >= 300 && !isRefusal(asked)) throw statusError(asked.status, asked.errors, address);
    // Vault says no more than this to somebody whom it does not know yet.
    if (!URL.canParse(url))
      throw refused(
        `there is no such role, or it does not allow ${redirect_uri}`,
        cmd`check auth.role and auth.mount; vault read ${`auth/${auth.mount}/role/${role === "" ? "NAME" : role}`} shows allowed_redirect_uris`,
      );
    browse(url);
    const { code, answer } = await callback(server, new URL(url).searchParams.get("state"), address);
    const query = new URLSearchParams({ ...code, client_nonce: nonce });
    const entered = await send("GET", `${at}/callback?${query.toString()}`, null);
    const token = textIn(entered, "auth", "client_token");
    answer(token !== "");
    if (token !== "") return token;
    if (!isRefusal(entered)) throw statusError(entered.status, entered.errors, address);
    throw refused(
      "the role does not accept who logged in",
      cmd`vault read ${`auth/${auth.mount}/role/${role === "" ? "NAME" : role}`} shows its bound_claims; the server's log says more`,
    );
  } finally {
    server.close();
    // Its page is still on the way to the browser.
    setTimeout(() => server.closeAllConnections(), LET_GO_MS).unref();
  }
}

async function listening(): Promise<Server> {
  const server = createServer();
  await new Promise<void>((done, fail) => {
    const busy = (): void =>
      fail(
        new UnsprawlError(
          "failed",
          `port ${PORT} is in use, where the browser is to come back to`,
          "end the other login that waits for its browser, and try again",
        ),
      );
    server.once("error", busy).listen(PORT, "127.0.0.1", () => done());
  });
  return server;
}

type Came = { readonly code: { readonly [name: string]: string }; readonly answer: (isIn: boolean) => void };

/** What the browser brings back. Requests of other pages, without the state of this login, change nothing. */
function callback(server: Server, state: string | null, address: string): Promise<Came> {
  return new Promise((done, fail) => {
    const over = (why: string, hint: string | null, code: "denied" | "interrupted" = "denied"): void =>
      fail(new UnsprawlError(code, why, hint));
    const late = setTimeout(
      () => over(`no browser came back from the OIDC login at the Vault at ${address}`, "try again"),
      WAIT_MS,
    );
    const cancel = (): void => over("cancelled", null, "interrupted");
    process.once("SIGINT", cancel).once("SIGTERM", cancel);
    server.once("close", () => {
      clearTimeout(late);
      process.off("SIGINT", cancel).off("SIGTERM", cancel);
    });
    server.on("request", ({ method, url = "" }: IncomingMessage, response: ServerResponse) => {
      const { pathname, searchParams } = new URL(url, `http://localhost:${PORT}`);
      if (method !== "GET" || pathname !== CALLBACK || state === null || searchParams.get("state") !== state)
        return page(response, 404, "This is not the login that unsprawl waits for.");
      const fault = searchParams.get("error");
      if (fault !== null) {
        page(response, 400, "The login was refused.");
        return over(`the OIDC provider refuses the login (${fault.slice(0, 60)})`, "log in as somebody who may");
      }
      const code = { state, code: searchParams.get("code") ?? "", id_token: searchParams.get("id_token") ?? "" };
      return done({
        code,
        answer: (isIn) =>
          page(response, isIn ? 200 : 403, isIn ? "You are logged in; close this page." : "Vault refuses this login."),
      });
    });
  });
}

function page(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", Connection: "close" }).end(`${text}\n`);
}

/** A text of an answer; empty if it has none. */
function textIn({ body }: VaultResponse, part: string, key: string): string {
  const found = (body as { readonly [part: string]: { readonly [key: string]: unknown } | null } | null)?.[part]?.[key];
  return typeof found === "string" ? found : "";
}
