import { randomBytes } from "node:crypto";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

type Params = { readonly [name: string]: unknown };
type Message = {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Params;
  readonly result?: Params;
  readonly error?: { readonly message: string };
};

export type Browser = {
  /** A tab with this document, loaded from a file: a new one, or one that was closed. */
  readonly open: (html: string, options?: OpenOptions) => Promise<Page>;
  readonly close: () => void;
};

export type OpenOptions = {
  readonly width?: number;
  readonly height?: number;
  /** Media features, such as `{ "prefers-color-scheme": "dark" }`. */
  readonly features?: { readonly [name: string]: string };
  readonly script?: boolean;
};

/** Connects to a browser by the Chrome DevTools Protocol. `dir` is a folder whose files it can read. */
export async function connectTo(address: string, dir: string): Promise<Browser> {
  const socket = new WebSocket(address);
  await new Promise<void>((done, fail) => {
    socket.addEventListener("open", () => done(), { once: true });
    socket.addEventListener("error", () => fail(new Error("the browser does not answer")), { once: true });
  });
  const waiting = new Map<number, { done: (result: Params) => void; fail: (error: Error) => void }>();
  const sessions = new Map<string, (method: string, params: Params) => void>();
  let last = 0;
  socket.addEventListener("message", ({ data }) => {
    const { id, sessionId, method, params = {}, result = {}, error } = JSON.parse(String(data)) as Message;
    if (id === undefined) return sessionId && method && sessions.get(sessionId)?.(method, params);
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error) asked?.fail(new Error(error.message));
    else asked?.done(result);
  });
  const send = (method: string, params: Params = {}, sessionId?: string): Promise<Params> =>
    new Promise((done, fail) => {
      waiting.set(++last, { done, fail });
      socket.send(JSON.stringify({ id: last, method, params, sessionId }));
    });
  // A new tab is a new process, which takes longer than most documents.
  const closed: Page[] = [];
  return {
    close: () => socket.close(),
    async open(html, options = {}) {
      const again = closed.pop();
      if (again) {
        await again.show(html, options);
        return again;
      }
      const { targetId } = await send("Target.createTarget", { url: "about:blank" });
      const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
      const session = String(sessionId);
      const page: Page = new Page(
        (method, params) => send(method, params, session),
        dir,
        () => closed.push(page),
      );
      sessions.set(session, (method, params) => page.heard(method, params));
      await page.show(html, options);
      return page;
    },
  };
}

/** One tab, and all that it did besides showing its document. */
export class Page {
  /** Addresses asked for, the document itself aside. */
  readonly requests: string[] = [];
  /** Console messages, uncaught errors, and what the policy refused. */
  readonly complaints: string[] = [];
  readonly dialogs: string[] = [];
  readonly send: (method: string, params?: Params) => Promise<Params>;
  readonly #dir: string;
  readonly #closed: () => void;
  #loaded: () => void = () => undefined;

  constructor(send: (method: string, params?: Params) => Promise<Params>, dir: string, closed: () => void) {
    this.send = send;
    this.#dir = dir;
    this.#closed = closed;
  }

