/*
 * The agent: keeps a host's consumers supplied with files at boot, when containers appear and when a value changes in the
 * store. `agent.ts` is the loop, `fetch.ts` asks the stores, `roll.ts` hands a new value to running containers, `start.ts`
 * starts what the engine could not, `words.ts` and `notices.ts` say what was done, `record.ts` is what survives the process. It holds references and keyed digests, a
 * value only while it is written. The face hands it everything.
 */
export { bootPass, onePass, serveHost } from "./agent.ts";
export { agentHostName, mustServeThisHost } from "./here.ts";
export { memoryOutbox } from "./outbox.ts";
export { noticeOf } from "./notices.ts";
export { agentEventLine, redactedEvent } from "./words.ts";
export type { AgentEvent, AgentSettings, AgentTools } from "./tools.ts";
