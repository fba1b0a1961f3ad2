import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connectTo, type Browser } from "../support/browser.ts";
import { need } from "./apt.ts";
import { ownDir, startOwn } from "./unprivileged.ts";

export type Chromium = Browser & { readonly stop: () => Promise<void> };

const FLAGS = [
  "--headless",
  // It runs as a user that may make no namespaces.
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--no-default-browser-check",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-default-apps",
  "--hide-scrollbars",
  "--force-color-profile=srgb",
  // Nothing it opens may reach out, whatever a page asks for.
  "--host-resolver-rules=MAP * ~NOTFOUND",
  "--remote-debugging-port=0",
];

/** A real browser without a window, driven by its own debugging protocol. */
export async function startChromium(): Promise<Chromium> {
  const program = await need("chromium", ["chromium"]);
  const dir = ownDir("chromium");
  const profile = join(dir, "profile");
  const address = (): string => {
    const [port = "", path = ""] = readFileSync(join(profile, "DevToolsActivePort"), "utf8").split("\n");
    if (path === "") throw new Error("no address yet");
    return `ws://127.0.0.1:${port}${path}`;
  };
  const { stop } = await startOwn(program, [...FLAGS, `--user-data-dir=${profile}`, "about:blank"], dir, async () =>
    address(),
  );
  const browser = await connectTo(address(), dir);
  return {
    ...browser,
    stop: async () => {
      browser.close();
      await stop();
    },
  };
}
