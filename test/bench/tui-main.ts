import { mount } from "../../src/tui/app.tsx";
import { bigSession } from "./tui-session.ts";

process.env["NODE_ENV"] ??= "production";
const session = bigSession();
const app = mount(session);
await session.ended;
app.unmount();
