import { registerHooks } from "node:module";
import type Docker from "dockerode";

/**
 * Loads dockerode without two unused parts that take longer to load than the rest: gRPC, for BuildKit sessions, and
 * ssh2, for `ssh://` addresses, which `ssh-agent.ts` handles with the user's own ssh. Each is replaced by a small
 * module of the same package.
 */
export async function loadDockerode(): Promise<typeof Docker> {
  const hooks = registerHooks({
    resolve: (part, context, next) =>
      next(INSTEAD.find(([file, one]) => one === part && context.parentURL?.endsWith(file))?.[2] ?? part, context),
  });
  try {
    useUpParseWarning();
    return (await import("dockerode")).default;
  } finally {
    hooks.deregister();
  }
}

/**
 * Node warns once of `url.parse`, which docker-modem calls for engines that are reached over TCP: people who read it could
 * not do anything about it. Source: DEP0169.
 */
function useUpParseWarning(): void {
  const { noDeprecation = false } = process;
  process.noDeprecation = true;
  process.getBuiltinModule("node:url").parse("http://localhost");
  process.noDeprecation = noDeprecation;
}

const INSTEAD = [
  ["/dockerode/lib/docker.js", "./session", "./util"],
  ["/docker-modem/lib/modem.js", "./ssh", "./utils"],
] as const;
