import { targetNames } from "../complete.ts";
import { askLine } from "../prompt.ts";
import type { TerminalSession } from "../session.ts";
import { START } from "../state.ts";
import { offeredSources, parseTarget, targetText, targetWords } from "../target.ts";
import { startScan } from "./scan.ts";

/** Sources are named in a line each below the prompt; more than these would hide the list. */
const MOST = 6;

/** Asks what to scan, and scans it: the list, its marks and everything that narrows it begin again. */
export async function changeSources(session: TerminalSession): Promise<void> {
  const { store } = session;
  const typed = await askLine(session, {
    label: "Scan:",
    text: targetText(store.get().target),
    about: (text) => offeredSources(text).slice(0, MOST),
    check: (text) => {
      const target = parseTarget(targetWords(text));
      return typeof target === "string" ? target : null;
    },
    words: (line) => targetNames(line, session.assembly),
  });
  const target = typed === null ? null : parseTarget(targetWords(typed));
  if (target === null || typeof target === "string") return;
  const { selected, marked, filter, facets, range, folded, detailScroll } = START;
  store.set(() => ({ target, where: "browse", selected, marked, filter, facets, range, folded, detailScroll }));
  startScan(session);
}
