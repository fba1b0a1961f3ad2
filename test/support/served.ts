import { readFileSync } from "node:fs";
import { expect, vi } from "vitest";

/** The engine's client, as far as it is needed here: what a command of it writes. */
type Docker = (...args: string[]) => string;

/**
 * Waits until the first process of a container has these variables in its environment: of one that has just started,
 * this process may still be the engine's own, or the script that becomes the program. Names what is missing; no value.
 */
export async function expectServed(
  docker: Docker,
  container: string,
  values: { readonly [name: string]: string },
): Promise<void> {
  const missing = (): readonly string[] => {
    const entries = entriesOf(docker, container);
    return Object.entries(values).flatMap(([name, value]) => (entries.includes(`${name}=${value}`) ? [] : [name]));
  };
  await vi.waitFor(() => expect(missing(), container).toEqual([]), { timeout: 120_000, interval: 100 });
}

/** What the first process has in its environment now; nothing while the container is just being started or replaced. */
function entriesOf(docker: Docker, container: string): readonly string[] {
  try {
    const pid = docker("inspect", "-f", "{{.State.Pid}}", container).trim();
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}