  /** Loads a document from a file, and waits until it has nothing more to do. */
  async show(
    html: string,
    { width = 1280, height = 900, features = {}, script = true }: OpenOptions = {},
  ): Promise<void> {
    const file = join(this.#dir, `${randomBytes(4).toString("hex")}.html`);
    writeFileSync(file, html);
    chmodSync(file, 0o644);
    await Promise.all(["Page", "Runtime", "Network", "Log"].map((one) => this.send(`${one}.enable`)));
    await this.size(width, height);
    await this.media("screen", features);
    await this.send("Emulation.setScriptExecutionDisabled", { value: !script });
    for (const seen of [this.requests, this.complaints, this.dialogs]) seen.length = 0;
    const loaded = new Promise<void>((done) => (this.#loaded = done));
    await this.send("Page.navigate", { url: `file://${file}` });
    await loaded;
    // What the page puts off until it has been shown.
    if (script) await this.evaluate("new Promise((done) => setTimeout(() => setTimeout(() => setTimeout(done))))");
  }

  heard(method: string, params: Params): void {
    const said = (what: unknown): string => JSON.stringify(what).slice(0, 400);
    if (method === "Page.loadEventFired") this.#loaded();
    if (method === "Network.requestWillBeSent") {
      const { request, type } = params as { request: { url: string }; type: string };
      if (type !== "Document") this.requests.push(request.url);
    }
    if (method === "Runtime.consoleAPICalled") this.complaints.push(said(params["args"]));
    if (method === "Runtime.exceptionThrown") this.complaints.push(said(params["exceptionDetails"]));
    if (method === "Log.entryAdded") this.complaints.push(said(params["entry"]));
    if (method === "Page.javascriptDialogOpening") {
      this.dialogs.push(said(params));
      void this.send("Page.handleJavaScriptDialog", { accept: false });
    }
  }

  /** The value of an expression in the page. */
  async evaluate<Value>(expression: string): Promise<Value> {
    const params = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = (await this.send("Runtime.evaluate", params)) as {
      result: { value: Value };
      exceptionDetails?: { text: string; exception?: { description?: string } };
    };
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** The visible text of the first element that matches. */
  text(selector: string): Promise<string> {
    return this.evaluate(`document.querySelector(${JSON.stringify(selector)}).innerText`);
  }

  /** The visible text of each that matches. */
  texts(selector: string): Promise<string[]> {
    return this.evaluate(
      `[...document.querySelectorAll(${JSON.stringify(selector)})].filter((one) => one.checkVisibility()).map((one) => one.innerText)`,
    );
  }

  async click(selector: string): Promise<void> {
    await this.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);
  }

  /** Presses keys by their names, as a keyboard does: `Tab`, `Shift+Tab`, `Enter`, ` `, `/`. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const stroke of keys) {
      const shift = stroke.startsWith("Shift+");
      const key = shift ? stroke.slice("Shift+".length) : stroke;
      const [code, windowsVirtualKeyCode, text] = KEYS[key] ?? [key, key.toUpperCase().charCodeAt(0), key];
      const event = { key, code, windowsVirtualKeyCode, modifiers: shift ? 8 : 0 };
      await this.send("Input.dispatchKeyEvent", { ...event, type: text ? "keyDown" : "rawKeyDown", text });
      await this.send("Input.dispatchKeyEvent", { ...event, type: "keyUp" });
    }
  }

  /** Types into what has the focus, a key a letter. */
  async type(text: string): Promise<void> {
    await this.press(...Array.from(text));
  }

  async size(width: number, height: number): Promise<void> {
    await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
  }

  async media(media: "screen" | "print", features: { readonly [name: string]: string } = {}): Promise<void> {
    const list = Object.entries(features).map(([name, value]) => ({ name, value }));
    await this.send("Emulation.setEmulatedMedia", { media, features: list });
  }

  /** The accessibility tree as a screen reader has it: role and name of what is not ignored. */
  async tree(): Promise<readonly { readonly role: string; readonly name: string }[]> {
    const { nodes } = (await this.send("Accessibility.getFullAXTree")) as {
      nodes: { ignored: boolean; role?: { value: string }; name?: { value: string } }[];
    };
    return nodes
      .filter(({ ignored }) => !ignored)
      .map(({ role, name }) => ({ role: role?.value ?? "", name: name?.value ?? "" }));
  }

  async pdf(): Promise<Buffer> {
    await this.media("print");
    const { data } = await this.send("Page.printToPDF", { printBackground: false });
    return Buffer.from(String(data), "base64");
  }

  /** A PNG of the whole page, or of the window alone. */
  async picture(whole = true): Promise<Buffer> {
    const { data } = await this.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: whole });
    return Buffer.from(String(data), "base64");
  }

  /** Its tab shows the next document that is opened. */
  close(): void {
    this.#closed();
  }
}

const KEYS: { readonly [key: string]: readonly [code: string, number: number, text: string] } = {
  Tab: ["Tab", 9, ""],
  Enter: ["Enter", 13, "\r"],
  Escape: ["Escape", 27, ""],
  Backspace: ["Backspace", 8, ""],
  ArrowDown: ["ArrowDown", 40, ""],
  ArrowRight: ["ArrowRight", 39, ""],
  " ": ["Space", 32, " "],
  "/": ["Slash", 191, "/"],
};
