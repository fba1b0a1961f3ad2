import { agentHostName, memoryOutbox, noticeOf, type AgentEvent } from "../../agent/index.ts";
import { UnsprawlError } from "../../model/error.ts";
import { mustBeTrusted } from "../../core/config/untrusted.ts";
import type { CommandContext } from "../context.ts";
import { say, sayNext } from "../output.ts";

export type AgentNotices = {
  tell(event: AgentEvent): void;
  /** Delivers the rest for at most this long. */
  stop(limitMs: number): Promise<void>;
};

/**
 * Sends what the agent does to the channels of `notify:`. Misconfigured channels are reported and left out, since the
 * host's containers need their files. Throws `config` for channels in an untrusted file.
 */
export async function openAgentNotices(context: CommandContext): Promise<AgentNotices> {
  const { assembly } = context;
  const { env, redactor } = assembly;
  const { notify, untrusted } = await assembly.config();
  mustBeTrusted(untrusted, "agent", "notify");
  const outbox = memoryOutbox([...notify.keys()]);
  const delivery = notify.size === 0 ? null : await opened(context, outbox);
  const host = agentHostName(env);
  const redact = (text: string): string => redactor.foreign(text);
  return {
    tell(event) {
      const notice = delivery === null ? null : noticeOf(event, { host, redact, now: new Date() });
      if (notice === null) return;
      outbox.add(redactor.names(notice));
      delivery?.wake();
    },
    stop: async (limitMs) => delivery?.stop(limitMs),
  };
}

async function opened(
  context: CommandContext,
  outbox: ReturnType<typeof memoryOutbox>,
): Promise<Awaited<ReturnType<CommandContext["assembly"]["startDelivery"]>> | null> {
  try {
    return await context.assembly.startDelivery((told) => say(context, told), outbox);
  } catch (error) {
    if (!(error instanceof UnsprawlError)) throw error;
    say(context, `no notification is sent: ${error.message}`);
    if (error.hint !== null) sayNext(context, error.hint);
    return null;
  }
}
