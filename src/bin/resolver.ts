import "../kit/start-quietly.ts";
import { openStore } from "../assembly/open-store.ts";
import { resolveMain } from "../delivery/runtime/resolve.ts";

// The OCI runtime's resolver: a separate program, started at each container start.
await resolveMain(process.argv.slice(2), openStore);
