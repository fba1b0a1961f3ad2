import type { UI_THEMES } from "../core/config/settings.ts";
import type { TerminalSession } from "./session.ts";
import type { Theme } from "./theme.ts";
import type { TerminalLook } from "./state-parts.ts";

/** What `ui:` of a configuration can choose. */
type ThemeChoice = (typeof UI_THEMES)[number];

/** The look that a terminal supports, before a configuration is read. `colours`: it shows any, and NO_COLOR is not set. */
export function lookOf(
  env: NodeJS.ProcessEnv,
  colours: boolean,
  choice: ThemeChoice = "auto",
  mouse = false,
): TerminalLook {
  const best: Theme = /^(truecolor|24bit)$/.test(env["COLORTERM"] ?? "") ? "truecolor" : "16";
  return { theme: colours ? (choice === "auto" ? best : choice) : "none", links: colours && hasLinks(env), mouse };
}

/** Terminals that show OSC 8 as a link. Others hide it, and some show it as text: only known ones get it. */
function hasLinks(env: NodeJS.ProcessEnv): boolean {
  const term = env["TERM"] ?? "";
  // Only a recent multiplexer passes links on, and its environment does not tell how recent it is.
  if (env["TMUX"] || env["STY"] || /^(screen|tmux|dumb)/.test(term)) return false;
  if (/kitty|ghostty|foot|alacritty|wezterm/.test(term)) return true;
  if (["iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper"].includes(env["TERM_PROGRAM"] ?? "")) return true;
  if (Number(env["VTE_VERSION"]) >= 5000) return true;
  return ["KITTY_WINDOW_ID", "WT_SESSION", "KONSOLE_VERSION", "DOMTERM"].some((name) => env[name]);
}

/** Looks as the configuration says. A configuration that cannot be read is reported by the scan. */
export async function followConfig({ store, assembly }: TerminalSession, colours: boolean): Promise<void> {
  const ui = await assembly.config().then(
    (config) => config.ui,
    () => null,
  );
  if (ui !== null) store.set(() => ({ look: lookOf(assembly.env, colours, ui.theme, ui.mouse) }));
}
