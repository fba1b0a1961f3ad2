import { openApp } from "../../src/tui/app.tsx";
import { bigSession } from "./tui-session.ts";

process.env["NODE_ENV"] ??= "production";
const session = bigSession();
process.stdin.setRawMode(true);
const app = openApp(session);
await session.ended;
app.close();
