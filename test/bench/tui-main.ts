import { openKeyboard } from "../../src/tui/keyboard.tsx";
import { openTerminal } from "../../src/tui/terminal.ts";
import { openView } from "../../src/tui/view.ts";
import { bigSession } from "./tui-session.ts";

process.env["NODE_ENV"] ??= "production";
const session = bigSession();
process.stdin.setRawMode(true);
const view = openView(session, openTerminal(process.stdout, process.env));
const keyboard = openKeyboard(session, view);
await session.ended;
view.close();
keyboard.close();
