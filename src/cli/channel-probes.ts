import type { CheckState, DoctorCheck, DoctorProbe } from "../core/doctor.ts";
import { UnsprawlError } from "../model/error.ts";
import type { CommandContext } from "./context.ts";

/**
 * For each channel of `notify:` whether it is configured well and reachable, without sending anything, and what is
 * queued.
 */
export async function channelProbes({ assembly, signal }: CommandContext): Promise<DoctorProbe[]> {
  const warnings: string[] = [];
  const configured = await assembly.channels((text) => warnings.push(text));
  return configured.map(({ name, kind, open }) => ({
    name: `notify ${name}`,
    look: async () => {
      const check = (text: string, state: CheckState = "ok", hint: string | null = null): DoctorCheck => ({
        ...{ name: `notify ${name}`, state, text, hint },
      });
      const waits = check(await waiting(name, assembly));
      try {
        const { channel } = await open();
        const reached = check(`${kind} to ${channel.goesTo}: ${await channel.probe(signal)}`);
        return [reached, ...warnings.splice(0).map((text) => check(text, "fail")), waits];
      } catch (error) {
        if (!(error instanceof UnsprawlError)) throw error;
        return [check(error.message, "fail", error.hint), waits];
      }
    },
  }));
}

async function waiting(name: string, { history }: CommandContext["assembly"]): Promise<string> {
  const { count, oldest } = await (await history()).waiting(name);
  if (count === 0) return "no notification is waiting";
  return `${count === 1 ? "1 change waits" : `${count} changes wait`} to be sent, the oldest since ${oldest ?? "?"}`;
}
